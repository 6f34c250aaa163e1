"""Two sets of ROIs of one field of view, matched one to one.

Masks are binary here. Two masks may match if their intersection over union (IoU) is large enough; the
Hungarian algorithm picks as many matches as there can be and, among those, the ones of least total distance
1 - IoU. STNeuroNet's rule (Soltanian-Zadeh et al. 2019) adds that a mask within the other always matches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from neurocine.core.errors import InputError
from neurocine.core.rois import RoiSet

#: Lowest intersection over union of two masks that may be the same neuron.
MIN_IOU = 0.5


@dataclass(frozen=True, eq=False)
class Matching:
    """Which ROI corresponds to which true one.

    Attributes
    ----------
    pairs
        Positions of ROI and true ROI, (M, 2) int64, in the order of the ROIs; each position at most once.
    iou
        Intersection over union of each pair, (M,) float64.
    missed
        Positions of true ROIs without a match, (K,) int64.
    false
        Positions of ROIs without a match, (L,) int64.
    """

    pairs: NDArray[np.int64]
    iou: NDArray[np.float64]
    missed: NDArray[np.int64]
    false: NDArray[np.int64]


def match(rois: RoiSet, truth: RoiSet, *, min_iou: float = MIN_IOU, containment: bool = False) -> Matching:
    """Match each ROI to at most one true ROI and vice versa.

    Parameters
    ----------
    rois, truth
        ROIs of one field of view.
    min_iou
        Masks match only if their intersection over union is at least this, in (0, 1].
    containment
        Also let masks match at distance 0 where one contains the other, whatever their IoU.

    Raises
    ------
    InputError
        If the fields of view differ or `min_iou` is out of range.
    """
    if not 0 < min_iou <= 1:
        raise InputError("match", "min_iou", f"is {min_iou}", "Choose a number above 0 and at most 1.")
    row, column, common, smaller, iou = _shared(rois, truth)
    distance = 1 - iou
    allowed = iou >= min_iou
    if containment:
        inside = common == smaller
        distance[inside] = 0
        allowed |= inside
    chosen = np.flatnonzero(allowed)
    chosen = chosen[_assign(row[chosen], column[chosen], distance[chosen], len(rois), len(truth))]
    chosen = chosen[np.argsort(row[chosen])]
    pairs = np.stack([row[chosen], column[chosen]], axis=1).astype(np.int64)
    return Matching(
        pairs=pairs,
        iou=iou[chosen],
        missed=np.setdiff1d(np.arange(len(truth), dtype=np.int64), pairs[:, 1]),
        false=np.setdiff1d(np.arange(len(rois), dtype=np.int64), pairs[:, 0]),
    )


def iou_pairs(
    rois: RoiSet, others: RoiSet
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the positions of each two masks that share a pixel, (P,) each, and their IoU, (P,).

    Raises
    ------
    InputError
        If the fields of view differ.
    """
    row, column, _, _, iou = _shared(rois, others)
    return row.astype(np.int64), column.astype(np.int64), iou


def overlaps(rois: RoiSet, min_share: float) -> NDArray[np.int64]:
    """Return the pairs (P, 2), first below second, that share at least `min_share` of the larger mask.

    DeepCINAC (section 2.6) defines overlapping cells like this, with a share of 15 %.
    """
    masks = _binary(rois)
    shared = sparse.coo_array(masks @ masks.T)
    sizes = np.diff(masks.indptr)
    larger = np.maximum(sizes[shared.row], sizes[shared.col])
    wanted = (shared.row < shared.col) & (shared.data >= min_share * larger)
    pairs = np.stack([shared.row[wanted], shared.col[wanted]], axis=1).astype(np.int64)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _shared(
    rois: RoiSet, truth: RoiSet
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return positions of each two masks that share pixels, how many, the smaller one's size, and the IoU."""
    if rois.fov_shape != truth.fov_shape:
        raise InputError(
            rois.source,
            "fov_shape",
            f"is {rois.fov_shape} but that of {truth.source} is {truth.fov_shape}",
            "Compare ROIs of the same field of view; check the order of the axes.",
        )
    masks, true_masks = _binary(rois), _binary(truth)
    shared = sparse.coo_array(masks @ true_masks.T)
    row, column, common = shared.row, shared.col, shared.data.astype(np.float64)
    sizes, true_sizes = (np.diff(m.indptr).astype(np.float64) for m in (masks, true_masks))
    own, other = sizes[row], true_sizes[column]
    return row, column, common, np.minimum(own, other), common / (own + other - common)


def _binary(rois: RoiSet) -> sparse.csr_array:
    """Return the masks (N, Y * X) as ones, pixels that an ROI names twice counted once."""
    masks = rois.matrix()
    masks.data[:] = 1
    return masks


def _assign(
    row: NDArray[Any], column: NDArray[Any], distance: NDArray[np.float64], n_rows: int, n_columns: int
) -> NDArray[np.int64]:
    """Return which candidates make the best one-to-one assignment: positions into them.

    Candidates fall into small groups of masks that touch each other: each is solved on its own.
    """
    from scipy.optimize import (
        linear_sum_assignment,
    )  # slow to import, and few who overlap masks also match them

    nodes = n_rows + n_columns
    links = sparse.coo_array((np.ones(len(row)), (row, column + n_rows)), shape=(nodes, nodes))
    _, group = connected_components(links, directed=False)
    chosen: list[NDArray[np.int64]] = []
    order = np.argsort(group[row], kind="stable")
    bounds = np.flatnonzero(np.diff(group[row][order])) + 1
    for members in np.split(order, bounds) if len(order) else []:
        rows, r = np.unique(row[members], return_inverse=True)
        columns, c = np.unique(column[members], return_inverse=True)
        # Costs more than all matches together, so that the number of matches is the largest possible.
        cost = np.full((len(rows), len(columns)), min(len(rows), len(columns)) + 1.0)
        cost[r, c] = distance[members]
        candidate = np.full(cost.shape, -1, dtype=np.int64)
        candidate[r, c] = members
        picked = candidate[linear_sum_assignment(cost)]
        chosen.append(picked[picked >= 0])
    return np.concatenate(chosen) if chosen else np.empty(0, dtype=np.int64)
