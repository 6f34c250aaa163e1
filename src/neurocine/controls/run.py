"""The controls of a recording: its steps, run again on planted and mirrored movies."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocine.active import annotate_active
from neurocine.activity import infer
from neurocine.celltype import classify
from neurocine.config import Config
from neurocine.config.engines import GIVEN
from neurocine.controls import measures
from neurocine.controls.drawing_cells import Ground, draw_planted
from neurocine.controls.light import Light, measured_light
from neurocine.controls.mirror import mirrored
from neurocine.controls.own_activity import own_activity
from neurocine.controls.planting import Planted, planted_movie
from neurocine.controls.residual_motion import residual_motion
from neurocine.core import Movie, RoiSet
from neurocine.core.controls import Controls, Estimate
from neurocine.core.matching import match
from neurocine.core.raster import active_runs
from neurocine.core.truth import MIN_DPRIME
from neurocine.io.result_files import MovieWriter, Stamp, read_movie
from neurocine.io.results import RecordingResults
from neurocine.motion.summary import SummaryAccumulator
from neurocine.progress import Progress, silent
from neurocine.segmentation import segment
from neurocine.traces.extraction import projected
from neurocine.traces.masks import signal_masks

#: A mask in the mirrored movie lies on an ROI of the recording if they share as much (IoU).
SAME_PLACE = 0.3


@dataclass(frozen=True, eq=False)
class Round:
    """What one round of planted cells gave.

    Attributes
    ----------
    cells
        What was planted.
    segmented
        Which of them segmentation found, (N,); None where the ROIs were given.
    counts
        What was called in them.
    """

    cells: Planted
    segmented: NDArray[np.bool_] | None
    counts: measures.Counts


def run_controls(results: RecordingResults, config: Config, progress: Progress = silent) -> Controls:
    """Return the controls of a recording, whose steps run with the settings of `config`.

    One movie at a time is written to a temporary folder, and removed.

    Raises
    ------
    InputError
        If cells can't be planted into the movie, its noise can't be measured, or a step fails.
    """
    light = measured_light(results.movie)
    moving = residual_motion(results.movie, results.summary.mean, light, progress)
    own = own_activity(results.movie, results.rois, results.raster, progress)
    ground = Ground(results.movie, results.summary.mean, results.rois, light, own)
    rounds = [
        _round(results, ground, moving, config, seed, progress) for seed in range(config.controls.rounds)
    ]
    calls, minutes, false_masks = _mirror(results, light, config, progress)
    return _result(results, rounds, calls, minutes, false_masks)


def _round(
    results: RecordingResults,
    ground: Ground,
    moving: tuple[NDArray[np.float64], NDArray[np.float32]],
    config: Config,
    seed: int,
    progress: Progress,
) -> Round:
    cells = draw_planted(ground, seed, progress)
    blocks = planted_movie(results.movie, cells, ground.light, moving, seed, progress)
    with _written(results, blocks) as movie:
        found = _segmented(movie, results.rois, config, progress)
        rois, segmented = with_outlines(found, cells.rois)
        types = classify(movie, rois, config.celltype, progress=progress)
        planted = np.arange(len(rois)) >= len(rois) - len(cells.rois)
        raster = infer(movie, rois, config.activity, celltypes=types, only=planted, progress=progress)
    given = config.segmentation.engine == GIVEN
    return Round(cells, None if given else segmented, measures.planted_counts(raster.active, cells))


def _mirror(
    results: RecordingResults, light: Light, config: Config, progress: Progress
) -> tuple[NDArray[np.int64], NDArray[np.float64], int | None]:
    """Return false calls and quiet minutes of each ROI, (N,), and the false masks (None: not looked for)."""
    rate = results.movie.frame_rate_hz
    with _written(results, mirrored(results.movie, light, progress)) as movie:
        raster = infer(movie, results.rois, config.activity, celltypes=results.celltypes, progress=progress)
        false_masks = None
        if config.segmentation.engine != GIVEN:
            found = _segmented(movie, results.rois, config, progress)
            rising = results.rois.select(measures.shows_falls(-results.traces.f, rate))
            elsewhere = found.select(match(found, rising, min_iou=SAME_PLACE).false)
            f = projected(movie, signal_masks(elsewhere), progress)
            false_masks = int((~measures.shows_falls(f, rate)).sum())
    calm = measures.quiet(results.traces.f, results.raster.active, rate)
    calls, frames = measures.quiet_calls(raster.active, calm & results.movie.valid)
    return calls, frames / rate / 60, false_masks


def _segmented(movie: Movie, own: RoiSet, config: Config, progress: Progress) -> RoiSet:
    """Return the ROIs that the recording's steps find in `movie`; its `own` where they were given."""
    if config.segmentation.engine == GIVEN:
        return own
    found = segment(movie, config.segmentation, engines=config.engines, progress=progress)
    return annotate_active(movie, found, config.active, config.segmentation.stneuronet, progress=progress)


