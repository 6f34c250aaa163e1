"""A method's signal in a cell's scored transients, and its score at any threshold (section 2.6).

A score depends only on the signal's values in the frames of true transients, and on its highest value in each
putative transient that doesn't touch a true one. These alone are small enough to be kept for all cells of all
recordings, so that any threshold can be tried on them.

A signal may be NaN where a method, such as a person, says nothing: a transient that touches such a frame
counts neither way for this method.

True transients that are hidden by noise are doubtful: they count neither as missed nor as found, and putative
transients that touch them aren't false. The same holds for what touches a frame that nobody looked at, or one
that people found doubtful. The paper's truth, too, is what people saw, without doubtful frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocine.core import InputError
from neurocine.core.raster import active_runs
from neurocine.core.truth import all_within
from neurocine.traces.transients import putative, smooth


@dataclass(frozen=True)
class Score:
    """Counts of a cell's true transients (detected, missed) and of other putative ones (active, inactive)."""

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


def score(
    true_raster: ArrayLike, predicted: ArrayLike, trace: ArrayLike, counted: ArrayLike | None = None
) -> Score:
    """Return the score of one cell's predicted raster.

    A true transient (a run of True) is detected if any of its frames is predicted active. Every putative
    transient of the smoothed trace that touches no true one is a false positive if any of its frames is
    predicted active, else a true negative. Predictions outside both don't count, as in the paper.

    Parameters
    ----------
    true_raster, predicted
        Active frames, (T,) bool.
    trace
        Raw trace (T,), the mean over the cell's mask; smoothed here.
    counted
        Frames of which the truth is known, (T,) bool; all by default. Transients, true or putative, that
        touch another frame don't count.

    Raises
    ------
    InputError
        If lengths differ.
    """
    truth = np.asarray(true_raster, dtype=bool)
    called = np.asarray(predicted, dtype=bool)
    values = np.asarray(trace, dtype=np.float64)
    known = np.ones(truth.shape, dtype=bool) if counted is None else np.asarray(counted, dtype=bool)
    if not (truth.ndim == 1 and truth.shape == called.shape == values.shape == known.shape):
        raise InputError(
            "score",
            "trace",
            f"shapes are {truth.shape}, {called.shape} and {values.shape}",
            "Give arrays of one cell.",
        )
    _, first, last = active_runs(truth[None])
    detected = _any_within(called, first, last)[all_within(known, first, last)]
    onsets, peaks = putative(smooth(values))
    not_true = ~_any_within(truth, onsets, peaks) & all_within(known, onsets, peaks)
    hit = _any_within(called, onsets, peaks)[not_true]
    return Score(int(detected.sum()), int((~detected).sum()), int(hit.sum()), int((~hit).sum()))


