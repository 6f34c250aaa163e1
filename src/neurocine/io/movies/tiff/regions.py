"""Regions of ScanImage's multi-ROI imaging: strips of one picture, with filler rows between them.

Each page holds the regions of its plane one below the other. The tag ``Artist`` describes them as JSON:
regions of scanfields, each at a depth. A region is scanned at the depths of its scanfields if it is in
discrete-plane mode; else at all depths between them, with a size in between, and at every depth if there is
only one. Sources: scanreader, and suite2p's script for the mesoscope.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from neurocine.io.movies.layout import Region
from neurocine.io.movies.metadata import square_size
from neurocine.io.movies.tiff import scanimage

logger = logging.getLogger(__name__)

#: Rows and columns of a region at a depth; None if it isn't scanned there.
_Size = tuple[int, int] | None


def regions_of(path: Path, tif: tifffile.TiffFile, settings: scanimage.Settings) -> tuple[Region, ...]:
    """Return the regions of each picture; none if it is a single one."""
    if settings.get("SI.hRoiManager.mroiEnable", "0").lower() not in ("1", "true"):
        return ()
    page = tif.pages.first
    try:
        described = _described(page)
        sizes = _sizes(described, scanimage.stack(path, settings).n_planes, settings)
        rows = _rows(sizes, page.imagelength)
        resolution = scanimage.number(settings, "objective")
        edges = [_edges(region, resolution) for region in described]
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError, RecursionError) as error:
        logger.warning(
            "%s: it was recorded in several regions, but where these are can't be read (%r): each picture is "
            "read as it is stored, with the regions one below the other. Choose one by the column crop",
            path, error,
        )  # fmt: skip
        return ()
    names = _names([str(region.get("name") or "") for region in described])
    return tuple(
        Region(name, placed, tuple(size and range(size[1]) for size in sizes_of), square_size(edge, path))
        for name, placed, sizes_of, edge in zip(names, rows, sizes, edges, strict=True)
    )


def _described(page: tifffile.TiffPage) -> list[Mapping[str, Any]]:
    """Return the regions as ScanImage describes them, without those that are switched off."""
    text = str(page.tags["Artist"].value)
    regions = json.loads(text[: text.rindex("}") + 1])["RoiGroups"]["imagingRoiGroup"]["rois"]
    listed = [regions] if isinstance(regions, dict) else list(regions)
    return [region for region in listed if region.get("enable", 1)]


def _sizes(
    described: Sequence[Mapping[str, Any]], n_planes: int, settings: scanimage.Settings
) -> list[list[_Size]]:
    """Return the size of each region in each plane."""
    depths: list[float | None] = list(scanimage.numbers(scanimage.value(settings, "depths") or ""))
    known = len(depths) == n_planes
    sizes = [[_size_at(region, depth) for depth in depths] for region in described] if known else []
    if any(size for plane in sizes for size in plane):
        return sizes
    return [[_size_at(region, None)] * n_planes for region in described]


def _size_at(region: Mapping[str, Any], depth: float | None) -> _Size:
    """Return rows and columns of a region at a depth; of its first scanfield if depths aren't known."""
    fields, zs = _scanfields(region)
    if depth is not None and region.get("discretePlaneMode"):
        fields = [field for field, z in zip(fields, zs, strict=True) if z == depth]
    elif depth is not None and len(fields) > 1:
        if not min(zs) <= depth <= max(zs):
            return None
        order = np.argsort(zs)
        edges = [[int(field["pixelResolutionXY"][axis]) for field in fields] for axis in (1, 0)]
        between = [np.interp(depth, np.take(zs, order), np.take(edge, order)) for edge in edges]
        rows, columns = (round(float(edge) / 2) * 2 for edge in between)
        return rows, columns
    if not fields:
        return None
    columns, rows = (int(n) for n in fields[0]["pixelResolutionXY"])
    return rows, columns


def _scanfields(region: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], list[float]]:
    fields, zs = region["scanfields"], region["zs"]
    listed = [fields] if isinstance(fields, dict) else list(fields)
    return listed, [float(z) for z in np.atleast_1d(zs)][: len(listed)]


def _rows(sizes: Sequence[Sequence[_Size]], height: int) -> list[tuple[range | None, ...]]:
    """Return the rows of each region in each plane of pictures of `height` rows.

    The filler between regions takes what is left in the plane with the most rows.
    """
    planes = [[size[0] if size else 0 for size in plane] for plane in zip(*sizes, strict=True)]
    fullest = max(planes, key=sum)
    n_gaps = max(1, sum(rows > 0 for rows in fullest) - 1)
    filler, rest = divmod(height - sum(fullest), n_gaps)
    if filler < 0 or rest:
        raise ValueError(f"regions of {sum(fullest)} rows in pictures of {height}")
    starts = [
        [sum(rows + filler for rows in plane[:i] if rows) for i in range(len(plane))] for plane in planes
    ]
    return [
        tuple(
            range(starts[plane][i], starts[plane][i] + rows[i]) if rows[i] else None
            for plane, rows in enumerate(planes)
        )
        for i in range(len(sizes))
    ]


def _edges(region: Mapping[str, Any], resolution: float | None) -> list[float]:
    """Return width and height of a pixel in µm, from the size in degrees and µm per degree."""
    field = _scanfields(region)[0][0]
    if not resolution or "sizeXY" not in field:
        return []
    pairs = zip(field["sizeXY"], field["pixelResolutionXY"], strict=True)
    return [float(size) * resolution / float(pixels) for size, pixels in pairs]


def _names(given: Sequence[str]) -> list[str]:
    """Return a name of its own for each region: its number where it has none, or that of another."""
    count = Counter(given)
    return [
        name if name and count[name] == 1 else f"{name} {i}" if name else f"ROI {i}"
        for i, name in enumerate(given, 1)
    ]
