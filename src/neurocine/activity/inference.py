"""In which frames each cell is active (DeepCINAC, section 2.4).

Windows of 100 frames overlap and merge by their maximum in each frame. The movie is read in blocks; each
frame of each cell is encoded once, and only the features of windows not yet complete are held.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.config import ActivitySettings
from neurocine.core import CellTypes, Movie, Raster, RoiSet
from neurocine.core.progress import Progress, silent
from neurocine.models import Registry
from neurocine.network.grid import Grid, ModelMovie
from neurocine.network.inference import Runner
from neurocine.network.inputs import check_field, windows

log = logging.getLogger(__name__)

#: How much memory new features of all cells may take at a time.
FEATURE_BYTES = 128 * 1024**2


def infer(
    movie: Movie,
    rois: RoiSet,
    settings: ActivitySettings,
    *,
    celltypes: CellTypes | None = None,
    registry: Registry | None = None,
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
        Models; those that ship with neurocine unless given.
    progress
        Told of model frames read.

    Raises
    ------
    InputError
        If ROIs and movie don't have one field of view, the movie is shorter than a window at the model's
        frame rate, an ROI has no type, no model serves a type, or a model isn't what was registered.
    """
    check_field(movie, rois)
    probability = np.zeros((len(rois), movie.n_frames), dtype=np.float32)
    if not len(rois):
        return Raster(rois.ids, movie.frame_rate_hz, probability, settings.threshold, ())
    registry = registry or Registry.load()
    names = classifiers(movie, rois, settings, celltypes, registry)
    models = [registry.model(name, "activity") for name in dict.fromkeys(names)]
    grids = [Grid.of(movie, model.entry.frame_rate_hz, model.entry.pixel_size_um) for model in models]
    for model, grid in zip(models, grids, strict=True):  # too short a movie is told before any work
        windows(grid.n_frames, model.entry.window_frames, settings.overlap, movie.source)
    inputs = [(grid, model.entry.normalisation) for model, grid in zip(models, grids, strict=True)]
    known = {key: ModelMovie.of(movie, *key) for key in dict.fromkeys(inputs)}
    for model, key in zip(models, inputs, strict=True):
        chosen = np.flatnonzero([name == model.name for name in names])
        log.info("activity of %d cells by %s", len(chosen), model.name)
        grid = key[0]
        runner = Runner(model.networks, model.architecture, settings.backend)
        label = f"activity by {model.name}"
        found = predicted(runner, known[key], grid.rois(rois), chosen, settings, progress, label)
        found = np.clip(grid.to_movie(found), 0, 1)
        probability[chosen] = extended(found, settings.threshold, settings.extent)
    return Raster(rois.ids, movie.frame_rate_hz, probability, settings.threshold, names)


def extended(probability: NDArray[np.float32], threshold: float, extent: float) -> NDArray[np.float32]:
    """Return `probability` (N, T) with each called transient as long as it stays over `extent`.

    Where a transient begins and ends is less sure than that it is there. Frames over `extent` without a gap
    to one over `threshold` are lifted to just above that; all others stay.
    """
    runs, n = ndimage.label(probability > extent, structure=[[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    called = np.zeros(n + 1, dtype=bool)
    called[runs[probability > threshold]] = True
    called[0] = False
    lifted = np.nextafter(np.float32(threshold), np.float32(1))
    return np.where(called[runs], np.maximum(probability, lifted), probability)


def check_length(movie: Movie, settings: ActivitySettings, registry: Registry | None = None) -> None:
    """Raise `InputError` if `movie` is shorter than a window of any model that `settings` may choose."""
    registry = registry or Registry.load()
    for name, entry in registry.entries.items():
        if entry.task == "activity" and settings.model in ("auto", name):
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
    serving = {kind: registry.serving(kind, movie.indicator) for kind in dict.fromkeys(types)}
    return tuple(serving[kind] for kind in types)


def predicted(
    runner: Runner,
    seen: ModelMovie,
    rois: RoiSet,
    chosen: NDArray[np.int64],
    settings: ActivitySettings,
    progress: Progress = silent,
    label: str = "activity",
) -> NDArray[np.float32]:
    """Return the probabilities (n, model frames) of the `chosen` cells, windows merged by their maximum."""
    architecture = runner.architecture
    patches = architecture.cells(rois, seen.statistics)
    length, n_frames = architecture.window_frames, seen.grid.n_frames
    pending = windows(n_frames, length, settings.overlap, seen.movie.source)
    merged = np.zeros((len(chosen), n_frames), dtype=np.float32)
    held = np.empty((len(chosen), architecture.n_inputs, 0, architecture.n_features), dtype=np.float32)
    first = 0  # the frame of held[:, :, 0]
    frame_bytes = 4 * len(chosen) * architecture.n_inputs * architecture.n_features
    step = min(seen.grid.block_frames(), max(16, FEATURE_BYTES // frame_bytes))
    for start in range(0, n_frames, step):
        stop = min(start + step, n_frames)
        held = np.concatenate([held, runner.encode(seen.read(start, stop), patches, chosen)], axis=2)
        progress(label, stop, n_frames)
        ready = pending[pending + length <= stop]
        # A few cells alone don't fill a batch: wait for more of their windows.
        if len(ready) * len(chosen) < settings.batch_size and stop < n_frames:
            continue
        pending = pending[len(ready) :]
        tasks = [(row, int(at)) for at in ready for row in range(len(chosen))]
        for some in batches(tasks, settings.batch_size):
            batch = np.stack([held[row, :, at - first : at - first + length] for row, at in some])
            for (row, at), found in zip(some, runner.predict(batch), strict=True):
                np.maximum(merged[row, at : at + length], found, out=merged[row, at : at + length])
        if len(pending):
            held, first = held[:, :, int(pending[0]) - first :], int(pending[0])
    return merged


def batches(items: Sequence[tuple[int, int]], size: int) -> Iterator[Sequence[tuple[int, int]]]:
    """Yield `items` by `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
