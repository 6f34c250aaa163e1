"""Bruker's PrairieView: the ``.xml`` beside the TIFF files of a recording, of versions 4 and 5.

Version 5 keeps values as attributes of ``PVStateValue``, those with several axes in ``IndexedValue``; version
4 as ``Key``, with the axis in the name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from neurocine.io.movies.metadata import square_size
from neurocine.io.movies.vendors.xml import numeric, parse


def settings_of(picture: Path) -> Path | None:
    """Return the ``NAME.xml`` of a TIFF file called ``NAME_Cycle00001_Ch1_000001.ome.tif``, or None."""
    name, cycle, _ = picture.name.partition("_Cycle")
    path = picture.with_name(f"{name}.xml")
    return path if cycle and path.is_file() else None


def rate_and_size(path: Path) -> tuple[float | None, float | None]:
    """Return frames per second of one plane, and µm per pixel; None for what the file doesn't give.

    The rate comes from the times of frames: of the first in each cycle if a cycle is a volume, else of all in
    a cycle. Without frames, it comes from the period that was set, and the number of pictures averaged.

    Raises
    ------
    DamagedFile
        If it isn't XML.
    """
    root = parse(path)
    if root.tag != "PVScan":
        return None, None
    edges = [_first(root, "micronsPerPixel", axis) for axis in ("XAxis", "YAxis")]
    return _rate(root), square_size([edge for edge in edges if edge and edge > 0], path)


def _rate(root: ElementTree.Element) -> float | None:
    cycles = [times for times in map(_times, root.iter("Sequence")) if times]
    if len(cycles) > 1 and _is_volume(root):
        intervals = np.diff([times[0] for times in cycles])
    else:
        intervals = np.concatenate([np.empty(0), *(np.diff(times) for times in cycles)])
    intervals = intervals[intervals > 0]
    if len(intervals):
        return float(1 / np.median(intervals))
    period, averaged = _first(root, "framePeriod"), _first(root, "rastersPerFrame") or 1
    return 1 / (period * averaged) if period and period > 0 and averaged > 0 else None


def _is_volume(root: ElementTree.Element) -> bool:
    return any("ZSeries" in sequence.get("type", "") for sequence in root.iter("Sequence"))


def _times(sequence: ElementTree.Element) -> Sequence[float]:
    """Return the times of the frames of a cycle, in seconds since the recording began."""
    times = [numeric(frame, "absoluteTime") for frame in sequence.iter("Frame")]
    return [time for time in times if time is not None]


def _first(root: ElementTree.Element, key: str, axis: str | None = None) -> float | None:
    """Return the first value of a key, of one of its axes if it has several."""
    return next((value for value in _values(root, key, axis) if value is not None), None)


def _values(root: ElementTree.Element, key: str, axis: str | None) -> Iterator[float | None]:
    for element in root.iter():
        if element.tag == "Key" and element.get("key") == (f"{key}_{axis}" if axis else key):
            yield numeric(element, "value")
        elif element.tag == "PVStateValue" and element.get("key") == key:
            if axis is None:
                yield numeric(element, "value")
            yield from (numeric(part, "value") for part in element if part.get("index") == axis)
