"""What is written in a cell of the table, or after an option: ranges, crops, channels and planes."""

from __future__ import annotations

import re
from typing import TypedDict

from neurocine.core.recording import Range

#: A number, or the first and last of a range; a tab or comma may part the two in a file.
_RANGE = re.compile(r"(\d+)(?:\s*(?:-|\u2013|\t)\s*(\d+))?")


class ChannelChoice(TypedDict, total=False):
    """The fields of a `Selection` that choose a channel."""

    channel: str
    n_channels: int


class PlaneChoice(TypedDict, total=False):
    """The fields of a `Selection` that choose a plane."""

    plane: int
    n_planes: int


def ranges_in(text: str) -> tuple[Range, ...]:
    """Return the ranges in `text`, first and last (0-based, inclusive) of each.

    They are separated by commas, semicolons or line breaks; what follows a ``#`` on a line is a comment.

    Raises
    ------
    ValueError
        If a part isn't a number or a range, or a range ends before it begins.
    """
    ranges = []
    for part in re.split(r"[,;\n]", re.sub(r"#.*", "", text)):
        if not part.strip():
            continue
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()!r} is neither a number nor a range such as 120-130")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise ValueError(f"{part.strip()!r} ends before it begins")
        ranges.append((first, last))
    return tuple(ranges)


def parse_frames(text: str) -> Range:
    """Return first and last frame of a range such as ``100-8999``.

    Raises
    ------
    ValueError
        If `text` isn't one range.
    """
    ranges = ranges_in(text)
    if len(ranges) != 1:
        raise ValueError(f"{text!r} isn't one range such as 100-8999")
    return ranges[0]


def parse_crop(text: str) -> tuple[Range, Range]:
    """Return the ranges of rows and of columns of a crop such as ``8-503, 12-499``.

    Raises
    ------
    ValueError
        If `text` isn't two ranges.
    """
    ranges = ranges_in(text)
    if len(ranges) != 2:
        raise ValueError(f"{text!r} isn't a range of rows and one of columns, such as 8-503, 12-499")
    return ranges[0], ranges[1]


def parse_channel(text: str) -> ChannelChoice:
    """Return the channel in `text`: its name, or ``1/2`` for the first of two whose frames alternate.

    Raises
    ------
    ValueError
        If there is no such number of channels.
    """
    number, n_channels = _one_of(text)
    if n_channels is None:
        return {"channel": text.strip()}
    if not 1 <= number <= n_channels:
        raise ValueError(f"{text!r} isn't one of 1/{n_channels} to {n_channels}/{n_channels}")
    return {"channel": str(number), "n_channels": n_channels}


def parse_plane(text: str) -> PlaneChoice:
    """Return the plane in `text`: its number from 0, or ``0/4`` for the first of four that alternate.

    Raises
    ------
    ValueError
        If it isn't a number, or there is no such number of planes.
    """
    number, n_planes = _one_of(text)
    if n_planes is not None:
        if not 0 <= number < n_planes:
            raise ValueError(f"{text!r} isn't one of 0/{n_planes} to {n_planes - 1}/{n_planes}")
        return {"plane": number, "n_planes": n_planes}
    if not text.strip().isdecimal():
        raise ValueError(f"{text!r} isn't the number of a plane, such as 0, or 0/4 for the first of four")
    return {"plane": int(text)}


def _one_of(text: str) -> tuple[int, int | None]:
    """Return k and n of ``k/n``; n is None if `text` isn't of this form."""
    match = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", text)
    return (int(match[1]), int(match[2])) if match else (0, None)
