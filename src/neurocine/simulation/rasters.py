"""Rasters with planted assemblies: activity of a hybrid preset as a detector reports it, without a movie."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurocine.core import CELL_TYPES, InputError
from neurocine.core.truth import SPLITS
from neurocine.simulation.hybrid.activity import draw_cells
from neurocine.simulation.hybrid.presets import HybridPreset, PlantedAssemblies
from neurocine.simulation.hybrid.true_transients import find_transients
from neurocine.simulation.library import load
from neurocine.simulation.presets import AnyPreset, preset_of


@dataclass(frozen=True)
class DetectionNoise:
    """What a detector of activity gets wrong.

    The defaults are about what neurocine itself does on the presets' movies, all transients counted.

    Attributes
    ----------
    missed
        Share of the transients that are missed.
    false
        False transients relative to the true ones of the cell.
    false_s
        Length of a false transient in seconds.
    jitter_s
        Standard deviation of the error of an onset and of a peak, seconds.
    """

    missed: float = 0.2
    false: float = 0.12
    false_s: float = 0.4
    jitter_s: float = 0.1


@dataclass(frozen=True, eq=False)
class PlantedRaster:
    """A raster and what was planted in it.

    Attributes
    ----------
    active
        True from onset to peak of each transient reported, (N, T) bool.
    label
        Assembly of each cell, (N,) int64, -1: none.
    frame_rate_hz
        Frames a second.
    """

    active: NDArray[np.bool_]
    label: NDArray[np.int64]
    frame_rate_hz: float


#: What is planted, and what a detector makes of it, unless said otherwise.
PLANTED, DETECTED = PlantedAssemblies(), DetectionNoise()


def simulate_raster(
    preset: str | AnyPreset,
    seed: int,
    *,
    n_cells: int = 120,
    duration_s: float = 1250.0,
    planted: PlantedAssemblies | None = PLANTED,
    noise: DetectionNoise = DETECTED,
    split: str = "test",
) -> PlantedRaster:
    """Return the raster of `n_cells` neurons that fire as in a hybrid preset, with planted assemblies.

    The preset's own activity and network events, of cells drawn anew each time, are in it as well.

    Parameters
    ----------
    preset
        Name of a hybrid preset, or one of your own.
    seed
        The same arguments give the same raster.
    n_cells
        Neurons, none of them noise.
    duration_s
        Length in seconds; 1,250 are the 12,500 frames of DeepCINAC's recordings.
    planted
        The assemblies; None: none.
    noise
        What the detector gets wrong.
    split
        Whose recorded neurons: ``train``, ``validation`` or ``test``.

    Raises
    ------
    InputError
        If there is no such preset or split, or it isn't a hybrid one.
    """
    chosen = preset_of(preset)
    name = preset if isinstance(preset, str) else "custom"
    if not isinstance(chosen, HybridPreset):
        raise InputError("simulation", "preset", f"is {name!r}", "Choose a hybrid preset.")
    if split not in SPLITS:
        raise InputError("simulation", "split", f"is {split!r}", f"Choose one of {', '.join(SPLITS)}.")
    rng = np.random.default_rng((zlib.crc32(name.encode()), SPLITS.index(split), seed, 1))
    rate = chosen.frame_rate_hz
    made = replace(chosen, n_frames=round(duration_s * rate), assemblies=planted)
    shares = np.asarray(made.type_shares) * [kind != "noise" for kind in CELL_TYPES]
    kinds = tuple(CELL_TYPES[i] for i in rng.choice(len(CELL_TYPES), size=n_cells, p=shares / shares.sum()))
    cells = draw_cells(rng, made, load(split).neurons, kinds)
    active = np.zeros(cells.dff.shape, dtype=bool)
    for row, dff, spikes in zip(active, cells.dff, cells.spikes, strict=True):
        rises = find_transients(dff.astype(np.float64), spikes, rate)
        _report(row, rises.onset, rises.peak, noise, rate, rng)
    label = np.full(n_cells, -1, dtype=np.int64) if cells.assembly is None else cells.assembly
    return PlantedRaster(active, label, rate)


def _report(
    row: NDArray[np.bool_],
    onset: NDArray[np.int64],
    peak: NDArray[np.int64],
    noise: DetectionNoise,
    rate: float,
    rng: np.random.Generator,
) -> None:
    """Mark in `row` (T,) what a detector reports of transients from `onset` to `peak`."""
    seen = rng.uniform(size=len(onset)) >= noise.missed
    shift = np.rint(rng.normal(0, noise.jitter_s * rate, (2, len(onset)))).astype(np.int64)
    first = np.clip(onset + shift[0], 0, len(row) - 1)
    last = np.maximum(first, peak + shift[1])
    length = max(1, round(noise.false_s * rate))
    made_up = rng.integers(len(row), size=rng.poisson(noise.false * len(onset)))
    for start, stop in [*zip(first[seen], last[seen], strict=True), *((f, f + length - 1) for f in made_up)]:
        row[start : stop + 1] = True
