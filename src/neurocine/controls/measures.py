"""What is counted in planted cells and in the mirrored movie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from scipy.stats import chi2, norm

from neurocine.controls.planting import Planted
from neurocine.core.controls import DprimeShare, Estimate
from neurocine.core.raster import active_runs
from neurocine.evaluation.activity.criterion import DPRIME_EDGES
from neurocine.traces.dff import running_baseline
from neurocine.traces.events import noise_level
from neurocine.traces.transients import SMOOTHING, smooth

#: Neurons are grouped by the d' of their largest transient between these edges; the last range is open.
NEURON_EDGES = (0.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0)
#: Resamples of the cells from which intervals are taken, and the share of these that an interval holds.
RESAMPLES, INTERVAL = 2000, 95.0
#: Most events in which chance shows nothing still happen this often (the rule of three).
RULE_OF_THREE = 3.0
#: A trace is up where it is so many times its noise above its baseline, and quiet so many seconds later.
UP, QUIET_AFTER_S = 3.0, 6.0
#: Window of the baseline from which rises and falls are measured, seconds.
BASELINE_S = 30.0
#: Window and percentile of the level at rest.
REST_S, REST_PERCENTILE = 60.0, 20.0
#: A mask in the mirrored movie whose falls are so many times its rises shows a real, mirrored neuron.
FALLS = 1.5


@dataclass(frozen=True, eq=False)
class Counts:
    """What was called in N planted cells with M transients.

    Attributes
    ----------
    found
        Which transients have a frame that is called active, (M,).
    coverage
        Share of the frames of each transient's rise that are called active, (M,).
    true_calls, false_calls
        Calls of each cell that touch one of its transients, and the others, (N,).
    """

    found: NDArray[np.bool_]
    coverage: NDArray[np.float64]
    true_calls: NDArray[np.int64]
    false_calls: NDArray[np.int64]


def planted_counts(active: NDArray[np.bool_], cells: Planted) -> Counts:
    """Return what a raster (N, T) of planted `cells` finds, and what it finds that isn't there."""
    before = np.concatenate([np.zeros((len(active), 1), np.int64), np.cumsum(active, axis=1)], axis=1)
    called = before[cells.roi_id, cells.peak + 1] - before[cells.roi_id, cells.onset]
    row, onset, peak = active_runs(active)
    true = np.cumsum(cells.raster, axis=1, dtype=np.int64)
    true = np.concatenate([np.zeros((len(active), 1), np.int64), true], axis=1)
    touches = true[row, peak + 1] > true[row, onset]
    n = len(active)
    return Counts(
        called > 0,
        called / (cells.peak + 1 - cells.onset),
        np.bincount(row[touches], minlength=n),
        np.bincount(row[~touches], minlength=n),
    )


def share(parts: ArrayLike, wholes: ArrayLike) -> Estimate:
    """Return the sum of `parts` over the sum of `wholes`, both (C,), and its interval.

    The interval comes from resampling the cells, as what happens within a cell goes together. Where
    resampling can't tell, as nothing or everything was counted, it is that of the rule of three.
    """
    part, whole = (np.asarray(values, dtype=np.float64) for values in (parts, wholes))
    total = float(whole.sum())
    if not total > 0:
        return Estimate(None, None, None, 0)
    value, (low, high) = float(part.sum()) / total, _resampled(part, whole)
    if value == 0:
        high = RULE_OF_THREE / total
    elif value == 1:
        low = 1 - RULE_OF_THREE / total
    return Estimate(value, max(low, 0.0), min(high, 1.0), round(total))


def per_minute(counts: NDArray[np.int64], minutes: NDArray[np.float64]) -> Estimate:
    """Return the sum of `counts` over that of `minutes`, both (C,), and its interval.

    It comes from resampling the cells, but is never narrower than that of a Poisson count: of few cells that
    happen to be alike resampling would say that they tell it exactly.
    """
    total = float(minutes.sum())
    if not total > 0:
        return Estimate(None, None, None, 0)
    n = int(counts.sum())
    ends = [_resampled(counts, minutes), tuple(end / total for end in _garwood(n))]
    low, high = zip(*ends, strict=True)
    return Estimate(n / total, min(low), max(high), len(counts))


def counted(count: int, of: int) -> Estimate:
    """Return `count` over `of`, at most 1, with the interval of a Poisson count."""
    if not of:
        return Estimate(None, None, None, 0)
    value, low, high = (min(1.0, v / of) for v in (count, *_garwood(count)))
    return Estimate(value, low, high, of)


