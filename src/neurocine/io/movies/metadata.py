"""Choice of the movie among the datasets of a file; agreement of the user's metadata with the files'."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurocine.core import InputError, MetadataMissing

logger = logging.getLogger(__name__)

#: Shortest last axis that can look like time, frames.
_MIN_TIME = 100


def pick_dataset(
    path: Path, arrays: Mapping[str, Any], dataset: str | None, noun: str = "dataset"
) -> tuple[str, Any]:
    """Return name and array of the movie among `arrays`: the one named `dataset`, or the only 3-D one.

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
        if len(array.shape) == 3 and np.dtype(array.dtype).kind in "iuf"
    ]
    if not movies:
        raise InputError(
            path,
            noun,
            f"none of them is a movie (T, Y, X) of numbers; the file holds {listed}",
            "Save one plane and channel as (T, Y, X).",
        )
    if len(movies) > 1:
        raise InputError(
            path,
            noun,
            f"several could be the movie: {', '.join(f'{m} {tuple(arrays[m].shape)}' for m in movies)}",
            "Choose one by its name: column dataset of the recordings table, or --dataset.",
        )
    return movies[0], arrays[movies[0]]


def check_time_axis(path: Path, shape: Sequence[int]) -> None:
    """Raise `InputError` if an array looks like (Y, X, T) rather than (T, Y, X).

    The last axis is then at least `_MIN_TIME` long, and either 1.8 times the two others, which are equal, or
    4 times the longer of them, which differ by half at most. Frames of such a width are rare in movies as
    short as that.
    """
    if len(shape) != 3:
        return
    first, second, last = shape
    short, long = sorted((first, second))
    square = short == long and last >= 1.8 * long
    if last >= _MIN_TIME and (square or (long <= 1.5 * short and last >= 4 * long)):
        raise InputError(
            path,
            "axes",
            f"{(first, second, last)} would be {first} frames of {second} x {last} pixels, but the last "
            "axis looks like time",
            "Save the array as (T, Y, X), with numpy.moveaxis(array, -1, 0). If the first axis is time, save "
            "the movie as TIFF.",
        )


def number(attributes: Mapping[str, Any], *names: str) -> float | None:
    """Return the first attribute of `names` that is a single number, or None."""
    for name in names:
        value = np.asarray(attributes[name]) if name in attributes else np.empty(0)
        if value.size == 1 and value.dtype.kind in "iuf":
            return float(value.item())
    return None


def text(attributes: Mapping[str, Any], name: str) -> str | None:
    """Return the attribute `name` if it is a string that isn't empty, or None."""
    value = attributes.get(name)
    decoded = value.decode(errors="replace") if isinstance(value, bytes) else value
    return str(decoded) if isinstance(decoded, str) and decoded else None


def resolve_metadata(
    where: str,
    field: str,
    option: str,
    user_value: float | None,
    file_values: Sequence[float | None],
    *,
    override: bool = False,
) -> float:
    """Return the one value of `field` that the user and all files agree on; with `override`, the user's.

    Raises
    ------
    MetadataMissing
        If neither the user nor a file gives it.
    InputError
        If two values differ by more than 1 %.
    """
    if override and user_value is not None:
        for value in {value for value in file_values if value is not None and value != user_value}:
            logger.warning("%s: %s is %g; the file says %g (override)", where, field, user_value, value)
        return float(user_value)
    values = [("recordings.tsv or the option", user_value), *(("the file", value) for value in file_values)]
    known = [(origin, float(value)) for origin, value in values if value is not None]
    if not known:
        raise MetadataMissing(
            where, field, "is not in the file", f"Add it to recordings.tsv, or pass {option} with its value."
        )
    origin, value = known[0]
    for other_origin, other in known[1:]:
        if abs(other - value) > 0.01 * abs(value):
            raise InputError(
                where,
                field,
                f"is {value:g} in {origin} but {other:g} in {other_origin}",
                f"Correct recordings.tsv or {option}; if the file is wrong, set override (in the table, "
                "or --override).",
            )
    return value


def resolve_indicator(where: str, user_value: str | None, file_values: Sequence[str | None]) -> str:
    """Return the user's indicator, else that of the first file that names one; empty if none does."""
    file_value = next((indicator for indicator in file_values if indicator), "")
    if user_value and file_value and user_value.casefold() != file_value.casefold():
        logger.warning(
            "%s: the file says %s; the indicator given, %s, is used", where, file_value, user_value
        )
    return user_value or file_value
