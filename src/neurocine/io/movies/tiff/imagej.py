"""Rate and pixel size that ImageJ and Fiji write into TIFF files."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import tifffile

from neurocine.io.movies.tiff.scanimage import numbers
from neurocine.io.movies.tiff.units import micrometres, seconds

logger = logging.getLogger(__name__)


def interval_and_edges(path: Path, tif: tifffile.TiffFile) -> tuple[float | None, list[float]]:
    """Return seconds per frame, None if unknown, and width and height of a pixel in µm, empty if unknown."""
    metadata = tif.imagej_metadata or {}
    return _interval(path, metadata), _edges(tif, metadata)


def is_signed(tif: tifffile.TiffFile) -> bool:
    """Return whether a file of ImageJ holds signed integers of 16 bits, which it stores without sign."""
    metadata = tif.imagej_metadata or {}
    line = [numbers(str(metadata.get(name, ""))) for name in ("c0", "c1")]
    return line == [[-32768], [1]] and tif.pages.first.dtype == np.uint16


def _interval(path: Path, metadata: dict[str, object]) -> float | None:
    given = numbers(str(metadata.get("finterval", "")))
    unit = seconds(str(metadata.get("tunit") or "s"))
    if given and given[0] > 0 and unit:
        return given[0] * unit
    rate = numbers(str(metadata.get("fps", "")))
    if not rate or rate[0] <= 0:
        return None
    logger.warning(
        "%s: its only frame rate is fps, %g Hz, at which ImageJ plays it. If another is right, "
        "give that as frame_rate_hz, with override",
        path, rate[0],
    )  # fmt: skip
    return 1 / rate[0]


def _edges(tif: tifffile.TiffFile, metadata: dict[str, object]) -> list[float]:
    """Return the edges; the resolution is given in pixels per ``unit``, and ``yunit`` if that is another."""
    tags = tif.pages.first.tags
    unit = str(metadata.get("unit") or "")
    edges = []
    for name, own in (("XResolution", unit), ("YResolution", str(metadata.get("yunit") or unit))):
        pixels, units = tags[name].value if name in tags else (0, 0)
        size = micrometres(own)
        if size and pixels and units:
            edges.append(size * units / pixels)
    return edges
