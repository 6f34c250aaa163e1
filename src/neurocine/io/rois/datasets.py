"""Choice among several sets of ROIs in one file: ``file.nwb#name``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from neurocine.core import InputError

T = TypeVar("T")

#: Separates the file from the name of a set of ROIs in it.
MARK = "#"


def split_dataset(path: str | Path) -> tuple[Path, str | None]:
    """Return the file and the name of the set in it, which follows the file after a ``#``; None without one.

    A path that exists is taken literally, so names of files and folders may hold a ``#``.
    """
    text = str(path)
    marks = [i for i, letter in enumerate(text) if letter == MARK]
    # `os.path`, for names that are too long for a file are asked for, too.
    if marks and not os.path.exists(text):  # noqa: PTH110
        for i in reversed(marks):
            # Only files hold several sets.
            if os.path.isfile(text[:i]):  # noqa: PTH113
                return Path(text[:i]), text[i + 1 :]
    return Path(path), None


def choose_dataset(path: Path, sets: Mapping[str, T], dataset: str | None, noun: str) -> T:
    """Return the set named `dataset`, or the only one.

    Parameters
    ----------
    path
        The file.
    sets
        Its sets of ROIs by their full names, such as ``ophys/ImageSegmentation/plane0``.
    dataset
        A full name, or the end of one, from a ``/`` on; None for the only set.
    noun
        What the format calls a set, for messages.

    Raises
    ------
    InputError
        If no set has this name, or several could be meant; the message lists them.
    """
    names = sorted(sets)
    listed = ", ".join(_shown(names)) or "none"
    if dataset is None:
        possible = names
        problem = f"several could be meant: {listed}" if sets else "the file has none"
    else:
        wanted = dataset.strip("/") or "/"
        possible = [wanted] if wanted in sets else [name for name in names if name.endswith(f"/{wanted}")]
        problem = f"{dataset!r} names {'several' if possible else 'none'} of those in the file: {listed}"
    if len(possible) == 1:
        return sets[possible[0]]
    example = (_shown(possible) or _shown(names) or [""])[0]
    remedy = f"Name one after the path: {path}{MARK}{example}" if sets else "Give a file with ROIs."
    raise InputError(path, noun, problem, remedy)


def _shown(names: list[str]) -> list[str]:
    """Return the last parts of the names where these differ, else the names."""
    last = [name.rpartition("/")[2] or name for name in names]
    return last if len(set(last)) == len(last) else names
