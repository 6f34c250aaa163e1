"""Where a network's probabilities are cut, so that every user may take one half, or the likeliest type.

Training draws active windows, and rare types, more often than movies have them. What cuts best on the
validation recordings is found, and the readout's bias moved accordingly.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from neurocine.activity.inference import extended, predicted
from neurocine.celltype.classification import averaged
from neurocine.config import ActivitySettings, CelltypeSettings
from neurocine.core import CELL_TYPES
from neurocine.core.truth import MIN_DPRIME
from neurocine.evaluation.activity.activity_cases import run_dprime
from neurocine.evaluation.activity.scored_transients import scored_transients
from neurocine.networks.cells import CellArchitecture, Networks
from neurocine.networks.cells.grid import Grid, ModelMovie
from neurocine.networks.cells.runner import Runner
from neurocine.progress import Progress, silent
from neurocine.training.corpus import LabelledRecording

#: Moves of the readout's bias tried, in logits.
MOVES = np.arange(-1.5, 1.51, 0.25)
#: Moves of a cell type's bias tried.
TYPE_MOVES = np.arange(-3, 3.01, 0.25)


def calibrate(
    networks: Networks,
    architecture: CellArchitecture,
    recordings: Sequence[LabelledRecording],
    types: Sequence[str] | None = None,
    progress: Progress = silent,
) -> float:
    """Move the readout's bias so that .5 is the best threshold on `recordings`; return by how much.

    Best is the highest median F1 (DeepCINAC, section 2.6) of the rasters that users get, over the neurons of
    `types` that have a transient which can be seen. Without any the bias stays.

    Parameters
    ----------
    networks, architecture
        An activity network.
    recordings
        Validation recordings.
    types
        The cell types that the network is for; None: all.
    progress
        Reports the recordings done.
    """
    served = [cell_type for cell_type in (types or CELL_TYPES) if cell_type != CELL_TYPES[-1]]
    runner = Runner(networks, architecture)
    scores: list[list[float]] = []
    for index, recording in enumerate(recordings):
        chosen = np.flatnonzero(np.isin(recording.truth.cell_types, served))
        scores += _f1(runner, recording, chosen[[_visible(recording, c).any() for c in chosen.tolist()]])
        progress("calibration", index + 1, len(recordings))
    if not scores:
        return 0.0
    f1 = np.array(scores)
    # Among equal medians the highest mean, then the smallest move.
    move = float(MOVES[np.lexsort((np.abs(MOVES), -f1.mean(axis=0), -np.median(f1, axis=0)))[0]])
    bias = networks.head.get_layer("readout").bias
    bias.assign(bias + np.float32(move))
    return move


def _visible(recording: LabelledRecording, cell: int) -> NDArray[np.bool_]:
    """Return which true transients of a cell can be seen, (M,)."""
    return run_dprime(recording.truth, cell) >= MIN_DPRIME


def _f1(runner: Runner, recording: LabelledRecording, chosen: NDArray[np.int64]) -> list[list[float]]:
    """Return for each of the `chosen` cells its F1 after each of `MOVES`."""
    if not len(chosen):
        return []
    movie, settings = recording.movie, ActivitySettings()
    seen = ModelMovie(movie, Grid(movie.n_frames, movie.fov_shape), recording.statistics)
    probability = predicted(runner, seen, recording.rois, chosen, settings).astype(np.float64)
    logits = logit(np.clip(probability, 1e-7, 1 - 1e-7))
    moved = [
        extended(expit(logits + move).astype(np.float32), settings.threshold, settings.extent)
        for move in MOVES
    ]
    scores = []
    for row, cell in enumerate(chosen.tolist()):
        signals = [signal[row] for signal in moved]
        truth = recording.truth
        parts = scored_transients(truth.raster[cell], recording.traces[cell], signals, truth.counted(cell))
        kept = _visible(recording, cell)
        scores.append([part.select(kept).score(settings.threshold).f1 for part in parts])
    return scores


def calibrate_types(
    networks: Networks,
    architecture: CellArchitecture,
    recordings: Sequence[LabelledRecording],
    settings: CelltypeSettings,
    progress: Progress = silent,
) -> tuple[float, ...]:
    """Move the readout's biases so that the likeliest type has the highest macro F1; return by how much.

    Parameters
    ----------
    networks, architecture
        A cell-type network.
    recordings
        Validation recordings.
    settings
        How many windows are averaged.
    progress
        Reports the recordings done.
    """
    from sklearn.metrics import f1_score

    runner = Runner(networks, architecture)
    moves = np.array([(0.0, *others) for others in product(TYPE_MOVES, repeat=len(CELL_TYPES) - 1)])
    called, truth = [], []
    for index, recording in enumerate(recordings):
        movie = recording.movie
        seen = ModelMovie(movie, Grid(movie.n_frames, movie.fov_shape), recording.statistics)
        probability = averaged(runner, seen, recording.rois, recording.traces, settings, moves=moves)
        called.append(probability.argmax(axis=-1))
        truth += [CELL_TYPES.index(cell_type) for cell_type in recording.truth.cell_types]
        progress("calibration", index + 1, len(recordings))
    scores = [f1_score(truth, types, average="macro") for types in np.concatenate(called, axis=1)]
    # The smallest of equally good moves.
    best = moves[np.lexsort((np.abs(moves).sum(axis=1), np.negative(scores)))[0]]
    bias = networks.head.get_layer("readout").bias
    bias.assign(bias + best.astype(np.float32))
    return tuple(best.tolist())
