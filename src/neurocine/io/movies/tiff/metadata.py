"""Frame rate and pixel size from what microscopes write into TIFF files: OME, ImageJ, ScanImage."""

from __future__ import annotations

import logging
import re
from xml.etree import ElementTree

import tifffile

from neurocine.io.movies.metadata import square_size

logger = logging.getLogger(__name__)

_MICROMETRES = {"µm": 1.0, "μm": 1.0, "um": 1.0, "micron": 1.0, "microns": 1.0, "micrometer": 1.0}
_MICROMETRES |= {"\\u00b5m": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6}
_SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "min": 60.0}
_NUMBER = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")


def rate_and_size(tif: tifffile.TiffFile) -> tuple[float | None, float | None]:
    """Return frames per second and µm per pixel, None for what the file doesn't give.

    Pixels that aren't square give no size: neurocine has one scale for both axes.
    """
    if tif.is_ome:
        interval, sizes = _ome(tif.ome_metadata or "")
    elif tif.is_imagej:
        interval, sizes = _imagej(tif)
    elif tif.is_scanimage:
        interval, sizes = _scanimage(scanimage_settings(tif))
    else:
        interval, sizes = None, []
    return (1 / interval if interval else None), square_size(sizes, tif.filename)


def scanimage_settings(tif: tifffile.TiffFile) -> dict[str, str]:
    """Return ScanImage's settings as text, by their full names."""
    tags = tif.pages.first.tags
    written = "\n".join(str(tags[name].value) for name in ("Software", "ImageDescription") if name in tags)
    lines = (line.partition("=") for line in written.splitlines())
    settings = {key.strip(): value.strip() for key, _, value in lines if value}
    frame_data = (tif.scanimage_metadata or {}).get("FrameData") or {}
    return settings | {key: str(value) for key, value in frame_data.items()}


def scanimage_axes(settings: dict[str, str]) -> dict[str, int]:
    """Return how many channels (C) and planes (Z) ScanImage interleaved."""
    channels = numbers(settings.get("SI.hChannels.channelSave", ""))
    stacked = any(
        settings.get(key, "").lower() in ("true", "1")
        for key in ("SI.hStackManager.enable", "SI.hFastZ.enable")
    )
    planes = numbers(
        settings.get("SI.hStackManager.actualNumSlices", settings.get("SI.hStackManager.numSlices", ""))
    )
    return {"C": max(1, len(channels)), "Z": int(planes[0]) if stacked and planes else 1}


def numbers(value: str) -> list[float]:
    """Return all numbers in `value`, such as MATLAB's ``[1;2]``."""
    return [float(number) for number in _NUMBER.findall(value)]


def _ome(xml: str) -> tuple[float | None, list[float]]:
    try:
        pixels = ElementTree.fromstring(xml).find(".//{*}Pixels")
    except ElementTree.ParseError:
        return None, []
    if pixels is None:
        return None, []
    interval = _scaled(pixels.get("TimeIncrement"), _SECONDS.get(pixels.get("TimeIncrementUnit", "s")))
    sizes = [
        _scaled(
            pixels.get(f"PhysicalSize{axis}"), _MICROMETRES.get(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
        )
        for axis in "XY"
    ]
    return interval, [size for size in sizes if size]


def _imagej(tif: tifffile.TiffFile) -> tuple[float | None, list[float]]:
    metadata = tif.imagej_metadata or {}
    interval = _scaled(metadata.get("finterval"), _SECONDS.get(str(metadata.get("tunit", "s"))))
    unit = _MICROMETRES.get(str(metadata.get("unit", "")).lower())
    tags = tif.pages.first.tags
    sizes = []
    for name in ("XResolution", "YResolution"):
        pixels, units = tags[name].value if name in tags else (0, 0)
        if unit and pixels and units:
            sizes.append(unit * units / pixels)
    return interval, sizes


def _scanimage(settings: dict[str, str]) -> tuple[float | None, list[float]]:
    rate: list[float] = []
    for key in ("SI.hRoiManager.scanFrameRate", "scanimage.SI4.scanFrameRate", "state.acq.frameRate"):
        rate = rate or numbers(settings.get(key, ""))
    averaged = numbers(settings.get("SI.hScan2D.logAverageFactor", "1")) or [1.0]
    corners = numbers(settings.get("SI.hRoiManager.imagingFovUm", ""))
    sizes = []
    for start, key in ((0, "pixelsPerLine"), (1, "linesPerFrame")):
        pixels = numbers(settings.get(f"SI.hRoiManager.{key}", ""))
        edge = corners[start::2]
        if pixels and pixels[0] > 0 and len(edge) > 1:
            sizes.append((max(edge) - min(edge)) / pixels[0])
    return (averaged[0] / rate[0] if rate and rate[0] > 0 else None), [size for size in sizes if size > 0]


def _scaled(value: object, unit: float | None) -> float | None:
    values = numbers(str(value)) if value is not None else []
    return values[0] * unit if values and unit and values[0] > 0 else None
