"""Spike trains for a movie, from those of recorded neurons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurocine.simulation.hybrid.presets import PlantedAssemblies
from neurocine.simulation.library import RecordedNeuron

#: Seconds of a recording that are moved as one.
BLOCK_S = (6.0, 25.0)
#: Spikes closer than this are one burst; longer bursts are cut, so that rises take 0.1–0.8 s.
BURST_GAP_S, BURST_MAX_S = 0.25, 0.5
#: How long an interneuron stays high, s; how long the burst before is, s, and its rate relative to what
#: follows.
PLATEAU_S, PLATEAU_BURST_S, PLATEAU_ONSET = (1.5, 8.0), 0.4, 5.0
#: Standard deviation of the time at which cells join a network event, s.
NETWORK_JITTER_S = 0.22
#: Least time between a cell's bursts, s.
REFRACTORY_S = 0.8


def recorded_train(
    rng: np.random.Generator, neuron: RecordedNeuron, duration_s: float
) -> NDArray[np.float64]:
    """Return spikes (S,) in [0, duration_s): blocks of the neuron's recordings in random order."""
    lengths = np.array([length for length, _ in neuron.recordings])
    parts, filled = [], 0.0
    while filled < duration_s:
        length, spike_s = neuron.recordings[rng.choice(len(lengths), p=lengths / lengths.sum())]
        block = min(rng.uniform(*BLOCK_S), length)
        start = rng.uniform(0, length - block)
        inside = spike_s[(spike_s >= start) & (spike_s < start + block)]
        parts.append(inside - start + filled)
        filled += block
    train = np.concatenate(parts)
    return np.sort(train[train < duration_s])


def thinned(rng: np.random.Generator, train: NDArray[np.float64], keep: float) -> NDArray[np.float64]:
    """Return the spikes of a share `keep` of the bursts of `train` (S,)."""
    if not len(train):
        return train
    burst = np.r_[0, np.cumsum(np.diff(train) > BURST_GAP_S)]
    return np.asarray(train[rng.uniform(size=burst[-1] + 1)[burst] < keep])


def bursts_of(neuron: RecordedNeuron) -> list[NDArray[np.float64]]:
    """Return the neuron's bursts, each (n,) seconds from its first spike; single spikes are bursts too."""
    bursts = []
    for _, spike_s in neuron.recordings:
        cuts = np.flatnonzero(np.diff(spike_s) > BURST_GAP_S) + 1
        for burst in np.split(spike_s, cuts):
            if len(burst):
                bursts.append(burst[burst < burst[0] + BURST_MAX_S] - burst[0])
    return bursts


def sparse_train(
    rng: np.random.Generator,
    neuron: RecordedNeuron,
    duration_s: float,
    per_min: float,
    events_s: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return bursts of the neuron at random times, `per_min`, and one at each of `events_s`.

    Bursts are drawn in proportion to their spikes: lone spikes are most of a recording, but few of its
    transients.
    """
    bursts = bursts_of(neuron)
    weight = np.array([float(len(burst)) for burst in bursts])
    times = np.concatenate([rng.uniform(0, duration_s, rng.poisson(per_min * duration_s / 60)), events_s])
    times = _apart(rng.permutation(times), REFRACTORY_S)
    chosen = rng.choice(len(bursts), size=len(times), p=weight / weight.sum())
    # Bursts in development last longer than those of the adults recorded.
    stretch = rng.uniform(1.0, 1.3, len(times))
    parts = [t + bursts[i] * s for t, i, s in zip(times, chosen, stretch, strict=True)]
    train = np.concatenate([*parts, np.empty(0)])
    return np.sort(train[(train >= 0) & (train < duration_s)])


def plateau_train(
    rng: np.random.Generator,
    neuron: RecordedNeuron,
    duration_s: float,
    per_min: float,
    events_s: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the neuron's own spikes, and episodes that begin with a burst and go on at its high rate.

    Episodes start at random, `per_min`, and at each of `events_s`.
    """
    own = recorded_train(rng, neuron, duration_s)
    rate = _high_rate(neuron)
    starts = np.concatenate([rng.uniform(0, duration_s, rng.poisson(per_min * duration_s / 60)), events_s])
    parts = [own]
    for start in starts:
        length = rng.uniform(*PLATEAU_S)
        first = rng.uniform(0, PLATEAU_BURST_S, rng.poisson(PLATEAU_BURST_S * rate * PLATEAU_ONSET) + 2)
        after = rng.uniform(PLATEAU_BURST_S, length, rng.poisson(rate * (length - PLATEAU_BURST_S)))
        quiet = (own > start - 1) & (own < start)  # the onset stands out
        parts[0] = parts[0][~np.isin(parts[0], own[quiet])]
        parts += [start + first, start + after]
    train = np.concatenate(parts)
    return np.sort(train[(train >= 0) & (train < duration_s)])


def network_events(
    rng: np.random.Generator,
    n_cells: int,
    duration_s: float,
    per_min: float,
    participation: tuple[float, float],
) -> list[NDArray[np.float64]]:
    """Return for each cell the times (E,) at which it joins network events, within about a second of each."""
    joined: list[list[float]] = [[] for _ in range(n_cells)]
    low, high = participation
    for time in np.sort(rng.uniform(0, duration_s, rng.poisson(per_min * duration_s / 60))):
        share = low + (high - low) * rng.uniform() ** 2
        for cell in np.flatnonzero(rng.uniform(size=n_cells) < share):
            joined[cell].append(time + rng.normal(0, NETWORK_JITTER_S))
    return [np.asarray(times, dtype=np.float64) for times in joined]


def planted_events(
    rng: np.random.Generator, label: NDArray[np.int64], duration_s: float, planted: PlantedAssemblies
) -> list[NDArray[np.float64]]:
    """Return for each cell the times (E,) at which it joins events of the assemblies in `label` (N,)."""
    joined: list[list[float]] = [[] for _ in label]
    for assembly in range(planted.n):
        for time in np.sort(rng.uniform(0, duration_s, rng.poisson(planted.per_min * duration_s / 60))):
            inside, outside = rng.uniform(*planted.participation), rng.uniform(*planted.others)
            share = np.where(label == assembly, inside, outside)
            for cell in np.flatnonzero(rng.uniform(size=len(label)) < share):
                joined[cell].append(time + rng.normal(0, NETWORK_JITTER_S))
    return [np.asarray(times, dtype=np.float64) for times in joined]


def draw_assemblies(
    rng: np.random.Generator, can_join: NDArray[np.bool_], planted: PlantedAssemblies
) -> NDArray[np.int64]:
    """Return the assembly of each cell, (N,) int64, -1: none; those that can't join have none."""
    label = np.full(len(can_join), -1, dtype=np.int64)
    chosen = rng.permutation(np.flatnonzero(can_join))
    chosen = chosen[: round(planted.share * len(chosen))]
    label[chosen] = np.arange(len(chosen)) % planted.n
    return label


def _high_rate(neuron: RecordedNeuron) -> float:
    """Return the neuron's rate in its busiest tenth of seconds, Hz, within reason."""
    counts = np.concatenate(
        [np.histogram(spike_s, np.arange(0, max(length, 2), 1.0))[0] for length, spike_s in neuron.recordings]
    )
    return float(np.clip(np.percentile(counts, 90), 5.0, 25.0))


def _apart(times: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """Return `times` without those that come less than `gap` after another kept; the order decides."""
    kept: list[float] = []
    for time in times:
        if all(abs(time - other) >= gap for other in kept):
            kept.append(float(time))
    return np.asarray(kept)
