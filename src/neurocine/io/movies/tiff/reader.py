"""TIFF: one page per frame, ImageJ hyperstacks, BigTIFF, ScanImage and OME; checked to be whole."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from neurocine.core import DamagedFile, FrameSource, InputError
from neurocine.io.movies.frames import LazyFrames, Mapped, OpenedMovie, Signed, Spaced
from neurocine.io.movies.names import natural_key
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.movies.tiff import imagej, ome
from neurocine.io.movies.tiff.file_sets import file_set, is_preview
from neurocine.io.movies.tiff.frame_numbers import frame_numbers, span_s
from neurocine.io.movies.tiff.headers import (
    check_declared_frames,
    check_headers,
    check_page,
    damaged,
    opened,
)
from neurocine.io.movies.tiff.metadata import header_of
from neurocine.io.movies.tiff.page_places import PagePlaces, places_of_pages
from neurocine.io.safe.damage import PARSER_ERRORS, short_message

logger = logging.getLogger(__name__)

SUFFIXES = (".tif", ".tiff", ".btf", ".tf8")


class PageFrames(LazyFrames):
    """Frames that are pages of a TIFF file; it is open only while a slice is read.

    Parameters
    ----------
    tif
        The file.
    series
        Its series of pages.
    pages
        Positions in `series` of the pages, one per frame.
    """

    def __init__(
        self, tif: tifffile.TiffFile, series: tifffile.TiffPageSeries, pages: list[int], path: Path
    ) -> None:
        picture = series.keyframe.shape
        super().__init__((len(pages), *_picture(series, picture)), series.dtype)
        self._tif, self._series, self._pages, self._path = tif, series, pages, path

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return self._read_every(range(start, stop))

    def _read_every(self, times: range) -> NDArray[Any]:
        shape = (len(times), *self.shape[1:])
        if not times:
            return np.empty(shape, dtype=self.dtype)
        try:
            self._tif.filehandle.open()
            pages = self._pages[times.start : times.stop : times.step]
            frames = self._tif.asarray(key=pages, series=self._series)
        except PARSER_ERRORS as error:
            raise DamagedFile(
                self._path,
                f"frames {times[0]}-{times[-1]}",
                f"can't be decoded ({short_message(error)})",
                "The file is damaged: copy it again.",
            ) from error
        finally:
            self._tif.filehandle.close()
        return np.asarray(frames, dtype=self.dtype).reshape(shape)


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the frames of a TIFF file, memory-mapped where its pages lie together uncompressed.

    Raises
    ------
    InputError
        If it isn't TIFF, is cut short, holds colour, or has several channels, planes or picture sizes.
    """
    with opened(path) as tif:
        offsets = check_headers(path, tif)
        n_pages = None if offsets is None else len(offsets)
        if offsets is not None and (n_pages != len(tif.pages) or not _are_calculated(tif, offsets)):
            tif.filehandle.seek(8 if tif.is_bigtiff else 4)
            tif.pages = tifffile.TiffPages(tif)
        single = n_pages == 1 and tif.is_ome
        placed = places_of_pages(path, tif, offsets) if offsets and not single else None
        if single or (placed and tif.is_mmstack):
            series = _pages_as_series(path, tif)
        else:
            series = _with_all_pages(tif, _only_series(path, tif), n_pages or 0)
        own = _own_pages(path, tif, series) if placed is None else _placed(path, series, placed)
        header = header_of(path, tif, *own.axes)
        large = _beyond_4_gib(path, tif) if n_pages is None else None
        frames = _frames(path, tif, series, own.positions) if large is None else large
        if tif.is_imagej and imagej.is_signed(tif):
            frames = Signed(frames)
        if not single and placed is None:
            _warn_of_number(path, tif, frames.shape[0])
        _warn_of_white(path, tif)
        n_channels = len(header.layout.channels) if header.layout else 1
        numbers = frame_numbers(tif, offsets, n_channels) if offsets else None
        return OpenedMovie(
            frames,
            header.frame_rate_hz,
            header.pixel_size_um,
            layout=header.layout if placed is None else placed.layout,
            is_volume_rate=header.is_volume_rate,
            numbers=numbers,
            span_s=span_s(tif, offsets) if offsets and numbers is not None else None,
            slots=None if placed is None else placed.slots,
        )


def read_picture(path: Path) -> NDArray[Any]:
    """Return the picture (Y, X) of a TIFF file of labels.

    Raises
    ------
    InputError
        If it isn't TIFF, is cut short, or holds more than one picture of one channel.
    """
    with opened(path) as tif:
        check_headers(path, tif)
        check_page(path, tif.pages.first)
        check_declared_frames(path, tif)
        shape = tif.series[0].shape
        if len(shape) != 2:
            raise InputError(path, "labels", f"have shape {shape}, expected (Y, X)", "Give one label image.")
        return np.asarray(tif.series[0].asarray())


