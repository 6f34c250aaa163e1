"""Stacks of masks: ``.npy`` or ``.npz`` of (N, Y, X), or ``.npz`` of pixel coordinates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError, RoiSet
from neurocine.io.rois.datasets import choose_dataset
from neurocine.io.rois.fov import FovShape, agreed_fov
from neurocine.io.rois.registry import ROI_FORMATS, RoiFormat
from neurocine.io.safe.npy import load_array, load_arrays

#: A coordinate file: shape (n, Y, X), and number of the mask, row and column of each pixel.
COORDINATES = ("shape", "k", "y", "x")


def matches(path: Path) -> bool:
    """Return whether the NumPy file at `path` holds a stack, or several arrays."""
    return path.suffix.lower() == ".npz" or load_array(path, mapped=True).ndim == 3


def read(path: Path, fov_shape: FovShape | None, dataset: str | None = None) -> RoiSet:
    """Return one ROI for each mask; values above zero are weights, empty masks are left out.

    An ``.npz`` file may hold several stacks, of which `dataset` names one.

    Raises
    ------
    InputError
        If the file can't be read or holds something else.
    """
    is_archive = path.suffix.lower() == ".npz"
    arrays = load_arrays(path) if is_archive else {"masks": load_array(path, mapped=True)}
    if dataset is None and set(COORDINATES) <= set(arrays):
        return _from_coordinates(path, arrays, fov_shape)
    stacks = {name: array for name, array in arrays.items() if array.ndim == 3}
    if not stacks:
        listed = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise InputError(
            path,
            "masks",
            f"expected one stack (N, Y, X), the file holds {listed}",
            f"Save one stack, or the arrays {', '.join(COORDINATES)}.",
        )
    stack = choose_dataset(path, stacks, dataset, "masks")
    if fov_shape is not None and stack.shape[:2] == fov_shape != stack.shape[1:]:
        stack = np.moveaxis(stack, -1, 0)  # (Y, X, N), as MATLAB's users have it
    full = [i for i, mask in enumerate(stack) if np.any(mask > 0)]
    return RoiSet.from_pixels(
        agreed_fov(path, stack.shape[1:], fov_shape),
        [(*np.nonzero(stack[i] > 0), stack[i][stack[i] > 0]) for i in full],
        ids=full,
        engine="given",
        source=str(path),
    )


def _from_coordinates(path: Path, arrays: dict[str, NDArray[Any]], fov_shape: FovShape | None) -> RoiSet:
    shape = arrays["shape"]
    number, y, x = (arrays[name].astype(np.int64) for name in COORDINATES[1:])
    if shape.shape != (3,) or not number.shape == y.shape == x.shape or number.ndim != 1:
        raise InputError(
            path,
            "shape, k, y, x",
            f"have shapes {shape.shape}, {number.shape}, {y.shape} and {x.shape}",
            "Give shape = (n, height, width) and one k, y and x for each pixel.",
        )
    order = np.argsort(number, kind="stable")
    ids, starts = np.unique(number[order], return_index=True)
    parts = np.split(order, starts[1:]) if len(ids) else []
    return RoiSet.from_pixels(
        agreed_fov(path, (int(shape[1]), int(shape[2])), fov_shape),
        [(y[part], x[part], None) for part in parts],
        ids=ids,
        engine="given",
        source=str(path),
    )


ROI_FORMATS.register(
    RoiFormat(name="masks", suffixes=(".npy", ".npz"), matches=matches, read=read, has_datasets=True)
)