def with_outlines(found: RoiSet, known: RoiSet) -> tuple[RoiSet, NDArray[np.bool_]]:
    """Return ROIs in which known cells come last, each as it was found, or else with its own outline.

    Parameters
    ----------
    found
        What segmentation found.
    known
        N cells that are known to be there.

    Returns
    -------
    rois
        First what was found and is none of the known cells, then these, in their order; numbered anew.
    segmented
        Which of the known cells were found, (N,).
    """
    pairs = match(found, known).pairs
    as_found = dict(pairs[:, ::-1].tolist())
    others = np.setdiff1d(np.arange(len(found)), pairs[:, 0]).tolist()
    pixels = [found.pixels(i) for i in others]
    pixels += [found.pixels(as_found[i]) if i in as_found else known.pixels(i) for i in range(len(known))]
    rois = RoiSet.from_pixels(known.fov_shape, pixels, source="planted cells")
    return rois, np.isin(np.arange(len(known)), pairs[:, 1])


@contextmanager
def _written(results: RecordingResults, blocks: Iterator[tuple[int, NDArray[np.float32]]]) -> Iterator[Movie]:
    """Yield a movie of `blocks`, in a temporary file, with what else the recording's has."""
    with tempfile.TemporaryDirectory(prefix="neurocine-controls-") as folder:
        path = Path(folder) / "movie.h5"
        summary = SummaryAccumulator(results.summary.mean)
        with MovieWriter(path, results.movie, Stamp()) as writer:
            for start, frames in blocks:
                writer.write(start, frames)
                summary.add(writer.read(start, start + len(frames)))
            writer.finish(summary.result(), results.registration, results.movie.validity)
        yield read_movie(path)


def _result(
    results: RecordingResults,
    rounds: list[Round],
    mirrored_calls: NDArray[np.int64],
    quiet_min: NDArray[np.float64],
    false_masks: int | None,
) -> Controls:
    """Return all measures of the rounds together, and of the mirrored movie."""
    minutes = results.movie.n_frames / results.movie.frame_rate_hz / 60
    silent_cell = np.concatenate([r.cells.silent for r in rounds])
    true_calls = np.concatenate([r.counts.true_calls for r in rounds])
    false_calls = np.concatenate([r.counts.false_calls for r in rounds])
    found = np.concatenate([r.counts.found for r in rounds])
    coverage = np.concatenate([r.counts.coverage for r in rounds])[found]
    # A recording's ROIs are cells that were found, or given.
    listed = np.concatenate(
        [np.ones(len(r.cells.rois), bool) if r.segmented is None else r.segmented for r in rounds]
    )
    visible_found, visible = _visible_by_cell(rounds)
    largest, segmented = _segmented_neurons(rounds)
    own_per_min = _own_per_min(results)
    mirrored_per_min = measures.per_minute(mirrored_calls, quiet_min)

    def per_min(calls: NDArray[np.int64]) -> Estimate:
        return measures.per_minute(calls, np.full(len(calls), minutes))

    return Controls(
        rounds=len(rounds),
        cells=len(silent_cell),
        silent_cells=int(silent_cell.sum()),
        recall=measures.by_dprime(largest, segmented, measures.NEURON_EDGES) if len(segmented) else (),
        neurons_found=measures.share(segmented, np.ones(len(segmented))),
        sensitivity=measures.by_dprime(np.concatenate([r.cells.dprime for r in rounds]), found),
        visible_found=measures.share(visible_found, visible),
        coverage=measures.share(coverage, np.ones(len(coverage))),
        precision=measures.share(true_calls[~silent_cell], (true_calls + false_calls)[~silent_cell]),
        silent_per_min=per_min(false_calls[silent_cell]),
        mirrored_per_min=mirrored_per_min,
        false_masks=measures.counted(false_masks or 0, 0 if false_masks is None else len(results.rois)),
        false_by_planted=measures.scaled(per_min(false_calls[listed]), own_per_min),
        false_by_mirror=measures.scaled(mirrored_per_min, own_per_min),
    )


def _segmented_neurons(rounds: list[Round]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the largest d' of each active neuron, and whether it was found; (0,) where ROIs were given."""
    known = [r for r in rounds if r.segmented is not None]
    largest = [measures.largest_dprime(r.cells)[~r.cells.silent] for r in known]
    found = [r.segmented[~r.cells.silent] for r in known if r.segmented is not None]
    return np.concatenate([np.empty(0), *largest]), np.concatenate([np.empty(0, dtype=bool), *found])


def _visible_by_cell(rounds: list[Round]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each planted cell how many visible transients were found, and how many there are."""
    found, there = [], []
    for one in rounds:
        n, seen = len(one.cells.rois), one.cells.dprime >= MIN_DPRIME
        found.append(np.bincount(one.cells.roi_id[seen & one.counts.found], minlength=n))
        there.append(np.bincount(one.cells.roi_id[seen], minlength=n))
    return np.concatenate(found), np.concatenate(there)


def _own_per_min(results: RecordingResults) -> float:
    """Return the recording's own calls a minute and ROI."""
    row, _, _ = active_runs(results.raster.active)
    minutes = results.movie.n_frames / results.movie.frame_rate_hz / 60
    return len(row) / max(len(results.rois), 1) / minutes
