"""Putative transients of a trace (DeepCINAC, section 2.6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import convolve1d

from neurocine.core.validate import as_array

#: Frames of the smoothing window.
SMOOTHING = 7


def smooth(trace: ArrayLike) -> NDArray[np.float64]:
    """Return `trace` (..., T) convolved with a Hamming window of 7 frames that sums to 1, ends reflected."""
    window = np.hamming(SMOOTHING)
    values = np.asarray(trace, dtype=np.float64)
    return np.asarray(convolve1d(values, window / window.sum(), axis=-1, mode="mirror"))


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
