"""Masks as runs of pixels along rows, which is how journals hold them, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocine.annotation.actions import Runs
from neurocine.core import RoiSet


def runs_of(y: ArrayLike, x: ArrayLike) -> Runs:
    """Return pixels (rows, columns) as runs: row, first and last column each, in order."""
    pixels = np.unique(np.stack([np.asarray(y, np.int64), np.asarray(x, np.int64)], axis=1), axis=0)
    if not len(pixels):
        return ()
    begins = np.ones(len(pixels), dtype=bool)
    begins[1:] = (np.diff(pixels[:, 0]) != 0) | (np.diff(pixels[:, 1]) != 1)
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(pixels)) - 1
    rows = np.stack([pixels[first, 0], pixels[first, 1], pixels[last, 1]], axis=1)
    return tuple((int(a), int(b), int(c)) for a, b, c in rows)


def pixels_of(runs: Runs) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the pixels of `runs`."""
    row, first, last = np.array(runs, dtype=np.int64).reshape(-1, 3).T
    size = last - first + 1
    place = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    return np.repeat(row, size), np.repeat(first, size) + place


def box_of(runs: Runs) -> tuple[int, int, int, int]:
    """Return first row, first column, and the row and column after the last, of the pixels of `runs`."""
    rows, first, last = zip(*runs, strict=True)
    return min(rows), min(first), max(rows) + 1, max(last) + 1


def rois_of_runs(
    fov_shape: tuple[int, int],
    runs: Mapping[int, Runs],
    *,
    engine: str | Iterable[str] = "",
    probability: ArrayLike | None = None,
    source: str = "masks",
) -> RoiSet:
    """Return masks by their ids as ROIs."""
    return RoiSet.from_pixels(
        fov_shape,
        [(*pixels_of(own), None) for own in runs.values()],
        ids=list(runs),
        engine=engine if isinstance(engine, str) else list(engine),
        probability=probability,
        source=source,
    )
