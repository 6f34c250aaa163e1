"""Which dataset of a file is the movie, and which of its axes is time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import FrameSource, InputError, SeveralDatasets
from neurocine.io.movies.frames import Reordered
from neurocine.io.movies.layout import Layout, channel_names

logger = logging.getLogger(__name__)

#: Shortest last axis that can look like time, frames.
_MIN_TIME = 100

#: Largest array with time as last axis that is read, bytes: each block of frames reads all of it.
MOST_TIME_LAST = 2 * 1024**3

#: Shortest edge of a picture, pixels.
_MIN_EDGE = 16

#: Points along each axis at which an array's pictures are compared.
_SAMPLED = 40
#: Pictures across the last axis that repeat as much, and more than those across the first by as much, are
#: frames. In raw movies of time first, the difference was -.9 to -.2.
_REPEATED, _REPEATED_MORE = 0.5, 0.3


def may_be_movie(array: Any) -> bool:
    """Return whether an array has three axes longer than 1, or axes labelled as time, rows and columns."""
    return labelled_axes(array) is not None or unlabelled_axes(array.shape) is not None


def pick_dataset(
    path: Path,
    arrays: Mapping[str, Any],
    dataset: str | None,
    noun: str = "dataset",
    may_be_movie: Callable[[Any], bool] = may_be_movie,
) -> tuple[str, Any]:
    """Return name and array of the movie among `arrays`: the one named `dataset`, or the only one.

    Raises
    ------
    InputError
        If `dataset` isn't there, or there are none or several to choose from; the message lists them.
    """
    listed = ", ".join(f"{name} {tuple(array.shape)}" for name, array in sorted(arrays.items())) or "nothing"
    if dataset is not None:
        wanted = dataset.strip("/")
        if wanted not in arrays:
            raise InputError(
                path,
                noun,
                f"{dataset!r} isn't in the file, which holds {listed}",
                f"Choose one of these {noun}s.",
            )
        return wanted, arrays[wanted]
    movies = [
        name
        for name, array in sorted(arrays.items())
        if np.dtype(array.dtype).kind in "iuf" and may_be_movie(array)
    ]
    if not movies:
        raise InputError(
            path,
            noun,
            f"none of them is a movie (T, Y, X) of numbers; the file holds {listed}",
            "Save one plane and channel as (T, Y, X).",
        )
    if len(movies) > 1:
        raise SeveralDatasets(
            path,
            noun,
            f"several could be the movie: {', '.join(f'{m} {tuple(arrays[m].shape)}' for m in movies)}",
            "Choose one by its name: column dataset of the recordings table, or --dataset.",
            tuple(movies),
        )
    return movies[0], arrays[movies[0]]


def labelled_axes(array: Any) -> str | None:
    """Return a letter per axis of an array with labelled dimensions, such as SIMA's ``tzyxc``; else None.

    Labels are those of HDF5's dimensions, Zarr's ``dimension_names``, or xarray's ``_ARRAY_DIMENSIONS``.
    """
    labels = [str(getattr(axis, "label", "")) for axis in getattr(array, "dims", ())]
    if not labels:
        named = getattr(getattr(array, "metadata", None), "dimension_names", None)
        named = named or dict(getattr(array, "attrs", {})).get("_ARRAY_DIMENSIONS")
        labels = [str(name or "") for name in named] if isinstance(named, list | tuple) else []
    letters = "".join(label[:1].lower() or "_" for label in labels)
    known = {"t", "y", "x"} <= set(letters) <= set("tzyxc") and len(set(letters)) == len(letters)
    return letters if known and len(letters) == len(array.shape) else None


def unlabelled_axes(shape: Sequence[int], order: str = "tyx") -> str | None:
    """Return a letter per axis of an array in `order` that may have further axes of length 1, else None."""
    long = [i for i, n in enumerate(shape) if n > 1] if len(shape) > 3 else range(len(shape))
    if len(long) != 3:
        return None
    letters = dict(zip(long, order, strict=True))
    return "".join(letters.get(i, "_") for i in range(len(shape)))


def as_frames(
    path: Path, array: Any, *, matlab: bool = False, channels: Sequence[str] = ()
) -> tuple[FrameSource, Layout | None]:
    """Return an array as frames (N, Y, X), and how channels and planes follow one another in them.

    Axes are what their labels say. Without labels, axes of length 1 are left out, and the first of three is
    time, unless the shape and the values say that it is the last: then a warning says so.

    Parameters
    ----------
    path
        The file, for messages.
    array
        An array of NumPy, HDF5 or Zarr.
    matlab
        Whether MATLAB wrote it, which stores the axes from the last to the first: (Y, X, T) as (T, X, Y).
    channels
        Names of the channels, if known.

    Raises
    ------
    InputError
        If it has more axes and no labels, or if the last axis looks like time and can't be read so.
    """
    axes = labelled_axes(array)
    if axes is None:
        axes = unlabelled_axes(array.shape, "txy" if matlab else "tyx")
        if (
            axes is not None
            and len(axes) == 3
            and 0 not in array.shape
            and _time_is_last(path, array, matlab)
        ):
            axes = "xyt" if matlab else "yxt"
    if axes is None:
        raise InputError(
            path,
            "axes",
            f"{tuple(array.shape)} has more than time, rows and columns",
            "Save one channel of one plane as (T, Y, X), or label the axes of the HDF5 dataset: "
            "dataset.dims[0].label = 't', and so on for z, y, x and c.",
        )
    frames: FrameSource = array if axes == "tyx" else Reordered(array, axes)
    return frames, _layout(axes, array.shape, channels)


def _layout(axes: str, shape: Sequence[int], channels: Sequence[str]) -> Layout | None:
    lengths = {axis: int(n) for axis, n in zip(axes, shape, strict=True) if axis in "tzc"}
    n_channels, n_planes = lengths.get("c", 1), lengths.get("z", 1)
    if n_channels == n_planes == 1:
        return None
    order = "".join(axis.upper() for axis in reversed(lengths))
    order = "".join(axis for axis in "CZ" if axis not in order) + order
    return Layout(channel_names(channels, n_channels), n_planes, order=order)


def looks_time_last(shape: Sequence[int]) -> bool:
    """Return whether a shape looks like (Y, X, T) rather than (T, Y, X).

    The last axis is then at least `_MIN_TIME` long, and either 1.8 times the two others, which are equal, or
    4 times the longer of them, which differ by half at most. Frames of such a width are rare in movies as
    short as that.
    """
    first, second, last = shape
    short, long = sorted((first, second))
    square = short == long and last >= 1.8 * long
    return last >= _MIN_TIME and (square or (long <= 1.5 * short and last >= 4 * long))


def _time_is_last(path: Path, array: Any, matlab: bool) -> bool:
    """Return whether the last axis is time, with a warning if so.

    Raises
    ------
    InputError
        If the shape says so but the values don't, or the array is too large to be read in that order.
    """
    shape = tuple(array.shape)
    suspected = looks_time_last(shape)
    if not suspected and (min(shape[:2]) < _MIN_EDGE or max(shape[:2]) > 2 * min(shape[:2])):
        return False  # The first two axes are no picture's.
    first, _, last = pictures_repeat(array)
    repeated = last > first if suspected else last > max(_REPEATED, first + _REPEATED_MORE)
    if not (suspected or repeated):
        return False
    in_order = isinstance(array, np.ndarray) and array.strides[-1] == max(array.strides)
    small = prod(shape) * np.dtype(array.dtype).itemsize <= MOST_TIME_LAST
    written, axis = (shape[::-1], "first") if matlab else (shape, "last")
    if repeated and (in_order or small):
        logger.warning(
            "%s: the %s axis of %s is read as time, as its pictures resemble each other. If it isn't, "
            "save the movie as TIFF",
            path,
            axis,
            written,
        )
        return True
    frames = (shape[0], *shape[:0:-1]) if matlab else shape
    how = "permute(movie, [2 3 1])" if matlab else "numpy.moveaxis(array, -1, 0)"
    wanted = "(Y, X, T)" if matlab else "(T, Y, X)"
    raise InputError(
        path,
        "axes",
        f"{written} would be {frames[0]} frames of {frames[1]} x {frames[2]} pixels, but the {axis} "
        "axis looks like time",
        f"Save the array as {wanted}, with {how}. If the sizes are right, save the movie as TIFF.",
    )


def pictures_repeat(array: Any) -> tuple[float, float, float]:
    """Return how much the pictures across the first, the middle and the last axis of an array repeat.

    This is the correlation between the means of the first and of the second half of the pictures. Frames
    show the same cells again and again; rows or columns over time don't. What all pixels of a slice across
    the other axis share, such as brightness, is taken out.
    """
    steps = tuple(slice(None, None, max(1, n // _SAMPLED)) for n in array.shape)
    sample = np.asarray(array[steps], dtype=np.float64)[:_SAMPLED, :_SAMPLED, :_SAMPLED]
    sample = np.where(np.isfinite(sample), sample, 0)
    across = (sample.transpose(order) for order in ((0, 1, 2), (1, 0, 2), (2, 1, 0)))
    first, middle, last = map(_halves_correlate, across)
    return first, middle, last


def other_time_axis(array: Any) -> int | None:
    """Return the axis of an array (T, Y, X) that looks like time if it isn't the first; else None."""
    first, *others = pictures_repeat(array)
    best = int(np.argmax(others))
    return 1 + best if others[best] > max(_REPEATED, first + _REPEATED_MORE) else None


def _halves_correlate(pictures: NDArray[np.float64]) -> float:
    """Return the correlation of the mean pictures of both halves along the first axis; 0 if one is flat."""
    different = pictures - pictures.mean(axis=(0, 1))
    half = len(pictures) // 2
    if half == 0:
        return 0.0
    one, two = different[:half].mean(0), different[half : 2 * half].mean(0)
    one, two = one - one.mean(), two - two.mean()
    scale = np.sqrt((one**2).sum() * (two**2).sum())
    return float((one * two).sum() / scale) if scale > 0 else 0.0
