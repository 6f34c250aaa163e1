"""NoRMCorre as engine: units, signs and files against a stand-in, and the real one where there is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.config import CaimanRun, EnginesSettings, MotionSettings
from neurocine.core import Movie
from neurocine.io.result_files import Stamp, read_movie, read_registration
from neurocine.motion import register
from neurocine.motion.caiman_engine import move_options

SETTINGS = MotionSettings(engine="caiman", max_shift_um=8, template_frames=40)


def drifting(n_frames: int = 40) -> tuple[Movie, NDArray[np.float64]]:
    """A movie (T, 64, 72) whose content moves by whole pixels, and by how much, (T, 2)."""
    rng = np.random.default_rng(0)
    image = ndimage.gaussian_filter(rng.normal(size=(84, 92)), 2)
    image = 300 + 100 * image / image.std()
    shifts = rng.integers(-3, 4, (n_frames, 2))
    frames = np.stack([np.roll(image, shift, (0, 1))[10:-10, 10:-10] for shift in shifts])
    noisy = np.clip(frames + rng.normal(0, 5, frames.shape), 0, 65535).astype(np.uint16)
    return Movie(noisy, frame_rate_hz=30.0, pixel_size_um=1.0, source="drifting"), shifts


def registered(python: str | Path, out: Path, settings: MotionSettings, **run: object) -> NDArray[np.float64]:
    """Register the drifting movie; return the error of its displacements, (T, 2)."""
    movie, shifts = drifting()
    engines = EnginesSettings(caiman=CaimanRun(python=str(python)).model_copy(update=run))
    register(movie, settings, out, Stamp(), engines=engines)
    assert read_movie(out).dtype == np.uint16
    registration = read_registration(out)
    error = np.stack([registration.y, registration.x], axis=1) - shifts
    assert registration.metrics["correlation_after"] > 0.9
    return np.asarray(error - np.median(error, axis=0))


def test_micrometres_become_pixels() -> None:
    settings = MotionSettings(engine="caiman", block_um=100)
    assert move_options(settings, 0.8, (512, 512), 12) == {
        "strides": [94, 94],
        "overlaps": [31, 31],
        "max_shifts": [12, 12],
        "max_deviation_rigid": 6,
        "shifts_opencv": True,
        "border_nan": "copy",
    }
    narrow = move_options(settings, 2.0, (40, 512), 5)
    assert narrow["strides"] == [30, 38]
    assert narrow["overlaps"] == [10, 12]
    rigid = move_options(settings.model_copy(update={"nonrigid": False}), 2.0, (40, 512), 5)
    assert rigid["max_deviation_rigid"] == 0


@pytest.mark.parametrize("nonrigid", [False, True])
@pytest.mark.parametrize("processes", [1, 2])
def test_displacement_is_where_frames_were(
    nonrigid: bool, processes: int, fake_caiman: Path, tmp_path: Path
) -> None:
    settings = SETTINGS.model_copy(update={"nonrigid": nonrigid})
    (tmp_path / "maps").mkdir()
    error = registered(
        fake_caiman, tmp_path / "movie.h5", settings, processes=processes, temporary=str(tmp_path / "maps")
    )
    assert (error == 0).all()
    assert not list((tmp_path / "maps").iterdir())


@pytest.mark.parametrize("nonrigid", [False, True])
def test_real_normcorre_recovers_the_displacement(nonrigid: bool, real_caiman: str, tmp_path: Path) -> None:
    error = registered(real_caiman, tmp_path / "movie.h5", SETTINGS.model_copy(update={"nonrigid": nonrigid}))
    assert np.abs(error).mean() < 0.15
    assert np.abs(error).max() < 0.5
