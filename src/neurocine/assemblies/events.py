"""Synchronous calcium events (SCEs): moments in which more cells are active than by chance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from scipy.signal import find_peaks

from neurocine.config import AssembliesSettings


def detect_sces(
    active: NDArray[np.bool_], frame_rate_hz: float, settings: AssembliesSettings
) -> tuple[NDArray[np.int64], NDArray[np.bool_], float]:
    """Find the SCEs of a raster (Malvache et al. 2016; Modol et al. 2020).

    In each frame, the cells with an onset within `settings.window_s` are counted (or the active cells:
    `settings.count`). SCEs are the peaks of this count that reach `settings.min_cells` and the
    percentile `settings.percentile` of the counts of shuffled rasters, in which each cell's row is rolled
    independently.

    Parameters
    ----------
    active
        Raster, (N, T) bool.
    frame_rate_hz
        Frames per second.
    settings
        Window, percentile, numbers of cells and of shuffles, seed.

    Returns
    -------
    frame
        Frame of each SCE, (M,) int64, at least `settings.apart_s` from the next.
    participation
        Cells counted in that frame, (N, M) bool.
    threshold
        Least count of an SCE.
    """
    counted = onsets(active) if settings.count == "onsets" else active
    near = within(counted, window_frames(frame_rate_hz, settings))
    threshold = max(coactive_threshold(near, settings), float(settings.min_cells))
    count = near.sum(axis=0)
    apart = max(1, round(settings.apart_s * frame_rate_hz))
    # Lower values at both ends, so that peaks there count.
    peaks, _ = find_peaks(np.concatenate([[-1], count, [-1]]), height=threshold, distance=apart)
    frame = (peaks - 1).astype(np.int64)
    return frame, near[:, frame], threshold


def window_frames(frame_rate_hz: float, settings: AssembliesSettings) -> int:
    """Return `settings.window_s` in frames, rounded up."""
    return math.ceil(settings.window_s * frame_rate_hz - 1e-9)


def onsets(active: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the first frame of each run of True in `active` (N, T)."""
    return np.asarray(active & ~np.pad(active, ((0, 0), (1, 0)))[:, :-1])


def within(active: NDArray[np.bool_], frames: int) -> NDArray[np.bool_]:
    """Return which cells are active at most `frames` frames from each frame of `active` (N, T)."""
    if not frames or not active.size:
        return active
    return np.asarray(binary_dilation(active, np.ones((1, 2 * frames + 1), dtype=bool)))


def coactive_threshold(active: NDArray[np.bool_], settings: AssembliesSettings) -> float:
    """Return the percentile of the counts of active cells after rolling each row of `active` (N, T)."""
    n, t = active.shape
    if not n or not t:
        return 0.0
    rng = np.random.default_rng((settings.seed, 1))
    counts = np.zeros((settings.surrogates, t), dtype=np.int32)
    for count in counts:
        for row in active:
            shift = int(rng.integers(t))
            count[shift:] += row[: t - shift]
            count[:shift] += row[t - shift :]
    return float(np.percentile(counts, settings.percentile))


def rolled(active: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return `active` (N, T) with rows rolled by random shifts: this keeps rates and destroys synchrony."""
    n, t = active.shape
    shift = rng.integers(t, size=(n, 1))
    return np.asarray(np.take_along_axis(active, (np.arange(t) - shift) % t, axis=1))
