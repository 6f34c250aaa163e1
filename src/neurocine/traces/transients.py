"""Putative transients of a trace (DeepCINAC, section 2.6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import convolve1d

from neurocine.core.validate import as_array

#: Frames of the smoothing window.
SMOOTHING = 7
_WINDOW = np.hamming(SMOOTHING) / np.hamming(SMOOTHING).sum()
#: Standard deviation of white noise after smoothing, of 1 before.
SMOOTHED_NOISE = float(np.sqrt((_WINDOW**2).sum()))


def smooth(trace: ArrayLike) -> NDArray[np.float64]:
    """Return `trace` (..., T) convolved with a Hamming window of 7 frames that sums to 1, ends reflected."""
    return np.asarray(convolve1d(np.asarray(trace, dtype=np.float64), _WINDOW, axis=-1, mode="mirror"))


def putative(trace: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return onset and peak (M,) of every putative transient of a smoothed trace (T,), both inclusive.

    An onset is where the first derivative turns from falling to not falling, a peak where it turns back: they
    alternate, and each onset that has a peak after it makes a putative transient.
    """
    values = as_array(trace, np.float64, (None,), "trace", "trace")
    turns = np.diff((np.diff(values) >= 0).astype(np.int8))
    onsets, peaks = (np.flatnonzero(turns == sign).astype(np.int64) + 1 for sign in (1, -1))
    peaks = peaks[np.searchsorted(peaks, onsets[0]) :] if len(onsets) else peaks[:0]
    return onsets[: len(peaks)], peaks


def rises(raw: ArrayLike, min_sigma: float) -> list[tuple[int, int]]:
    """Return onset and peak of each putative transient of a raw trace (T,) that stands out of the noise.

    It rises by `min_sigma` of the noise or more. The noise is that of the raw trace from frame to frame:
    1.4826 times the median absolute deviation of its differences, divided by √2, times what smoothing leaves
    of it.
    """
    values = np.asarray(raw, dtype=np.float64)
    trace = smooth(values)
    onset, peak = putative(trace)
    change = np.diff(values)
    noise = 1.4826 * np.median(np.abs(change - np.median(change))) / np.sqrt(2) if len(change) else 0.0
    kept = trace[peak] - trace[onset] >= min_sigma * noise * SMOOTHED_NOISE
    return list(zip(onset[kept].tolist(), peak[kept].tolist(), strict=True))
