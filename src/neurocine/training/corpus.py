"""The corpus: simulated recordings with labels, split by recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocine.config import SimulationSettings
from neurocine.core import InputError, Movie, RoiSet
from neurocine.core.progress import Progress, silent
from neurocine.io.contracts import read_movie, read_rois
from neurocine.network.grid import Grid, ModelMovie
from neurocine.network.normalisation import Normalisation, Statistics
from neurocine.simulation import Truth, read_truth, simulate

#: Shares of the recordings kept from training: to choose the best epoch, and to measure.
HELD_OUT = 1 / 8


@dataclass(frozen=True, eq=False)
class LabelledRecording:
    """A recording with its truth, ready to cut windows from.

    Attributes
    ----------
    movie, rois, truth
        What the simulator wrote; frames stay on disk.
    statistics
        How its frames are normalised.
    traces
        Mean of each ROI's pixels, (N, T) float64, counts.
    """

    movie: Movie
    rois: RoiSet
    truth: Truth
    statistics: Statistics
    traces: NDArray[np.float64]


@dataclass(frozen=True)
class Split:
    """Folders of a corpus by use; no recording is in two."""

    train: tuple[Path, ...]
    validation: tuple[Path, ...]
    test: tuple[Path, ...]


def make_corpus(settings: SimulationSettings, out: Path, progress: Progress = silent) -> list[Path]:
    """Simulate `settings.n_movies` recordings into folders of `out`; return them, by seed."""
    seeds = range(settings.seed, settings.seed + settings.n_movies)
    folders = []
    for index, seed in enumerate(seeds):
        folders.append(simulate(settings.preset, seed, out / f"{settings.preset}-{seed:04d}"))
        progress("corpus", index + 1, len(seeds))
    return folders


def split_corpus(folders: Sequence[Path]) -> Split:
    """Split `folders` by recording into training, validation and test, by ascending seed.

    Windows of one movie share cells and noise, so that a split inside a movie would let the test leak.

    Raises
    ------
    InputError
        If there are fewer than 3, or two recordings were made from the same preset and seed.
    """
    if len(folders) < 3:
        raise InputError(
            "corpus", "folders", f"are {len(folders)}", "Give 3 or more: training, validation and test."
        )
    made: dict[tuple[str, int], Path] = {}
    for folder in folders:
        truth = read_truth(folder / "truth.h5")
        key = (truth.preset, truth.seed)
        if key in made:
            raise InputError(
                folder, "seed", f"is {truth.seed}, as in {made[key]}", "Simulate it with another seed."
            )
        made[key] = folder
    ordered = [made[key] for key in sorted(made)]
    held_out = max(1, round(len(ordered) * HELD_OUT))
    n_train = len(ordered) - 2 * held_out
    return Split(
        train=tuple(ordered[:n_train]),
        validation=tuple(ordered[n_train : n_train + held_out]),
        test=tuple(ordered[n_train + held_out :]),
    )


def load_recording(folder: Path, normalisation: Normalisation = "movie") -> LabelledRecording:
    """Open the recording in `folder` and measure its traces and statistics in one pass.

    Raises
    ------
    InputError
        If a file is missing or damaged, or movie, contours and truth don't belong together.
    """
    movie = read_movie(folder / "movie.h5")
    rois, truth = read_rois(folder / "rois.h5"), read_truth(folder / "truth.h5")
    if not np.array_equal(rois.ids, truth.ids) or truth.n_frames != movie.n_frames:
        raise InputError(
            folder,
            "truth.h5",
            f"has {len(truth.ids)} cells and {truth.n_frames} frames for {len(rois)} ROIs and "
            f"{movie.n_frames} frames",
            "Simulate the recording again.",
        )
    return measured(movie, rois, truth, normalisation)


def measured(movie: Movie, rois: RoiSet, truth: Truth, normalisation: Normalisation) -> LabelledRecording:
    """Return the recording with its traces and statistics, measured in one pass."""
    grid = Grid(movie.n_frames, movie.fov_shape)
    seen, traces = ModelMovie.with_traces(movie, grid, rois, normalisation)
    return LabelledRecording(movie, rois, truth, seen.statistics, traces)
