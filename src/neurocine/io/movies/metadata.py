"""Metadata of files as numbers and text; agreement of the user's with the files'."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurocine.core import InputError, MetadataMissing

logger = logging.getLogger(__name__)

#: Lowest and highest value of two-photon movies of cells, and the unit; others are doubtful.
PLAUSIBLE = {"frame_rate_hz": (0.5, 200.0, "Hz"), "pixel_size_um": (0.1, 10.0, "µm")}


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


def square_size(edges: Iterable[float], name: str | Path) -> float | None:
    """Return the edge of a pixel in µm, from its width and height; None, with a warning, if they differ."""
    edges = list(edges)
    if not edges:
        return None
    if max(edges) > 1.01 * min(edges):
        logger.warning("%s: pixels aren't square (%s µm): give the pixel size yourself", name, edges)
        return None
    return edges[0]


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

    A value that isn't plausible is used, with a warning.

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
        _check_plausible(where, field, option, float(user_value), from_file=False)
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
    _check_plausible(where, field, option, value, from_file=user_value is None)
    return value


def _check_plausible(where: str, field: str, option: str, value: float, *, from_file: bool) -> None:
    lowest, highest, unit = PLAUSIBLE.get(field, (0.0, np.inf, ""))
    if not lowest <= value <= highest:
        remedy = (
            f"give the right one in the table (or {option}), with override" if from_file else "correct it"
        )
        logger.warning(
            "%s: %s is %g %s, which is outside %g to %g: it may be in another unit, or a period. If so, %s",
            where,
            field,
            value,
            unit,
            lowest,
            highest,
            remedy,
        )


def resolve_indicator(where: str, user_value: str | None, file_values: Sequence[str | None]) -> str:
    """Return the user's indicator, else that of the first file that names one; empty if none does."""
    file_value = next((indicator for indicator in file_values if indicator), "")
    if user_value and file_value and user_value.casefold() != file_value.casefold():
        logger.warning(
            "%s: the file says %s; the indicator given, %s, is used", where, file_value, user_value
        )
    return user_value or file_value
