"""The contours in DeepCINAC's ``.cinac`` files (HDF5): one polygon per cell, through pixel centres."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError, RoiSet
from neurocine.io.atomic_hdf5 import atomic_hdf5
from neurocine.io.rois.fov import FovShape, agreed_fov
from neurocine.io.rois.registry import ROI_FORMATS, RoiFormat
from neurocine.io.safe.hdf5 import open_hdf5, ragged, reading_hdf5, whole

logger = logging.getLogger(__name__)

#: The largest coordinate of a corner, and the largest sum of all polygons' boxes, in pixels.
MAX_CORNER = 2**15
MAX_BOXES = 2**26


def matches(path: Path) -> bool:
    """Return whether the HDF5 file at `path` holds contours of a whole field of view."""
    with open_hdf5(path) as file:
        return "full_data/cells_contour" in file


def read(path: Path, fov_shape: FovShape | None, dataset: str | None = None) -> RoiSet:
    """Return each cell's polygon, filled, border included; ids are the cells' numbers.

    A cell marked invalid gets the probability 0, the others get none. The field of view is that of the
    movie in the file, if it holds one, or was noted by `write`.

    Raises
    ------
    InputError
        If the file has no contours, or the field of view isn't known.
    """
    if not h5py.is_hdf5(path) or not matches(path):
        raise InputError(
            path, "full_data/cells_contour", "is missing", "Give a .cinac file saved with all its cells."
        )
    with reading_hdf5(path, "Save it again.") as file:
        data = file["full_data"]
        fov = agreed_fov(path, _fov(data), fov_shape)
        contours = read_contours(data, str(path))
        invalid = whole(data["invalid_cells"]).astype(bool) if "invalid_cells" in data else None
    probability = np.full(len(contours), np.nan)
    if invalid is not None and len(invalid) == len(contours):
        probability[invalid] = 0.0
    pixels = [(*filled(path, i, x, y), None) for i, (x, y) in enumerate(contours)]
    return RoiSet.from_pixels(fov, pixels, engine="given", probability=probability, source=str(path))


def read_contours(group: h5py.Group, where: str) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return x and y of the corners of each cell's polygon; none if the group has none.

    Raises
    ------
    InputError
        If they aren't two lists of whole numbers per cell, or enclose more than a picture can show.
    """
    item = group.get("cells_contour")
    if item is None:
        return []
    shape = getattr(item, "shape", None)
    if not isinstance(item, h5py.Dataset) or len(shape or ()) != 2 or item.shape[1] != 2:
        raise InputError(where, "cells_contour", f"has shape {shape}, expected (cells, 2)", "Save it again.")
    contours = [(x.astype(np.int64), y.astype(np.int64)) for x, y in ragged(item)]
    corners = [axis for pair in contours for axis in pair if len(axis)]
    # Bounds are checked first: boxes of corners far outside would overflow.
    far = any(int(axis.min()) < -MAX_CORNER or int(axis.max()) > MAX_CORNER for axis in corners)
    if far or sum(_box(x, y) for x, y in contours) > MAX_BOXES:
        raise InputError(where, "cells_contour", "are larger than any picture", "Save it again.")
    return contours


def _box(x: NDArray[np.int64], y: NDArray[np.int64]) -> int:
    """Return what drawing a polygon takes at most: its box in pixels, and its corners times its edge."""
    if not len(x) or not len(y):
        return 0
    width, height = int(np.ptp(x)) + 1, int(np.ptp(y)) + 1
    return width * height + min(len(x), len(y)) * max(width, height)


def write(path: Path, rois: RoiSet) -> None:
    """Write the contours, without traces: holes are filled, and only the largest piece of an ROI is kept.

    Cells are numbered by their order. ROIs with the probability 0 are marked invalid.
    """
    with atomic_hdf5(path) as file:
        write_full_data(file, rois, 0)


