"""ImageJ's ``.roi`` files and ``RoiSet.zip``, decoded by the library roifile."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from neurocine.core import DamagedFile, InputError, RoiSet
from neurocine.io.rois.fov import FovShape, agreed_fov
from neurocine.io.rois.imagej import shapes
from neurocine.io.rois.registry import ROI_FORMATS, RoiFormat
from neurocine.io.safe.damage import PARSER_ERRORS, check_unpacked, short_message

if TYPE_CHECKING:
    from roifile import ImagejRoi

logger = logging.getLogger(__name__)

SUFFIX = ".roi"
#: The largest coordinate, and the most pixels that all ROIs together may take to be filled.
MAX_COORDINATE = 2**17
MAX_WORK = 2**26


def read(path: Path, fov_shape: FovShape | None, dataset: str | None = None) -> RoiSet:
    """Return the areas in a ``.roi`` file or a ``RoiSet.zip``, numbered from 0 in the order of the file.

    An ROI's pixels are those that ImageJ measures. Names, colours and positions in a stack are left out, as
    are, with a warning, ROIs that enclose no pixel, and the parts of ROIs beyond the field of view.

    Raises
    ------
    FieldOfViewUnknown
        If the caller doesn't give the field of view: these files don't hold it.
    InputError
        If a file holds no ROIs, or one that is a point, a line, text or a picture, has a spline through its
        corners, or lies outside the field of view.
    """
    fov = agreed_fov(path, None, fov_shape)
    rois = [(name, _decoded(path, name, data)) for name, data in _entries(path)]
    _check_areas(path, rois)
    paths = [(name, roi, _paths(path, name, roi)) for name, roi in rois]
    work = sum(shapes.rows_of(one, fov[0]) + _area(one, fov) for _, _, one in paths)
    if work > MAX_WORK:
        raise InputError(path, "ROIs", "cover far more pixels than cells do", "Keep the ROIs of the cells.")
    ids, pixels = [], []
    for number, (name, roi, corners) in enumerate(paths):
        y, x = _pixels(roi, corners, fov)
        _check_bounds(path, name, corners, fov, n_pixels=len(y))
        if len(y):
            ids.append(number)
            pixels.append((y, x, None))
    return RoiSet.from_pixels(fov, pixels, ids=ids, engine="given", source=str(path))


def _entries(path: Path) -> list[tuple[str, bytes]]:
    """Return the names of the ROIs' files, without suffix, and their bytes."""
    if path.suffix.lower() == SUFFIX:
        return [(path.stem, path.read_bytes())]
    with zipfile.ZipFile(path) as archive:
        members = [one for one in archive.infolist() if _is_roi(PurePosixPath(one.filename))]
        total = sum(member.file_size for member in members)
        check_unpacked(path, "ROIs", total, path.stat().st_size)
        entries = [(PurePosixPath(member.filename).stem, archive.read(member)) for member in members]
    if not entries:
        raise InputError(
            path, "ROIs", f"it holds no {SUFFIX} file", "Save it with More > Save... in the ROI Manager."
        )
    return entries


def _is_roi(name: PurePosixPath) -> bool:
    # What macOS adds to archives.
    return name.suffix.lower() == SUFFIX and not name.name.startswith("._")


def _decoded(path: Path, name: str, data: bytes) -> ImagejRoi:
    from roifile import ImagejRoi

    try:
        return ImagejRoi.frombytes(data)
    except PARSER_ERRORS as error:
        raise DamagedFile(
            path, f"ROI {name!r}", f"can't be read ({short_message(error)})", "Save it again in ImageJ."
        ) from error


