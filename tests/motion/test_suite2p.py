"""suite2p's engine works frame by frame and batch by batch; results are those of all frames at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.config import MotionSettings
from neurocine.motion import suite2p_engine
from neurocine.motion.suite2p_engine import Suite2pEngine

SETTINGS = MotionSettings(engine="suite2p", block_um=40, max_shift_um=10)


@pytest.fixture(scope="module")
def frames() -> NDArray[np.uint16]:
    rng = np.random.default_rng(3)
    big = 1000 + 400 * ndimage.gaussian_filter(rng.normal(size=(90, 110)), 2) / 0.14
    shifts = rng.normal(0, 1.5, (24, 2))
    moved = np.stack([ndimage.shift(big, shift)[12:-14, 11:-13] for shift in shifts])
    return np.clip(moved + rng.normal(0, 100, moved.shape), 0, 65535).astype(np.uint16)


@pytest.fixture(scope="module")
def engine(frames: NDArray[np.uint16]) -> Suite2pEngine:
    return Suite2pEngine(frames, SETTINGS, 1.0, torch.device("cpu"))


def resampled_at_once(engine: Suite2pEngine, frames: NDArray[Any], shifts: dict[str, Any]) -> NDArray[Any]:
    """All frames in one product in double precision, then in one call of torch."""
    rows, columns, (n_rows, n_columns) = engine._filters[6][:3]
    height, width = frames.shape[1:]
    centres = [
        [np.mean(rows[i * n_columns]) for i in range(n_rows)],
        [np.mean(c) for c in columns[:n_columns]],
    ]
    spread = [
        np.stack([np.interp(np.arange(length), centre, unit) for unit in np.eye(len(centre))], axis=1)
        for centre, length in zip(centres, (height, width), strict=True)
    ]
    grid = []
    for name, at in (("dx", np.arange(width)[None, :]), ("dy", np.arange(height)[:, None])):
        field = at + spread[0] @ shifts[name].reshape(-1, n_rows, n_columns) @ spread[1].T
        grid.append(field * (2 / (at.size - 1)) - 1)
    return np.asarray(
        torch.nn.functional.grid_sample(
            torch.from_numpy(frames.astype(np.float32))[:, None],
            torch.from_numpy(np.stack(grid, axis=-1).astype(np.float32)),
            mode="bilinear",
            padding_mode="border",
            align_corners=True,
        )[:, 0]
    )


def test_frames_are_resampled_bit_by_bit_as_all_at_once(
    engine: Suite2pEngine, frames: NDArray[np.uint16]
) -> None:
    moved = engine.apply(frames.astype(np.float32))
    shifts = moved.move_alike.keywords  # type: ignore[union-attr]
    assert np.ptp(shifts["dy"], axis=1).max() > 0  # blocks differ
    np.testing.assert_array_equal(moved.frames, resampled_at_once(engine, frames, shifts))


def test_batches_give_the_same_shifts(
    engine: Suite2pEngine, frames: NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = engine.apply(frames)
    monkeypatch.setattr(suite2p_engine, "BATCH_PIXELS", 5 * frames[0].size)
    parts = engine.apply(frames)
    for got, expected in zip(parts[:4], whole[:4], strict=True):
        np.testing.assert_array_equal(got, expected)


def test_threads_are_as_before(engine: Suite2pEngine, frames: NDArray[np.uint16]) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        engine.apply(frames[:2])
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
