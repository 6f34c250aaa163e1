"""How active a recording's own ROIs are, so that planted cells fire as they do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocine.controls.light import SECOND_DIFFERENCE, second_differences
from neurocine.core import Movie, Raster, RoiSet
from neurocine.core.indicators import decay_s
from neurocine.core.raster import active_runs
from neurocine.progress import Progress, silent
from neurocine.simulation.hybrid.detectability import OBSERVED_S
from neurocine.traces.events import MAD_TO_STD
from neurocine.traces.extraction import raw_traces
from neurocine.traces.transients import smooth


@dataclass(frozen=True, eq=False)
class OwnActivity:
    """How active N ROIs are, (N,) each.

    Attributes
    ----------
    largest_dprime
        d′ of the largest transient that is called; 0 without any.
    per_min
        Calls a minute.
    rise_frames
        Median number of frames of a call, from onset to peak; 0 without any.
    """

    largest_dprime: NDArray[np.float64]
    per_min: NDArray[np.float64]
    rise_frames: NDArray[np.float64]


def own_activity(movie: Movie, rois: RoiSet, raster: Raster, progress: Progress = silent) -> OwnActivity:
    """Measure how active `rois` are where `raster` calls them so.

    d′ is that of a matched filter on the plain mean over the ROI: a linear rise from onset to peak, then the
    indicator's decay, up to the next onset, 6 s at most.
    """
    traces = raw_traces(movie, rois, progress).astype(np.float64)
    noise = noise_of(traces)
    row, onset, peak = active_runs(raster.active)
    largest, length = np.zeros((2, len(rois)))
    for i in np.unique(row):
        own = row == i
        length[i] = np.median(peak[own] - onset[own] + 1)
        if noise[i] > 0:
            seen = _heights(traces[i], onset[own], peak[own], movie.frame_rate_hz, decay_s(movie.indicator))
            largest[i] = max(0.0, float(seen.max()) / noise[i])
    minutes = movie.n_frames / movie.frame_rate_hz / 60
    return OwnActivity(largest, np.bincount(row, minlength=len(rois)) / minutes, length)


def noise_of(traces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the noise of traces (N, T) in one frame, (N,); second differences hardly see calcium."""
    there = second_differences(traces.T)
    spread = np.median(np.abs(there - np.median(there, axis=0)), axis=0) * MAD_TO_STD
    return np.asarray(spread / np.sqrt(SECOND_DIFFERENCE))


def _heights(
    trace: NDArray[np.float64],
    onset: NDArray[np.int64],
    peak: NDArray[np.int64],
    frame_rate_hz: float,
    decay: float,
) -> NDArray[np.float64]:
    """Return what a matched filter sees of each transient of a trace (T,), (M,), in units of the trace."""
    before = smooth(trace)[np.maximum(onset - 1, 0)]
    stop = np.minimum(np.r_[onset[1:], len(trace)], onset + max(1, round(OBSERVED_S * frame_rate_hz)))
    heights = np.empty(len(onset))
    for m, (first, top, last) in enumerate(zip(onset, peak, np.maximum(stop, onset + 1), strict=True)):
        t = np.arange(first, last)
        rise = (t - first + 1) / (top - first + 1)
        shape = np.where(t <= top, rise, np.exp((top - t) / (decay * frame_rate_hz)))
        heights[m] = (trace[first:last] - before[m]) @ shape / np.linalg.norm(shape)
    return heights
