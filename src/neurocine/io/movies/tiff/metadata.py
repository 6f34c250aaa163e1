"""What microscopes and programs write into TIFF files: channels, planes, frame rate and pixel size."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import tifffile

from neurocine.io.movies.layout import Layout
from neurocine.io.movies.metadata import square_size
from neurocine.io.movies.tiff import imagej, ome, scanimage
from neurocine.io.movies.tiff.axes import check_grey, layout_of_axes
from neurocine.io.movies.tiff.regions import regions_of

logger = logging.getLogger(__name__)

#: Two times between frames that differ by this share contradict each other.
_DIFFERS = 0.05
#: The time between volumes is longer than this times that between pages.
_VOLUME = 1.5


@dataclass(frozen=True)
class Header:
    """What a TIFF file says of itself; None for what it doesn't say.

    Attributes
    ----------
    frame_rate_hz
        Frames per second of one channel of one plane.
    pixel_size_um
        µm per pixel; pixels that aren't square have none.
    layout
        Channels and planes.
    is_volume_rate
        Whether the rate is that of one plane even if the user says that planes alternate.
    """

    frame_rate_hz: float | None = None
    pixel_size_um: float | None = None
    layout: Layout | None = None
    is_volume_rate: bool = False


def header_of(path: Path, tif: tifffile.TiffFile, axes: str, shape: tuple[int, ...]) -> Header:
    """Return what the file says.

    Parameters
    ----------
    path, tif
        The file.
    axes, shape
        Its axes, slowest first, and their lengths, as for `layout_of_axes`.

    Raises
    ------
    InputError
        If there is colour, or frames can't be told apart as channels, planes and times.
    """
    settings = {} if tif.is_ome or tif.is_imagej else scanimage.settings_of(tif)
    if settings:
        check_grey(path, axes, shape)
        rate, is_volume_rate = scanimage.rate(path, settings)
        layout = replace(scanimage.layout(path, settings), regions=regions_of(path, tif, settings))
        page = tif.pages.first
        picture = (int(page.imagelength), int(page.imagewidth))
        # Each region has pixels of its own.
        size = None if layout.regions else square_size(scanimage.edges(path, settings, picture), path)
        return Header(rate, size, layout, is_volume_rate)
    pixels = ome.pixels_of(tif.ome_metadata or "") if tif.is_ome else None
    alternating = layout_of_axes(path, axes, shape, pixels.channels if pixels else None)
    is_volume_rate = False
    if pixels is not None:
        interval = pixels.interval_s
        if len(tif.pages) > 1 and (interval is None or "DeltaT=" in (tif.ome_metadata or "")):
            of_pages = ome.interval_of_planes(tif.ome_metadata or "")
            # A time that passes while several pages are recorded is that of a volume.
            is_volume_rate = bool(interval and of_pages and interval > _VOLUME * of_pages)
            if interval and of_pages and abs(interval / of_pages - 1) > _DIFFERS:
                logger.warning(
                    "%s: TimeIncrement is %.4g s, but DeltaT rises by %.4g s from page to page: %.4g Hz is "
                    "taken. If the rate is %.4g Hz, give that as frame_rate_hz, with override",
                    path, interval, of_pages, 1 / interval, 1 / of_pages,
                )  # fmt: skip
            interval = interval or of_pages
        edges = list(pixels.edges_um)
    else:
        interval, edges = imagej.interval_and_edges(path, tif) if tif.is_imagej else (None, [])
    return Header(1 / interval if interval else None, square_size(edges, path), alternating, is_volume_rate)
