"""The labelled segments of DeepCINAC's ``.cinac`` files (HDF5): frames of one cell, labelled by a person.

A segment is a group ``cell_{cell}_{first}_{last}``, last frame included: frames of the patch around the cell,
z-scored over the whole movie; contours in it, the cell's first; in which frames it is active, and in which
this is doubtful. The format has no frame rate: neurocine adds it as the attribute ``frame_rate_hz``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError, RoiSet
from neurocine.io.atomic_hdf5 import atomic_hdf5
from neurocine.io.rois.cinac import (
    filled,
    matches,
    read,
    read_contours,
    write_contours,
    write_full_data,
)
from neurocine.io.rois.fov import FovShape
from neurocine.io.safe.hdf5 import reading_hdf5, whole

_SEGMENT = re.compile(r"cell_(\d+)_(\d+)_(\d+)")
_REMEDY = "Save the segment again with its movie."


# Corners of a polygon: x and y, (M,) int64 each.
Contour = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelledSegment:
    """Some frames of one labelled cell.

    Attributes
    ----------
    cell
        The cell's number in its recording, from 0.
    first, last
        First and last frame of the movie, both inclusive.
    frames
        Patch around the cell, (T, px, px) of the file's type, z-scores over the whole movie.
    contours
        Polygons in pixels of the patch, parts of which may lie outside: the cell's first, then its
        neighbours'.
    invalid
        Neighbours that are no cells, (K,) bool.
    raster
        True from onset to peak of each transient, (T,) bool.
    doubtful
        Frames in which it isn't known, (T,) bool.
    raw, smooth
        Traces of the cell as its file has them, z-scores, (T,) float64; None if it has none.
    cell_type
        As the file has it; empty if it has none.
    frame_rate_hz
        Frames a second; None if nobody noted it.
    pixels_around, buffer
        Settings of DeepCINAC's editor, which neurocine keeps but doesn't use.
    source
        File and segment, for messages.
    """

    cell: int
    first: int
    last: int
    frames: NDArray[Any]
    contours: tuple[Contour, ...]
    invalid: NDArray[np.bool_]
    raster: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    raw: NDArray[np.float64] | None = None
    smooth: NDArray[np.float64] | None = None
    cell_type: str = ""
    frame_rate_hz: float | None = None
    pixels_around: int = 0
    buffer: int = 1
    source: str = "segment"

    @cached_property
    def rois(self) -> RoiSet:
        """The contours filled and cut at the patch's border: the cell first; invalid neighbours left out.

        Raises
        ------
        InputError
            If the cell itself is marked invalid or lies outside.
        """
        height, width = self.frames.shape[1:]
        pixels = []
        for i, (x, y) in enumerate(self.contours):
            rows, columns = filled(Path(self.source), i, x, y)
            seen = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
            if i == 0 and (self.invalid[0] or not seen.any()):
                field = "invalid_cells" if self.invalid[0] else "cells_contour"
                problem = "marks the cell itself" if self.invalid[0] else "of the cell lies outside its patch"
                raise InputError(self.source, field, problem, "Remove this segment.")
            if seen.any() and not self.invalid[i]:
                pixels.append((rows[seen], columns[seen], None))
        return RoiSet.from_pixels((height, width), pixels, engine="given", source=self.source)


def is_cinac(path: Path) -> bool:
    """Return whether `path` is a ``.cinac`` file."""
    return path.suffix.lower() == ".cinac" and path.is_file()


def segment_names(path: Path) -> list[str]:
    """Return the names of the segments in a ``.cinac`` file."""
    with reading_hdf5(path, "Save it again.") as file:
        return [name for name in file if _SEGMENT.fullmatch(name)]


def copy_cinac(source: Path, target: Path, fov_shape: FovShape | None = None) -> None:
    """Write all that a ``.cinac`` file holds to another one, atomically: contours, traces, pixels, segments.

    A field of view (Y, X) that is given is noted, too, beside the contours.

    Raises
    ------
    InputError
        If it holds neither contours nor segments, a segment doesn't fit together, or the contours are those
        of another field of view.
    """
    if fov_shape is not None:
        read(source, fov_shape)
    if segment_names(source):
        read_segments(source)
    elif not matches(source):
        raise InputError(
            source, "content", "has neither contours nor segments", "Give a .cinac file saved with its cells."
        )
    with reading_hdf5(source, "Save it again.") as file, atomic_hdf5(target) as copy:
        copy.attrs.update(file.attrs)
        for name in file:
            file.copy(name, copy)
            copy.check()
        if fov_shape is not None:
            copy["full_data"].attrs["fov_shape"] = fov_shape


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


def n_frames_of(path: Path) -> int:
    """Return the frames of the movie that a ``.cinac`` file is of, as it says; 0 if it doesn't."""
    with reading_hdf5(path, "Save it again.") as file:
        data = file.get("full_data")
        return max(int(data.attrs.get("n_frames", 0)), 0) if isinstance(data, h5py.Group) else 0


