"""Label images: one picture of integers, 0 for background, in TIFF, PNG or NumPy's format."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.core import InputError, RoiSet
from neurocine.io.atomic import atomic_path
from neurocine.io.movies import tiff
from neurocine.io.rois.fov import FovShape, agreed_fov
from neurocine.io.rois.pictures.png import read_png
from neurocine.io.rois.registry import ROI_FORMATS, RoiFormat
from neurocine.io.safe.damage import reraise_as_input_error
from neurocine.io.safe.npy import load_array

logger = logging.getLogger(__name__)

_READERS = {".npy": load_array, ".png": read_png}


def matches(path: Path) -> bool:
    """Return whether the NumPy file at `path` holds one picture."""
    return path.suffix.lower() != ".npy" or load_array(path, mapped=True).ndim == 2


def read(path: Path, fov_shape: FovShape | None, dataset: str | None = None) -> RoiSet:
    """Return the ROIs of a label image; the labels become their ids.

    Raises
    ------
    InputError
        If the file can't be read or isn't one picture of integers.
    """
    read_picture = _READERS.get(path.suffix.lower(), tiff.read_picture)
    with reraise_as_input_error(path, "a readable picture", "Save the label image again."):
        labels = read_picture(path)
    return roi_set(path, labels, fov_shape)


def roi_set(path: Path, labels: NDArray[Any], fov_shape: FovShape | None) -> RoiSet:
    """Return the ROIs of the label image (Y, X) in a file; one label on many pieces is warned of.

    Raises
    ------
    InputError
        If it isn't one picture of integers, or isn't of the field of view.
    """
    if labels.ndim != 2:
        raise InputError(
            path, "labels", f"have shape {labels.shape}, expected (Y, X)", "Give one label image."
        )
    agreed_fov(path, (labels.shape[0], labels.shape[1]), fov_shape)
    labels = _whole_numbers(path, labels)
    rois = RoiSet.from_label_image(labels, engine="given", source=str(path))
    n_pieces = int(ndimage.label(labels, np.ones((3, 3)))[1]) if len(rois) == 1 else 1
    if n_pieces > 1:
        logger.warning(
            "%s: all %d pieces have the same label and are one ROI: if this is a mask of all cells, number "
            "its pieces, as scipy.ndimage.label or Fiji's Connected Components Labeling does",
            path,
            n_pieces,
        )
    return rois


def _whole_numbers(path: Path, labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels as integers with 0 as background: others store them as floats, or number from -1 or 0."""
    if labels.dtype.kind == "f" and np.array_equal(labels, np.rint(labels)):
        labels = labels.astype(np.int64)
    if labels.dtype.kind != "i" or not labels.size or labels.min() >= 0:
        return labels
    # Early versions of Cellpose numbered cells from 0 and the background -1.
    if labels.min() == -1:
        return labels + 1
    raise InputError(
        path,
        "labels",
        f"are {labels.min()} to {labels.max()}",
        "Number the cells from 1, with 0 as background.",
    )


def write(path: Path, rois: RoiSet) -> None:
    """Write a label image; labels are the ids, or id + 1 where there is an id 0.

    Raises
    ------
    InputError
        If two ROIs share a pixel, which one picture can't hold, or an id is negative.
    """
    image = label_image(rois, str(path))
    with atomic_path(path) as part:
        if path.suffix.lower() == ".npy":
            np.save(part, image, allow_pickle=False)
        else:
            tifffile.imwrite(part, image, compression="zlib", software="neurocine")


def label_image(rois: RoiSet, where: str) -> np.ndarray[tuple[int, int], np.dtype[np.uint32]]:
    """Return the ROIs as a label image (Y, X) of uint32."""
    lowest = int(rois.ids.min()) if len(rois) else 1
    if lowest < 0:
        raise InputError(where, "ids", f"ROI {lowest} has a negative id", "Renumber the ROIs from 0.")
    if lowest == 0:
        logger.warning("%s: labels are the ROI ids plus 1, as 0 is the background", where)
    labels = np.repeat(rois.ids + (lowest == 0), rois.areas())
    image = np.zeros(rois.fov_shape, dtype=np.uint32)
    image[rois.y, rois.x] = labels
    covered = image[rois.y, rois.x] != labels
    if covered.any():
        pixel = int(np.argmax(covered))
        below = int(labels[pixel]) - (lowest == 0)
        above = int(image[rois.y[pixel], rois.x[pixel]]) - (lowest == 0)
        raise InputError(
            where,
            "overlap",
            f"ROIs {below} and {above} share the pixel (y={rois.y[pixel]}, x={rois.x[pixel]})",
            "A label image can't hold overlapping ROIs: write rois.h5, regions.json or suite2p's folder.",
        )
    return image


ROI_FORMATS.register(
    RoiFormat(
        name="labels",
        suffixes=(".tif", ".tiff", ".png", ".npy"),
        matches=matches,
        read=read,
        write=write,
        written_as=(".tif", ".tiff", ".npy"),
    )
)
