"""Spike trains drawn from their posterior, given the shape of a transient and the noise.

A chain has the number of events in each frame of one trace. A sweep proposes in every frame to add or remove
an event, and to move one to a nearby frame, each by the Metropolis-Hastings rule. Transients end after L
frames, so frames that are far enough apart are independent: they are updated at the same time, for all chains
at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


#: Largest number of events in a frame.
MOST = 200
#: Logarithms of the numbers of events; that of 0 is never used, and more events are never accepted.
LOG = np.append(np.log(np.maximum(np.arange(MOST + 1), 1)), np.inf)


@dataclass(frozen=True, eq=False)
class Trains:
    """The events of N chains over T frames, updated in place by `sweep`.

    Attributes
    ----------
    n_frames
        T.
    period
        Distance of frames that are updated together: the length L of a transient plus the largest move.
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
    """Propose in every frame to add or remove an event, and to move one by `shift` frames.

    Parameters
    ----------
    trains
        N chains.
    shapes
        Transient of each chain, (N, L).
    amplitude, variance
        Its height, and the variance of the noise, (N,).
    rate
        Expected events per frame of each chain (mean of a Poisson distribution), (N,).
    shift
        From 1 to ``period - L``, and less than L.
    generators
        One for each chain, so that no chain depends on the others.
    """
    period, n_frames, length = trains.period, trains.n_frames, shapes.shape[1]
    blocks = trains.counts.shape[1] // period - 1
    pair = np.zeros((len(shapes), period, 2))
    pair[:, :length, 0] = pair[:, shift : shift + length, 1] = shapes
    # For all phases: frames of phase p are p, p + period, ...
    frames = np.arange(period)[:, None] + period * np.arange(blocks)
    left = n_frames - frames
    height, gain = amplitude[:, None], (amplitude / variance)[:, None]
    loss = (amplitude**2 / (2 * variance))[:, None]
    log_rate = np.log(rate)[:, None]
    norm, norm_there, cross = _norms(shapes, shift, left)
    loss_here, loss_moved = loss * norm, loss * (norm + norm_there - 2 * cross)
    change_there = height * (cross - norm)
    signs, logs = _drawn(generators, period, blocks)
    for phase in range(period):
        here, there = frames[phase], frames[phase] + shift
        seen = trains.residual[:, phase : phase + blocks * period].reshape(-1, blocks, period)
        match = seen @ pair
        n_here, n_there = trains.counts[:, here], trains.counts[:, there]
        # Add or remove; in a frame without events only adding is proposed, twice as often as the reverse.
        none = n_here == 0
        sign = np.where(none, 1, signs[0, phase])
        odds = sign * (gain * match[..., 0] + log_rate - LOG[n_here + (sign > 0)])
        odds += LOG[2] * ((n_here + sign == 0) * 1.0 - none) - loss_here[phase]
        added = sign * ((logs[0, phase] < odds) & (left[phase] > 0))
        n_here += added
        # Move there or back.
        sign = signs[1, phase]
        source, target = np.where(sign > 0, (n_here, n_there), (n_there, n_here))
        gained = match[..., 1] - match[..., 0] - added * change_there[phase]
        odds = sign * gain * gained - loss_moved[phase] + LOG[source] - LOG[target + 1]
        moved = sign * ((logs[1, phase] < odds) & (source > 0) & (left[phase] > shift))
        changed = np.nonzero(added | moved)
        if not len(changed[0]):
            continue
        trains.counts[:, here] = n_here - moved
        trains.counts[:, there] = n_there + moved
        by = np.stack([added - moved, moved], axis=2)[changed] * height[changed[0]]
        seen[changed] -= np.einsum("cpi,ci->cp", pair[changed[0]], by)
        trains.residual[:, n_frames:] = 0


def _norms(shapes: Floats, shift: int, left: Ints) -> tuple[Floats, Floats, Floats]:
    """Return products of transients that have `left` frames, (P, M), until the end: (P, N, M) each.

    That of one with itself, of one `shift` frames later with itself, and of both.
    """
    length = shapes.shape[1]
    alone, both = _products(shapes, 0), _products(shapes, shift)
    later = left - shift
    norm, norm_there = (alone[:, np.clip(frames, 0, length)] for frames in (left, later))
    cross = both[:, np.clip(later, 0, length - shift)]
    return norm.swapaxes(0, 1), norm_there.swapaxes(0, 1), cross.swapaxes(0, 1)


def _drawn(generators: Sequence[np.random.Generator], period: int, blocks: int) -> tuple[Ints, Floats]:
    """Return signs and logarithms of uniform numbers, two of each for a frame, (2, P, N, M)."""
    shape = (2, period, blocks)
    signs = np.stack([g.integers(0, 2, shape, dtype=np.int8) for g in generators], axis=2)
    logs = np.stack([g.standard_exponential(shape) for g in generators], axis=2)
    return 2 * signs.astype(np.int64) - 1, -logs


def _products(shapes: Floats, shift: int) -> Floats:
    """Return the sums over the first 0, 1, ... frames of ``shapes`` times themselves moved by `shift`."""
    length = shapes.shape[1]
    products = np.cumsum(shapes[:, shift:] * shapes[:, : length - shift], axis=1)
    return np.concatenate([np.zeros((len(shapes), 1)), products], axis=1)
