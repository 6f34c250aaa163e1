"""Correction of a bidirectional scan: every second row is moved back, before any registration."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurocine.core import Movie
from neurocine.core.movie import FrameSource
from neurocine.motion.engines import cast

logger = logging.getLogger(__name__)


def row_correction(
    setting: Literal["auto", "off"] | float, measured: float | None, where: str = "movie"
) -> float:
    """Return by how many pixels to the right every second row is taken to be shifted.

    Parameters
    ----------
    setting
        ``motion.bidirectional``. ``auto`` takes what was measured, in whole pixels: those lose nothing.
    measured
        What `ingest` measured; None: nothing for sure.
    where
        Names the movie in the log.
    """
    shift = 0.0 if setting == "off" else float(round(measured or 0)) if setting == "auto" else float(setting)
    if setting == "auto" and measured is None:
        logger.warning("%s: the phase of its scan can't be measured, so nothing is corrected", where)
    elif shift:
        logger.info("%s: every second row is moved by %g pixels", where, -shift)
    return shift


def unshifted(movie: Movie, shift: float) -> Movie:
    """Return `movie` with every second row (the second, fourth ...) moved to the left by `shift` pixels."""
    return replace(movie, frames=_Unshifted(movie.frames, shift)) if shift else movie


@dataclass(frozen=True)
class _Unshifted:
    """Frames whose odd rows are moved when they are read; the edge repeats."""

    frames: FrameSource
    shift: float

    @property
    def shape(self) -> tuple[int, ...]:
        return self.frames.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.frames.dtype)

    def __getitem__(self, key: Any, /) -> NDArray[Any]:
        frames = np.array(self.frames[key])
        width = frames.shape[-1]
        at = np.clip(np.arange(width) + self.shift, 0, width - 1)
        left = np.floor(at).astype(np.int64)
        share = at - left
        odd = frames[..., 1::2, :]
        moved = odd[..., left]
        if share.any():
            right = odd[..., np.minimum(left + 1, width - 1)]
            moved = cast((1 - share) * moved + share * right, frames.dtype)
        frames[..., 1::2, :] = moved
        return frames
