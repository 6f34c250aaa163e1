"""Cell assemblies of a raster."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocine.assemblies.clustering import cluster_sces
from neurocine.assemblies.events import detect_sces, onsets, window_frames, within
from neurocine.assemblies.membership import joined_by, refined
from neurocine.assemblies.pairs import label_by_pairs
from neurocine.config import AssembliesSettings
from neurocine.core.assemblies import NONE, Assemblies
from neurocine.core.validate import as_array, positive
from neurocine.progress import Progress, silent


def find_assemblies(
    active: ArrayLike,
    frame_rate_hz: float,
    settings: AssembliesSettings | None = None,
    *,
    ids: ArrayLike | None = None,
    source: str = "raster",
    progress: Progress = silent,
) -> Assemblies:
    """Find SCEs and the cell assemblies in them, in any raster.

    Parameters
    ----------
    active
        True where a cell is active, (N, T) bool, such as `Raster.active` or `Truth.raster`.
    frame_rate_hz
        Frames per second.
    settings
        The config section ``assemblies``; None: the defaults.
    ids
        ROI ids, (N,) int64; None: 0, 1, ...
    source
        Source of the raster, for error messages.
    progress
        Called with the starts of k-means that are done.

    Raises
    ------
    InputError
        If shapes don't agree, ids repeat or the frame rate isn't above 0.
    """
    chosen = AssembliesSettings() if settings is None else settings
    raster = as_array(active, bool, (None, None), source, "active")
    rate = positive(frame_rate_hz, source, "frame_rate_hz", "Hz")
    names = as_array(np.arange(len(raster)) if ids is None else ids, np.int64, (len(raster),), source, "ids")
    if chosen.by == "pairs":
        return _by_pairs(raster, rate, chosen, names, source, progress)
    frame, participation, threshold = detect_sces(raster, rate, chosen)
    clusters = cluster_sces(participation, chosen, progress)
    label, _ = refined(participation, clusters.cluster)
    label, cluster = _large(label, clusters.cluster, chosen.min_assembly)
    return Assemblies(
        ids=names,
        frame_rate_hz=rate,
        threshold=threshold,
        frame=frame,
        participation=participation,
        cluster=cluster,
        silhouette=clusters.silhouette,
        null_silhouette=clusters.null,
        label=label,
        joined=joined_by(participation, label, int(label.max(initial=NONE)) + 1),
        source=source,
    )


def _by_pairs(
    active: NDArray[np.bool_],
    frame_rate_hz: float,
    settings: AssembliesSettings,
    ids: NDArray[np.int64],
    source: str,
    progress: Progress,
) -> Assemblies:
    """Return the assemblies from pairs of cells; their events are the SCEs of their own cells."""
    label = label_by_pairs(active, frame_rate_hz, settings, progress)
    n = int(label.max(initial=NONE)) + 1
    groups = [label == k for k in range(n)] or [np.ones(len(active), dtype=bool)]
    events = [detect_sces(active[group], frame_rate_hz, settings) for group in groups]
    frame = np.unique(np.concatenate([own for own, _, _ in events]))
    joined = np.stack([np.isin(frame, own) for own, _, _ in events], axis=1)[:, :n]
    near = within(
        onsets(active) if settings.count == "onsets" else active, window_frames(frame_rate_hz, settings)
    )
    return Assemblies(
        ids=ids,
        frame_rate_hz=frame_rate_hz,
        threshold=min(threshold for _, _, threshold in events),
        frame=frame,
        participation=near[:, frame],
        cluster=joined.argmax(axis=1).astype(np.int64) if n else np.full(len(frame), NONE),
        silhouette=np.zeros(len(frame)),
        null_silhouette=float("nan"),
        label=label,
        joined=joined,
        source=source,
    )


def _large(
    label: NDArray[np.int64], cluster: NDArray[np.int64], least: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return labels and clusters without assemblies of fewer than `least` cells, renumbered."""
    sizes = np.bincount(label[label != NONE], minlength=int(cluster.max(initial=NONE)) + 1)
    kept = np.flatnonzero(sizes >= least)
    new = np.full(len(sizes) + 1, NONE, dtype=np.int64)  # the last for NONE, -1
    new[kept] = np.arange(len(kept))
    return new[label], new[cluster]