def write_segments(path: Path, segments: Iterable[LabelledSegment], rois: RoiSet, n_frames: int) -> None:
    """Write a ``.cinac`` file that DeepCINAC's editor and its training read, atomically.

    Parameters
    ----------
    path
        The file.
    segments
        What was labelled; `read_segments` returns the same.
    rois
        All cells of the recording: their positions are the cells' numbers.
    n_frames
        Frames of the movie.

    Raises
    ------
    InputError
        If a segment is of no cell or lies outside the movie, or there are two of the same frames.
    """
    with atomic_hdf5(path) as file:
        write_full_data(file, rois, n_frames)
        for segment in segments:
            if not (0 <= segment.cell < len(rois) and 0 <= segment.first <= segment.last < n_frames):
                raise InputError(
                    segment.source,
                    "segment",
                    f"is of cell {segment.cell}, frames {segment.first} to {segment.last}, of {len(rois)} "
                    f"cells and {n_frames} frames",
                    "Give the ROIs and the movie that were labelled.",
                )
            name = f"cell_{segment.cell}_{segment.first}_{segment.last}"
            if name in file:
                raise InputError(segment.source, "segment", f"{name} is there twice", "Leave one out.")
            _write(file.create_group(name), segment)
            file.check()


def _write(group: h5py.Group, segment: LabelledSegment) -> None:
    group.attrs["pixels_around"], group.attrs["buffer"] = segment.pixels_around, segment.buffer
    if segment.cell_type:
        group.attrs["cell_type"] = segment.cell_type
    if segment.frame_rate_hz is not None:
        group.attrs["frame_rate_hz"] = segment.frame_rate_hz
    group["raster_dur"] = segment.raster.astype(np.int8)
    group["doubtful_frames"] = segment.doubtful.astype(np.int8)
    group["ci_movie"] = segment.frames
    group["invalid_cells"] = segment.invalid
    write_contours(group, segment.contours, np.int32)
    for name, trace in (("raw_traces", segment.raw), ("smooth_traces", segment.smooth)):
        if trace is not None:
            group[name] = trace


def _segment(group: h5py.Group, where: str, cell: int, first: int, last: int) -> LabelledSegment:
    n = last - first + 1
    frames = _array(group, "ci_movie", (n, None, None), where)
    _, height, width = (int(n) for n in frames.shape)
    if height != width:
        raise InputError(where, "ci_movie", f"has frames of {height} x {width}, not square", _REMEDY)
    if not np.isfinite(frames).all():
        raise InputError(where, "ci_movie", "holds NaN or infinity", _REMEDY)
    contours = tuple(read_contours(group, where))
    if not contours:
        raise InputError(where, "cells_contour", "is of no cell", "Save it again.")
    segment = LabelledSegment(
        cell=cell,
        first=first,
        last=last,
        frames=frames,
        contours=contours,
        invalid=_flags(group, "invalid_cells", len(contours), where),
        raster=_array(group, "raster_dur", (n,), where).astype(bool),
        doubtful=_flags(group, "doubtful_frames", n, where),
        raw=_trace(group, "raw_traces", n, where),
        smooth=_trace(group, "smooth_traces", n, where),
        cell_type=_text(group.attrs.get("cell_type", "")),
        frame_rate_hz=_frame_rate(group, where),
        pixels_around=int(group.attrs.get("pixels_around", 0)),
        buffer=int(group.attrs.get("buffer", 1)),
        source=where,
    )
    _ = segment.rois  # refused now, not when it is used
    return segment


def _flags(group: h5py.Group, name: str, n: int, where: str) -> NDArray[np.bool_]:
    """Return a dataset of flags; none is set if it is missing: DeepCINAC leaves out what nobody marked."""
    return _array(group, name, (n,), where).astype(bool) if name in group else np.zeros(n, dtype=bool)


def _trace(group: h5py.Group, name: str, n: int, where: str) -> NDArray[np.float64] | None:
    return _array(group, name, (n,), where).astype(np.float64) if name in group else None


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _frame_rate(group: h5py.Group, where: str) -> float | None:
    if "frame_rate_hz" not in group.attrs:
        return None
    rate = float(group.attrs["frame_rate_hz"])
    if not 0 < rate < np.inf:
        raise InputError(where, "frame_rate_hz", f"is {rate}", "Save it again with the movie's.")
    return rate


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
