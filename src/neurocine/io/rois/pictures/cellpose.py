"""Cellpose's ``_seg.npy``: a dict with a label image, read by a restricted unpickler."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurocine.core import InputError, RoiSet
from neurocine.io.rois.fov import FovShape
from neurocine.io.rois.pictures.labels import roi_set
from neurocine.io.rois.registry import ROI_FORMATS, RoiFormat
from neurocine.io.safe.npy import holds_one_object
from neurocine.io.safe.unpickle import load_dict

MASKS = "masks"


def matches(path: Path) -> bool:
    """Return whether the NumPy file at `path` holds a single Python object, such as a dict."""
    return holds_one_object(path)


def read(path: Path, fov_shape: FovShape | None, dataset: str | None = None) -> RoiSet:
    """Return the ROIs of a file that Cellpose or its GUI saved; the labels become their ids.

    Raises
    ------
    InputError
        If the file holds more than plain values and arrays, no masks, or those of several planes.
    """
    content = load_dict(path)
    if MASKS not in content:
        keys = ", ".join(sorted(map(str, content))[:8])
        raise InputError(
            path,
            MASKS,
            f"isn't in the file, which holds {keys or 'nothing'}",
            "Give Cellpose's _seg.npy, or the whole folder if suite2p wrote this file.",
        )
    masks = np.asarray(content[MASKS])
    if masks.ndim == 3 and len(masks) == 1:
        masks = masks[0]
    return roi_set(path, masks, fov_shape)


ROI_FORMATS.register(RoiFormat(name="cellpose", suffixes=(".npy",), matches=matches, read=read))
