"""Spike trains drawn from their posterior, given the shape of a transient and the noise.

A chain holds the number of events in each frame of one trace. A sweep tries in every frame to add or remove
an event, and to move one to a frame nearby, each by the Metropolis-Hastings rule. Transients end after L
frames, so frames far enough apart don't see each other: they are tried at the same time, for all chains at
once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Trains:
    """The events of N chains over T frames, altered in place by `sweep`.

    Attributes
    ----------
    n_frames
        T.
    period
        Frames between those that are tried together: the length L of a transient, and as far as events move.
    counts
        Events in each frame, (N, W), W being T and two periods at most; none after T.
    residual
        What is left of each trace, (N, W); 0 after T.
    """

    n_frames: int
    period: int
    counts: Ints
    residual: Floats

    @classmethod
    def empty(cls, traces: Floats, period: int) -> Trains:
        """Return trains without events for `traces` (N, T)."""
        n, n_frames = traces.shape
        width = period * (-(-n_frames // period) + 1)
        counts = np.zeros((n, width), dtype=np.int64)
        residual = np.zeros((n, width))
        residual[:, :n_frames] = traces
        return cls(n_frames, period, counts, residual)


def transients(decay: Floats, rise: float, length: int) -> Floats:
    """Return the first `length` frames of a transient with a peak of 1 for each decay, (N, length).

    It is the response of an autoregressive process with roots d and r to one event in the first frame,
    d^(u+1) - r^(u+1); without rise d^u.

    Parameters
    ----------
    decay, rise
        Time constants in frames, (N,) and one for all; each decay is longer than the rise, which may be 0.
    length
        Frames, L.
    """
    frame = np.arange(1, length + 1)
    falling = np.exp(-frame / decay[:, None])
    rising = np.exp(-frame / rise) if rise > 0 else np.zeros(length)
    shape = falling - rising
    return np.asarray(shape / shape.max(axis=1, keepdims=True))


def sweep(
    trains: Trains,
    shapes: Floats,
    amplitude: Floats,
    variance: Floats,
    rate: Floats,
    shift: int,
    generators: Sequence[np.random.Generator],
) -> None:
    """Try in every frame to add or remove an event, and to move one by `shift` frames.

    Parameters
    ----------
    trains
        N chains.
    shapes
        Transient of each chain, (N, L).
    amplitude, variance
        Its height, and the variance of the noise, (N,).
    rate
        Events a frame that each chain expects (the mean of a Poisson distribution), (N,).
    shift
        From 1 to ``period - L``, and less than L.
    generators
        One for each chain, so that no chain depends on the others.
    """
    length = shapes.shape[1]
    period, n_frames = trains.period, trains.n_frames
    blocks = trains.counts.shape[1] // period - 1
    first = np.zeros((len(shapes), period))
    first[:, :length] = shapes
    second = np.roll(first, shift, axis=1)
    pair = np.stack([first, second], axis=2)
    alone = _products(shapes, 0)
    both = _products(shapes, shift)
    kinds = np.stack([g.random((2, period, blocks)) < 0.5 for g in generators], axis=2)
    logs = -np.stack([g.standard_exponential((2, period, blocks)) for g in generators], axis=2)
    gain, loss = (amplitude / variance)[:, None], (amplitude**2 / (2 * variance))[:, None]
    log_rate, height = np.log(rate)[:, None], amplitude[:, None]
    for phase in range(period):
        frames = phase + period * np.arange(blocks)
        left = n_frames - frames
        seen = trains.residual[:, phase : phase + blocks * period].reshape(-1, blocks, period)
        match = seen @ pair
        here, there = match[..., 0], match[..., 1]
        n_here, n_there = trains.counts[:, frames], trains.counts[:, frames + shift]
        norm = alone[:, np.clip(left, 0, length)]
        cross = both[:, np.clip(left - shift, 0, length - shift)]
        # Add or remove; where there is none only adding is tried, twice as often as its way back.
        sign = np.where(kinds[0, phase] | (n_here == 0), 1, -1)
        odds = gain * sign * here - loss * norm
        odds += sign * (log_rate - np.log(np.maximum(n_here + (sign > 0), 1)))
        odds += np.log(2) * ((n_here + sign == 0).astype(int) - (n_here == 0))
        added = sign * ((logs[0, phase] < odds) & (left > 0))
        n_here += added
        # Move there or back.
        sign = np.where(kinds[1, phase], 1, -1)
        source, target = np.where(sign > 0, (n_here, n_there), (n_there, n_here))
        norm_there = alone[:, np.clip(left - shift, 0, length)]
        change = there - here - height * added * (cross - norm)
        odds = gain * sign * change - loss * (norm + norm_there - 2 * cross)
        odds += np.log(np.maximum(source, 1) / (target + 1))
        moved = sign * ((logs[1, phase] < odds) & (source > 0) & (left > shift))
        trains.counts[:, frames] = n_here - moved
        trains.counts[:, frames + shift] = n_there + moved
        chain, block = np.nonzero((added != 0) | (moved != 0))
        by = np.stack([added - moved, moved], axis=2)[chain, block] * height[chain]
        seen[chain, block] -= np.einsum("cpi,ci->cp", pair[chain], by)
        trains.residual[:, n_frames:] = 0


def _products(shapes: Floats, shift: int) -> Floats:
    """Return the sums over the first 0, 1, ... frames of ``shapes`` times themselves moved by `shift`."""
    length = shapes.shape[1]
    products = np.cumsum(shapes[:, shift:] * shapes[:, : length - shift], axis=1)
    return np.concatenate([np.zeros((len(shapes), 1)), products], axis=1)
