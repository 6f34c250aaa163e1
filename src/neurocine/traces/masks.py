"""Pixels of the signal of an ROI, and of its neuropil."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from neurocine.core import RoiSet

#: An ROI that would keep less than this share of its pixels, or fewer than this many, keeps them all.
MIN_OWN_SHARE = 0.25
MIN_OWN_PIXELS = 5
#: An annulus grows until it has this many pixels.
MIN_NEUROPIL_PIXELS = 100


def signal_masks(rois: RoiSet) -> sparse.csr_array:
    """Return the weighted masks (N, Y * X) whose product with a frame is F; each row sums to 1.

    Pixels that an ROI shares with another are left out, unless too few would be left.
    """
    masks = rois.matrix(weighted=True)
    rows = np.repeat(np.arange(len(rois)), np.diff(masks.indptr))
    owners = np.bincount(masks.indices, minlength=masks.shape[1])
    own = owners[masks.indices] == 1
    size = np.diff(masks.indptr)
    n_own = np.bincount(rows, weights=own, minlength=len(rois))
    crowded = n_own < np.maximum(MIN_OWN_SHARE * size, np.minimum(MIN_OWN_PIXELS, size))
    weights = np.where(own | crowded[rows], masks.data, 0).astype(np.float64)
    weights /= np.bincount(rows, weights=weights, minlength=len(rois))[rows]
    kept = sparse.csr_array((weights.astype(np.float32), masks.indices, masks.indptr), shape=masks.shape)
    kept.eliminate_zeros()
    return kept


def neuropil_masks(
    rois: RoiSet, inner_px: float, outer_px: float, free: NDArray[np.bool_] | None = None
) -> sparse.csr_array:
    """Return the masks (N, Y * X) whose product with a frame is Fneu; each row sums to 1.

    The neuropil of an ROI is the annulus of pixels more than `inner_px` and at most `outer_px` from it that
    are `free` (Y, X): by default, that belong to no ROI. With fewer than `MIN_NEUROPIL_PIXELS` its outer edge
    moves out until they suffice or the field of view is exhausted. A row is empty if no pixel is free.
    """
    free = free_pixels(rois) if free is None else free
    annuli = [_annulus(rois, i, free, inner_px, outer_px) for i in range(len(rois))]
    indptr = np.concatenate([[0], np.cumsum([len(pixels) for pixels in annuli])])
    indices = np.concatenate([np.empty(0, dtype=np.int64), *annuli])
    size = np.diff(indptr)
    data = np.repeat(1 / np.maximum(size, 1), size)
    return sparse.csr_array((data.astype(np.float32), indices, indptr), shape=(len(rois), free.size))


def free_pixels(rois: RoiSet) -> NDArray[np.bool_]:
    """Return which pixels (Y, X) belong to no ROI."""
    free = np.ones(rois.fov_shape, dtype=bool)
    free[rois.y, rois.x] = False
    return free


def _annulus(
    rois: RoiSet, index: int, free: NDArray[np.bool_], inner_px: float, outer_px: float
) -> NDArray[np.int64]:
    """Return the flat indices of the neuropil pixels of the ROI at position `index`."""
    y, x, _ = rois.pixels(index)
    reach = int(np.ceil(outer_px)) + 1
    while True:
        top, left = max(0, int(y.min()) - reach), max(0, int(x.min()) - reach)
        window = (slice(top, int(y.max()) + reach + 1), slice(left, int(x.max()) + reach + 1))
        local = free[window]
        outside = np.ones(local.shape, dtype=bool)
        outside[y - top, x - left] = False
        distance = ndimage.distance_transform_edt(outside)
        candidates = local & (distance > inner_px)
        # Beyond `reach` the window cuts the annulus off.
        near = np.sort(distance[candidates & (distance <= reach)])
        whole = local.shape == free.shape
        if whole:
            near = np.sort(distance[candidates])
        if len(near) >= MIN_NEUROPIL_PIXELS or whole:
            break
        reach *= 2
    edge = outer_px
    if len(near):
        edge = max(edge, float(near[min(MIN_NEUROPIL_PIXELS, len(near)) - 1]))
    rows, columns = np.nonzero(candidates & (distance <= edge))
    return np.asarray((rows + top) * free.shape[1] + columns + left, dtype=np.int64)