def _any_within(
    raster: NDArray[np.bool_], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return whether `raster` is True anywhere in each ``first:last`` (inclusive)."""
    before = np.concatenate([[0], np.cumsum(raster)])
    return np.asarray(before[last + 1] > before[first])


def _share(part: int, rest: int) -> float:
    return part / (part + rest) if part + rest else 1.0


@dataclass(frozen=True, eq=False)
class ScoredTransients:
    """One method's signal in the scored transients of one cell.

    Attributes
    ----------
    rises
        Values in the frames of all true transients, one transient after another, (F,) float32.
    starts
        Where each true transient begins in `rises`, (M,) int64.
    false_peaks
        Highest value in each putative transient that touches no true one, (K,) float32.
    """

    rises: NDArray[np.float32]
    starts: NDArray[np.int64]
    false_peaks: NDArray[np.float32]

    @classmethod
    def unknown(cls, n: int) -> ScoredTransients:
        """Return a signal without a value in `n` true transients."""
        missing = np.full(max(n, 1), np.nan, dtype=np.float32)
        return cls(missing[:n], np.arange(n), missing[:1])

    @property
    def is_known(self) -> bool:
        """Whether the signal has a value in a true transient or, where there is none, in any other."""
        peaks = self._peaks() if len(self.starts) else self.false_peaks
        return not len(peaks) or not bool(np.isnan(peaks).all())

    def known(self) -> NDArray[np.bool_]:
        """Return in which true transients the signal has a value, (M,) bool."""
        return ~np.isnan(self._peaks())

    def select(self, kept: NDArray[np.bool_]) -> ScoredTransients:
        """Return the same with only the true transients of a mask `kept`, (M,) bool.

        `false_peaks` stay as they are: a putative transient that touches a true one is never false.
        """
        lengths = self._lengths()
        starts = np.cumsum(np.append(0, lengths[kept]))[:-1]
        return ScoredTransients(self.rises[np.repeat(kept, lengths)], starts, self.false_peaks)

    def detected(self, threshold: float) -> NDArray[np.bool_]:
        """Return which true transients have a value above `threshold`, (M,) bool."""
        return np.asarray(self._peaks() > threshold)

    def score(self, threshold: float) -> Score:
        """Return the counts where a frame is called active if its value is above `threshold`."""
        detected = int(self.detected(threshold).sum())
        hit = int((self.false_peaks > threshold).sum())
        n_other = int((~np.isnan(self.false_peaks)).sum())
        return Score(detected, int(self.known().sum()) - detected, hit, n_other - hit)

    def f1(self, thresholds: ArrayLike) -> NDArray[np.float64]:
        """Return `Score.f1` at each of n thresholds, (n,)."""
        # Of the signal's own type, as `score` compares them.
        values = np.asarray(thresholds, dtype=self.rises.dtype)
        detected, hit = (
            len(rows) - np.searchsorted(np.sort(rows), values, side="right")
            for rows in (self._peaks(), self.false_peaks)
        )
        counted = detected + hit + len(self.starts)
        return np.where(counted > 0, 2 * detected / np.maximum(counted, 1), 1.0)

    def coverage(self, threshold: float) -> NDArray[np.float64]:
        """Return the share of frames called active in each detected true transient, (detected,)."""
        if not len(self.starts):
            return np.empty(0)
        known = self.known()
        shares = np.add.reduceat((self.rises > threshold).astype(np.int64), self.starts) / self._lengths()
        return np.asarray(shares[known & (shares > 0)])

    def heights(self) -> NDArray[np.float32]:
        """Return the highest value in each true transient and in each other one, (M + K,)."""
        return np.concatenate([self._peaks(), self.false_peaks])

    def _lengths(self) -> NDArray[np.int64]:
        return np.diff(np.append(self.starts, len(self.rises)))

    def _peaks(self) -> NDArray[np.float32]:
        return np.maximum.reduceat(self.rises, self.starts) if len(self.starts) else self.rises


def scored_transients(
    true_raster: ArrayLike,
    trace: ArrayLike,
    signals: Sequence[ArrayLike],
    counted: ArrayLike | None = None,
) -> list[ScoredTransients]:
    """Return each signal of one cell in its scored transients.

    Parameters
    ----------
    true_raster
        Truly active frames, (T,) bool; a run of True is a true transient.
    trace
        Raw trace (T,), the mean over the cell's mask; putative transients are found on it once smoothed.
    signals
        Signal of each method, (T,); a higher value means more evidence that the cell is active.
    counted
        As for `score`.

    Raises
    ------
    InputError
        If lengths differ.
    """
    truth = np.asarray(true_raster, dtype=bool)
    values = np.asarray(trace, dtype=np.float64)
    rows = [np.asarray(signal, dtype=np.float32) for signal in signals]
    known = np.ones(truth.shape, dtype=bool) if counted is None else np.asarray(counted, dtype=bool)
    shapes = {truth.shape, values.shape, known.shape, *(row.shape for row in rows)}
    if truth.ndim != 1 or len(shapes) > 1:
        raise InputError(
            "scored transients", "signal", f"shapes are {sorted(shapes)}", "Give arrays of one cell."
        )
    _, first, last = active_runs(truth[None])
    kept = all_within(known, first, last)
    lengths = last - first + 1
    starts = np.cumsum(np.append(0, lengths[kept]), dtype=np.int64)[:-1]
    in_rise = np.repeat(kept, lengths)
    onset, peak = putative(smooth(values))
    false = ~_any_within(truth, onset, peak) & all_within(known, onset, peak)
    return [
        ScoredTransients(row[truth][in_rise], starts, highest(row, onset[false], peak[false])) for row in rows
    ]


def highest(
    signal: NDArray[np.float32] | NDArray[np.bool_], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the highest value of `signal` (T,) in each ``first:last`` (inclusive), (M,) float32.

    Intervals may overlap and come in any order.
    """
    if not len(first):
        return np.empty(0, dtype=np.float32)
    # One value more, so that an interval can end with the last frame.
    padded = np.append(signal.astype(np.float32), np.float32(-np.inf))
    return np.maximum.reduceat(padded, np.stack([first, last + 1], axis=1).ravel())[::2]
