"""Which rises of the noise-free fluorescence are transients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: A rise below this ΔF/F, or this share of the cell's own 95th percentile of rises, isn't a transient, and
#: a dip below it doesn't part two: without noise an observer would see one.
MIN_DFF, MIN_SHARE = 0.02, 0.05
#: Share of a rise that a slow creep before its onset or after its peak may take.
CREEP = 0.1


@dataclass(frozen=True, eq=False)
class Rises:
    """Transients of one cell: first and last frame (inclusive), rise in ΔF/F, and spikes, each (M,)."""

    onset: NDArray[np.int64]
    peak: NDArray[np.int64]
    amplitude: NDArray[np.float64]
    n_spikes: NDArray[np.int64]


def find_transients(dff: NDArray[np.float64], spike_s: NDArray[np.float64], frame_rate_hz: float) -> Rises:
    """Return the rises of noise-free `dff` (T,) that hold a spike (DeepCINAC, section 2.4).

    A rise goes from the last frame before the fluorescence grows to the frame of its peak. Spikes count
    from one frame before the onset, as the fluorescence of a spike between two frames may first only slow a
    decay.
    """
    everything = _turns(dff, MIN_DFF)
    heights = dff[everything[1]] - dff[everything[0]]
    least = max(MIN_DFF, MIN_SHARE * float(np.percentile(heights, 95))) if len(heights) else MIN_DFF
    onset, peak = _turns(dff, least)
    n_spikes = np.searchsorted(spike_s, peak / frame_rate_hz, side="right") - np.searchsorted(
        spike_s, (onset - 1) / frame_rate_hz, side="right"
    )
    real = n_spikes > 0
    onset, peak = onset[real], peak[real]
    return Rises(onset, peak, dff[peak] - dff[onset], n_spikes[real].astype(np.int64))


def _turns(trace: NDArray[np.float64], least: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return onsets and peaks of rises of at least `least`, parted by falls of at least as much.

    A slow creep before or after a rise isn't part of it: see `_tighten`.
    """
    step = np.diff(trace)
    turn = np.flatnonzero((step[:-1] > 0) != (step[1:] > 0)) + 1
    points = np.unique(np.r_[0, turn, len(trace) - 1])
    rises: list[tuple[int, int]] = []
    low = high = 0  # places in `points`
    rising = False
    for here in range(1, len(points)):
        value = trace[points[here]]
        if rising:
            if value > trace[points[high]]:
                high = here
            elif trace[points[high]] - value >= least:
                rises.append(_tighten(trace, points[low : high + 1], least))
                low, rising = here, False
        elif value <= trace[points[low]]:
            low = here
        elif value - trace[points[low]] >= least:
            high, rising = here, True
    if rising:
        rises.append(_tighten(trace, points[low : high + 1], least))
    pairs = np.asarray(rises, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _tighten(trace: NDArray[np.float64], points: NDArray[np.int64], least: float) -> tuple[int, int]:
    """Return onset and peak among the turning points (K,) of one rise, lowest first, highest last.

    The onset is the last low within a tenth of the rise (or `least`) of the lowest, the peak the first high
    as near the highest.
    """
    values = trace[points]
    slack = min(max(least, CREEP * (values[-1] - values[0])), 0.4 * (values[-1] - values[0]))
    peak = int(np.flatnonzero(values >= values[-1] - slack)[0])
    onset = int(np.flatnonzero(values[:peak] <= values[0] + slack)[-1])
    return int(points[onset]), int(points[peak])
