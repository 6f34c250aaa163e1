"""The labelled segments of DeepCINAC's ``.cinac`` files (HDF5): frames of one cell, labelled by a person.

A segment is a group ``cell_{cell}_{first}_{last}``, last frame included: frames of the patch around the cell,
z-scored over the whole movie; contours in it, the cell's first; in which frames it is active, and in which
this is doubtful.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError, RoiSet
from neurocine.io.rois.cinac import filled, read_contours
from neurocine.io.safe.hdf5 import reading_hdf5, whole

_SEGMENT = re.compile(r"cell_(\d+)_(\d+)_(\d+)")
_REMEDY = "Save the segment again with its movie."


@dataclass(frozen=True, eq=False)
class LabelledSegment:
    """Some frames of one labelled cell.

    Attributes
    ----------
    cell
        The cell's number in its recording.
    first, last
        First and last frame of the movie, both inclusive.
    frames
        Patch around the cell, (T, px, px) float32, z-scores over the whole movie.
    rois
        Contours in the patch: the cell's first, then its neighbours'.
    raster
        True from onset to peak of each transient, (T,) bool.
    doubtful
        Frames in which it isn't known, (T,) bool.
    cell_type
        As the file has it, in lower case; empty if it has none.
    source
        File and segment, for messages.
    """

    cell: int
    first: int
    last: int
    frames: NDArray[np.float32]
    rois: RoiSet
    raster: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    cell_type: str
    source: str


def read_segments(path: Path) -> list[LabelledSegment]:
    """Return the labelled segments of a ``.cinac`` file, by cell and first frame.

    Raises
    ------
    InputError
        If the file can't be read or has no segment, or a segment lacks its movie or doesn't fit together.
    """
    with reading_hdf5(path, "Save it again.") as file:
        segments = [match for match in map(_SEGMENT.fullmatch, file) if match]
        if not segments:
            raise InputError(path, "cell_…", "there is no labelled segment", "Label a cell and save it.")
        segments.sort(key=lambda match: tuple(map(int, match.groups())))
        return [
            _segment(file[match.string], f"{path}: {match.string}", *map(int, match.groups()))
            for match in segments
        ]


def _segment(group: h5py.Group, where: str, cell: int, first: int, last: int) -> LabelledSegment:
    n = last - first + 1
    frames = _array(group, "ci_movie", (n, None, None), where)
    raster, doubtful = (_array(group, name, (n,), where) for name in ("raster_dur", "doubtful_frames"))
    _, height, width = (int(n) for n in frames.shape)
    if height != width:
        raise InputError(where, "ci_movie", f"has frames of {height} x {width}, not square", _REMEDY)
    if not np.isfinite(frames).all():
        raise InputError(where, "ci_movie", "holds NaN or infinity", _REMEDY)
    cell_type = group.attrs.get("cell_type", "")
    return LabelledSegment(
        cell=cell,
        first=first,
        last=last,
        frames=frames.astype(np.float32),
        rois=_rois(group, where, (height, width)),
        raster=raster.astype(bool),
        doubtful=doubtful.astype(bool),
        cell_type=(cell_type.decode() if isinstance(cell_type, bytes) else str(cell_type)).strip().lower(),
        source=where,
    )


def _array(group: h5py.Group, name: str, shape: tuple[int | None, ...], where: str) -> NDArray[Any]:
    """Return the dataset `name`, checked to be numbers of `shape`; None in it admits any length."""
    item = group.get(name)
    if not isinstance(item, h5py.Dataset):
        raise InputError(where, name, "is missing", _REMEDY)
    have = tuple(int(n) for n in item.shape)
    fits = len(have) == len(shape) and all(w in (None, n) for w, n in zip(shape, have, strict=True))
    if not fits or item.dtype.kind not in "biuf":
        wanted = tuple("any" if n is None else n for n in shape)
        raise InputError(
            where, name, f"is {item.dtype} of shape {have}, expected numbers of {wanted}", _REMEDY
        )
    return whole(item)


def _rois(group: h5py.Group, where: str, shape: tuple[int, int]) -> RoiSet:
    """Return the contours, filled and cut at the patch's border; neighbours marked invalid left out."""
    contours = read_contours(group, where)
    if not contours:
        raise InputError(where, "cells_contour", "is of no cell", "Save it again.")
    invalid = _array(group, "invalid_cells", (len(contours),), where).astype(bool)
    pixels = []
    for i, (x, y) in enumerate(contours):
        rows, columns = filled(Path(where), i, x, y)
        seen = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
        if i == 0 and (invalid[0] or not seen.any()):
            problem = "marks the cell itself" if invalid[0] else "of the cell lies outside its patch"
            raise InputError(
                where, "invalid_cells" if invalid[0] else "cells_contour", problem, "Remove this segment."
            )
        if seen.any() and not invalid[i]:
            pixels.append((rows[seen], columns[seen], None))
    return RoiSet.from_pixels(shape, pixels, engine="given", source=where)
