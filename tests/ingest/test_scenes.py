"""Movies whose picture changes for another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from neurocine.core import Movie
from neurocine.ingest import ingest
from neurocine.ingest.scenes import scene_doubt


def recording(seed: int, n_frames: int = 300, photons: float = 40.0) -> NDArray[np.uint16]:
    """Return photons of cells, a few of which are active, (T, Y, X)."""
    rng = np.random.default_rng(seed)
    cells = gaussian_filter(rng.random((48, 56)) ** 60, 2.5)
    picture = photons * (0.3 + cells / cells.max())
    active = gaussian_filter(rng.random((48, 56)) ** 200, 2.5)
    calcium = np.convolve(rng.random(n_frames) < 0.03, np.exp(-np.arange(40) / 8))[:n_frames]
    light = picture + 2 * photons * calcium[:, None, None] * active / active.max()
    return rng.poisson(light).astype(np.uint16)


def doubt(frames: NDArray[np.generic]) -> str:
    return scene_doubt(Movie(frames, 10.0, 1.0, "", "m"))


@pytest.mark.parametrize(("before", "after"), [(300, 300), (40, 300), (2000, 300)])
def test_another_picture_is_found_where_it_begins(before: int, after: int) -> None:
    text = doubt(np.concatenate([recording(0, before), recording(1, after)]))
    assert text.startswith("the picture changes at about frame ")
    assert abs(int(text.split("frame ")[1].split(":")[0]) - before) <= 24


@pytest.mark.parametrize("seed", range(4))
def test_cells_motion_and_light_are_no_other_picture(seed: int) -> None:
    frames = recording(seed)
    time = np.arange(300)[:, None, None]
    moved = np.stack([np.roll(frame, (int(i / 20), 0), (0, 1)) for i, frame in enumerate(frames)])
    jump = np.concatenate([frames[:150], np.roll(frames[150:], (5, -7), (1, 2))])
    turned_down = np.where(time < 150, frames, frames // 3)
    slowly = (frames * (1 - time / 300) + recording(seed + 10) * (time / 300)).astype(np.uint16)
    for movie in (frames, moved, jump, turned_down, slowly, recording(seed, photons=0.3), frames[:40]):
        assert not doubt(movie)


def test_the_record_keeps_the_doubt(tmp_path: Path) -> None:
    for name, seed in (("a_1", 0), ("a_2", 1)):
        tifffile.imwrite(tmp_path / f"{name}.tif", recording(seed), photometric="minisblack")
    record = ingest(tmp_path, frame_rate_hz=10, pixel_size_um=1)
    assert any("frames before and after show other cells" in text for text in record.warnings)
