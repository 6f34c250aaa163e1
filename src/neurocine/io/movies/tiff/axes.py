"""Channels, planes and time among the axes of a TIFF file."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from neurocine.core import InputError
from neurocine.io.movies.layout import Layout, channel_names

logger = logging.getLogger(__name__)

#: More channels than this, without any other axis, are frames that a program saved as channels.
_MOST_CHANNELS = 8


def layout_of_axes(
    path: Path, axes: str, shape: Sequence[int], channels: Sequence[str] | None = None
) -> Layout | None:
    """Return the layout of frames whose axes are `axes` (slowest first) of lengths `shape`.

    Parameters
    ----------
    path
        The file, for messages.
    axes, shape
        A letter per axis, as tifffile has them: S for colour, C for channels, Z for planes, Y and X for rows
        and columns; any other is time.
    channels
        Names of the channels; None: 1, 2 and so on.

    Returns
    -------
    Layout or None
        None if there is no more than time, rows and columns.

    Raises
    ------
    InputError
        If there is colour, or more than one axis that could be time.
    """
    check_grey(path, axes, shape)
    sizes = {axis: n for axis, n in zip(axes, shape, strict=True) if axis not in "YX" and n > 1}
    named = ", ".join(f"{axis}={size}" for axis, size in sizes.items())
    times = [axis for axis in sizes if axis not in "CZ"] or _taken_for_time(path, sizes)
    if len(times) > 1:
        raise InputError(
            path,
            "axes",
            f"there is more than time, channels (C), planes (Z), rows and columns: {named}",
            "Save one movie per file.",
        )
    kept = {axis: size for axis, size in sizes.items() if axis in "CZ" and axis not in times}
    if not kept:
        return None
    order = "".join("T" if axis in times else axis for axis in reversed(sizes))
    first = "".join(axis for axis in "CZT" if axis not in order)
    n_channels = kept.get("C", 1)
    names = channel_names(channels or (), n_channels)
    return Layout(names, kept.get("Z", 1), order=first + order if times else order + first)


def check_grey(path: Path, axes: str, shape: Sequence[int]) -> None:
    """Raise `InputError` if a pixel has several values."""
    sizes = dict(zip(axes, shape, strict=True))
    if sizes.get("S", 1) > 1:
        problem = f"the pictures are colour (S={sizes['S']})"
        raise InputError(path, "colour", problem, "Save one grey channel.")


def _taken_for_time(path: Path, sizes: dict[str, int]) -> list[str]:
    """Return the axis that must be time, since nothing else is: planes, or more channels than there are."""
    n_channels = sizes.get("C", 1)
    axis = "Z" if "Z" in sizes else "C" if n_channels > _MOST_CHANNELS else None
    if axis is None:
        return []
    what = "planes (Z)" if axis == "Z" else "channels (C)"
    logger.warning(
        "%s: its %d %s are taken for frames, because there are no others. A stack in depth isn't a movie",
        path,
        sizes[axis],
        what,
    )
    return [axis]
