"""The truth of a movie whose cells' spikes and noise-free ΔF/F are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocine.core.truth import HybridTruth, Truth
from neurocine.simulation.hybrid.activity import CellActivity
from neurocine.simulation.hybrid.brain_motion import BrainMotion
from neurocine.simulation.hybrid.true_transients import Rises, find_transients


class Made(NamedTuple):
    """What a movie was made with: name of the preset, seed and split."""

    name: str
    seed: int
    split: str


@dataclass(frozen=True, eq=False)
class Seen:
    """How well N cells are seen.

    Attributes
    ----------
    resting
        Mean resting brightness over each contour, (N,), photons.
    gain
        Counts of a photon.
    detectability
        d′ of each cell's transients, N arrays.
    is_target
        Which overlap another, (N,).
    """

    resting: NDArray[np.float64]
    gain: float
    detectability: list[NDArray[np.float64]]
    is_target: NDArray[np.bool_]


def rises_of(activity: CellActivity, frame_rate_hz: float) -> list[Rises]:
    """Return each cell's transients."""
    return [
        find_transients(dff.astype(np.float64), spikes, frame_rate_hz)
        for dff, spikes in zip(activity.dff, activity.spikes, strict=True)
    ]


def make_truth(
    made: Made, activity: CellActivity, rises: list[Rises], seen: Seen, motion: BrainMotion
) -> Truth:
    """Return the truth: the raster is True from onset to peak of each of the `rises`."""
    n = len(rises)
    owner = np.repeat(np.arange(n), [len(r.onset) for r in rises]).astype(np.int64)
    raster = np.zeros(activity.dff.shape, dtype=bool)
    for row, transients in zip(raster, rises, strict=True):
        for onset, peak in zip(transients.onset, transients.peak, strict=True):
            row[onset : peak + 1] = True
    signal = activity.dff * seen.resting[:, None]
    return Truth(
        ids=np.arange(n, dtype=np.int64),
        cell_types=activity.cell_types,
        is_target=seen.is_target,
        raster=raster,
        calcium=(signal * seen.gain).astype(np.float32),
        shifts=motion.shifts,
        roi_id=owner,
        onset=np.concatenate([r.onset for r in rises]).astype(np.int64),
        peak=np.concatenate([r.peak for r in rises]).astype(np.int64),
        preset=made.name,
        seed=made.seed,
        split=made.split,
        hybrid=HybridTruth(
            neuron=activity.neurons,
            resting=(seen.resting * seen.gain).astype(np.float32),
            axial=motion.axial,
            amplitude=np.concatenate([r.amplitude for r in rises]).astype(np.float32),
            n_spikes=np.concatenate([r.n_spikes for r in rises]),
            detectability=np.concatenate(seen.detectability).astype(np.float32),
            spike_roi=np.repeat(np.arange(n), [len(s) for s in activity.spikes]).astype(np.int64),
            spike_s=np.concatenate([*activity.spikes, np.empty(0)]),
            assembly=activity.assembly,
        ),
    )
