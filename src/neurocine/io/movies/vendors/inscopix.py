"""Inscopix: ``.isxd``, raw frames followed by their description as JSON.

The frames are mapped and the description is JSON, so no library is needed. Inscopix's own (`isx`, maintained)
takes 100 MB of compiled code, which isn't built for every platform. Source of the format: isxcore, the public
C++ code below that library.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import DamagedFile, InputError, Validity
from neurocine.io.movies.frames import OpenedMovie, Spaced, Spread
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.safe.damage import reraise_as_input_error

#: The last bytes: the length of the JSON text, which ends with a zero.
_TRAILER = 8
#: Longest description that is read, bytes.
_MOST_JSON = 64 * 1024**2
#: Bytes before and after each frame as the microscope writes it; Inscopix's programs leave them out.
_AROUND = 5120
#: Most frames that a description may count, those that aren't stored among them.
_MOST_FRAMES = 10**7
_DTYPES = {0: "<u2", 1: "<f4", 2: "u1"}


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the frames of a movie; those that were dropped, cropped or blank hold no data.

    The pixel size isn't taken from the file: its 3 µm stand for the sensor and any lens.

    Raises
    ------
    InputError
        If the file isn't a movie of Inscopix's, is cut short, or holds colour.
    """
    described = _description(path)
    with reraise_as_input_error(path, "a movie as Inscopix describes it"):
        if described["type"] != 0 or described["dataType"] not in _DTYPES:
            raise InputError(
                path,
                "type",
                f"{described['type']} with pixels of {described['dataType']} isn't a movie of grey values",
                "Give the movie, not cell sets, events or the film of the behaviour.",
            )
        size = described["spacingInfo"]["numPixels"]
        shape = (int(size["y"]), int(size["x"]))
        period = described["timingInfo"]["period"]
        rate = float(period["den"] / period["num"])
        valid = _valid(described["timingInfo"])
        around = _AROUND if described.get("hasFrameHeaderFooter") else 0
    dtype, n_stored = np.dtype(_DTYPES[described["dataType"]]), int(valid.sum())
    step = shape[0] * shape[1] * dtype.itemsize + 2 * around
    needed = n_stored * step
    if min(shape) < 1 or needed > path.stat().st_size:
        raise DamagedFile(
            path,
            "size",
            f"is {path.stat().st_size} bytes, but {n_stored} frames of "
            f"{shape[0]} x {shape[1]} pixels take {needed}",
            "Copy it again.",
        )
    frames = Spaced(path, dtype, around, (n_stored, *shape), step)
    return OpenedMovie(
        frames if valid.all() else Spread(frames, np.flatnonzero(valid), len(valid)),
        rate if isfinite(rate) and rate > 0 else None,
        validity=None if valid.all() else Validity.of(valid, "not recorded: dropped, cropped or blank"),
    )


def _description(path: Path) -> dict[str, Any]:
    with reraise_as_input_error(path, "a whole .isxd file"), path.open("rb") as file:
        file.seek(-_TRAILER, os.SEEK_END)
        end = file.tell()
        (length,) = struct.unpack("<q", file.read(_TRAILER))
        if not 0 < length < min(end, _MOST_JSON):
            raise ValueError(f"its description would take {length} bytes")
        file.seek(end - length - 1)
        described = json.loads(file.read(length))
        if not isinstance(described, dict):
            raise ValueError("its description isn't an object")
        return described


def _valid(timing: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Return which frames are stored, (T,)."""
    n_frames = int(timing["numTimes"])
    if not 0 < n_frames <= _MOST_FRAMES:
        raise ValueError(f"it counts {n_frames} frames")
    valid = np.ones(n_frames, dtype=bool)
    for first, last in _missing(timing):
        valid[first : last + 1] = False
    return valid


def _missing(timing: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    for frame in (*timing.get("dropped", ()), *timing.get("blank", ())):
        yield int(frame), int(frame)
    for part in timing.get("cropped", ()):  # "5 - 6", or "7"
        first, _, last = part.partition("-")
        yield int(first), int(last or first)


MOVIE_FORMATS.register(MovieFormat(name="Inscopix", suffixes=(".isxd",), read=read))
