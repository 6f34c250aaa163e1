"""The field of view that a file's ROIs lie in."""

from __future__ import annotations

import logging
from pathlib import Path

from neurocine.core import FieldOfViewUnknown, InputError, OtherFieldOfView, RoiSet
from neurocine.core.recording import Crop

logger = logging.getLogger(__name__)

FovShape = tuple[int, int]


def agreed_fov(path: Path, in_file: FovShape | None, expected: FovShape | None) -> FovShape:
    """Return height and width (Y, X) of the field of view, as the file and the caller agree on it.

    Raises
    ------
    FieldOfViewUnknown
        If neither gives it.
    OtherFieldOfView
        If they differ.
    """
    if in_file is None and expected is None:
        raise FieldOfViewUnknown(
            path,
            "fov_shape",
            "the file doesn't give the size of the field of view",
            "Give it as height and width in pixels, such as that of the movie.",
        )
    if in_file is not None and expected is not None and tuple(in_file) != tuple(expected):
        raise OtherFieldOfView(
            path,
            "fov_shape",
            f"is {tuple(in_file)} (height, width) in the file, but {tuple(expected)} was expected",
            "Do the ROIs belong to this movie? Is it cropped, binned or transposed?",
        )
    height, width = in_file if in_file is not None else expected or (0, 0)
    return int(height), int(width)


def cropped(rois: RoiSet, crop: Crop) -> RoiSet:
    """Return the ROIs within a part of their field of view, counted from its corner, ids kept.

    Those outside are left out, those on its border are cut.

    Raises
    ------
    InputError
        If the part holds no ROI.
    """
    (top, bottom), (left, right) = crop.rows, crop.columns
    positions, parts = [], []
    for i in range(len(rois)):
        y, x, weight = rois.pixels(i)
        kept = (y >= top) & (y <= bottom) & (x >= left) & (x <= right)
        if kept.any():
            positions.append(i)
            parts.append((y[kept] - top, x[kept] - left, weight[kept]))
    if len(rois) and not parts:
        raise InputError(rois.source, "ROIs", "all lie outside the crop", "Do they belong to this movie?")
    if len(parts) < len(rois):
        logger.warning(
            "%s: %d of %d ROIs lie outside the crop", rois.source, len(rois) - len(parts), len(rois)
        )
    whole = rois.select(positions)
    return RoiSet.from_pixels(
        crop.fov_shape,
        parts,
        engine=whole.engine,
        ids=whole.ids,
        probability=whole.probability,
        active_intervals=whole.active_intervals,
        active_probability=whole.active_probability,
        source=whole.source,
    )
