"""Spikes and noise-free ΔF/F of the cells of a hybrid movie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from neurocine.simulation.hybrid.presets import HybridPreset, log_uniform
from neurocine.simulation.hybrid.spiking import (
    draw_assemblies,
    network_events,
    planted_events,
    plateau_train,
    recorded_train,
    sparse_train,
    thinned,
)
from neurocine.simulation.kinetics import Kinetics, drive, saturate
from neurocine.simulation.library import RecordedNeuron

#: Largest change of a cell's time constants and, in standard deviations of its logarithm, of its amplitude.
TAU_JITTER, AMPLITUDE_JITTER = 0.2, 0.35
#: Cells' largest ΔF/F lies between these; recorded ones reach 25, from dark somata.
LEAST_PEAK, LARGEST_PEAK = 0.08, 6.0
#: Half-saturation relative to a cell's largest drive, at least.
SOFTEST = 0.35


@dataclass(frozen=True, eq=False)
class CellActivity:
    """N cells over T frames.

    Attributes
    ----------
    cell_types, neurons
        Type of each, and whose spikes and kinetics it has (``spikes + kinetics``; empty for noise), (N,).
    spikes
        For each cell its spike times in seconds from frame 0.
    dff
        Noise-free ΔF/F, (N, T) float32.
    assembly
        Planted assembly of each cell, (N,) int64, -1: none; None where none were planted.
    """

    cell_types: tuple[str, ...]
    neurons: tuple[str, ...]
    spikes: list[NDArray[np.float64]]
    dff: NDArray[np.float32]
    assembly: NDArray[np.int64] | None = None


#: Spikes (S,) of a cell of a type: from a recorded neuron, a duration and the network events that it joins.
Firing = Callable[[np.random.Generator, str, RecordedNeuron, float, NDArray[np.float64]], NDArray[np.float64]]


def draw_cells(
    rng: np.random.Generator,
    preset: HybridPreset,
    neurons: Sequence[RecordedNeuron],
    kinds: tuple[str, ...],
    firing: Firing | None = None,
) -> CellActivity:
    """Draw spikes and ΔF/F of cells of types `kinds` from recorded `neurons`, which fire as `firing` says.

    A cell's spikes are one neuron's and its kinetics those of one of its type, the same half of the time;
    the size of its transients is that of the first neuron, so that each pair is plausible.
    """
    pools = {
        "pyramidal": [n for n in neurons if not n.is_interneuron and n.data_set in preset.pyramidal_sets],
        "interneuron": [n for n in neurons if n.is_interneuron and n.data_set in preset.interneuron_sets],
    }
    # Few neurons have GCaMP6f: trains may come from any excitatory one.
    trains = {**pools, "pyramidal": [n for n in neurons if not n.is_interneuron]}
    glowing_alike: list[RecordedNeuron] = []
    if preset.common_kinetics is not None:
        pools = trains = {kind: _evened(pool) for kind, pool in pools.items()}
        if rng.uniform() < preset.common_kinetics:
            anyone = [pool[rng.integers(len(pool))] for pool in pools.values() if pool]
            glowing_alike = [anyone[i] for i in rng.integers(len(anyone), size=2)]
    fired = firing or partial(own_train, preset)
    duration = preset.n_frames / preset.frame_rate_hz
    per_min = rng.uniform(*preset.network_per_min)
    events = network_events(rng, len(kinds), duration, per_min, preset.participation)
    assembly = None
    if preset.assemblies is not None:
        assembly = draw_assemblies(rng, np.array([kind != "noise" for kind in kinds]), preset.assemblies)
        planted = planted_events(rng, assembly, duration, preset.assemblies)
        events = [np.concatenate(pair) for pair in zip(events, planted, strict=True)]
    spikes: list[NDArray[np.float64]] = []
    names: list[str] = []
    traces = np.zeros((len(kinds), preset.n_frames), dtype=np.float32)
    for index, kind in enumerate(kinds):
        if kind == "noise":
            spikes.append(np.empty(0))
            names.append("")
            continue
        neuron = trains[kind][rng.integers(len(trains[kind]))]
        same = neuron in pools[kind] and rng.uniform() < 0.5
        glowing = neuron if same else pools[kind][rng.integers(len(pools[kind]))]
        if glowing_alike:
            glowing = glowing_alike[rng.integers(len(glowing_alike))]
        train = fired(rng, kind, neuron, duration, events[index])
        traces[index] = _fluorescence(rng, preset, neuron.kinetics, glowing.kinetics, train)
        spikes.append(train)
        names.append(f"{neuron.name} + {glowing.name}")
    return CellActivity(kinds, tuple(names), spikes, traces, assembly)


def _evened(neurons: Sequence[RecordedNeuron]) -> list[RecordedNeuron]:
    """Return `neurons`, each so often that every data set occurs about as often as the largest."""
    sizes = Counter(neuron.data_set for neuron in neurons)
    largest = max(sizes.values(), default=0)
    return [neuron for neuron in neurons for _ in range(round(largest / sizes[neuron.data_set]))]


def own_train(
    preset: HybridPreset,
    rng: np.random.Generator,
    kind: str,
    neuron: RecordedNeuron,
    duration: float,
    events: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return spikes (S,) of a cell of type `kind`, as the preset arranges those of recorded neurons."""
    if kind == "interneuron":
        return plateau_train(rng, neuron, duration, rng.uniform(*preset.plateaus_per_min), events)
    if preset.sparse_per_min is not None:
        per_min = float(log_uniform(rng, preset.sparse_per_min))
        return sparse_train(rng, neuron, duration, per_min, events)
    joined = sparse_train(rng, neuron, duration, 0.0, events)
    own = thinned(rng, recorded_train(rng, neuron, duration), rng.uniform(*preset.bursts_kept))
    return np.sort(np.concatenate([own, joined]))


def _fluorescence(
    rng: np.random.Generator,
    preset: HybridPreset,
    own: Kinetics,
    other: Kinetics,
    train: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return ΔF/F (T,): shaped by `other`, jittered, as large as with `own`."""
    slower = rng.uniform(*preset.decay_scale)
    shaped = replace(
        other,
        rise_s=other.rise_s * slower * rng.uniform(1 - TAU_JITTER, 1 + TAU_JITTER),
        decay_s=other.decay_s * slower * rng.uniform(1 - TAU_JITTER, 1 + TAU_JITTER),
    )
    trace = _shape(shaped, preset, train)
    level = own.amplitude * float(_shape(own, preset, train).max(initial=0))
    level *= rng.uniform(*preset.amplitude_scale) * float(np.exp(rng.normal(0, AMPLITUDE_JITTER)))
    top = float(trace.max())
    if top <= 0:
        return np.zeros(preset.n_frames, dtype=np.float32)
    return np.asarray(trace / top * np.clip(level, LEAST_PEAK, LARGEST_PEAK), dtype=np.float32)


def _shape(kinetics: Kinetics, preset: HybridPreset, train: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ΔF/F (T,) of `kinetics` with an amplitude of 1.

    Trains busier than what the kinetics were fitted to must not end in a flat top that no recording shows.
    """
    c = drive(train, preset.n_frames, preset.frame_rate_hz, kinetics.rise_s, kinetics.decay_s)
    return saturate(c, kinetics.hill, max(kinetics.half, SOFTEST * float(c.max())))
