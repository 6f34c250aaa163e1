"""OME-XML in TIFF files: the size of the movie, its rate, and which file holds which channel and plane.

Every file of a set may hold the XML of the whole set, as PrairieView's do: `pixels_of` reads no further than
it must, so that a folder of single pages takes no longer than its pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import prod
from pathlib import PurePath
from statistics import median
from typing import Any
from xml.etree import ElementTree

import numpy as np

from neurocine.io.movies.tiff.headers import MOST_FRAMES
from neurocine.io.movies.tiff.scanimage import numbers
from neurocine.io.movies.tiff.units import micrometres, seconds

_CHUNK = 4096
#: Times that the interval between frames is taken from, where it isn't given.
_MOST_TIMES = 1000


@dataclass(frozen=True)
class Pixels:
    """What OME-XML says of the first image.

    Attributes
    ----------
    n_frames
        Frames of all channels and planes.
    interval_s
        Seconds per frame of one plane; None if unknown.
    edges_um
        Width and height of a pixel in µm; empty if unknown.
    channels
        Their names; empty for those that have none.
    n_channels, n_planes
        How many there are.
    """

    n_frames: int
    interval_s: float | None
    edges_um: tuple[float, ...]
    channels: tuple[str, ...]
    n_channels: int = 1
    n_planes: int = 1


def pixels_of(xml: str) -> Pixels | None:
    """Return what the element ``Pixels`` and its channels say; None if there is none, or it isn't XML."""
    pixels, names = None, []
    for element in _until(xml, {"TiffData", "Plane", "BinData"}):
        tag = element.tag.rpartition("}")[2]
        if tag == "Pixels":
            pixels = element
        elif tag == "Channel" and pixels is not None:
            names.append(element.get("Name", "").strip())
    if pixels is None:
        return None
    edges = [_in(pixels, f"PhysicalSize{axis}", "µm", micrometres) for axis in "XY"]
    sizes = [max(1, int((numbers(pixels.get(f"Size{axis}", "1")) or [1])[0])) for axis in "CZT"]
    return Pixels(
        sizes[0] * sizes[1] * sizes[2],
        _in(pixels, "TimeIncrement", "s", seconds),
        tuple(edge for edge in edges if edge),
        tuple(names),
        sizes[0],
        sizes[1],
    )


def interval_of_planes(xml: str) -> float | None:
    """Return the median of the seconds between frames of the first channel and plane; None if unknown."""
    times: list[float] = []
    for plane in _elements(xml, "Plane"):
        if plane.get("TheC", "0") == "0" and plane.get("TheZ", "0") == "0":
            time = _in(plane, "DeltaT", "s", seconds, zero=True)
            if time is None or len(times) >= _MOST_TIMES:
                break
            times.append(time)
    steps = [after - before for before, after in pairwise(times)]
    interval = median(steps) if steps else 0
    return interval if interval > 0 else None


def files_of(xml: str) -> dict[str, tuple[int, int]]:
    """Return the channel and plane, from 0, of each file that holds a single one of them."""
    held: dict[str, set[tuple[int, int]]] = {}
    for data in _elements(xml, "TiffData"):
        uuid = next((child for child in data if child.tag.endswith("UUID")), None)
        if uuid is not None and uuid.get("FileName"):
            place = (_whole(data, "FirstC"), _whole(data, "FirstZ"))
            held.setdefault(PurePath(uuid.get("FileName", "")).name, set()).add(place)
    return {name: next(iter(places)) for name, places in held.items() if len(places) == 1}


def metadata_file(xml: str) -> str:
    """Return the name of the file that holds the XML of the set; empty if that is this one."""
    for element in _until(xml, {"Image"}):
        if element.tag.endswith("BinaryOnly"):
            return element.get("MetadataFile", "")
    return ""


@lru_cache(maxsize=1)
def pages_of(xml: str) -> dict[str, dict[int, tuple[int, int, int, int]]]:
    """Return image, channel, plane and time, from 0, of the pages of each file of a set.

    What lies outside the sizes that the XML itself gives is left out.
    """
    held: dict[str, dict[int, tuple[int, int, int, int]]] = {}
    try:
        images = list(ElementTree.fromstring(xml).iterfind(".//{*}Pixels"))
    except ElementTree.ParseError:
        return held
    for image, pixels in enumerate(images):
        # What changes fastest, first: a list of several pages goes on in this order.
        order = [axis for axis in pixels.get("DimensionOrder", "XYCZT") if axis in "CZT"]
        if sorted(order) != ["C", "T", "Z"]:
            continue
        sizes = [max(1, _whole(pixels, f"Size{axis}")) for axis in order]
        for data in pixels.iterfind("{*}TiffData"):
            uuid = data.find("{*}UUID")
            name = PurePath(uuid.get("FileName", "")).name if uuid is not None else ""
            place = [_whole(data, f"First{axis}") for axis in order]
            if prod(sizes) > MOST_FRAMES or any(a >= b for a, b in zip(place, sizes, strict=True)):
                continue
            first = np.ravel_multi_index(place, sizes, order="F")
            count = max(1, min(_whole(data, "PlaneCount", "1"), prod(sizes) - int(first)))
            where = np.unravel_index(np.arange(first, first + count), sizes, order="F")
            by_axis = dict(zip(order, where, strict=True))
            for i, (c, z, t) in enumerate(zip(*(by_axis[axis].tolist() for axis in "CZT"), strict=True)):
                held.setdefault(name, {})[_whole(data, "IFD") + i] = (image, c, z, t)
    held.pop("", None)
    return held


def _until(xml: str, stop: set[str]) -> Iterator[ElementTree.Element]:
    """Yield the elements that begin before any of `stop` does."""
    parser: Any = ElementTree.XMLPullParser(["start"])
    data = xml.encode()
    try:
        for start in range(0, len(data), _CHUNK):
            parser.feed(data[start : start + _CHUNK])
            for _, element in parser.read_events():
                if element.tag.rpartition("}")[2] in stop:
                    return
                yield element
    except ElementTree.ParseError:
        return


def _elements(xml: str, tag: str) -> Iterator[ElementTree.Element]:
    """Yield the elements `tag` of the first ``Pixels``."""
    try:
        pixels = ElementTree.fromstring(xml).find(".//{*}Pixels")
    except ElementTree.ParseError:
        return
    yield from pixels.iterfind(f"{{*}}{tag}") if pixels is not None else ()


def _in(
    element: ElementTree.Element,
    name: str,
    unit: str,
    factor: Callable[[str], float | None],
    *,
    zero: bool = False,
) -> float | None:
    """Return an attribute in µm or seconds; None if it, or its unit, isn't known."""
    given = numbers(element.get(name, ""))
    scale = factor(element.get(f"{name}Unit", unit))
    return given[0] * scale if given and scale and (given[0] > 0 or (zero and given[0] == 0)) else None


def _whole(element: ElementTree.Element, name: str, default: str = "0") -> int:
    value = element.get(name, default)
    return int(value) if value.isdecimal() else 0
