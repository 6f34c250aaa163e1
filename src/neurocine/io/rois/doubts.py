"""What is doubtful in ROIs that a user gives: none at all, the background among them, scattered pixels."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.core import RoiSet

logger = logging.getLogger(__name__)

#: An ROI with more than this share of the field of view is no cell.
_LARGEST_SHARE = 0.5
#: ROIs that are looked at, pixels of the smallest one, and the largest piece that most of them have.
_MOST_ROIS, _LEAST_PIXELS, _LARGEST_PIECE = 200, 9, 0.5


def warn_of_doubts(path: str | Path, rois: RoiSet) -> None:
    """Warn if there are no ROIs, one is most of the picture, or pixels of most are scattered."""
    if not len(rois):
        logger.warning("%s: it holds no ROIs", path)
        return
    height, width = rois.fov_shape
    shares = rois.areas() / (height * width)
    if shares.max() > _LARGEST_SHARE:
        logger.warning(
            "%s: ROI %d is %.0f%% of the field of view: it seems to be the background. Set the background of "
            "a label image to 0, or leave the ROI out",
            path, rois.ids[shares.argmax()], 100 * shares.max(),
        )  # fmt: skip
    if len(rois) == 1:
        return
    steps = range(0, len(rois), max(1, len(rois) // _MOST_ROIS))
    pieces = [_largest_piece(*rois.pixels(i)[:2]) for i in steps if rois.areas()[i] >= _LEAST_PIXELS]
    if pieces and np.median(pieces) < _LARGEST_PIECE:
        logger.warning(
            "%s: the pixels of most ROIs are scattered: its program may have another order of "
            "rows and columns, or height and width swapped",
            path,
        )


def _largest_piece(y: NDArray[np.integer], x: NDArray[np.integer]) -> float:
    """Return the share of pixels that are in the largest piece of an ROI."""
    mask = np.zeros((np.ptp(y) + 1, np.ptp(x) + 1), dtype=bool)
    mask[y - y.min(), x - x.min()] = True
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    return float(np.bincount(labels[mask]).max() / len(y))
