"""When each cell is active, and the calcium that follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocine.core import CELL_TYPES
from neurocine.simulation.presets import Preset, Range

#: Frames between a peak and the next onset of the same cell, at least.
GAP = 3
#: An interneuron's plateaus: length in frames, level relative to the peak before it, decay after it, and the
#: frames between the transients that ride on it.
PLATEAU_FRAMES = (20, 80)
PLATEAU_LEVEL = (0.6, 0.9)
PLATEAU_DECAY = (12.0, 25.0)
RIDING_EVERY = 14


@dataclass(frozen=True, eq=False)
class Activity:
    """Transients of N cells over T frames.

    Attributes
    ----------
    cell, onset, peak
        Cell, first and last frame (inclusive) of each of M transients, (M,) int64, by cell and time.
    calcium
        Unitless calcium, (N, T) float32, zero at rest, about 1 at a pyramidal cell's peak.
    """

    cell: NDArray[np.int64]
    onset: NDArray[np.int64]
    peak: NDArray[np.int64]
    calcium: NDArray[np.float32]


@dataclass
class _Plan:
    """One cell's transients, and the level that its calcium decays to."""

    onset: NDArray[np.int64]
    rise: NDArray[np.int64]
    amplitude: NDArray[np.float64]
    level: NDArray[np.float64]
    decay: float


def draw_activity(
    rng: np.random.Generator, preset: Preset, cell_types: tuple[str, ...], rates: NDArray[np.float64]
) -> Activity:
    """Draw the transients of cells of `cell_types` at `rates` (transients per 1,000 frames), (N,).

    Pyramidal cells: linear rise, exponential decay (section 2.4, #2). Interneurons: a high rise, then
    a plateau that carries small transients (section 3.3). Noise: no transient at all, only a slow drift.
    """
    plans = [_plan(rng, preset, kind, rate) for kind, rate in zip(cell_types, rates, strict=True)]
    calcium = _integrate(plans, preset.n_frames)
    for index, kind in enumerate(cell_types):
        if kind == "noise":
            calcium[index] = slow(rng, preset.n_frames, (5.0, 60.0)) * rng.uniform(0, 0.15)
    return Activity(
        cell=np.repeat(np.arange(len(plans)), [len(plan.onset) for plan in plans]),
        onset=np.concatenate([plan.onset for plan in plans]).astype(np.int64),
        peak=np.concatenate([plan.onset + plan.rise for plan in plans]).astype(np.int64),
        calcium=calcium.astype(np.float32),
    )


def slow(rng: np.random.Generator, n_frames: int, scale: Range) -> NDArray[np.float64]:
    """Return a slow fluctuation (T,) of mean 0 and standard deviation 1; `scale` frames sets how slow."""
    smooth = rng.uniform(*scale)
    frequency = np.fft.rfftfreq(n_frames)
    spectrum = np.fft.rfft(rng.standard_normal(n_frames)) * np.exp(-2 * (np.pi * frequency * smooth) ** 2)
    spectrum[0] = 0
    trace = np.fft.irfft(spectrum, n_frames)
    return np.asarray(trace / max(trace.std(), 1e-12))


def spaced(rng: np.random.Generator, lengths: NDArray[np.int64], n_frames: int) -> NDArray[np.int64]:
    """Return first frames of intervals of `lengths`, in order, at random but apart; all fit in `n_frames`."""
    free = n_frames - 1 - int(lengths.sum())
    before = np.concatenate([[0], np.cumsum(lengths)[:-1]]) if len(lengths) else lengths
    return np.asarray(np.sort(rng.integers(0, free, len(lengths), endpoint=True)) + before, dtype=np.int64)


def _plan(rng: np.random.Generator, preset: Preset, kind: str, rate: float) -> _Plan:
    if kind not in CELL_TYPES:
        raise ValueError(f"unknown cell type {kind!r}")
    none = np.empty(0, dtype=np.int64)
    level = np.zeros(preset.n_frames)
    if kind == "noise":
        return _Plan(none, none, np.empty(0), level, 1.0)
    if kind == "interneuron":
        return _interneuron(rng, preset, rate, level)
    rise = rng.integers(*preset.rise_frames, size=_count(rate, preset.n_frames), endpoint=True)
    onset = spaced(rng, rise + 1 + GAP, preset.n_frames)
    return _Plan(onset, rise, _amplitudes(rng, preset, len(rise)), level, rng.uniform(*preset.decay_frames))


def _interneuron(rng: np.random.Generator, preset: Preset, rate: float, level: NDArray[np.float64]) -> _Plan:
    """Plan plateaus, a quarter as often as a pyramidal cell has transients, as each holds several."""
    first = rng.integers(3, 12, size=_count(rate / 4, preset.n_frames), endpoint=True)
    length = rng.integers(*PLATEAU_FRAMES, size=len(first), endpoint=True)
    start = spaced(rng, first + 1 + length + GAP, preset.n_frames)
    height = 1.8 * _amplitudes(rng, preset, len(first))
    onset, rise, amplitude = [start], [first], [height]
    for begin, end, top in zip(start + first, start + first + length, height, strict=True):
        level[begin + 1 : end] = top * rng.uniform(*PLATEAU_LEVEL)
        riding = rng.integers(1, 4, size=(end - begin) // RIDING_EVERY, endpoint=True)
        onset.append(begin + GAP + spaced(rng, riding + 1 + GAP, int(end - begin - GAP)))
        rise.append(riding)
        amplitude.append(top * rng.uniform(0.2, 0.6, len(riding)))
    order = np.argsort(np.concatenate(onset), kind="stable")
    return _Plan(
        np.concatenate(onset)[order],
        np.concatenate(rise)[order],
        np.concatenate(amplitude)[order],
        level,
        rng.uniform(*PLATEAU_DECAY),
    )


def _count(rate: float, n_frames: int) -> int:
    return max(1, round(rate * n_frames / 1000))


def _amplitudes(rng: np.random.Generator, preset: Preset, n: int) -> NDArray[np.float64]:
    return np.asarray(np.exp(rng.normal(0, preset.amplitude_sd, n)))


def _integrate(plans: list[_Plan], n_frames: int) -> NDArray[np.float64]:
    """Return the calcium (N, T): it grows from onset to peak and otherwise decays to the cell's level."""
    growth = np.zeros((len(plans), n_frames))
    for row, plan in zip(growth, plans, strict=True):
        for onset, rise, amplitude in zip(plan.onset, plan.rise, plan.amplitude, strict=True):
            row[onset + 1 : onset + rise + 1] += amplitude / rise
    level = np.stack([plan.level for plan in plans])
    keep = np.exp(-1 / np.asarray([plan.decay for plan in plans]))
    calcium = np.zeros_like(growth)
    for t in range(1, n_frames):
        last = calcium[:, t - 1]
        resting = np.minimum(level[:, t], last)
        calcium[:, t] = np.where(growth[:, t] > 0, last + growth[:, t], resting + keep * (last - resting))
    return calcium
