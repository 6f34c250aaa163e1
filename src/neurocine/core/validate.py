"""Checks shared by the classes of this package."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from neurocine.core.errors import InputError


def as_array(
    value: ArrayLike, dtype: DTypeLike | None, shape: tuple[int | None, ...], where: str, field: str
) -> NDArray[Any]:
    """Return `value` as an array of `dtype` and `shape`; None in `shape` admits any length.

    Raises
    ------
    InputError
        If the shape differs; both shapes are named.
    """
    array = np.asarray(value, dtype=dtype)
    fits = array.ndim == len(shape) and all(
        want is None or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = tuple("any" if n is None else n for n in shape)
        raise InputError(
            where,
            field,
            f"has shape {array.shape}, expected {wanted}",
            "Check the array, or the file that it comes from.",
        )
    return array


#: Largest field of view in pixels, 11,585 x 11,585: more than any microscope has.
MAX_PIXELS = 2**27


def check_fov(fov_shape: tuple[int, int], where: str) -> None:
    """Raise `InputError` unless height and width (Y, X) are those of a picture."""
    height, width = fov_shape
    if height < 1 or width < 1 or int(height) * int(width) > MAX_PIXELS:
        raise InputError(
            where,
            "fov_shape",
            f"is {height} x {width}, expected 1 to {MAX_PIXELS:,} pixels in all",
            "Check whether the file has the size of the recorded movie.",
        )


def check_edges(fov_shape: tuple[int, int], least: int, where: str, step: str, remedy: str = "") -> None:
    """Raise `InputError` if a picture (Y, X) has an edge of fewer than `least` pixels, too few for `step`."""
    height, width = fov_shape
    if min(height, width) < least:
        raise InputError(
            where,
            "frames",
            f"are {height} x {width} pixels (height x width), too small for {step}",
            f"It needs {least} pixels along each edge: check crop, dataset and the order of axes{remedy}.",
        )


def positive(value: float, where: str, field: str, unit: str) -> float:
    """Return `value` as a float, or raise `InputError` unless it is finite and above zero."""
    number = float(value)
    if not np.isfinite(number) or number <= 0:
        raise InputError(where, field, f"is {value!r}", f"It must be a positive number in {unit}.")
    return number


def unique_ids(ids: ArrayLike, where: str) -> NDArray[np.int64]:
    """Return ROI ids as a 1-D int64 array, or raise `InputError` if one occurs twice."""
    array = np.asarray(as_array(ids, np.int64, (None,), where, "ids"), dtype=np.int64)
    values, counts = np.unique(array, return_counts=True)
    if np.any(counts > 1):
        raise InputError(
            where,
            "ids",
            f"id {values[counts > 1][0]} occurs more than once",
            "Give each ROI an id of its own.",
        )
    return array
