"""Channels that are told by colours and dyes in the names of files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from neurocine.core import InputError, Selection
from neurocine.io.movies import open_movie, probe
from neurocine.io.movies.named_files import set_by_names

GIVEN: dict[str, Any] = {"frame_rate_hz": 10.0, "pixel_size_um": 1.2}


def write(folder: Path, names: Sequence[str]) -> list[Path]:
    """Write three frames into each file, which hold its place in `names`."""
    paths = [folder / name for name in names]
    for i, path in enumerate(paths):
        path.parent.mkdir(exist_ok=True, parents=True)
        frames = np.full((3, 6, 5), i, np.uint16)
        if path.suffix == ".npy":
            np.save(path, frames)
        else:
            tifffile.imwrite(path, frames, photometric="minisblack")
    return paths


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        ("green", "red", [f"img_{c}_{n:04d}.tif" for c in ("green", "red") for n in range(2)]),
        ("GFP", "tdTomato", [f"rec{n}_{c}.tif" for c in ("GFP", "tdTomato") for n in range(2)]),
        ("GCaMP6s", "mCherry", [f"{c}_{n}.tif" for c in ("GCaMP6s", "mCherry") for n in range(2)]),
        ("jGCaMP8m", "jRGECO1a", [f"m-{c}.{n}.tif" for c in ("jGCaMP8m", "jRGECO1a") for n in range(2)]),
        ("1", "2", [f"m_{n}_ch{c}.tif" for c in (1, 2) for n in range(2)]),
        ("chA", "chB", [f"m_chA_{n}.tif" for n in range(2)] + [f"m_chB_{n}.tif" for n in range(2)]),
        # The frames of both are counted as one.
        ("green", "red", [f"f{n:03d}_{c}.tif" for c, ns in (("green", (0, 2)), ("red", (1, 3))) for n in ns]),
        ("Green", "Red", [f"{c}/{n:04d}.tif" for c in ("Green", "Red") for n in range(2)]),
        ("green", "red", [f"m_{c}_{n}.npy" for c in ("green", "red") for n in range(2)]),
    ],
)
def test_channels_are_told_by_colours_and_dyes(
    first: str, second: str, names: list[str], tmp_path: Path
) -> None:
    paths = write(tmp_path, names)
    with pytest.raises(InputError, match=rf"channel: there are 2: {first}, {second}\. Choose one"):
        open_movie(paths, **GIVEN)
    for channel, values in ((first, [0] * 3 + [1] * 3), (second.lower(), [2] * 3 + [3] * 3)):
        movie = open_movie(paths, **GIVEN, selection=Selection(channel=channel))
        assert movie.frames[:, 0, 0].tolist() == values
    # One channel by its files alone.
    assert open_movie(paths[2:], **GIVEN).frames[:, 0, 0].tolist() == [2] * 3 + [3] * 3
    joined = open_movie(paths, **GIVEN, selection=Selection(channel="1", n_channels=1))
    assert joined.n_frames == 12


def test_planes_and_colours(tmp_path: Path) -> None:
    paths = write(tmp_path, [f"m_{c}_z{z}.tif" for c in ("green", "red") for z in range(3)])
    movie = open_movie(paths, **GIVEN, selection=Selection(channel="red", plane=1))
    assert movie.frames[:, 0, 0].tolist() == [4] * 3
    layout = probe(tmp_path).layout
    assert layout is not None
    assert (layout.channels, layout.n_planes) == (("green", "red"), 3)


@pytest.mark.parametrize(
    ("names", "counts"),
    [
        (["m_green_0.tif", "m_green_1.tif", "m_red_0.tif"], "2 of green, 1 of red"),
        (["m_0.tif", "m_1.tif", "m_0_red.tif"], "2 of no colour, 1 of red"),
        (["m.tif", "m_tdTomato.tif"], "1 of no colour, 1 of tdTomato"),
    ],
)
def test_channels_with_other_files_are_refused(names: list[str], counts: str, tmp_path: Path) -> None:
    paths = write(tmp_path, names)
    with pytest.raises(InputError, match=rf"named by channel.*{counts}.*name the files of one channel"):
        open_movie(paths, **GIVEN)


@pytest.mark.parametrize(
    "names",
    [
        ["mouse_red_day1.tif", "mouse_red_day2.tif"],
        ["fred_1.tif", "greenland_2.tif"],
        ["redo_1.tif", "m_2.tif"],
        ["day1_green.tif", "day2.tif"],
    ],
)
def test_names_that_tell_no_channels(names: list[str]) -> None:
    assert set_by_names([Path(name) for name in names]) is None