def _resampled(part: NDArray[Any], whole: NDArray[Any]) -> tuple[float, float]:
    """Return the interval of a ratio of sums over cells, by resampling these."""
    drawn = np.random.default_rng(0).integers(len(part), size=(RESAMPLES, len(part)))
    sums = whole[drawn].sum(axis=1)
    ratios = part[drawn].sum(axis=1)[sums > 0] / sums[sums > 0]
    low, high = np.percentile(ratios, [(100 - INTERVAL) / 2, (100 + INTERVAL) / 2])
    return float(low), float(high)


def _garwood(count: int) -> tuple[float, float]:
    """Return Garwood's exact interval of a Poisson count."""
    tail = (1 - INTERVAL / 100) / 2
    low = chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    return float(low), float(chi2.ppf(1 - tail, 2 * count + 2) / 2)


def by_dprime(
    dprime: NDArray[np.float64], found: NDArray[np.bool_], edges: Sequence[float] = DPRIME_EDGES
) -> tuple[DprimeShare, ...]:
    """Return how many were `found`, (M,), in each range of d' between `edges`; the last one is open."""
    return tuple(
        DprimeShare(low, None if np.isinf(high) else high, int(inside.sum()), int(found[inside].sum()))
        for low, high in pairwise((*edges, np.inf))
        for inside in [(dprime >= low) & (dprime < high)]
    )


def largest_dprime(cells: Planted) -> NDArray[np.float64]:
    """Return the d' of each cell's largest transient, (N,); 0 in silent cells."""
    largest = np.zeros(len(cells.rois))
    np.maximum.at(largest, cells.roi_id, cells.dprime)
    return largest


def quiet(f: NDArray[np.float32], active: NDArray[np.bool_], frame_rate_hz: float) -> NDArray[np.bool_]:
    """Return in which frames the cells are quiet, (N, T): neither up now nor in the last 6 s.

    A cell is up where its raw trace `f`, (N, T), is high or it is called `active`, (N, T).
    """
    up = active | _up(f, frame_rate_hz)
    half = round(QUIET_AFTER_S * frame_rate_hz / 2)
    # The window of a frame ends with it.
    recent = ndimage.maximum_filter1d(
        up.astype(np.uint8), 2 * half + 1, axis=1, origin=half, mode="constant"
    ).astype(bool)
    return np.asarray(~recent)


def quiet_calls(
    active: NDArray[np.bool_], quiet_frames: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the calls of each cell that lie in quiet frames, and its quiet frames, (N,) each."""
    row, onset, peak = active_runs(active)
    calm = np.concatenate([np.zeros((len(active), 1), np.int64), np.cumsum(quiet_frames, axis=1)], axis=1)
    within = calm[row, peak + 1] - calm[row, onset] == peak + 1 - onset
    return np.bincount(row[within], minlength=len(active)), quiet_frames.sum(axis=1)


def shows_falls(f: NDArray[np.float32], frame_rate_hz: float) -> NDArray[np.bool_]:
    """Return whose traces (N, T) fall further below their baseline than they rise above it, (N,).

    In the mirrored movie these are neurons, whose rises have become falls, and not what noise makes.
    """
    smoothed = smooth(f)
    change = smoothed - running_baseline(smoothed, round(BASELINE_S * frame_rate_hz), 50.0)
    return np.asarray(-change.min(axis=1) > FALLS * change.max(axis=1))


def _up(rows: NDArray[np.float32], frame_rate_hz: float) -> NDArray[np.bool_]:
    smoothed = smooth(rows)
    # A busy cell is rarely at rest: a low percentile is taken, which lies below the mean at rest.
    low = running_baseline(smoothed, round(REST_S * frame_rate_hz), REST_PERCENTILE)
    window = np.hamming(SMOOTHING)
    noise = noise_level(rows) * np.sqrt((window**2).sum()) / window.sum()
    return np.asarray(smoothed - low > (UP - norm.ppf(REST_PERCENTILE / 100)) * noise[:, None])


def scaled(rate: Estimate, by: float) -> Estimate:
    """Return a rate and its interval as shares of the rate `by`, at most 1."""
    if rate.value is None or rate.low is None or rate.high is None or by <= 0:
        return Estimate(None, None, None, 0)
    value, low, high = (min(1.0, v / by) for v in (rate.value, rate.low, rate.high))
    return Estimate(value, low, high, rate.n)
