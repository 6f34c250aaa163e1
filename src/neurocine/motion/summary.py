"""Mean, maximum, standard deviation and local correlation of a movie in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import Movie
from neurocine.io.result_files import Summary
from neurocine.progress import Progress, silent

#: Row and column steps to four of the eight neighbours; the other four give the same pairs.
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
#: Pixels converted to float64 at once.
BATCH_PIXELS = 2**20


class SummaryAccumulator:
    """Running sums for the summary images.

    They are float64 sums of the difference from `offset`, so that bright and long movies lose no precision.

    Parameters
    ----------
    offset
        An image (Y, X) near the mean of the movie: its template, or its first frame.
    """

    def __init__(self, offset: NDArray[Any]) -> None:
        self._offset = offset.astype(np.float64)
        self._n = 0
        self._sum = np.zeros(offset.shape)
        self._squares = np.zeros(offset.shape)
        self._products = [np.zeros(offset.shape) for _ in NEIGHBOURS]
        self._max = np.full(offset.shape, -np.inf)

    def add(self, frames: NDArray[Any]) -> None:
        """Add `frames` (n, Y, X)."""
        step = max(1, BATCH_PIXELS // self._offset.size)
        for start in range(0, len(frames), step):
            part = frames[start : start + step]
            np.maximum(self._max, part.max(axis=0), out=self._max)
            values = part - self._offset
            self._n += len(values)
            self._sum += values.sum(axis=0)
            self._squares += np.einsum("tyx,tyx->yx", values, values)
            for total, neighbour in zip(self._products, NEIGHBOURS, strict=True):
                here, there = _pair(neighbour)
                total[here] += np.einsum("tyx,tyx->yx", values[:, *here], values[:, *there])

    def result(self) -> Summary:
        """Return the summary images of all frames so far."""
        mean = self._sum / self._n
        variance = np.maximum(self._squares / self._n - mean**2, 0)
        std = np.sqrt(variance)
        return Summary(
            mean=(mean + self._offset).astype(np.float32),
            max=self._max.astype(np.float32),
            std=std.astype(np.float32),
            correlation=self._correlation(mean, std).astype(np.float32),
        )

    def _correlation(self, mean: NDArray[np.float64], std: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of Pearson's correlation with each of up to eight neighbours; 0 where constant."""
        total = np.zeros(mean.shape)
        pairs = np.zeros(mean.shape)
        for products, neighbour in zip(self._products, NEIGHBOURS, strict=True):
            here, there = _pair(neighbour)
            covariance = products[here] / self._n - mean[here] * mean[there]
            scale = std[here] * std[there]
            # Rounding leaves a trace of variance in constant pixels; that isn't a signal.
            moving = scale > 1e-9 * np.maximum(np.abs(mean[here] * mean[there]), 1e-300)
            value = np.where(moving, covariance / np.where(moving, scale, 1), 0)
            for side in (here, there):
                total[side] += value
                pairs[side] += 1
        return np.clip(total / np.maximum(pairs, 1), -1, 1)


def summarise(movie: Movie, progress: Progress = silent) -> Summary:
    """Return the summary images of `movie`, read once and block by block."""
    summary = SummaryAccumulator(movie.read(0, 1)[0])
    for start, frames in movie.blocks():
        summary.add(frames)
        progress("summary", start + len(frames), movie.n_frames)
    return summary.result()


def _pair(neighbour: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the slices of all pixels that have this neighbour, and of those neighbours."""
    dy, dx = neighbour
    here = (slice(None, -dy or None), slice(max(0, -dx), -dx if dx > 0 else None))
    there = (slice(dy, None), slice(max(0, dx), dx if dx < 0 else None))
    return here, there
