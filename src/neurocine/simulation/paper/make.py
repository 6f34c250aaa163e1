"""A recording as DeepCINAC's paper simulates one (section 2.4, #2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurocine.core import CELL_TYPES, RoiSet
from neurocine.core.truth import SPLITS, Truth
from neurocine.simulation.paper.activity import Activity, draw_activity
from neurocine.simulation.paper.footprints import Footprints, place_cells
from neurocine.simulation.paper.render import PaperFrames, make_scene
from neurocine.simulation.presets import Preset

#: Between the seeds of one split and the next.
_SPLIT_STRIDE = 2**40


def make_paper(preset: Preset, seed: int, split: str, name: str) -> tuple[RoiSet, Truth, PaperFrames]:
    """Return contours, truth and frames of one movie."""
    stream = seed + SPLITS.index(split) * _SPLIT_STRIDE
    rng = np.random.default_rng(stream)
    cells = place_cells(rng, preset)
    kinds = draw_types(rng, preset, len(cells.contour))
    activity = draw_activity(rng, preset, kinds, draw_rates(rng, preset, cells))
    scene = make_scene(rng, preset, cells, activity.calcium, stream)
    rois = RoiSet.from_masks(
        np.where(cells.contour, cells.weight, 0), engine="simulation", source="simulation"
    )
    truth = Truth(
        ids=np.arange(len(kinds), dtype=np.int64),
        cell_types=kinds,
        is_target=cells.is_target,
        raster=raster_of(activity),
        calcium=scene.calcium,
        shifts=scene.shifts,
        roi_id=activity.cell,
        onset=activity.onset,
        peak=activity.peak,
        preset=name,
        seed=seed,
        split=split,
    )
    return rois, truth, scene


def draw_types(rng: np.random.Generator, preset: Preset, n: int) -> tuple[str, ...]:
    """Return the type of each of `n` cells."""
    shares = np.asarray(preset.type_shares) / sum(preset.type_shares)
    return tuple(CELL_TYPES[i] for i in rng.choice(len(CELL_TYPES), size=n, p=shares))


def draw_rates(rng: np.random.Generator, preset: Preset, cells: Footprints) -> NDArray[np.float64]:
    """Return each cell's transients per 1,000 frames, (N,): by target, overlapping or near cell."""
    n = len(cells.contour)
    rates = rng.uniform(*preset.near_rate, n)
    rates[cells.overlaps] = rng.uniform(*preset.overlapping_rate, cells.overlaps.sum())
    rates[cells.is_target] = rng.uniform(*preset.target_rate, cells.is_target.sum())
    return rates


def raster_of(activity: Activity) -> NDArray[np.bool_]:
    """Return the raster (N, T): True from onset to peak of each transient, both inclusive."""
    raster = np.zeros(activity.calcium.shape, dtype=bool)
    for cell, onset, peak in zip(activity.cell, activity.onset, activity.peak, strict=True):
        raster[cell, onset : peak + 1] = True
    return raster
