"""Putative transients of a trace, and scores of a raster over them (DeepCINAC, section 2.6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import convolve1d

from neurocine.core import InputError
from neurocine.core.raster import active_runs
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


@dataclass(frozen=True)
class Score:
    """Counts of one cell's transients: true ones found and missed, others called active and rightly not."""

    true_positive: int
    false_negative: int
    false_positive: int
    true_negative: int

    @property
    def sensitivity(self) -> float:
        """Share of true transients that were detected; 1 if there are none."""
        return _share(self.true_positive, self.false_negative)

    @property
    def precision(self) -> float:
        """Share of detected transients that are true; 1 if none was detected."""
        return _share(self.true_positive, self.false_positive)

    @property
    def f1(self) -> float:
        """Harmonic mean of sensitivity and precision; 0 if both are."""
        both = self.sensitivity + self.precision
        return 2 * self.sensitivity * self.precision / both if both else 0.0


def score(true_raster: ArrayLike, predicted: ArrayLike, trace: ArrayLike) -> Score:
    """Return how a predicted raster does against the true one, for one cell.

    A true transient (a run of True) is detected if any of its frames is predicted active. Every putative
    transient of the smoothed trace that touches no true one is a false positive if any of its frames is
    predicted active, else a true negative. Predictions outside both don't count, as in the paper.

    Parameters
    ----------
    true_raster, predicted
        Active frames, (T,) bool.
    trace
        Raw trace (T,), the mean over the cell's mask; smoothed here.

    Raises
    ------
    InputError
        If lengths differ.
    """
    truth = np.asarray(true_raster, dtype=bool)
    called = np.asarray(predicted, dtype=bool)
    values = np.asarray(trace, dtype=np.float64)
    if not (truth.ndim == 1 and truth.shape == called.shape == values.shape):
        raise InputError(
            "score",
            "trace",
            f"shapes are {truth.shape}, {called.shape} and {values.shape}",
            "Give one cell's.",
        )
    _, first, last = active_runs(truth[None])
    found = _any_within(called, first, last)
    onsets, peaks = putative(smooth(values))
    others = ~_any_within(truth, onsets, peaks)
    hit = _any_within(called, onsets, peaks)[others]
    return Score(int(found.sum()), int((~found).sum()), int(hit.sum()), int((~hit).sum()))


def _any_within(
    raster: NDArray[np.bool_], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return whether `raster` is True anywhere in each ``first:last`` (inclusive)."""
    before = np.concatenate([[0], np.cumsum(raster)])
    return np.asarray(before[last + 1] > before[first])


def _share(part: int, rest: int) -> float:
    return part / (part + rest) if part + rest else 1.0
