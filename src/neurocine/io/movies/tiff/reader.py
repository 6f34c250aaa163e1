"""TIFF: one page per frame, ImageJ hyperstacks, BigTIFF, ScanImage and OME; checked to be whole."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from neurocine.core import DamagedFile, FrameSource, InputError
from neurocine.io.movies.frames import LazyFrames, Mapped, OpenedMovie
from neurocine.io.movies.layout import Layout
from neurocine.io.movies.names import natural_key
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.movies.tiff.axes import layout_of_axes
from neurocine.io.movies.tiff.headers import check_declared_frames, check_headers, check_page, damaged
from neurocine.io.movies.tiff.metadata import rate_and_size, scanimage_axes, scanimage_settings
from neurocine.io.safe.damage import MAX_MESSAGE, PARSER_ERRORS, short_message

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
        check_headers(path, tif)
        series = _only_series(path, tif)
        layout = _layout(path, tif, series)
        frames = _frames(path, tif, series)
        rate, size = rate_and_size(tif)
        return OpenedMovie(frames, rate, size, layout=layout)


@contextmanager
def opened(path: Path) -> Iterator[tifffile.TiffFile]:
    """Yield the open file; damage that tifffile logs or raises becomes one `DamagedFile`."""
    complaints: list[str] = []
    listener = logging.Handler(logging.WARNING)
    listener.emit = lambda record: complaints.append(record.getMessage())  # type: ignore[method-assign]
    voice = logging.getLogger("tifffile")
    propagate, voice.propagate = voice.propagate, False
    voice.addHandler(listener)
    try:
        # Other files that an OME header names aren't opened.
        with tifffile.TiffFile(path, _multifile=False) as tif:
            yield tif
    except PARSER_ERRORS as error:
        messages = "; ".join([str(error) or type(error).__name__, *complaints])
        raise damaged(path, f"isn't a whole TIFF file ({messages[:MAX_MESSAGE]})") from error
    finally:
        voice.removeHandler(listener)
        voice.propagate = propagate
    for complaint in complaints:
        logger.debug("%s: tifffile says: %s", path, complaint)


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


def _layout(path: Path, tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> Layout | None:
    if series.kind != "scanimage":
        return layout_of_axes(path, series.axes, series.shape)
    sizes = scanimage_axes(scanimage_settings(tif))
    n_frames = len(tif.pages) // (sizes["Z"] * sizes["C"])
    return layout_of_axes(path, "TZC", (n_frames, sizes["Z"], sizes["C"]))


def _frames(path: Path, tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> FrameSource:
    picture = series.keyframe.shape
    size = tif.filehandle.size
    if series.dtype is None:
        raise InputError(path, "dtype", "isn't one that can be read", "Save it as 8 or 16 bit grey values.")
    if series.dataoffset is not None and series.keyframe.is_memmappable and series.kind != "scanimage":
        height, width = _picture(series, series.shape)
        n_frames = prod(series.shape) // (height * width)
        if series.dataoffset + series.nbytes > size:
            raise damaged(path, f"is cut short: {n_frames} frames don't fit in its {size} bytes")
        dtype = np.dtype(series.dtype).newbyteorder(tif.byteorder)
        return Mapped(path, dtype, series.dataoffset, (n_frames, height, width))
    # Files of a multi-file OME series list each other's pages: only this file's own are taken.
    own = [(i, page) for i, page in enumerate(series) if page is not None and page.parent is tif]
    for frame, (_, page) in enumerate(own):
        check_page(path, page)
        ends = [a + n for a, n in zip(page.dataoffsets, page.databytecounts, strict=True)]
        if not ends or max(ends) > size:
            raise damaged(path, f"is cut short: the pixels of frame {frame} lie past its end")
    if prod(picture) != prod(_picture(series, picture)):
        raise InputError(path, "pages", f"have shape {picture}", "Save one frame per page.")
    return PageFrames(tif, series, [i for i, _ in own], path)


def _picture(series: tifffile.TiffPageSeries, shape: tuple[int, ...]) -> tuple[int, int]:
    """Return height and width from `shape`, whose last axis may be a single sample."""
    kept = shape[:-1] if series.keyframe.axes.endswith("S") and shape[-1] == 1 else shape
    return int(kept[-2]), int(kept[-1])


def files_in(folder: Path) -> list[Path]:
    """Return the TIFF files in `folder`, in natural order."""
    files = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.is_dir()]
    return sorted((path for path in files if not path.name.startswith(".")), key=natural_key)


MOVIE_FORMATS.register(
    MovieFormat(
        name="TIFF",
        suffixes=SUFFIXES,
        read=read,
        files_in=files_in,
        folder_content="TIFF files",
        collects_files=True,
    )
)
