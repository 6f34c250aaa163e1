"""From fluorescence to ΔF/F: neuropil subtraction and running baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Points per window at which the baseline is computed; it is interpolated between them.
KNOTS_PER_WINDOW = 12
#: Smallest divisor of ΔF/F, as a fraction of the mean fluorescence.
MIN_BASELINE_SHARE = 0.1


def neuropil_corrected(
    f: NDArray[np.floating[Any]],
    fneu: NDArray[np.floating[Any]],
    coefficient: float,
    valid: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Return F - c (Fneu - median of Fneu over the frames that are `valid` (T,); None: all), (N, T).

    Only changes of the neuropil are subtracted, not its level: the baseline stays that of F and positive, and
    ΔF/F doesn't explode where the neuropil is as bright as the cell.
    """
    corrected = f.astype(np.float64)
    if fneu.size:
        corrected -= coefficient * (fneu - np.median(_kept(fneu, valid), axis=1, keepdims=True))
    return corrected


def running_baseline(
    traces: NDArray[np.float64], window: int, percentile: float, valid: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Return the running `percentile` of `traces` (N, T) over `window` frames, (N, T).

    It is computed at `KNOTS_PER_WINDOW` knots per window, over the frames at most half a window away (fewer
    at both ends of the movie) that are `valid` (T,; None: all), and linearly interpolated between the knots.
    Where few frames around are valid, there is no knot.
    """
    n, n_frames = traces.shape
    half = max(1, window // 2)
    n_knots = min(n_frames, max(2, round(KNOTS_PER_WINDOW * n_frames / max(window, 1)) + 1))
    knots = np.unique(np.linspace(0, n_frames - 1, n_knots).astype(int))
    frames = np.arange(n_frames)
    times, kept = (frames if valid is None else np.flatnonzero(valid)), _kept(traces, valid)
    start, stop = np.searchsorted(times, knots - half), np.searchsorted(times, knots + half, side="right")
    known = stop - start >= min(half / 2, (stop - start).max())
    knots, parts = knots[known], zip(start[known], stop[known], strict=True)
    values = np.empty((n, len(knots)))
    for i, (first, after) in enumerate(parts):
        values[:, i] = np.percentile(kept[:, first:after], percentile, axis=1)
    return np.array([np.interp(frames, knots, row) for row in values]).reshape(n, n_frames)


def delta_f_over_f(
    f: NDArray[np.floating[Any]],
    fneu: NDArray[np.floating[Any]],
    *,
    coefficient: float,
    window: int,
    percentile: float,
    valid: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Return ΔF/F = (C - B) / max(B, a tenth of the mean of abs(F)), (N, T).

    C is the neuropil-corrected trace (`neuropil_corrected`), B its running baseline (`running_baseline`).
    Frames that aren't `valid` (T,) have no part in either; None: all are.
    """
    corrected = neuropil_corrected(f, fneu, coefficient, valid)
    baseline = running_baseline(corrected, window, percentile, valid)
    least = MIN_BASELINE_SHARE * np.abs(_kept(f, valid)).mean(axis=1, keepdims=True, dtype=np.float64)
    least = np.where(least > 0, least, 1)
    return ((corrected - baseline) / np.maximum(baseline, least)).astype(np.float32)


def _kept(traces: NDArray[Any], valid: NDArray[np.bool_] | None) -> NDArray[Any]:
    """Return the `valid` frames of `traces` (N, T)."""
    return traces if valid is None else traces[:, valid]
