"""Every second row of a bidirectional scan is moved back before registration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from neurocine import pipeline
from neurocine.config import MotionSettings
from neurocine.core import InvalidFrames, Movie, Validity
from neurocine.io.result_files import read_movie
from neurocine.motion import row_correction, unshifted


def movies(shift: int, dtype: str = "uint16") -> tuple[np.ndarray, Movie]:
    """Return frames (40, 32, 48), and the movie with odd rows `shift` pixels to the right."""
    straight = np.random.default_rng(0).integers(0, 60_000, (40, 32, 48)).astype(dtype)
    scanned = straight.copy()
    scanned[:, 1::2] = np.roll(scanned[:, 1::2], shift, axis=2)
    return straight, Movie(scanned, 10.0, 1.0)


@pytest.mark.parametrize("shift", [3, -4])
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_whole_pixels_lose_nothing(shift: int, dtype: str) -> None:
    straight, movie = movies(shift, dtype)
    inner = slice(4, -4)
    mended = unshifted(movie, shift).read(5, 9)
    assert mended.dtype == movie.dtype
    np.testing.assert_array_equal(mended[:, :, inner], straight[5:9, :, inner])
    np.testing.assert_array_equal(mended[:, ::2], straight[5:9, ::2])


def test_half_a_pixel_is_interpolated() -> None:
    frames = np.tile(np.arange(0, 480, 10, dtype=np.uint16), (3, 4, 1))
    mended = unshifted(Movie(frames, 10.0, 1.0), 0.5).read(0, 3)
    np.testing.assert_array_equal(mended[:, 1::2, :-1], frames[:, 1::2, :-1] + 5)
    np.testing.assert_array_equal(mended[:, ::2], frames[:, ::2])


def test_without_a_shift_the_movie_is_the_same() -> None:
    _, movie = movies(3)
    assert unshifted(movie, 0.0) is movie


def test_frames_without_data_stay_so() -> None:
    straight, movie = movies(3)
    validity = Validity(40, (InvalidFrames(7, 7, "blank"),))
    mended = unshifted(Movie(movie.frames, 10.0, 1.0, validity=validity), 3)
    expected = np.rint(straight[[6, 8]].astype(float).mean(axis=0))
    np.testing.assert_array_equal(mended.read(7, 8)[0, :, 4:-4], expected[:, 4:-4])


@pytest.mark.parametrize(
    ("setting", "measured", "shift"),
    [("off", 3.0, 0), ("auto", 3.2, 3), ("auto", 0.3, 0), ("auto", None, 0), (-1.5, 3.0, -1.5)],
)
def test_what_is_corrected(setting: str | float, measured: float | None, shift: float) -> None:
    assert row_correction(setting, measured) == shift  # type: ignore[arg-type]


def test_an_unknown_phase_is_said(caplog: pytest.LogCaptureFixture) -> None:
    row_correction("auto", None, "m.tif")
    assert "m.tif: the phase of its scan can't be measured" in caplog.text


def test_settings_take_off_auto_and_pixels() -> None:
    values = [MotionSettings(bidirectional=v).bidirectional for v in ("off", False, "auto", 2, -0.5)]  # type: ignore[arg-type]
    assert values == ["off", "off", "auto", 2.0, -0.5]
    for wrong in ("yes", 1000, True):
        with pytest.raises(ValidationError):
            MotionSettings(bidirectional=wrong)  # type: ignore[arg-type]


def test_the_step_registers_corrected_frames(tmp_path: Path) -> None:
    straight, movie = movies(3)
    settings = MotionSettings(engine="none", bidirectional="auto")
    pipeline.motion(movie, tmp_path / "movie.h5", settings, scan_phase=2.9)
    stored = read_movie(tmp_path / "movie.h5").frames[0:40]
    np.testing.assert_array_equal(stored[:, :, 4:-4], straight[:, :, 4:-4])