def _check_areas(path: Path, rois: list[tuple[str, ImagejRoi]]) -> None:
    """Raise `InputError` unless all ROIs are areas as they are stored."""
    from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE

    areas = (ROI_TYPE.POLYGON, ROI_TYPE.RECT, ROI_TYPE.OVAL, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED)
    others = {
        name: (roi.roitype if roi.roitype not in areas else roi.subtype).name.lower()
        for name, roi in rois
        if roi.roitype not in areas or roi.subtype in (ROI_SUBTYPE.TEXT, ROI_SUBTYPE.IMAGE)
    }
    if others:
        listed = ", ".join(f"{name!r} ({kind})" for name, kind in list(others.items())[:5])
        raise InputError(
            path,
            "ROIs",
            f"{len(others)} of {len(rois)} aren't areas: {listed}{', …' if len(others) > 5 else ''}",
            "Delete them in the ROI Manager, or draw the outlines of the cells, and save again.",
        )
    splines = [name for name, roi in rois if _has_corners(roi) and roi.options & ROI_OPTIONS.SPLINE_FIT]
    if splines:
        raise InputError(
            path,
            "ROIs",
            f"{splines[0]!r} has a spline through its corners, which only ImageJ computes",
            "In ImageJ choose Edit > Selection > Interpolate, Update it in the ROI Manager, and save again.",
        )


def _paths(path: Path, name: str, roi: ImagejRoi) -> list[shapes.Path2d]:
    """Return the closed paths of an ROI; for rectangles and ovals their corners."""
    try:
        if roi.multi_coordinates is not None:
            paths = shapes.composite(roi.multi_coordinates.tolist())
        elif _has_corners(roi):
            paths = [np.asarray(roi.coordinates(), dtype=np.float64)] if roi.n_coordinates else []
        else:
            left, top, width, height = _bounds(roi)
            right, bottom = left + width, top + height
            paths = [np.array([(left, top), (right, top), (right, bottom), (left, bottom)])]
    except ValueError as error:
        raise DamagedFile(
            path, f"ROI {name!r}", f"can't be read ({error})", "Save it again in ImageJ."
        ) from error
    if not all(np.all(np.abs(one) < MAX_COORDINATE) for one in paths):  # False for NaN, too
        raise DamagedFile(path, f"ROI {name!r}", "has coordinates far outside", "Save it again in ImageJ.")
    return paths


def _has_corners(roi: ImagejRoi) -> bool:
    return roi.integer_coordinates is not None


def _bounds(roi: ImagejRoi) -> shapes.Bounds:
    """Return left, top, width and height."""
    if roi.subpixelrect:
        return roi.xd, roi.yd, roi.widthd, roi.heightd
    return roi.left, roi.top, roi.right - roi.left, roi.bottom - roi.top


def _area(paths: list[shapes.Path2d], fov: FovShape) -> int:
    """Return the number of pixels in the box around paths, within the field of view."""
    if not paths:
        return 0
    corners = np.clip(np.concatenate(paths), 0, fov[::-1])
    return int(np.prod(np.ptp(corners, axis=0) + 1))


def _pixels(roi: ImagejRoi, paths: list[shapes.Path2d], fov: FovShape) -> shapes.Indices:
    from roifile import ROI_TYPE

    if roi.multi_coordinates is not None or _has_corners(roi):
        return shapes.polygons(paths, fov)
    bounds = _bounds(roi)
    if roi.roitype == ROI_TYPE.OVAL:
        return shapes.oval(bounds, fov)
    if roi.rounded_rect_arc_size > 0:
        return shapes.rounded(bounds, roi.rounded_rect_arc_size, fov)
    return shapes.box(bounds, fov)


def _check_bounds(path: Path, name: str, paths: list[shapes.Path2d], fov: FovShape, *, n_pixels: int) -> None:
    """Warn of an ROI without pixels and of one that is cut; one that lies outside is an error."""
    corners = np.concatenate(paths) if paths else np.zeros((1, 2))
    lowest, highest = corners.min(axis=0), corners.max(axis=0)
    size = np.array(fov[::-1])
    if paths and (np.any(highest <= 0) or np.any(lowest >= size)):
        raise InputError(
            path,
            f"ROI {name!r}",
            f"lies outside the field of view of {fov[0]} x {fov[1]}",
            "Do the ROIs belong to this movie? Is it cropped, binned or transposed?",
        )
    if not n_pixels:
        logger.warning("%s: ROI %r encloses no pixel and is left out", path, name)
    elif np.any(lowest < 0) or np.any(highest > size):
        logger.warning("%s: ROI %r reaches beyond the field of view and is cut there", path, name)


ROI_FORMATS.register(RoiFormat(name="imagej", suffixes=(SUFFIX, ".zip"), read=read))
