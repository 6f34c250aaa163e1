"""One simulated recording: a movie, its contours and its truth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocine.core import CELL_TYPES, Movie, RoiSet
from neurocine.core.progress import Progress, silent
from neurocine.io.contracts import MovieWriter, Registration, Stamp, settings_hash, write_rois
from neurocine.motion.summary import SummaryAccumulator
from neurocine.simulation.activity import Activity, draw_activity
from neurocine.simulation.footprints import Footprints, place_cells
from neurocine.simulation.presets import Preset, preset_of
from neurocine.simulation.render import Scene, make_scene
from neurocine.simulation.truth import Truth, write_truth

#: Frames rendered at a time: a multiple of the movie file's chunks.
BLOCK_FRAMES = 256


def simulate(
    preset: str | Preset,
    seed: int,
    out: Path,
    *,
    n_frames: int | None = None,
    progress: Progress = silent,
) -> Path:
    """Write ``movie.h5``, ``rois.h5`` and ``truth.h5`` of one simulated recording into `out`.

    Parameters
    ----------
    preset
        Name of a preset, or one of your own.
    seed
        The same preset and seed give the same bytes.
    out
        Folder, made if need be.
    n_frames
        Length of the movie, if other than the preset's.
    progress
        Told about frames.

    Returns
    -------
    pathlib.Path
        `out`.

    Raises
    ------
    InputError
        If there is no such preset.
    """
    name = preset if isinstance(preset, str) else "custom"
    chosen = preset_of(preset, **({} if n_frames is None else {"n_frames": n_frames}))
    rng = np.random.default_rng(seed)
    cells = place_cells(rng, chosen)
    kinds = draw_types(rng, chosen, len(cells.contour))
    activity = draw_activity(rng, chosen, kinds, draw_rates(rng, chosen, cells))
    scene = make_scene(rng, chosen, cells, activity.calcium, seed)
    stamp = Stamp(config_hash=settings_hash({"preset": asdict(chosen), "seed": seed}))

    write_rois(out / "rois.h5", _contours(cells), stamp)
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
    )
    write_truth(out / "truth.h5", truth, stamp)
    _write_movie(out / "movie.h5", chosen, scene, stamp, progress)
    return out


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


def _contours(cells: Footprints) -> RoiSet:
    return RoiSet.from_masks(
        np.where(cells.contour, cells.weight, 0), engine="simulation", source="simulation"
    )


def _write_movie(path: Path, preset: Preset, scene: Scene, stamp: Stamp, progress: Progress) -> None:
    movie = Movie(scene, preset.frame_rate_hz, preset.pixel_size_um, "simulated", source="simulation")
    summary = SummaryAccumulator(movie.read(0, 1)[0])
    with MovieWriter(path, movie, stamp) as writer:
        for start in range(0, movie.n_frames, BLOCK_FRAMES):
            frames = movie.read(start, min(start + BLOCK_FRAMES, movie.n_frames))
            writer.write(start, frames)
            summary.add(frames)
            progress("simulate", start + len(frames), movie.n_frames)
        pictures = summary.result()
        still = np.zeros(movie.n_frames, dtype=np.float32)
        writer.finish(
            pictures,
            Registration(
                y=still,
                x=still,
                correlation=np.ones_like(still),
                unregistered=np.zeros(movie.n_frames, dtype=bool),
                template=pictures.mean,
                raw_mean=pictures.mean,
                metrics={},
            ),
        )
