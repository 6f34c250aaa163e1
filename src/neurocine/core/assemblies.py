"""Cell assemblies: cells that fire together again and again, in synchronous calcium events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurocine.core.validate import as_array, positive, unique_ids

#: Label of a cell without an assembly, and of an event without a cluster.
NONE = -1


@dataclass(frozen=True, eq=False)
class Assemblies:
    """M synchronous calcium events (SCEs) of N cells, and the A assemblies found in them.

    Attributes
    ----------
    ids
        ROI ids, (N,) int64.
    frame_rate_hz
        Frames per second.
    threshold
        Cells active together from which on a frame may be an SCE.
    frame
        The frame of each SCE, (M,) int64, rising.
    participation
        Which cells take part in which SCE, (N, M) bool.
    cluster
        Assembly whose cluster each SCE is in, (M,) int64, -1: none that is better than chance.
    silhouette
        Silhouette of each SCE among all clusters, (M,) float64; 0 where nothing was clustered.
    null_silhouette
        A cluster's median silhouette must be above this to be better than shuffled SCEs. NaN where nothing
        was clustered.
    label
        Assembly of each cell, (N,) int64, -1: none.
    joined
        Which assemblies are active in which SCE, (M, A) bool: one, several or none.
    source
        Where it came from, for messages.

    Raises
    ------
    InputError
        If shapes don't agree or ids repeat.
    """

    ids: NDArray[np.int64]
    frame_rate_hz: float
    threshold: float
    frame: NDArray[np.int64]
    participation: NDArray[np.bool_]
    cluster: NDArray[np.int64]
    silhouette: NDArray[np.float64]
    null_silhouette: float
    label: NDArray[np.int64]
    joined: NDArray[np.bool_]
    source: str = "assemblies"

    def __post_init__(self) -> None:
        n, m = len(unique_ids(self.ids, self.source)), len(self.frame)
        positive(self.frame_rate_hz, self.source, "frame_rate_hz", "Hz")
        as_array(self.frame, np.int64, (m,), self.source, "frame")
        as_array(self.participation, bool, (n, m), self.source, "participation")
        as_array(self.cluster, np.int64, (m,), self.source, "cluster")
        as_array(self.silhouette, np.float64, (m,), self.source, "silhouette")
        as_array(self.label, np.int64, (n,), self.source, "label")
        as_array(self.joined, bool, (m, None), self.source, "joined")

    def __len__(self) -> int:
        """Return the number of assemblies A."""
        return int(self.joined.shape[1])

    def members(self, assembly: int) -> NDArray[np.int64]:
        """Return the ROI ids of an assembly's cells."""
        return np.asarray(self.ids[self.label == assembly])

    @cached_property
    def similarity(self) -> NDArray[np.float64]:
        """Normalised covariance of the SCEs over cells, (M, M); see `similarity`."""
        return similarity(self.participation)


def similarity(participation: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the normalised covariance (M, M) of SCEs, the columns of `participation` (N, M).

    1: the same cells, 0: as many in common as chance has, below: fewer. An SCE of all cells or none has 0
    with any other.
    """
    centred = participation - participation.mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    unit = centred / np.where(size > 0, size, 1)
    values = np.clip(unit.T @ unit, -1, 1)
    np.fill_diagonal(values, 1)
    return np.asarray(values)
