"""What the compact network sees of a cell: a few linear filters over the pixels around it.

The cell's brightness once its neighbours, the local background and motion are accounted for (least squares on
their pictures), the plain mean over its mask, the likewise demixed brightness of what it could be mistaken
for, and what demixing leaves around the cell: no list of ROIs is complete, and light that is wider than the
cell, or lies beside it, isn't the cell's own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.core import RoiSet
from neurocine.networks.cells.inputs import Cells, corners
from neurocine.networks.cells.normalisation import Statistics

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
#: First row, first column and values (h, w) of a part of the field of view.
Picture = tuple[int, int, Float64]

#: What each view shows, in units of the noise of one pixel where pixels' noise is independent.
LISTED = (
    "target, demixed",
    "mean over the target's mask",
    "most overlapping neighbour, demixed",
    "second neighbour, demixed",
    "even background, demixed",
    "shift down, demixed",
    "shift right, demixed",
)
#: Light that no picture above accounts for: of cells out of focus, or missing in the list of ROIs.
LEFT_OVER = (
    "rest above the target",
    "rest to its right",
    "rest below",
    "rest to its left",
    "rest in its place, but wider",
)
VIEWS = LISTED + LEFT_OVER
#: Numbers of views that networks have: the first ones of `VIEWS`.
SEEN = (len(LISTED), len(VIEWS))
#: Outlines are blurred by so many pixels to resemble what cells look like.
BLUR_PX = 0.7
#: Pictures of unit length this close to dependent are no longer parted at any price in noise.
RIDGE = 1e-3
#: A neighbour has a view of its own if its picture overlaps the target's by more than this share.
LEAST_SHARED = 0.02
#: Pixels around the target in which light is looked for that is left over.
AROUND_PX = 4.0
#: Blur of a cell out of focus, in pixels.
WIDE_PX = 2.5


def filtered(rois: RoiSet, statistics: Statistics, window_px: int, n_views: int = len(VIEWS)) -> Cells:
    """Return patches and filters of all `rois`: `Cells.masks` is (N, n_views, px, px) float32.

    Each filter has unit length: the noise of a view is that of one pixel. Demixing solves the least squares
    problem of a patch that is a sum of pictures (blurred outlines of the target and all neighbours, an even
    background, the mean picture's slopes), all in units of each pixel's noise; a filter is the row of the
    solution that gives one picture's share.

    Parameters
    ----------
    rois
        The cells, on the model's grid.
    statistics
        Mean picture and pixels' noise (normalisation ``pixel``).
    window_px
        Edge of a patch.
    n_views
        So many of `VIEWS`, the first ones.
    """
    top, left = corners(rois, window_px)
    noise = statistics.scale / np.median(statistics.scale)
    outlines = [_outline(rois, i) for i in range(len(rois))]
    pictures = [(y, x, ndimage.gaussian_filter(outline, BLUR_PX)) for y, x, outline in outlines]
    slopes = [slope / statistics.scale for slope in np.gradient(statistics.mean)]
    filters = np.zeros((len(rois), n_views, window_px, window_px), dtype=np.float32)
    starts = np.array([(y, x) for y, x, _ in pictures], dtype=np.int64).reshape(-1, 2)
    stops = starts + np.array([p.shape for _, _, p in pictures], dtype=np.int64).reshape(-1, 2)
    for i in range(len(rois)):
        corner = np.array([top[i], left[i]])
        near = np.flatnonzero(((starts < corner + window_px) & (stops > corner)).all(axis=1))
        window = np.s_[top[i] : top[i] + window_px, left[i] : left[i] + window_px]
        level = noise[window]
        seen = np.stack([_painted(pictures[j], corner, level.shape) / level for j in (i, *near[near != i])])
        rest = np.stack([1 / level, *(slope[window] for slope in slopes)])
        mask = _painted(outlines[i], corner, level.shape)
        height, width = level.shape
        own = _filters(seen, rest, mask, n_views > len(LISTED))
        filters[i, :, :height, :width] = own.reshape(-1, height, width)
    return Cells(top, left, filters, rois.fov_shape)


def _filters(cells: Float64, rest: Float64, mask: Float64, left_over: bool) -> Float32:
    """Return the filters (views, pixels); `cells` (n, h, w) starts with the target, `rest` is (3, h, w)."""
    flat = cells.reshape(len(cells), -1)
    own, others = flat[0], flat[1:]
    shared = others @ own
    order = np.argsort(-shared, kind="stable")
    pictures = _unit(np.stack([own, *others[order], *rest.reshape(3, -1)]))
    gram = pictures @ pictures.T + RIDGE * np.eye(len(pictures))
    solved = np.asarray(np.linalg.solve(gram, pictures), dtype=np.float64)
    demixed = _unit(solved)
    filters = np.zeros((len(LISTED), own.size))
    filters[0], filters[1] = demixed[0], _unit(mask.reshape(1, -1))[0]
    n = min(2, int((shared > LEAST_SHARED * (own @ own)).sum()))
    filters[2 : 2 + n] = demixed[1 : 1 + n]
    filters[4:] = demixed[-3:]
    if left_over:
        sought = _unit(_around(mask, cells[0]) * rest[0].ravel())
        filters = np.concatenate([filters, _unit(sought - (sought @ pictures.T) @ solved)])
    return filters.astype(np.float32)


def _around(mask: Float64, picture: Float64) -> Float64:
    """Return where light is looked for that is left over: the pictures (5, pixels) of `LEFT_OVER`."""
    if not mask.any():  # an ROI whose pixels all lie beyond the patch around its centroid
        return np.zeros((len(LEFT_OVER), mask.size))
    away = ndimage.distance_transform_edt(mask == 0)
    near = (away > 0) & (away <= AROUND_PX)
    y, x = ndimage.center_of_mass(mask)
    rows, columns = np.indices(mask.shape)
    sides = np.maximum(0, [y - rows, columns - x, rows - y, x - columns]) ** 2
    parts = near * sides / np.maximum(sides.sum(axis=0), 1e-9)
    wide = ndimage.gaussian_filter(picture, WIDE_PX, mode="constant")
    return np.stack([*parts, wide]).reshape(len(LEFT_OVER), -1)


def _unit(rows: Float64) -> Float64:
    """Return `rows` scaled to unit length; rows of zeros stay."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1))


def _outline(rois: RoiSet, index: int) -> Picture:
    """Return a cell's pixels as a picture with room around it to blur."""
    y, x, _ = rois.pixels(index)
    room = 3
    outline = np.zeros((np.ptp(y) + 1 + 2 * room, np.ptp(x) + 1 + 2 * room))
    outline[y - y.min() + room, x - x.min() + room] = 1
    return int(y.min()) - room, int(x.min()) - room, outline


def _painted(picture: Picture, corner: NDArray[np.int64], shape: tuple[int, ...]) -> Float64:
    """Return what lies of `picture` in the window of `shape` at `corner`."""
    window = np.zeros(shape)
    y, x = picture[0] - int(corner[0]), picture[1] - int(corner[1])
    height, width = picture[2].shape
    rows = slice(max(y, 0), min(y + height, shape[0]))
    columns = slice(max(x, 0), min(x + width, shape[1]))
    if rows.start < rows.stop and columns.start < columns.stop:
        window[rows, columns] = picture[2][
            rows.start - y : rows.stop - y, columns.start - x : columns.stop - x
        ]
    return window
