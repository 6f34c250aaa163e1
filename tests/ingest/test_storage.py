"""Values and frames that a program stored wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.core import Selection
from neurocine.ingest import ingest
from neurocine.ingest.storage import copies_doubt

GIVEN: dict[str, Any] = {"frame_rate_hz": 20.0, "pixel_size_um": 1.0}
RNG = np.random.default_rng(4)
PICTURE = 60 + 240 * np.exp(-((np.mgrid[:48, :48] % 16 - 8) ** 2).sum(axis=0) / 18)


def recording(n_frames: int = 120, level: float = 0.0, gain: float = 1.0) -> NDArray[np.float64]:
    """Return photons of bright discs on noise of the detector, (T, Y, X)."""
    return (
        gain
        * (RNG.poisson(np.repeat(PICTURE[None], n_frames, axis=0)) + RNG.normal(0, 4, (n_frames, 48, 48)))
        + level
    )


def warnings_of(folder: Path, frames: NDArray[Any], word: str, **chosen: Any) -> list[str]:
    tifffile.imwrite(folder / "m.tif", frames, metadata=None, photometric="minisblack")
    return [text for text in ingest(folder / "m.tif", **GIVEN, **chosen).warnings if word in text]


def test_signed_values_stored_without_sign(tmp_path: Path) -> None:
    signed = recording(level=-70).astype(np.int16)
    stored = signed.view(np.uint16)
    share = (signed < 0).mean()
    (warning,) = warnings_of(tmp_path, stored, "stored as uint16")
    assert f"{share:.1%} of the pixels lie near 65,535 and belong below 0" in warning
    assert "frames.view('int16')" in warning
    # The remedy.
    assert not warnings_of(tmp_path, stored.view("int16"), "stored as")


def test_frames_that_were_each_scaled_by_themselves(tmp_path: Path) -> None:
    frames = recording(level=20)
    lowest, highest = frames.min(axis=(1, 2), keepdims=True), frames.max(axis=(1, 2), keepdims=True)
    (warning,) = warnings_of(
        tmp_path, np.rint(255 * (frames - lowest) / (highest - lowest)).astype(np.uint8), "scaled"
    )
    assert "each frame reaches from 0 to 255, in other pixels each time" in warning
    # Scaled alike, saturated, and with hot pixels.
    alike = np.rint(255 * (frames - lowest.min()) / np.ptp(frames)).astype(np.uint8)
    saturated = np.clip(2 * alike.astype(int) - 60, 0, 255).astype(np.uint8)
    hot = alike.copy()
    hot[:, 7, 7], hot[:, 9, 9] = 255, 0
    for movie in (alike, saturated, hot):
        assert not warnings_of(tmp_path, movie, "scaled")


@pytest.mark.parametrize("border", [0, 3])
def test_height_and_width_that_are_swapped(tmp_path: Path, border: int) -> None:
    frames = recording()[:, :, :40].astype(np.float32)
    frames[:, :border] = np.nan
    assert not warnings_of(tmp_path, frames, "swapped")
    (warning,) = warnings_of(tmp_path, frames.reshape(-1, 40, 48), "swapped")
    assert "cut into 48 rows of 40 pixels, neighbouring rows are alike" in warning
    # Noise alone tells nothing.
    assert not warnings_of(tmp_path, RNG.poisson(30, (60, 40, 48)).astype(np.uint16), "swapped")


def test_values_without_sign_stored_with_one(tmp_path: Path) -> None:
    stored = recording(gain=115, level=10_000).clip(0, 65535).astype(np.uint16).view(np.int16)
    (warning,) = warnings_of(tmp_path, stored, "stored as int16", dark_offset=-30_000.0)
    assert "are negative and belong above 32,767" in warning


def flashes(frames: NDArray[np.uint16]) -> None:
    frames[10:13] = RNG.integers(65_000, 65_536, frames[10:13].shape)


def saturated_spot(frames: NDArray[np.uint16]) -> None:
    frames[:, 5:8, 5:8] = 65_535


def whole_range(frames: NDArray[np.uint16]) -> None:
    frames[:] = np.linspace(0, 65_535, 48 * 48).reshape(48, 48)
    frames += RNG.integers(0, 2, frames.shape).astype(np.uint16)


@pytest.mark.parametrize("spoil", [flashes, saturated_spot, whole_range])
def test_bright_pixels_are_no_negative_ones(spoil: Any, tmp_path: Path) -> None:
    frames = recording().clip(0, None).astype(np.uint16)
    spoil(frames)
    assert not warnings_of(tmp_path, frames, "stored as")


@pytest.mark.parametrize("n", [2, 3])
def test_every_frame_stored_several_times(n: int, tmp_path: Path) -> None:
    frames = recording(60).clip(0, None).astype(np.uint16)
    stored = frames.repeat(n, axis=0)
    (warning,) = warnings_of(tmp_path, stored, "copies")
    assert f"each frame is stored {n} times, and 20 Hz is {n} times the rate" in warning
    assert f"plane 0/{n}" in warning
    assert f"must be {20 / n:g}" in warning
    # The remedy.
    record = ingest(
        tmp_path / "m.tif", frame_rate_hz=20 / n, pixel_size_um=1, selection=Selection(plane=0, n_planes=n)
    )
    assert not [text for text in record.warnings if "copies" in text or "alike" in text]
    np.testing.assert_array_equal(record.open().frames[:], frames)


def test_a_sample_shows_copies(tmp_path: Path) -> None:
    stored = recording(200).clip(0, None).astype(np.uint16).repeat(2, axis=0)
    assert warnings_of(tmp_path, stored, "each frame is stored 2 times", sample=100)


def test_copies_without_a_rule_and_few_of_them() -> None:
    copied = RNG.random(400) < 0.5
    assert "filled up" in copies_doubt(copied, 30.0)
    assert "hardly changes" in copies_doubt(np.arange(400) > 0, 30.0)
    copied[50:] = False
    assert not copies_doubt(copied, 30.0)


@pytest.mark.parametrize(("axis", "what"), [(2, "columns"), (1, "rows")])
def test_time_that_is_not_the_first_axis(tmp_path: Path, axis: int, what: str) -> None:
    # Cells at places of their own, so that neither rows nor columns repeat.
    picture = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(40, 48)), 3)
    movie = RNG.poisson(np.repeat(np.clip(100 + 600 * picture, 5, None)[None], 120, axis=0)).astype(np.uint16)
    (warning,) = warnings_of(tmp_path, np.moveaxis(movie, 0, axis), "look like frames")
    assert f"the {what} of its" in warning
    assert f"numpy.moveaxis(array, {axis}, 0)" in warning
    # The remedy, and a movie in order.
    assert not warnings_of(tmp_path, movie, "look like frames")
