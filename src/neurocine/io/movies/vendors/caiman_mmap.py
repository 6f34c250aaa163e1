"""CaImAn's memory maps of a movie, ``NAME_d1_512_d2_512_d3_1_order_C_frames_1000.mmap``.

The file holds the values alone, as float32; its name says how. Pixels are counted down the rows of each
column. In the order F each picture lies in one piece; in the order C, which CaImAn writes before it finds
cells, each pixel's trace does. Source: CaImAn 1.12, ``caiman/mmapping.py``.
"""

from __future__ import annotations

import re
from math import prod
from pathlib import Path

from neurocine.core import DamagedFile, InputError
from neurocine.io.movies.arrays.axes import MOST_TIME_LAST
from neurocine.io.movies.frames import Mapped, OpenedMovie, Reordered
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat

SUFFIX = ".mmap"
_NAME = re.compile(
    r".*?_d1_(?P<d1>\d+)_d2_(?P<d2>\d+)_d3_(?P<d3>\d+)_order_(?P<order>[CF])_frames_(?P<frames>\d+)_?"
)
_VALUE = "<f4"
_BYTES = 4


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the float32 frames of a memory map.

    Raises
    ------
    InputError
        If its name doesn't say how it is stored, or says another size, or several planes; or if it is larger
        than `MOST_TIME_LAST` in the order C, in which each block of frames reads all of it.
    """
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise InputError(
            path, "name", "doesn't say how it is stored", f"Give it the name that CaImAn gave it ({SUFFIX})."
        )
    height, width, depth, n_frames = (int(match[part]) for part in ("d1", "d2", "d3", "frames"))
    if depth != 1:
        raise InputError(path, "d3", f"is {depth}: it holds several planes", "Save one plane as TIFF.")
    n_bytes = prod((height, width, n_frames, _BYTES))
    if n_bytes != path.stat().st_size or not n_bytes:
        raise DamagedFile(
            path,
            "size",
            f"is {path.stat().st_size} bytes, but by its name {n_frames} frames of {height} x {width} pixels "
            f"take {n_bytes}",
            "Copy it again, under the name that CaImAn gave it.",
        )
    if match["order"] == "F":
        return OpenedMovie(Reordered(Mapped(path, _VALUE, 0, (n_frames, width, height)), "txy"))
    if n_bytes > MOST_TIME_LAST:
        raise InputError(
            path,
            "order",
            "is C, in which each frame is spread over the whole of so large a file",
            "Give the file of order F, or save the movie by CaImAn: caiman.load(NAME).save('movie.tif').",
        )
    return OpenedMovie(Reordered(Mapped(path, _VALUE, 0, (width, height, n_frames)), "xyt"))


MOVIE_FORMATS.register(MovieFormat(name="CaImAn", suffixes=(SUFFIX,), read=read))
