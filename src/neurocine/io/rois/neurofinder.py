"""Neurofinder's ``regions.json``: a list of ``{"coordinates": [[row, column], ...]}``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from neurocine.core import InputError, RoiSet
from neurocine.io.atomic import write_text
from neurocine.io.rois.fov import FovShape, agreed_fov


def read(path: Path, fov_shape: FovShape | None) -> RoiSet:
    """Return the ROIs of a ``regions.json``, numbered by their order.

    Raises
    ------
    InputError
        If it isn't such a file, or `fov_shape` isn't given: the file has none.
    """
    try:
        regions = json.loads(path.read_text(encoding="utf-8"))
        pixels = [np.asarray(region["coordinates"], dtype=np.int64).reshape(-1, 2) for region in regions]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            path,
            "content",
            f"isn't a list of regions with coordinates ({error!r})",
            'Neurofinder\'s layout is [{"coordinates": [[row, column], ...]}, ...].',
        ) from error
    return RoiSet.from_pixels(
        agreed_fov(path, None, fov_shape),
        [(part[:, 0], part[:, 1], None) for part in pixels],
        engine="given",
        source=str(path),
    )


def write(path: Path, rois: RoiSet) -> None:
    """Write a ``regions.json``; it holds the pixels, in the order of the ROIs, without weights."""
    regions = [
        {"coordinates": np.stack([y, x], axis=1).tolist()}
        for y, x, _ in (rois.pixels(i) for i in range(len(rois)))
    ]
    write_text(path, json.dumps(regions, separators=(",", ":")))
