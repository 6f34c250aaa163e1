"""How a network's frames are scaled, so that movies of any brightness and noise look alike to it.

``movie`` is the paper's way, one z-score over all pixels and frames (DeepCINAC's software; the paper doesn't
say). ``pixel`` measures each pixel's distance from its own mean in units of its own noise: what stays still
vanishes, and a transient is as large as it is clear. Frames without data, and flashes that nobody found, have
no part in either.
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
#: Frames of which most are taken to be of usual brightness.
SPAN = 64
#: A row of a frame is left out if its median is off by more than this many times the mean change of its
#: pixels from frame to frame.
MAX_CHANGE = 5.0
#: Pixels that give the median of a row nearly as well as all do.
ROW_PIXELS = 64


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

    Rows of frames whose brightness is off, such as those of a flash, are left out: one saturated frame among
    a thousand would else be most of the variance. Sums are taken about the first frame: counts of 30,000
    with a spread of 10 would else lose digits.
    """

    def __init__(self, normalisation: Normalisation) -> None:
        self._normalisation = normalisation
        self._waiting: list[tuple[Float32, NDArray[np.bool_]]] = []
        self._first: NDArray[np.float64] | None = None
        self._last, self._last_kept = np.zeros((0, 0, 0), np.float32), np.zeros((0, 0), dtype=bool)
        self._brightness = np.zeros((0, 0))
        self._n = self._pairs = self._sum = self._squares = self._changes = np.zeros(())

    def add(self, frames: Float32, valid: NDArray[np.bool_] | None = None) -> None:
        """Take in a block of successive frames (n, Y, X); those that aren't `valid` (n,) are left out."""
        self._waiting.append((frames, np.ones(len(frames), dtype=bool) if valid is None else valid))
        if sum(len(part) for part, _ in self._waiting) >= SPAN:
            self._take_waiting(all_of_them=False)

    def _take_waiting(self, all_of_them: bool) -> None:
        """Take in the frames that wait, `SPAN` at a time: the same ones together however long blocks are."""
        frames, valid = (np.concatenate(parts) for parts in zip(*self._waiting, strict=True))
        stop = len(frames) if all_of_them else len(frames) // SPAN * SPAN
        for start in range(0, stop, SPAN):
            self._take(frames[start : start + SPAN], valid[start : start + SPAN])
        self._waiting = [(frames[stop:], valid[stop:])]

    def _take(self, frames: Float32, valid: NDArray[np.bool_]) -> None:
        """Add up to `SPAN` frames to the sums."""
        if self._first is None:
            self._first = frames[0].astype(np.float64)
            self._last, self._last_kept = frames[:0], np.zeros((0, frames.shape[1]), dtype=bool)
            self._brightness = np.zeros((0, frames.shape[1]))
        change = np.diff(np.concatenate([self._last, frames]), axis=0)
        kept = valid[:, None] & self._usual(frames, change)
        both = np.concatenate([self._last_kept, kept])
        both = both[1:] & both[:-1]
        centred = frames - self._first
        self._n = self._n + kept.sum(axis=0)[:, None]
        self._pairs = self._pairs + both.sum(axis=0)[:, None]
        self._sum = self._sum + _summed(centred, kept)
        self._squares = self._squares + _summed(centred**2, kept)
        self._changes = self._changes + _summed(change.astype(np.float64) ** 2, both)
        self._last, self._last_kept = frames[-1:], kept[-1:]

    def _usual(self, frames: Float32, change: Float32) -> NDArray[np.bool_]:
        """Return which rows of `frames` are about as bright as in most frames around, (n, Y)."""
        # The median, for cells that flare up fill less than half of a row.
        some = frames[:, :, :: max(1, frames.shape[2] // ROW_PIXELS)]
        brightness = np.median(some, axis=2).astype(np.float64)
        around = np.concatenate([self._brightness, brightness])
        self._brightness = around[-SPAN:]
        if not len(change):
            return np.ones(brightness.shape, dtype=bool)
        noise = np.abs(change).mean(axis=(0, 2), dtype=np.float64)
        return np.asarray(np.abs(brightness - np.median(around, axis=0)) <= MAX_CHANGE * noise)

    def result(self, where: str) -> Statistics:
        """Return the statistics, or raise `InputError` if all pixels are alike or there were none."""
        if self._waiting:
            self._take_waiting(all_of_them=True)
        shift = self._sum / np.maximum(self._n, 1)
        mean = shift if self._first is None else self._first + shift
        # Over time at each pixel, and between pixels.
        variance = float(np.mean(self._squares / np.maximum(self._n, 1) - shift**2) + np.var(mean))
        if not variance > 0:
            raise InputError(where, "frames", "are all of one grey value", "Is the movie damaged?")
        if self._normalisation == "movie":
            return Statistics(np.asarray(mean.mean(), np.float32), np.asarray(np.sqrt(variance), np.float32))
        # Differences of successive frames hold the noise twice, and of transients next to nothing.
        noise = np.sqrt(self._changes / np.maximum(self._pairs, 1) / 2)
        least = max(MIN_NOISE_SHARE * float(np.median(noise)), 1e-6 * np.sqrt(variance))
        return Statistics(mean.astype(np.float32), np.maximum(noise, least).astype(np.float32))


def _summed(values: NDArray[np.float64], kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the sum over frames of the rows of `values` (n, Y, X) that are `kept` (n, Y)."""
    return np.asarray(values.sum(axis=0) if kept.all() else np.einsum("tyx,ty->yx", values, kept))


def statistics(
    blocks: Iterable[Float32],
    normalisation: Normalisation,
    where: str,
    valid: NDArray[np.bool_] | None = None,
) -> Statistics:
    """Return the statistics of the movie whose successive `blocks` of frames these are.

    Parameters
    ----------
    blocks
        Frames (n, Y, X) each.
    normalisation
        ``movie`` or ``pixel``.
    where
        Names the movie in errors.
    valid
        Frames that count, (T,); None: all.

    Raises
    ------
    InputError
        If all pixels are alike.
    """
    gathered, start = StatisticsSum(normalisation), 0
    for frames in blocks:
        stop = start + len(frames)
        gathered.add(frames, None if valid is None else valid[start:stop])
        start = stop
    return gathered.result(where)
