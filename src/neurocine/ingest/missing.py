"""Pixels without a number (NaN or infinite): borders that a registration left, dead pixels, empty frames.

`neurocine.core.Movie` reads such pixels filled in. Here they are counted, and a movie that has too many of
them is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from neurocine.core import InputError, Validity
from neurocine.core.recording import Range

#: A frame holds no data if it lacks this share of the pixels that frames usually have.
EMPTY_SHARE = 0.5
#: More pixels than this share of the picture, away from its borders, can't be made up.
MAX_SCATTERED = 0.01


@dataclass(frozen=True)
class MissingSummary:
    """Which pixels hold no number, frames without data left out.

    Attributes
    ----------
    pixels
        Pixels without a number in some frame.
    always
        Those of them that never have one.
    inner
        First and last row, first and last column (0-based, inclusive) of the picture without borders that
        lack numbers; None if there are no such borders, or nothing is left.
    """

    pixels: int
    always: int
    inner: tuple[Range, Range] | None


class MissingPixels:
    """Pixels without a number, counted block by block from the raw frames."""

    def __init__(self) -> None:
        self._empty: list[bool] = []
        self._scattered = 0
        self._count: NDArray[np.int64] = np.zeros((), np.int64)
        self._at_border: NDArray[np.int64] = np.zeros((), np.int64)
        self._last: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None

    def add(self, frames: NDArray[Any]) -> None:
        """Take in a block of successive frames (n, Y, X)."""
        missing = ~np.isfinite(frames) if frames.dtype.kind == "f" else np.zeros((), bool)
        if not missing.any():
            self._empty += [False] * len(frames)
            return
        for mask in missing:
            self._empty.append(bool(mask.mean() > EMPTY_SHARE))
            if self._empty[-1] or not mask.any():
                continue
            border = self._border(mask)
            self._count = self._count + mask
            self._at_border = self._at_border + border
            self._scattered += int((mask & ~border).sum())

    def _border(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the pixels of `mask` that hang together with an edge of the picture."""
        if self._last is None or not np.array_equal(self._last[0], mask):
            parts, _ = label(mask)
            edges = (parts[0], parts[-1], parts[:, 0], parts[:, -1])
            outer = np.unique(np.concatenate(edges))
            self._last = mask, np.isin(parts, outer[outer > 0])
        return self._last[1]

    def validity(self, where: str) -> Validity:
        """Return which of the frames hold data: more than `EMPTY_SHARE` of their pixels.

        Raises
        ------
        InputError
            If none does.
        """
        if all(self._empty):
            raise InputError(
                where,
                "pixels",
                "more than half of them are NaN or infinite in every frame",
                "Use a part of the picture: column crop of the recordings table.",
            )
        return Validity.of(~np.array(self._empty, dtype=bool), "NaN")

    def result(self, where: str) -> MissingSummary | None:
        """Return what was counted, None if every pixel has a number.

        Raises
        ------
        InputError
            If too many pixels away from the borders lack one.
        """
        n_frames = len(self._empty) - sum(self._empty)
        if not self._count.any():
            return None
        scattered = self._scattered / (n_frames * self._count.size)
        if scattered > MAX_SCATTERED:
            raise InputError(
                where,
                "pixels",
                f"{scattered:.1%} of them, away from the borders, are NaN or infinite",
                "Too many to be filled in: save the movie with numbers in all pixels, such as the raw one.",
            )
        return MissingSummary(
            pixels=int(np.count_nonzero(self._count)),
            always=int((self._count == n_frames).sum()),
            inner=_inner(self._at_border > 0),
        )


def missing_warning(missing: MissingSummary, crop: tuple[Range, Range] | None) -> str:
    """Return what is doubtful about `missing` pixels and what can be done, in words.

    Parameters
    ----------
    missing
        The pixels, counted within `crop`.
    crop
        The part of the picture that is used; None for all.
    """
    text = (
        f"{missing.pixels:,} pixels are NaN or infinite in some frames ({missing.always:,} in all). They are "
        "filled in with their median over time, or that of the nearest pixel: they show no activity"
    )
    if missing.inner is None:
        return f"{text}."
    (top, left) = (crop[0][0], crop[1][0]) if crop else (0, 0)
    rows, columns = ((a + start, b + start) for (a, b), start in zip(missing.inner, (top, left), strict=True))
    part = f"{rows[0]}-{rows[1]}, {columns[0]}-{columns[1]}"
    return f"{text}. To leave the borders out, set crop to {part} in the table; your own ROIs move with it."


def _inner(border: NDArray[np.bool_]) -> tuple[Range, Range] | None:
    """Return the rows and columns between those at the edges of which more than half belong to `border`."""
    ranges = []
    for axis in (1, 0):
        kept = np.flatnonzero(border.mean(axis=axis) <= 0.5)
        if not len(kept):
            return None
        ranges.append((int(kept[0]), int(kept[-1])))
    rows, columns = ranges
    whole = rows == (0, border.shape[0] - 1) and columns == (0, border.shape[1] - 1)
    return None if whole else (rows, columns)
