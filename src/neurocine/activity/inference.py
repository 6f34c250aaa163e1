"""In which frames each cell is active (DeepCINAC, section 2.4).

Windows of 100 frames overlap; in each frame the maximum counts. The movie is read in blocks; each frame of
each cell is encoded once, and only the features of incomplete windows are in memory.

A batch has the same cells, frames and windows whether a recording is one job or is split into parts: the last
digit of a network's output may depend on the batch, so this makes the results of the parts identical to those
of the whole.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.config import ActivitySettings
from neurocine.core import CellTypes, InputError, Movie, Raster, RoiSet
from neurocine.core.movie import LONGEST_SPAN_S, false_runs
from neurocine.networks.cells.grid import Grid, ModelMovie
from neurocine.networks.cells.inputs import check_field, windows
from neurocine.networks.cells.runner import Runner
from neurocine.networks.registry import Registry
from neurocine.progress import Progress, silent

log = logging.getLogger(__name__)

#: Largest size of the new features of all cells.
FEATURE_BYTES = 128 * 1024**2

#: Frames of a cell that are encoded at once.
ENCODED_FRAMES = 256

#: Cells whose windows go through the head in one batch; a part has whole groups.
GROUP_CELLS = 16


def infer(
    movie: Movie,
    rois: RoiSet,
    settings: ActivitySettings,
    *,
    celltypes: CellTypes | None = None,
    registry: Registry | None = None,
    part: tuple[int, int] = (0, 1),
    only: NDArray[np.bool_] | None = None,
    progress: Progress = silent,
) -> Raster:
    """Return the activity of `rois` in `movie`, each cell by the classifier that serves its type.

    Parameters
    ----------
    movie
        Registered movie; resampled to each classifier's frame rate and pixel size.
    rois
        Cells.
    settings
        Model, backend, overlap, threshold and batch size.
    celltypes
        Types of at least these ROIs; without them cells get the classifier for ``any``.
    registry
        Models; None: those that ship with neurocine.
    part
        Index of the part and number of parts; (0, 1): all cells. Each cell is in one part, and the parts have
        about the same number of cells. `gathered` joins them.
    only
        The cells whose activity is wanted, (N,); the others are seen as neighbours alone. None: all.
    progress
        Called with the number of model frames that are read.

    Raises
    ------
    InputError
        If ROIs and movie don't have one field of view, the movie is shorter than a window at the model's
        frame rate, an ROI has no type, no model serves a type, or a model isn't what was registered.
    """
    check_field(movie, rois)
    registry = registry or Registry.load()
    names = classifiers(movie, rois, settings, celltypes, registry)
    groups = cell_groups(names, group_cells(settings), part, only)
    models = [registry.model(name, "activity") for name in groups]
    grids = [Grid.of(movie, model.entry.frame_rate_hz, model.entry.pixel_size_um) for model in models]
    for model, grid in zip(models, grids, strict=True):  # fail before any work if the movie is too short
        windows(grid.n_frames, model.entry.window_frames, settings.overlap, movie.source)
    inputs = [(grid, model.entry.normalisation) for model, grid in zip(models, grids, strict=True)]
    known = {key: ModelMovie.of(movie, *key) for key in dict.fromkeys(inputs)}
    probability = np.zeros((len(rois), movie.n_frames), dtype=np.float32)
    for model, key in zip(models, inputs, strict=True):
        chosen = np.concatenate(groups[model.name])
        log.info("activity of %d cells by %s", len(chosen), model.name)
        grid = key[0]
        runner = Runner(model.networks, model.architecture, settings.backend)
        label = f"activity by {model.name}"
        raw = predicted(runner, known[key], grid.rois(rois), chosen, settings, progress, label)
        resampled = np.clip(grid.to_movie(raw), 0, 1)
        probability[chosen] = extended(resampled, settings.threshold, settings.extent)
    valid = movie.valid
    longest = int(LONGEST_SPAN_S * movie.frame_rate_hz)
    probability = spanned(probability, valid, longest)
    if movie.validity and movie.validity.rows:
        for i, lacking in enumerate(rois.lacking(movie.validity.rows, movie.n_frames)):
            probability[i : i + 1] = spanned(probability[i : i + 1], valid & ~lacking, longest)
    mine = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *chain(*groups.values())]))
    named = tuple(names[i] for i in mine)
    return Raster(
        rois.ids[mine],
        movie.frame_rate_hz,
        probability[mine],
        settings.threshold,
        named,
        valid=None if valid.all() else valid,
    )


def group_cells(settings: ActivitySettings) -> int:
    """Return the number of cells whose windows go through the head in one batch."""
    return min(GROUP_CELLS, settings.batch_size)


def cell_groups(
    names: Sequence[str],
    size: int,
    part: tuple[int, int] = (0, 1),
    only: NDArray[np.bool_] | None = None,
) -> dict[str, list[NDArray[np.int64]]]:
    """Return the groups of `size` cells in a part, by classifier: their positions in `names`, in order.

    Cells that aren't among `only`, (N,), are in no group.
    """
    wanted = np.ones(len(names), dtype=bool) if only is None else only
    whole = [
        (name, group)
        for name in dict.fromkeys(names)
        for group in batches(np.flatnonzero(wanted & [other == name for other in names]), size)
    ]
    mine: dict[str, list[NDArray[np.int64]]] = {}
    for name, group in whole[part[0] :: part[1]]:
        mine.setdefault(name, []).append(group)
    return mine


def gathered(parts: Sequence[Raster], ids: NDArray[np.int64]) -> Raster:
    """Return the parts of a recording from `infer` as one raster, its ROIs in the order of `ids`.

    Raises
    ------
    InputError
        If the parts' ROIs aren't those of `ids`, once each.
    """
    own_ids = np.concatenate([part.ids for part in parts])
    if not np.array_equal(np.sort(own_ids), np.sort(ids)):
        raise InputError(
            parts[0].source, "ids", "aren't those of the ROIs, once each", "Delete the parts and run again."
        )
    order = np.argsort(own_ids)[np.argsort(np.argsort(ids))]
    names = [name for part in parts for name in part.classifier]
    return Raster(
        np.asarray(ids),
        parts[0].frame_rate_hz,
        np.concatenate([part.probability for part in parts])[order],
        parts[0].threshold,
        tuple(names[i] for i in order),
        valid=parts[0].valid,
    )


def extended(probability: NDArray[np.float32], threshold: float, extent: float) -> NDArray[np.float32]:
    """Return `probability` (N, T) with each detected transient extended to all frames above `extent`.

    Onset and end of a transient are less certain than its presence. Frames above `extent` that are connected
    to a frame above `threshold` are raised to just above `threshold`; all others are unchanged.
    """
    runs, n = ndimage.label(probability > extent, structure=[[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    called = np.zeros(n + 1, dtype=bool)
    called[runs[probability > threshold]] = True
    called[0] = False
    lifted = np.nextafter(np.float32(threshold), np.float32(1))
    return np.where(called[runs], np.maximum(probability, lifted), probability)


def spanned(probability: NDArray[np.float32], valid: NDArray[np.bool_], longest: int) -> NDArray[np.float32]:
    """Return `probability` (N, T) with frames without data as active as both frames around them.

    So a transient may span such frames, but neither begins nor ends in one; more than `longest` of them in
    succession aren't active, and none spans them.
    """
    result = probability.copy()
    for first, last in false_runs(valid):
        if last - first >= longest:
            result[:, first : last + 1] = 0
            continue
        before = probability[:, first - 1] if first else np.float32(0)
        after = probability[:, last + 1] if last + 1 < len(valid) else np.float32(0)
        result[:, first : last + 1] = np.minimum(before, after)[..., None]
    return result


def check_length(movie: Movie, settings: ActivitySettings, registry: Registry | None = None) -> None:
    """Raise `InputError` if `movie` is shorter than a window of any model that `settings` may choose."""
    registry, name = (registry or Registry.load()).resolve(settings.model)
    for known, entry in registry.entries.items():
        if entry.task == "activity" and name in ("auto", known):
            grid = Grid.of(movie, entry.frame_rate_hz, entry.pixel_size_um)
            windows(grid.n_frames, entry.window_frames, settings.overlap, movie.source)


def classifiers(
    movie: Movie, rois: RoiSet, settings: ActivitySettings, celltypes: CellTypes | None, registry: Registry
) -> tuple[str, ...]:
    """Return the name of the classifier for each ROI: the one in the settings, or the one for its type."""
    if settings.model != "auto":
        registry.get(settings.model, "activity")
        return (settings.model,) * len(rois)
    types = ("any",) * len(rois) if celltypes is None else celltypes.of(rois.ids)
    models = {name: registry.serving(name, movie.indicator) for name in dict.fromkeys(types)}
    return tuple(models[name] for name in types)


def predicted(
    runner: Runner,
    seen: ModelMovie,
    rois: RoiSet,
    chosen: NDArray[np.int64],
    settings: ActivitySettings,
    progress: Progress = silent,
    label: str = "activity",
) -> NDArray[np.float32]:
    """Return the probabilities (n, model frames) of the `chosen` cells; overlapping windows by maximum."""
    architecture = runner.architecture
    patches = architecture.cells(rois, seen.statistics)
    length, n_frames = architecture.window_frames, seen.grid.n_frames
    cells = group_cells(settings)
    pending = batches(
        windows(n_frames, length, settings.overlap, seen.movie.source), settings.batch_size // cells
    )
    groups = batches(np.arange(len(chosen)), cells)
    merged = np.zeros((len(chosen), n_frames), dtype=np.float32)
    held = np.empty((len(chosen), architecture.n_inputs, 0, architecture.n_features), dtype=np.float32)
    first = 0  # the frame of held[:, :, 0]
    block = seen.grid.block_frames()
    frame_bytes = 4 * len(chosen) * architecture.n_inputs * architecture.n_features
    encoded = min(block, ENCODED_FRAMES)
    step = max(1, min(block, FEATURE_BYTES // frame_bytes) // encoded) * encoded
    for start in range(0, n_frames, step):
        stop = min(start + step, n_frames)
        frames = seen.read(start, stop)
        new = [runner.encode(batch, patches, chosen) for batch in batches(frames, encoded)]
        held = np.concatenate([held, *new], axis=2)
        progress(label, stop, n_frames)
        while pending and pending[0][-1] + length <= stop:
            ready = pending.pop(0)
            for group in groups:
                tasks = [(row, at) for at in ready for row in group]
                batch = np.stack([held[row, :, at - first : at - first + length] for row, at in tasks])
                for (row, at), window in zip(tasks, runner.predict(batch), strict=True):
                    np.maximum(merged[row, at : at + length], window, out=merged[row, at : at + length])
        if pending:
            held, first = held[:, :, int(pending[0][0]) - first :], int(pending[0][0])
    return merged


def batches(items: NDArray[Any], size: int) -> list[NDArray[Any]]:
    """Return `items` in batches of `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]
