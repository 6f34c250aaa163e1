"""Peak signal-to-noise ratio of neurons (Soltanian-Zadeh et al. 2019, Eq. 9), and recall by it (Fig. 4E)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.active.labels import LabelSettings, demixed_dff, label_intervals
from neurocine.core import Movie, RoiSet
from neurocine.progress import Progress, silent

#: Edges of the ranges of PSNR in which recall is given.
PSNR_EDGES = (5.0, 7.5, 10.0, 15.0, 20.0, 30.0)
#: Noise is measured in at least this many inactive frames; if a neuron has fewer, in all of its frames.
MIN_QUIET_FRAMES = 20


def psnr_of(
    movie: Movie, rois: RoiSet, settings: LabelSettings | None = None, progress: Progress = silent
) -> NDArray[np.float32]:
    """Return the PSNR of each ROI in `movie`, (N,) float32.

    Traces, spikes and active frames are those of the labels (`neurocine.active.labels`).

    Raises
    ------
    InputError
        If the field of view of the ROIs isn't the movie's.
    """
    chosen = settings or LabelSettings()
    dff = demixed_dff(movie, rois, chosen, progress)
    return peak_over_noise(dff, label_intervals(dff, movie.frame_rate_hz, movie.indicator, chosen))


def peak_over_noise(
    dff: NDArray[np.float32], active_intervals: Sequence[NDArray[np.int64]]
) -> NDArray[np.float32]:
    """Return ΔF_peak / σ_n of each trace, (N,) float32 (Eq. 9).

    The peak is the highest value while active (at any time, for a neuron that never is) over the mean while
    not active; σ_n the standard deviation while not active. 0 for a trace without noise.

    Parameters
    ----------
    dff
        ΔF/F over its running median, (N, T).
    active_intervals
        Frames in which each is active, (M, 2) each, half-open.
    """
    psnr = np.zeros(len(dff), dtype=np.float32)
    for index, (trace, intervals) in enumerate(zip(dff.astype(np.float64), active_intervals, strict=True)):
        active = np.zeros(len(trace), dtype=bool)
        for start, stop in intervals.tolist():
            active[start:stop] = True
        quiet = trace[~active] if (~active).sum() >= MIN_QUIET_FRAMES else trace
        peak = trace[active].max() if active.any() else trace.max()
        noise = quiet.std()
        psnr[index] = (peak - quiet.mean()) / noise if noise > 0 else 0
    return psnr


def recall_by_psnr(
    psnr: NDArray[np.floating[Any]],
    detected: Mapping[str, NDArray[np.bool_]],
    edges: Sequence[float] = PSNR_EDGES,
) -> list[dict[str, Any]]:
    """Return recall of each method for neurons in ranges of PSNR.

    Parameters
    ----------
    psnr
        PSNR of the neurons that should be found, (N,).
    detected
        Which of them each method found, (N,) bool, by method.
    edges
        Ascending; the first range is below the first edge, the last from the last edge on.

    Returns
    -------
    list of dict
        ``from`` and ``to`` (None: open), ``neurons``, and ``recall`` by method (None without neurons).
    """
    bounds = [None, *edges, None]
    place = np.searchsorted(np.asarray(edges, dtype=np.float64), psnr, side="right")
    rows = []
    for k in range(len(edges) + 1):
        own = place == k
        rows.append(
            {
                "from": bounds[k],
                "to": bounds[k + 1],
                "neurons": int(own.sum()),
                "recall": {
                    name: float(hit[own].mean()) if own.any() else None for name, hit in detected.items()
                },
            }
        )
    return rows
