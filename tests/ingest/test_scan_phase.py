"""The phase of a bidirectional scan is measured, kept in the record, and warned of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, shift

from neurocine.ingest import ingest, read_source, write_source
from neurocine.ingest.scan_phase import ScanPhase, ScanPhaseSum


def scene(seed: int = 0) -> NDArray[np.float64]:
    """Return a picture (64, 80) of somata, darkest pixel 0, mean 1."""
    spots = gaussian_filter((np.random.default_rng(seed).random((64, 80)) < 0.01).astype(float), 2.5)
    return np.asarray((spots - spots.min()) / spots.mean())


def scanned(pixels: float, photons: float = 20, n_frames: int = 200, seed: int = 0) -> NDArray[np.uint16]:
    """Return frames whose odd rows are `pixels` to the right, of so many photons per pixel."""
    picture = scene(seed)
    picture[1::2] = shift(picture[1::2], (0, pixels), order=1, mode="nearest")
    return (
        np.random.default_rng(seed).poisson(photons * picture, (n_frames, *picture.shape)).astype(np.uint16)
    )


def phase_of(frames: NDArray[np.generic], step: int = 64) -> ScanPhase:
    gathered = ScanPhaseSum()
    for start in range(0, len(frames), step):
        gathered.add(frames[start : start + step])
    return gathered.result()


@pytest.mark.parametrize("pixels", [-5, -1, 0, 1, 3])
@pytest.mark.parametrize("photons", [20, 0.2])
def test_whole_pixels_are_measured_in_light_and_in_the_dark(pixels: int, photons: float) -> None:
    found = phase_of(scanned(pixels, photons))
    assert found.pixels == pytest.approx(pixels, abs=0.3)
    assert found.agreement >= 0.75


@pytest.mark.parametrize("pixels", [-1.6, 0.6])
def test_parts_of_a_pixel_are_measured(pixels: float) -> None:
    assert phase_of(scanned(pixels)).pixels == pytest.approx(pixels, abs=0.15)


def test_blocks_make_no_difference_to_the_phase() -> None:
    frames = scanned(3, 0.5)
    assert phase_of(frames, 7) == phase_of(frames, 200)


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_no_phase(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(100, 5, (200, 64, 80))
    assert phase_of(noise).pixels is None


@pytest.mark.parametrize("seed", range(5))
def test_a_fixed_pattern_has_no_phase(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pattern = rng.integers(0, 50, (64, 64))  # the same in all frames, each row unlike its neighbours
    assert phase_of(rng.normal(100, 5, (200, 1, 1)) + pattern).pixels is None


def test_a_picture_too_small_has_no_phase() -> None:
    assert phase_of(scanned(3)[:, :12, :20]) == ScanPhase()


def test_the_record_keeps_the_phase_and_warns(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "m.tif", scanned(3))
    record = ingest(tmp_path / "m.tif", frame_rate_hz=10, pixel_size_um=1)
    assert record.scan_phase.pixels == pytest.approx(3, abs=0.1)
    (warning,) = [text for text in record.warnings if "bidirectional" in text]
    assert "every second row is shifted by 3.0 pixels" in warning
    assert "set motion.bidirectional to auto" in warning
    write_source(tmp_path / "source.json", record)
    assert read_source(tmp_path / "source.json").scan_phase == record.scan_phase


def test_a_straight_scan_is_not_warned_of(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "m.tif", scanned(0))
    record = ingest(tmp_path / "m.tif", frame_rate_hz=10, pixel_size_um=1)
    assert record.scan_phase.pixels == pytest.approx(0, abs=0.1)
    assert not [text for text in record.warnings if "bidirectional" in text]
