"""TIFF files opened, and the chain of their page headers, which shows whether all of a file is there."""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile
from numpy.typing import NDArray

from neurocine.core import DamagedFile
from neurocine.io.safe.damage import DEFLATE_RATIO, MAX_MESSAGE, PARSER_ERRORS, check_unpacked

logger = logging.getLogger(__name__)

#: Frames of a movie: a day at 100 Hz.
MOST_FRAMES = 10_000_000
#: Offsets of 32 bits reach no further.
MOST_CLASSIC_BYTES = 2**32
#: Bytes of one value of each of TIFF's types 0-18; unknown types count as none.
_TYPE_BYTES = np.array([0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8], dtype=np.int64)

#: The tag ImageDescription, and how many of its bytes are its begin.
_DESCRIPTION, _BEGIN = 270, 1000


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


def check_headers(path: Path, tif: tifffile.TiffFile) -> list[int] | None:
    """Follow the chain of page headers to its end, and check that all values lie within the file.

    Returns
    -------
    list of int or None
        Where each begins; None if the chain can't reach the end of so large a file.

    Raises
    ------
    DamagedFile
        If the chain is cut or runs in a circle, or a header's value lies past the end of the file.
    """
    file, layout = tif.filehandle, tif.tiff
    if not tif.is_bigtiff and file.size >= MOST_CLASSIC_BYTES:
        return None  # ScanImage wrote such files: their 32-bit chain can't reach the end
    offset, seen, offsets = tif.pages.first.offset, set[int](), list[int]()
    while offset:
        if offset in seen:
            raise damaged(path, "page headers point at each other in a circle")
        seen.add(offset)
        offsets.append(offset)
        try:
            file.seek(offset)
            (n_tags,) = struct.unpack(layout.tagnoformat, file.read(layout.tagnosize))
            tags = file.read(n_tags * layout.tagsize)
            (offset,) = struct.unpack(layout.offsetformat, file.read(layout.offsetsize))
        except struct.error as error:
            raise damaged(path, f"is cut short after {len(seen) - 1} page headers") from error
        if _reach(tags, layout) > file.size:
            raise damaged(path, f"is cut short: values of page header {len(seen) - 1} lie past its end")
    return offsets


def begin_of_description(tif: tifffile.TiffFile, offset: int) -> str:
    """Return how the description of the page begins whose header is at `offset`; empty if it has none.

    Much faster than a whole page of tifffile's, for files of 100,000 pages.
    """
    file, layout = tif.filehandle, tif.tiff
    file.seek(offset)
    (n_tags,) = struct.unpack(layout.tagnoformat, file.read(layout.tagnosize))
    entries = _entries(file.read(n_tags * layout.tagsize), layout)
    found = entries[entries["code"] == _DESCRIPTION]
    if not len(found):
        return ""
    file.seek(int(found["value"][0]))
    return file.read(min(int(found["count"][0]), _BEGIN)).decode(errors="replace")


def damaged(path: Path, problem: str) -> DamagedFile:
    """Return the error for a file that isn't whole."""
    return DamagedFile(path, "file", problem, "Copy or save it again.")


def check_page(path: Path, page: tifffile.TiffPage | tifffile.TiffFrame) -> None:
    """Raise `DamagedFile` if the picture of `page`, or one of its tiles, can't be what is stored of it."""
    keyframe = page.keyframe
    if keyframe is None or keyframe.dtype is None:
        return  # reported with its type
    dtype = keyframe.dtype
    stored = min(sum(page.databytecounts), page.parent.filehandle.size)
    check_unpacked(path, "picture", prod(keyframe.shape) * dtype.itemsize, stored, DEFLATE_RATIO)
    check_unpacked(path, "tiles", prod(keyframe.chunks) * dtype.itemsize, stored, DEFLATE_RATIO)


def check_declared_frames(path: Path, tif: tifffile.TiffFile) -> None:
    """Raise `DamagedFile` if an OME header declares more frames than any movie has."""
    if not tif.is_ome:
        return
    for pixels in ElementTree.fromstring(tif.ome_metadata or "<OME/>").iterfind(".//{*}Pixels"):
        n_frames = prod(max(1, int(pixels.get(f"Size{axis}", 1))) for axis in "TCZ")
        if n_frames > MOST_FRAMES:
            raise damaged(path, f"declares {n_frames:,} frames")


def _reach(tags: bytes, layout: tifffile.tifffile.TiffFormat) -> int:
    """Return where the values end that a header's tags point at."""
    width, entries = _width(layout), _entries(tags, layout)
    known = np.where(entries["type"] < len(_TYPE_BYTES), entries["type"], 0)
    # Counts may use all 64 bits: floats don't wrap around.
    n_bytes = _TYPE_BYTES[known] * entries["count"].astype(np.float64)
    ends = np.where(n_bytes > width, entries["value"].astype(np.float64) + n_bytes, 0)
    return int(ends.max(initial=0))


def _entries(tags: bytes, layout: tifffile.tifffile.TiffFormat) -> NDArray[Any]:
    """Return the tags of a header: code, type, count, and value or where this lies."""
    width, order = _width(layout), layout.byteorder
    fields = (("code", 2), ("type", 2), ("count", width), ("value", width))
    return np.frombuffer(tags, np.dtype([(name, f"{order}u{n}") for name, n in fields]))


def _width(layout: tifffile.tifffile.TiffFormat) -> int:
    """Return how many bytes a value or an offset takes."""
    return {12: 4, 20: 8}[layout.tagsize]
