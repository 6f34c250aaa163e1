"""The type of each cell: pyramidal, interneuron or noise (DeepCINAC, section 2.4).

A network reads windows of 500 frames of the cell. Only a cell's most active windows are read, because they
show its kinetics; their probabilities are averaged. A neuron that may as well be of the one type as of the
other is of unknown type.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.config import CelltypeSettings
from neurocine.core import CELL_TYPES, CellTypes, Movie, RoiSet, clear_types
from neurocine.networks.cells.grid import Grid, ModelMovie
from neurocine.networks.cells.inputs import check_field, windows
from neurocine.networks.cells.runner import Features, Runner
from neurocine.networks.registry import Registry
from neurocine.progress import Progress, silent
from neurocine.traces.transients import putative, smooth

log = logging.getLogger(__name__)

#: Largest size of the features of a window.
FEATURE_BYTES = 128 * 1024**2


def classify(
    movie: Movie,
    rois: RoiSet,
    settings: CelltypeSettings,
    *,
    registry: Registry | None = None,
    progress: Progress = silent,
) -> CellTypes:
    """Return the type probabilities of `rois` in `movie`.

    A movie shorter than the model's window is extended by its mirror image in time, with a log message.

    Parameters
    ----------
    movie
        Registered movie; resampled to the model's frame rate and pixel size.
    rois
        Cells.
    settings
        Model, backend, windows per cell, batch size.
    registry
        Models; None: those that ship with neurocine.
    progress
        Called with the number of windows that are done.

    Raises
    ------
    InputError
        If ROIs and movie don't have one field of view, or the model isn't what was registered.
    """
    check_field(movie, rois)
    if not len(rois):
        return CellTypes(rois.ids, np.empty((0, len(CELL_TYPES)), dtype=np.float32))
    model = (registry or Registry.load()).model(settings.model, "celltype")
    grid = Grid.of(movie, model.entry.frame_rate_hz, model.entry.pixel_size_um)
    seen_rois = grid.rois(rois)
    seen, traces = ModelMovie.with_traces(movie, grid, seen_rois, model.entry.normalisation)
    runner = Runner(model.networks, model.architecture, settings.backend)
    probability = averaged(runner, seen, seen_rois, traces, settings, progress)
    return CellTypes(rois.ids, probability, clear=clear_types(probability, settings.unknown_below))


def most_active(
    traces: NDArray[np.floating[Any]], starts: NDArray[np.int64], length: int, n: int
) -> NDArray[np.bool_]:
    """Return the mask of the `n` most active windows of each cell, (N, W) bool.

    A window's activity is the mean of its peaks at or above the 90th percentile of the cell's smoothed trace;
    without such peaks it is the window's maximum, which is lower.

    Parameters
    ----------
    traces
        Raw traces (N, T).
    starts, length
        First frames (W,) and frames of the windows.
    n
        Windows to choose; all if there are fewer.
    """
    activity = np.empty((len(traces), len(starts)))
    for i, trace in enumerate(smooth(traces)):
        _, peaks = putative(trace)
        peaks = peaks[trace[peaks] >= np.percentile(trace, 90)]
        for w, start in enumerate(starts):
            inside = peaks[(peaks >= start) & (peaks < start + length)]
            activity[i, w] = trace[inside].mean() if len(inside) else trace[start : start + length].max()
    best = np.argsort(-activity, axis=1, kind="stable")[:, :n]
    chosen = np.zeros(activity.shape, dtype=bool)
    np.put_along_axis(chosen, best, True, axis=1)
    return chosen


def averaged(
    runner: Runner,
    seen: ModelMovie,
    rois: RoiSet,
    traces: NDArray[np.floating[Any]],
    settings: CelltypeSettings,
    progress: Progress = silent,
    *,
    moves: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """Return the mean probabilities (N, 3) over each cell's most active windows.

    Parameters
    ----------
    runner
        The network.
    seen
        Movie on the model's grid.
    rois, traces
        Cells on that grid, and their raw traces (N, model frames).
    settings
        Windows per cell, batch size.
    progress
        Called with the number of windows that are done.
    moves
        Shifts of the readout's biases in logits, (K, 3); the result is then (K, N, 3).
    """
    odds = np.exp(np.zeros((1, len(CELL_TYPES))) if moves is None else moves)
    sums = np.zeros((len(odds), len(rois), len(CELL_TYPES)))
    for cells, probability in _read(runner, seen, rois, traces, settings, progress):
        moved = probability * odds[:, None]
        sums[:, cells] += moved / moved.sum(axis=-1, keepdims=True)
    mean = np.asarray(sums / sums.sum(axis=-1, keepdims=True), dtype=np.float32)
    return mean[0] if moves is None else mean


def _read(
    runner: Runner,
    seen: ModelMovie,
    rois: RoiSet,
    traces: NDArray[np.floating[Any]],
    settings: CelltypeSettings,
    progress: Progress,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield cells (n,) and their probabilities (n, 3) in one window; see `averaged`."""
    architecture = runner.architecture
    length = min(architecture.window_frames, seen.grid.n_frames)
    if length < architecture.window_frames:
        log.warning(
            "%s: %d frames at the model's rate, fewer than the window of %d: mirrored in time",
            seen.movie.source,
            seen.grid.n_frames,
            architecture.window_frames,
        )
    starts = windows(seen.grid.n_frames, length, 0.0, seen.movie.source)
    chosen = most_active(traces, starts, length, settings.windows)
    patches = architecture.cells(rois, seen.statistics)
    cell_bytes = 4 * architecture.n_inputs * architecture.window_frames * architecture.n_features
    group = max(1, FEATURE_BYTES // cell_bytes)
    for w, start in enumerate(starts):
        wanted = np.flatnonzero(chosen[:, w])
        for low in range(0, len(wanted), group):
            cells = wanted[low : low + group]
            stop = min(int(start) + architecture.window_frames, seen.grid.n_frames)
            features = np.concatenate(
                [runner.encode(frames, patches, cells) for frames in _blocks(seen, int(start), stop)], axis=2
            )
            features = _mirrored(features, architecture.window_frames)
            for at in range(0, len(cells), settings.batch_size):
                part = slice(at, at + settings.batch_size)
                yield cells[part], runner.predict(features[part])
        progress("cell types", w + 1, len(starts))


def _blocks(seen: ModelMovie, start: int, stop: int) -> Iterator[NDArray[np.float32]]:
    """Yield the model frames ``start:stop`` in blocks that fit in memory."""
    step = seen.grid.block_frames()
    for at in range(start, stop, step):
        yield seen.read(at, min(at + step, stop))


def _mirrored(features: Features, length: int) -> Features:
    """Return `features` (N, n_inputs, T, F) continued by their mirror image in time up to `length` frames."""
    n = features.shape[2]
    order = np.pad(np.arange(n), (0, length - n), mode="symmetric")
    return np.asarray(features[:, :, order])
