"""CaImAn's memory maps of a movie, in both orders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.core import DamagedFile, InputError
from neurocine.io.movies import find_movies, open_movie
from neurocine.io.movies.vendors import caiman_mmap

GIVEN: dict[str, Any] = {"frame_rate_hz": 10.0, "pixel_size_um": 1.2}


@pytest.fixture
def frames() -> NDArray[np.float32]:
    return np.random.default_rng(2).normal(100, 20, (30, 7, 12)).astype(np.float32)


def write(folder: Path, frames: NDArray[np.float32], order: str, **names: int) -> Path:
    """Write frames as CaImAn's ``save_memmap`` does."""
    sizes = {"d1": frames.shape[1], "d2": frames.shape[2], "d3": 1, "n_frames": len(frames)} | names
    name = "m_els__d1_{d1}_d2_{d2}_d3_{d3}_order_{0}_frames_{n_frames}.mmap".format(order, **sizes)
    pixels = np.reshape(np.transpose(frames, (1, 2, 0)), (-1, len(frames)), order="F")
    stored = np.memmap(folder / name, np.float32, "w+", shape=pixels.shape, order=order)  # type: ignore[call-overload]
    stored[:] = pixels
    stored.flush()
    return folder / name


@pytest.mark.parametrize("order", ["C", "F"])
def test_both_orders_are_read(tmp_path: Path, frames: NDArray[np.float32], order: str) -> None:
    path = write(tmp_path, frames, order)
    movie = open_movie(path, **GIVEN)
    np.testing.assert_array_equal(movie.read(0, 30), frames)
    np.testing.assert_array_equal(movie.frames[3:25:4], frames[3:25:4])
    np.testing.assert_array_equal(movie.frames[4:9, 2:5, 3:], frames[4:9, 2:5, 3:])
    assert find_movies(tmp_path) == [path]


def test_what_the_name_says_must_fit(tmp_path: Path, frames: NDArray[np.float32]) -> None:
    with pytest.raises(DamagedFile, match="by its name 31 frames of 7 x 12 pixels take 10416"):
        open_movie(write(tmp_path, frames, "F", n_frames=31), **GIVEN)
    with pytest.raises(InputError, match="d3: is 2: it holds several planes"):
        open_movie(write(tmp_path, frames, "F", d1=6, d3=2), **GIVEN)
    renamed = write(tmp_path, frames, "F").rename(tmp_path / "movie.mmap")
    with pytest.raises(InputError, match="name: doesn't say how it is stored"):
        open_movie(renamed, **GIVEN)


def test_a_large_map_of_traces_is_refused(
    tmp_path: Path, frames: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caiman_mmap, "MOST_TIME_LAST", 1000)
    assert open_movie(write(tmp_path, frames, "F"), **GIVEN).n_frames == 30
    with pytest.raises(InputError, match=r"order: is C.*Give the file of order F"):
        open_movie(write(tmp_path, frames, "C"), **GIVEN)
