"""The corpus: simulated recordings with labels, in splits that share nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocine.config import SimulationSettings, StneuronetSimulation, corpus_movies
from neurocine.core import InputError, Movie, RoiSet
from neurocine.core.truth import SPLITS, Truth
from neurocine.io.result_files import read_movie, read_rois, read_truth
from neurocine.networks.cells.grid import Grid, ModelMovie
from neurocine.networks.cells.normalisation import Normalisation, Statistics
from neurocine.progress import Progress, silent
from neurocine.simulation import simulate


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


def make_corpus(
    settings: SimulationSettings | StneuronetSimulation, out: Path, progress: Progress = silent
) -> list[Path]:
    """Simulate the movies that `neurocine.config.corpus_movies` lists into folders of `out`; return them."""
    movies = corpus_movies(settings)
    folders = []
    for index, movie in enumerate(movies):
        folder = simulate(out=out / movie.name, **movie.made)
        folders.append(folder)
        progress("corpus", index + 1, len(movies))
    return folders


def split_corpus(folders: Sequence[Path]) -> Split:
    """Sort `folders` by the split that each was simulated for, then by preset and seed.

    Splits share no recorded neuron, no outline and no random number, so that no test leaks into training.

    Raises
    ------
    InputError
        If a split has no recording, or two recordings were made from the same preset, split and seed.
    """
    made: dict[tuple[str, str, int], Path] = {}
    for folder in folders:
        truth = read_truth(folder / "truth.h5")
        key = (truth.split, truth.preset, truth.seed)
        if key in made:
            raise InputError(
                folder, "seed", f"is {truth.seed}, as in {made[key]}", "Simulate it with another seed."
            )
        made[key] = folder
    parts = {split: [made[key] for key in sorted(made) if key[0] == split] for split in SPLITS}
    for split, part in parts.items():
        if not part:
            raise InputError(
                "corpus", "folders", f"hold no recording of the split {split}", f"Simulate one for {split}."
            )
    return Split(**{split: tuple(part) for split, part in parts.items()})


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
