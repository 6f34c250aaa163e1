"""How a network's frames are scaled, so that movies of any brightness and noise look alike to it.

``movie`` is the paper's way, one z-score over all pixels and frames (DeepCINAC's software; the paper doesn't
say). ``pixel`` measures each pixel's distance from its own mean in units of its own noise: what stays still
vanishes, and a transient is as large as it is clear.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError

Normalisation = Literal["movie", "pixel"]
Float32 = NDArray[np.float32]

#: No pixel's noise is taken for less than this share of the median: dead pixels would else blaze.
MIN_NOISE_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Statistics:
    """Mean and scale of a movie's counts: a number each (``movie``), or a picture each (``pixel``).

    Attributes
    ----------
    mean, scale
        () or (Y, X), float32.
    """

    mean: Float32
    scale: Float32

    def normalise(self, frames: NDArray[Any], top: int = 0, left: int = 0) -> Float32:
        """Return `frames` (T, h, w), whose first pixel is at (`top`, `left`) of the field of view, scaled."""
        height, width = frames.shape[1:]
        part = (slice(top, top + height), slice(left, left + width)) if self.mean.ndim else ()
        return np.asarray((frames - self.mean[part]) / self.scale[part], dtype=np.float32)


class StatisticsSum:
    """Gathers `Statistics` block by block.

    Sums are taken about the first frame: counts of 30,000 with a spread of 10 would else lose digits.
    """

    def __init__(self, normalisation: Normalisation) -> None:
        self._normalisation = normalisation
        self._n = 0
        self._first = self._last = self._sum = self._squares = self._changes = np.zeros(())

    def add(self, frames: Float32) -> None:
        """Take in a block of successive frames (n, Y, X)."""
        if not self._n:
            self._first = frames[0].astype(np.float64)
            self._last = frames[0]
        centred = frames - self._first
        change = np.diff(np.concatenate([self._last[None], frames]), axis=0)
        self._n += len(frames)
        self._sum = self._sum + centred.sum(axis=0)
        self._squares = self._squares + (centred**2).sum(axis=0)
        self._changes = self._changes + (change.astype(np.float64) ** 2).sum(axis=0)
        self._last = frames[-1]

    def result(self, where: str) -> Statistics:
        """Return the statistics, or raise `InputError` if all pixels are alike or there were none."""
        shift = self._sum / max(self._n, 1)
        mean = self._first + shift
        # Over time at each pixel, and between pixels.
        variance = float(np.mean(self._squares / max(self._n, 1) - shift**2) + np.var(mean))
        if not variance > 0:
            raise InputError(where, "frames", "are all of one grey value", "Is the movie damaged?")
        if self._normalisation == "movie":
            return Statistics(np.asarray(mean.mean(), np.float32), np.asarray(np.sqrt(variance), np.float32))
        # Differences of successive frames hold the noise twice, and of transients next to nothing.
        noise = np.sqrt(self._changes / max(self._n - 1, 1) / 2)
        least = max(MIN_NOISE_SHARE * float(np.median(noise)), 1e-6 * np.sqrt(variance))
        return Statistics(mean.astype(np.float32), np.maximum(noise, least).astype(np.float32))


def statistics(blocks: Iterable[Float32], normalisation: Normalisation, where: str) -> Statistics:
    """Return the statistics of the movie whose successive `blocks` of frames these are.

    Raises
    ------
    InputError
        If all pixels are alike; `where` names the movie.
    """
    gathered = StatisticsSum(normalisation)
    for frames in blocks:
        gathered.add(frames)
    return gathered.result(where)
