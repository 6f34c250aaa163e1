"""Rate and pixel size that ImageJ and Fiji write into TIFF files."""

from __future__ import annotations

import tifffile

from neurocine.io.movies.tiff.scanimage import numbers
from neurocine.io.movies.tiff.units import micrometres, seconds


def interval_and_edges(tif: tifffile.TiffFile) -> tuple[float | None, list[float]]:
    """Return seconds per frame, None if unknown, and width and height of a pixel in µm, empty if unknown."""
    metadata = tif.imagej_metadata or {}
    return _interval(metadata), _edges(tif, metadata)


def _interval(metadata: dict[str, object]) -> float | None:
    given = numbers(str(metadata.get("finterval", "")))
    unit = seconds(str(metadata.get("tunit") or "s"))
    if given and given[0] > 0 and unit:
        return given[0] * unit
    rate = numbers(str(metadata.get("fps", "")))
    return 1 / rate[0] if rate and rate[0] > 0 else None


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
