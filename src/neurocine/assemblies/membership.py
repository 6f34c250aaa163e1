"""Members of the assemblies, and assemblies active in each SCE, by exact tests of overlaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from neurocine.core.assemblies import NONE

#: Family-wise error rate over the assemblies tested for a cell or an SCE.
ALPHA = 0.05
#: Largest number of iterations between cells and SCEs.
ROUNDS = 20


def label_cells(participation: NDArray[np.bool_], inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the assembly of each cell, (N,) int64, -1: none.

    A cell is a member if it takes part in more of the assembly's SCEs than the quantile 1 − .05/A of the
    chance distribution (the cell's SCEs drawn at random); of several such assemblies, that with the largest
    fraction of SCEs with the cell counts.

    Parameters
    ----------
    participation
        Participation of cells in SCEs, (N, M) bool.
    inside
        SCEs of each assembly, (M, A) bool.
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

    An assembly is active if more of its cells take part than the quantile 1 − .05/A of the chance
    distribution (the SCE's cells drawn at random).

    Parameters
    ----------
    participation
        Participation of cells in SCEs, (N, M) bool.
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

    Cells are assigned by the clusters of SCEs, then SCEs by their cells, and so on until nothing changes: an
    SCE of several assemblies counts for each of them, and one that fits no cluster drops out.

    Parameters
    ----------
    participation
        Participation of cells in SCEs, (N, M) bool.
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
