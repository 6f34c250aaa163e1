"""Which cells are in an assembly, and which assemblies are active in an SCE: exact tests of overlaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from neurocine.core.assemblies import NONE

#: Chance of one wrong call over the assemblies that a cell, or an SCE, is tested for.
ALPHA = 0.05
#: Rounds of telling cells from SCEs and SCEs from cells, at most.
ROUNDS = 20


def label_cells(participation: NDArray[np.bool_], inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the assembly of each cell, (N,) int64, -1: none.

    A cell is in one if it takes part in more of the assembly's SCEs than the quantile 1 − .05/A of what
    chance gives, the cell's SCEs drawn from all; where several fit, in that with the largest share of SCEs
    with the cell.

    Parameters
    ----------
    participation
        Which cells take part in which SCE, (N, M) bool.
    inside
        Which SCEs are of which assembly, (M, A) bool.
    """
    n, m = participation.shape
    k = inside.shape[1]
    if not k:
        return np.full(n, NONE, dtype=np.int64)
    size = inside.sum(axis=0)
    count = participation.astype(np.int64) @ inside
    most = hypergeom.ppf(1 - ALPHA / k, m, participation.sum(axis=1)[:, None], size)
    share = np.where(count > most, count / np.maximum(size, 1), 0.0)
    return np.where(share.any(axis=1), share.argmax(axis=1), NONE).astype(np.int64)


def joined_by(participation: NDArray[np.bool_], label: NDArray[np.int64], a: int) -> NDArray[np.bool_]:
    """Return which assemblies are active in which SCE, (M, A) bool.

    One is if more of its cells take part than the quantile 1 − .05/A of what chance gives, the SCE's cells
    drawn from all.

    Parameters
    ----------
    participation
        Which cells take part in which SCE, (N, M) bool.
    label
        Assembly of each cell, (N,) int64, -1: none.
    a
        Number of assemblies.
    """
    n, m = participation.shape
    if not a:
        return np.zeros((m, 0), dtype=bool)
    inside = label[:, None] == np.arange(a)
    count = participation.T.astype(np.int64) @ inside
    most = hypergeom.ppf(1 - ALPHA / a, n, inside.sum(axis=0), participation.sum(axis=0)[:, None])
    return np.asarray(count > most)


def refined(
    participation: NDArray[np.bool_], cluster: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the assembly of each cell, (N,) int64, and the assemblies active in each SCE, (M, A) bool.

    Cells are told from the clusters of SCEs, SCEs from the cells, and so on until nothing changes: events of
    several assemblies count for each, and those that k-means had to put somewhere drop out.

    Parameters
    ----------
    participation
        Which cells take part in which SCE, (N, M) bool.
    cluster
        Cluster of each SCE, (M,) int64, -1: none.
    """
    a = int(cluster.max(initial=NONE)) + 1
    joined = cluster[:, None] == np.arange(a)
    for _ in range(ROUNDS):
        label = label_cells(participation, joined)
        before, joined = joined, joined_by(participation, label, a)
        if np.array_equal(before, joined):
            break
    return label, joined