def _are_calculated(tif: tifffile.TiffFile, offsets: list[int]) -> bool:
    """Return whether all pages are where tifffile expects them.

    In ScanImage's files without BigTIFF it calculates them from the first five, and misses the last one.
    """
    return not tif.is_scanimage or tif.is_bigtiff or len(set(np.diff(offsets).tolist())) <= 1


def _only_series(path: Path, tif: tifffile.TiffFile) -> tifffile.TiffPageSeries:
    check_page(path, tif.pages.first)
    check_declared_frames(path, tif)
    series = tif.series
    if len(series) != 1:
        shapes = ", ".join(str(one.shape) for one in series) or "no picture at all"
        raise InputError(path, "pages", f"differ in size or type: {shapes}", "Save one movie per file.")
    if tif.is_imagej and series[0].kind != "imagej":
        raise damaged(path, "is cut short: it holds fewer frames than its ImageJ header says")
    return series[0]


def _pages_as_series(path: Path, tif: tifffile.TiffFile) -> tifffile.TiffPageSeries:
    """Return all pages of a file that belongs to a set, as they are in it; OME-XML isn't read whole."""
    page = tif.pages.first
    check_page(path, page)
    if len(tif.pages) == 1:
        return tifffile.TiffPageSeries([page], page.shape, page.dtype, page.axes)
    tif.pages.useframes = True
    tif.pages.set_keyframe(0)
    pages = list(tif.pages)
    return tifffile.TiffPageSeries(pages, (len(pages), *page.shape), page.dtype, f"T{page.axes}")


