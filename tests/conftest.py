"""Fixtures shared by all tests: small movies made on the spot, and the example recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.core import Movie, RoiSet

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow tests, so that nobody waits for them at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture
def example_tiff() -> Path:
    """The real recording that ships with neurocine: 2,000 frames of 128 x 128, 8 bit."""
    return ROOT / "examples" / "mouse_v1" / "mouse_v1.tif"


def blob_frames(
    n_frames: int = 300, size: int = 64, seed: int = 0
) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
    """Return frames (T, size, size) with four discs flickering over noise, and their masks."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    centres = [(16, 16), (16, 46), (44, 20), (46, 48)]
    masks = np.stack([(rows - y) ** 2 + (columns - x) ** 2 <= 25 for y, x in centres])
    kernel = np.exp(-np.arange(40) / 8)
    spikes = rng.random((len(centres), n_frames)) < 0.02
    calcium = np.stack([np.convolve(row, kernel)[:n_frames] for row in spikes])
    frames = 200 + 100 * masks.any(0) + np.tensordot(calcium.T * 150, masks, 1)
    return np.clip(frames + rng.normal(0, 12, frames.shape), 0, 65535).astype(np.uint16), masks


@pytest.fixture
def blobs() -> tuple[Movie, RoiSet]:
    """A movie (300, 64, 64) at 10 Hz and 2 µm a pixel with four flickering discs, and their ROIs."""
    frames, masks = blob_frames()
    movie = Movie(frames, frame_rate_hz=10.0, pixel_size_um=2.0, indicator="GCaMP6s", source="blobs")
    return movie, RoiSet.from_masks(masks, engine="truth")
