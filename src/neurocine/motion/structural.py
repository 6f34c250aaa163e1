"""The structural channel: its mean picture, moved as the movie was, and what bleeds into it.

A dye such as tdTomato doesn't change with activity; what changes in its channel together with the functional
one is bleed-through. suite2p (``correct_bleedthrough``) compares the channels' mean pictures instead, in
which cells that express both look like bleed-through, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.core import InputError, Movie
from neurocine.io.result_files import StructuralChannel
from neurocine.motion.engines import Moved, cast
from neurocine.motion.metrics import LOST_SHARE

#: Periods of the movie whose means are compared, at most, and the fewest frames of one.
MAX_PERIODS = 100
MIN_PERIOD_FRAMES = 8
#: Largest edge of the pictures that are compared: pixels are averaged, which the share doesn't notice.
EDGE = 128
#: Share of the pixels, those that change most, from which bleed-through is taken.
CHANGING_SHARE = 0.1


class StructuralMean:
    """Running sums over the structural channel, and over what it shares with the functional one.

    Parameters
    ----------
    structural
        The structural channel's raw movie.
    functional
        The functional channel's raw movie, whose valid frames count.

    Raises
    ------
    InputError
        If the channels differ in the number of frames or the field of view.
    """

    def __init__(self, structural: Movie, functional: Movie) -> None:
        shapes = [(movie.n_frames, *movie.fov_shape) for movie in (structural, functional)]
        if shapes[0] != shapes[1]:
            raise InputError(
                structural.source,
                "channel_structural",
                f"has frames of shape {shapes[0]}, the functional channel {shapes[1]}",
                "Name a channel that was recorded together with the functional one.",
            )
        self._movie = structural
        self._valid = functional.valid & structural.valid
        self._sum = np.zeros(structural.fov_shape)
        self._n = 0
        n_periods = int(np.clip(structural.n_frames // MIN_PERIOD_FRAMES, 1, MAX_PERIODS))
        self._period = np.arange(structural.n_frames) * n_periods // structural.n_frames
        self._shrink = -(-max(structural.fov_shape) // EDGE)
        small = [n // self._shrink for n in structural.fov_shape]
        # Functional and structural channel; even and odd frames, whose noise is independent.
        self._sums = np.zeros((2, 2, n_periods, *small))
        self._counts = np.zeros((2, n_periods))

    def add(self, start: int, moved: Moved, correlation: NDArray[np.float32]) -> None:
        """Read the frames that belong to a block of the functional channel, move them alike and add them.

        Parameters
        ----------
        start
            The block's first frame.
        moved
            The functional channel's registered frames.
        correlation
            Correlation with the template of all frames so far, the block's included.
        """
        frames = self._movie.read(start, start + len(moved.y))
        frames = moved_alike(moved, frames)
        number = np.arange(start, start + len(frames))
        # Which frames can't be registered is certain only at the end.
        lowest = LOST_SHARE * float(np.median(correlation))
        kept = self._valid[number] & ~moved.at_limit
        kept &= (correlation[number] >= lowest) | (lowest <= 0)
        self._sum += frames[kept].sum(axis=0, dtype=np.float64)
        self._n += int(kept.sum())
        small = [_shrunk(channel[kept], self._shrink) for channel in (moved.frames, frames)]
        period, parity = self._period[number[kept]], number[kept] % 2
        np.add.at(self._counts, (parity, period), 1)
        for sums, values in zip(self._sums, small, strict=True):
            np.add.at(sums, (parity, period), values)

    def result(self, functional_mean: NDArray[np.float32]) -> StructuralChannel:
        """Return the pictures, given the registered functional channel's mean (Y, X).

        Raises
        ------
        InputError
            If no frame could be registered.
        """
        if not self._n:
            raise InputError(
                self._movie.source,
                "channel_structural",
                "none of its frames could be registered",
                "Check the functional channel, whose shifts it takes.",
            )
        whole = (self._counts > 0).all(axis=0)
        share = bleed_through(*(self._sums[:, :, whole] / self._counts[:, whole, None, None]))
        mean = self._sum / self._n
        corrected = mean - share * functional_mean
        return StructuralChannel(mean.astype(np.float32), corrected.astype(np.float32), share)


def bleed_through(functional: NDArray[np.float64], structural: NDArray[np.float64]) -> float:
    """Return which share of the functional channel's changes appears in the structural channel.

    Changes between successive periods are compared: of each pixel, the covariance of both channels over the
    variance of the functional one, both from even and odd frames against each other, so that noise adds to
    neither. The result is the weighted median of the pixels that change most, so that labelled cells that
    move in depth don't matter as long as they are a minority; 0 where nothing changes.

    Parameters
    ----------
    functional, structural
        Means of even and of odd frames (2, P, Y, X) in P successive periods.
    """
    if functional.shape[1] < 2:
        return 0.0
    changes, echoes = np.diff(functional, axis=1), np.diff(structural, axis=1)
    variance = (changes[0] * changes[1]).sum(axis=0).ravel()
    covariance = ((echoes[0] * changes[1] + echoes[1] * changes[0]) / 2).sum(axis=0).ravel()
    changing = (variance > 0) & (variance >= np.quantile(variance, 1 - CHANGING_SHARE))
    if not changing.any():
        return 0.0
    weight = variance[changing]
    slope = covariance[changing] / weight
    order = np.argsort(slope)
    cumulative = np.cumsum(weight[order])
    median = slope[order][np.searchsorted(cumulative, cumulative[-1] / 2)]
    return float(max(median, 0.0))


def moved_alike(moved: Moved, frames: NDArray[Any]) -> NDArray[Any]:
    """Return `frames` (n, Y, X) of another channel, moved as `moved` was.

    By the engine itself, fields of non-rigid shifts included, where it offers this; else by the rigid shift
    of each frame, with bilinear interpolation and repeated edges.
    """
    if moved.move_alike is not None:
        return moved.move_alike(frames)
    shifted = np.empty(frames.shape, dtype=np.float32)
    for frame, out, dy, dx in zip(frames, shifted, moved.y, moved.x, strict=True):
        ndimage.shift(frame.astype(np.float32), (-dy, -dx), output=out, order=1, mode="nearest")
    return cast(shifted, frames.dtype)


def _shrunk(frames: NDArray[Any], shrink: int) -> NDArray[np.float64]:
    """Return `frames` (n, Y, X) averaged over squares of `shrink` pixels, what is left over cut off."""
    height, width = (size // shrink for size in frames.shape[1:])
    cut = frames[:, : height * shrink, : width * shrink]
    blocks = cut.reshape(len(cut), height, shrink, width, shrink)
    return np.asarray(blocks.mean(axis=(2, 4), dtype=np.float64))