def _with_all_pages(
    tif: tifffile.TiffFile, series: tifffile.TiffPageSeries, n_pages: int
) -> tifffile.TiffPageSeries:
    """Return a series of OME with all times of the file, where its XML says fewer."""
    outer = series.shape[: len(series.shape) - len(series.keyframe.shape)]
    in_time = series.axes.find("T") in (0, -1) and "FileName" not in (tif.ome_metadata or "")
    per_time = prod(outer[1:] if series.axes.startswith("T") else outer)
    if series.kind != "ome" or not in_time or n_pages <= len(series) or n_pages % per_time:
        return series
    axes = series.axes if series.axes.startswith("T") else f"T{series.axes}"
    shape = (n_pages // per_time, *series.shape[axes == series.axes :])
    more = [tif.pages.get(i, aspage=True) for i in range(len(series), n_pages)]
    if any((page.shape, page.dtype) != (series.keyframe.shape, series.keyframe.dtype) for page in more):
        return series
    return tifffile.TiffPageSeries([*series, *more], shape, series.dtype, axes, kind="ome")


def _warn_of_number(path: Path, tif: tifffile.TiffFile, n_frames: int) -> None:
    """Warn if the header says another number of frames, of all channels and planes, than there are."""
    said = None
    if tif.is_imagej:
        said = (tif.imagej_metadata or {}).get("images")
    elif tif.is_ome and "FileName" not in (tif.ome_metadata or ""):
        pixels = ome.pixels_of(tif.ome_metadata or "")
        said = pixels.n_frames if pixels else None
    if isinstance(said, int) and said != n_frames:
        logger.warning(
            "%s: the header says %d frames, but the file holds %d, which are read. If it was cut short, copy "
            "it again",
            path, said, n_frames,
        )  # fmt: skip


def _warn_of_white(path: Path, tif: tifffile.TiffFile) -> None:
    """Warn if the file says that 0 is white."""
    if tif.pages.first.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        logger.warning(
            "%s: its header says that low values are bright (MinIsWhite); values are read as stored. "
            "If cells are dark when they are active, invert the movie (in Fiji: Edit > Invert)",
            path,
        )


@dataclass(frozen=True)
class _Own:
    """The pages of a series that lie in this file: of a set of files, each lists all."""

    positions: list[int]
    axes: tuple[str, tuple[int, ...]]


def _own_pages(path: Path, tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> _Own:
    everything = _Own(list(range(len(series))), (series.axes, tuple(series.shape)))
    if series.dataoffset is not None or series.kind != "ome":
        return everything
    positions = [i for i, page in enumerate(series) if page is not None and page.parent is tif]
    if len(positions) == len(series) or not positions:
        return everything
    outer = len(series.shape) - len(series.keyframe.shape)
    # One page's axes are those of the picture; the others count pages.
    places = np.unravel_index(positions, series.shape[:outer])
    sizes = tuple(len(np.unique(place)) for place in places)
    if prod(sizes) != len(positions):
        # Pages are missing, or lie in another file of the set: the order holds only where time is slowest.
        in_succession = positions[-1] - positions[0] + 1 == len(positions)
        if outer > 1 and not (series.axes.startswith("T") and in_succession):
            raise damaged(
                path,
                f"holds {len(positions)} of {len(series)} pages: nothing tells channels or planes apart",
            )
        return _Own(positions, (series.axes, tuple(series.shape)))
    return _Own(positions, (series.axes, (*sizes, *series.shape[outer:])))


def _placed(path: Path, series: tifffile.TiffPageSeries, placed: PagePlaces) -> _Own:
    """Return the pages of a file of a set in the order of time."""
    if len(series) != len(placed.pages):
        raise damaged(path, f"holds {len(placed.pages)} pages, of which {len(series)} can be read")
    return _Own(placed.pages.tolist(), (f"T{series.keyframe.axes}", (len(series), *series.keyframe.shape)))


def _beyond_4_gib(path: Path, tif: tifffile.TiffFile) -> FrameSource | None:
    """Return the frames of a file whose offsets of 32 bits can't reach its end, if they are equally spaced.

    ScanImage to version 2015 wrote such files. Others, as ImageJ's stacks, have one header for all frames.
    """
    if not tif.is_scanimage or len(tif.pages) < 3 or tif.pages.first.dtype is None:
        return None
    page, starts = tif.pages.first, [tif.pages[i].dataoffsets[0] for i in range(3)]
    step = starts[1] - starts[0]
    frame_bytes = prod(page.shape) * np.dtype(page.dtype).itemsize
    if not page.is_memmappable or step < frame_bytes or starts[2] - starts[1] != step:
        raise damaged(path, "is larger than its 32-bit offsets reach, and its frames aren't equally spaced")
    n_frames = 1 + (tif.filehandle.size - frame_bytes - starts[0]) // step
    dtype = np.dtype(page.dtype).newbyteorder(tif.byteorder)
    return Spaced(path, dtype, starts[0], (n_frames, *page.shape[:2]), step)


def _frames(
    path: Path, tif: tifffile.TiffFile, series: tifffile.TiffPageSeries, positions: list[int]
) -> FrameSource:
    picture = series.keyframe.shape
    size = tif.filehandle.size
    if series.dtype is None:
        raise InputError(path, "dtype", "isn't one that can be read", "Save it as 8 or 16 bit grey values.")
    if series.dataoffset is not None and series.keyframe.is_memmappable and series.kind != "scanimage":
        height, width = _picture(series, series.shape)
        n_frames = prod(series.shape) // (height * width)
        n_there = (size - series.dataoffset) * n_frames // max(1, series.nbytes)
        said = (tif.imagej_metadata or {}).get("images") if tif.is_imagej else None
        if isinstance(said, int) and n_frames < said <= n_there:
            n_frames = said  # more than the channels, planes and times that the header names
        if n_frames > n_there:
            raise damaged(path, f"is cut short: {n_frames} frames don't fit in its {size} bytes")
        dtype = np.dtype(series.dtype).newbyteorder(tif.byteorder)
        return Mapped(path, dtype, series.dataoffset, (n_frames, height, width))
    for frame, position in enumerate(positions):
        page = series[position]
        if page is None:
            raise damaged(path, f"lacks the page of frame {frame}")
        check_page(path, page)
        ends = [a + n for a, n in zip(page.dataoffsets, page.databytecounts, strict=True)]
        if not ends or max(ends) > size:
            raise damaged(path, f"is cut short: the pixels of frame {frame} lie past its end")
    if prod(picture) != prod(_picture(series, picture)):
        raise InputError(path, "pages", f"have shape {picture}", "Save one frame per page.")
    return PageFrames(tif, series, positions, path)


def _picture(series: tifffile.TiffPageSeries, shape: tuple[int, ...]) -> tuple[int, int]:
    """Return height and width from `shape`, whose last axis may be a single sample."""
    kept = shape[:-1] if series.keyframe.axes.endswith("S") and shape[-1] == 1 else shape
    return int(kept[-2]), int(kept[-1])


def files_in(folder: Path) -> list[Path]:
    """Return the TIFF files in `folder`, in natural order."""
    files = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.is_dir() and not is_preview(path)
    ]
    return sorted((path for path in files if not path.name.startswith(".")), key=natural_key)


MOVIE_FORMATS.register(
    MovieFormat(
        name="TIFF",
        suffixes=SUFFIXES,
        read=read,
        files_in=files_in,
        folder_content="TIFF files",
        collects_files=True,
        file_set=file_set,
    )
)
