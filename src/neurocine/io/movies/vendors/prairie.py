"""Bruker's PrairieView: the ``.xml`` beside the TIFF files of a recording, of versions 4 and 5.

Version 5 keeps values as attributes of ``PVStateValue``, those with several axes in ``IndexedValue``; version
4 as ``Key``, with the axis in the name.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from neurocine.core import InputError
from neurocine.io.movies.metadata import square_size
from neurocine.io.movies.times import numbers_of
from neurocine.io.movies.vendors.xml import numeric, parse

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """What PrairieView says of a recording.

    Attributes
    ----------
    n_planes
        Frames in each cycle if a cycle is a volume, else 1.
    has_pages
        Whether a file holds several frames, one per page.
    channels
        Names of the channels by their numbers, as in the names of the files.
    frame_rate_hz
        Frames per second of one channel of one plane; None if unknown.
    pixel_size_um
        µm per pixel; None if unknown, or if pixels aren't square.
    numbers
        The number of each frame of a plane, from 1, by its time, where frames that are missing count, and
        pauses between cycles; empty if unknown.
    """

    n_planes: int
    channels: Mapping[int, str]
    frame_rate_hz: float | None
    pixel_size_um: float | None
    has_pages: bool = False
    numbers: tuple[int, ...] = ()


def settings_of(picture: Path) -> Path | None:
    """Return the ``NAME.xml`` of a TIFF file called ``NAME_Cycle00001_Ch1_000001.ome.tif``, or None."""
    name, cycle, _ = picture.name.partition("_Cycle")
    path = picture.with_name(f"{name}.xml")
    return path if cycle and path.is_file() else None


def read_settings(path: Path) -> Settings:
    """Return what PrairieView's ``.xml`` says of a recording.

    The rate comes from the times of frames: of the first in each cycle if a cycle is a volume, else of all in
    a cycle. Without frames, it comes from the period that was set, and the number of pictures averaged.

    Raises
    ------
    InputError
        If it isn't XML, or not PrairieView's.
    """
    root = parse(path)
    if root.tag != "PVScan":
        raise InputError(
            path, "content", f"is {root.tag}, not PVScan", "Use the file that PrairieView wrote."
        )
    cycles = [times for times in map(_times, root.iter("Sequence")) if times]
    volumes = len(cycles) > 1 and any("ZSeries" in one.get("type", "") for one in root.iter("Sequence"))
    if volumes and any(one.get("bidirectionalZ") == "True" for one in root.iter("Sequence")):
        logger.warning(
            "%s: bidirectionalZ is on: every second volume may have its planes in reverse order. Compare the "
            "planes before you use them",
            path,
        )
    times = [times[0] for times in cycles] if volumes else [time for times in cycles for time in times]
    numbers = numbers_of(np.array(times))
    edges = [_first(root, "micronsPerPixel", axis) for axis in ("XAxis", "YAxis")]
    return Settings(
        n_planes=max(map(len, cycles)) if volumes else 1,
        channels=dict(_channels(root)),
        frame_rate_hz=_rate(root, cycles, volumes),
        pixel_size_um=square_size([edge for edge in edges if edge and edge > 0], path),
        numbers=() if numbers is None else tuple(numbers.tolist()),
        has_pages=any((numeric(file, "page") or 1) > 1 for file in root.iter("File")),
    )


def _rate(root: ElementTree.Element, cycles: Sequence[Sequence[float]], volumes: bool) -> float | None:
    if volumes:
        intervals = np.diff([times[0] for times in cycles])
    else:
        intervals = np.concatenate([np.empty(0), *(np.diff(times) for times in cycles)])
    intervals = intervals[intervals > 0]
    if len(intervals):
        return float(1 / np.median(intervals))
    period, averaged = _first(root, "framePeriod"), _first(root, "rastersPerFrame") or 1
    return 1 / (period * averaged) if period and period > 0 and averaged > 0 else None


def _times(sequence: ElementTree.Element) -> Sequence[float]:
    """Return the times of the frames of a cycle, in seconds since the recording began."""
    times = [numeric(frame, "absoluteTime") for frame in sequence.iter("Frame")]
    return [time for time in times if time is not None]


def _channels(root: ElementTree.Element) -> Iterator[tuple[int, str]]:
    for file in root.iter("File"):
        number = numeric(file, "channel")
        if number is not None:
            yield int(number), file.get("channelName") or f"Ch{number:.0f}"


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