def write_full_data(file: h5py.File, rois: RoiSet, n_frames: int) -> None:
    """Write the group ``full_data`` of a ``.cinac`` file: the contours of all cells; see `write`."""
    n = len(rois)
    data = file.create_group("full_data")
    data.attrs["n_frames"] = n_frames
    data.attrs["n_cells"] = n
    data.attrs["ci_movie_file_name"] = ""
    data.attrs["fov_shape"] = rois.fov_shape
    write_contours(data, [outline(rois, i) for i in range(n)], np.int16)
    data["invalid_cells"] = rois.probability == 0
    for name in ("raw_traces", "smooth_traces"):
        data[name] = np.empty((n, 0))


def write_contours(
    group: h5py.Group, contours: Sequence[tuple[NDArray[Any], NDArray[Any]]], dtype: type[np.integer[Any]]
) -> None:
    """Write x and y of the corners of polygons as ``cells_contour``, lists of `dtype`."""
    polygons = group.create_dataset("cells_contour", (len(contours), 2), dtype=h5py.vlen_dtype(dtype))
    for i, (x, y) in enumerate(contours):
        polygons[i, 0], polygons[i, 1] = x.astype(dtype), y.astype(dtype)


def _fov(data: h5py.Group) -> FovShape | None:
    if "ci_movie" in data and data["ci_movie"].ndim == 3:
        return int(data["ci_movie"].shape[1]), int(data["ci_movie"].shape[2])
    noted = data.attrs.get("fov_shape")
    return None if noted is None else (int(noted[0]), int(noted[1]))


def filled(
    path: Path, cell: int, x: NDArray[np.integer], y: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of all pixels inside a polygon and on its border."""
    from skimage.draw import line, polygon

    if len(x) != len(y) or not len(x):
        raise InputError(
            path, f"contour of cell {cell}", f"has {len(x)} x and {len(y)} y", "Save the file again."
        )
    # Drawing clips at 0, so the polygon is shifted inside first: pixels outside are reported later.
    top, left = min(0, int(y.min())), min(0, int(x.min()))
    rows, columns = y.astype(np.int64) - top, x.astype(np.int64) - left
    corners = np.stack([rows, columns], axis=1)
    edges = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    border = [line(*start, *stop) for start, stop in edges]  # type: ignore[no-untyped-call]
    parts = [polygon(rows, columns), *border]  # type: ignore[no-untyped-call]
    pixels = np.unique(np.concatenate([np.stack(part, axis=1) for part in parts]), axis=0)
    return pixels[:, 0] + top, pixels[:, 1] + left


def outline(rois: RoiSet, position: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return x and y of the corners of an ROI's outline, through its border pixels' centres."""
    from skimage.measure import find_contours

    y, x, _ = rois.pixels(position)
    top, left = int(y.min()) - 1, int(x.min()) - 1
    mask = np.zeros((int(y.max()) - top + 2, int(x.max()) - left + 2))
    mask[y - top, x - left] = 1
    # A contour just below 1 runs along the centres of the border pixels; rounding gives these.
    lines = find_contours(mask, 0.999, fully_connected="high")  # type: ignore[no-untyped-call]
    outer = max(lines, key=_area)
    points = np.rint(outer).astype(np.int64)
    moved = np.any(np.diff(points, axis=0, prepend=points[:1] - 1), axis=1)
    points = points[moved] + np.array([top, left])
    kept = len(filled(Path(rois.source), position, points[:, 1], points[:, 0])[0])
    if kept < len(y):
        logger.warning("%s: of ROI %d only the largest piece is kept", rois.source, rois.ids[position])
    return points[:, 1], points[:, 0]


def _area(line: NDArray[np.float64]) -> float:
    """Return the area within a closed line (the shoelace formula)."""
    y, x = line[:-1].T
    return float(abs(np.dot(y, np.roll(x, 1)) - np.dot(x, np.roll(y, 1))) / 2)


ROI_FORMATS.register(
    RoiFormat(
        name="cinac",
        suffixes=(".cinac", ".h5"),
        matches=matches,
        read=read,
        write=write,
        written_as=(".cinac",),
    )
)
