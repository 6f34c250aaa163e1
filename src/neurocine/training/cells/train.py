"""From a corpus to a model: weights, learning curves, figures on held-out recordings, and a card."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from neurocine.config import CelltypeSettings, NetworkTraining
from neurocine.io.atomic import write_text
from neurocine.networks.catalogue import CELL_ARCHITECTURES
from neurocine.networks.cells import CellArchitecture, Networks
from neurocine.networks.cells.normalisation import Normalisation
from neurocine.networks.registry import register_trained, sha256
from neurocine.networks.weights import load_cell_weights, save_cell_weights
from neurocine.progress import Progress, silent
from neurocine.training.cells.calibration import calibrate, calibrate_types
from neurocine.training.cells.card import write_card
from neurocine.training.cells.fit import fit_cell_networks
from neurocine.training.cells.held_out import evaluate
from neurocine.training.cells.recipe import Recipe, cell_entry
from neurocine.training.cells.window_sampling import Task, window_table
from neurocine.training.cells.windows import Windows
from neurocine.training.checkpoint import check_start, values_of
from neurocine.training.corpus import LabelledRecording, Split, load_recording, split_corpus
from neurocine.training.curves import write_curves, write_table
from neurocine.training.distributed.workers import is_chief, together
from neurocine.training.loop import Fitted

log = logging.getLogger(__name__)


@together
def train(
    task: Task,
    settings: NetworkTraining,
    folders: Sequence[Path],
    out: Path,
    progress: Progress = silent,
    *,
    architecture: CellArchitecture | None = None,
    start: Path | None = None,
) -> dict[str, Any]:
    """Train the network of `task` and measure it on recordings that training didn't see.

    Writes into `out`: ``weights.h5``, ``curves.csv`` and ``curves.png``, ``metrics.json``, ``card.md``,
    ``registry.yaml`` (for `neurocine models install`) and ``checkpoint.h5``. A run that was killed continues
    from its checkpoint. Of several workers (`neurocine.training.distributed.workers`) only the chief writes,
    and measures.

    Parameters
    ----------
    task
        ``activity`` or ``celltype``.
    settings
        How it is trained.
    folders
        Recordings of the simulator, 3 or more; split by recording.
    out
        Folder, made if need be.
    progress
        Told about epochs and recordings.
    architecture
        Another architecture than the one of the settings.
    start
        Weights to start from, of the same architecture; random ones unless given.

    Returns
    -------
    dict
        What ``metrics.json`` holds; nothing for a worker that isn't the chief.

    Raises
    ------
    InputError
        If the corpus is too small or damaged, movies are shorter than a window, the weights to start from are
        of another architecture, or the checkpoint in `out` belongs to other settings.
    """
    architecture = architecture or CELL_ARCHITECTURES[f"{task}-{settings.architecture}"]
    split = split_corpus(folders)
    parts = _load(split, architecture.normalisation)
    known = None if start is None else _weights(start, architecture)
    movies = {use: _movies(r) for use, r in parts.items()}
    recipe = Recipe(task, architecture, settings, movies, None if start is None else sha256(start))
    out.mkdir(parents=True, exist_ok=True)
    fitted = _fit(recipe, parts, out, progress, known)
    if not is_chief():
        return {}
    metadata: dict[str, Any] = {"recipe": recipe.to_dict(), "best_epoch": fitted.best_epoch}
    if task == "activity":
        metadata["bias_moved"] = calibrate(
            fitted.network, architecture, parts["validation"], settings.types, progress
        )
    else:
        metadata["bias_moved"] = calibrate_types(
            fitted.network, architecture, parts["validation"], CelltypeSettings(), progress
        )
    weights = out / "weights.h5"
    save_cell_weights(weights, fitted.network, architecture, metadata=metadata)
    write_curves(out, fitted.history)
    metrics = evaluate(recipe, parts["test"], weights, progress)
    write_text(out / "metrics.json", json.dumps(metrics, indent=2, sort_keys=True) + "\n")
    write_card(out / "card.md", recipe, fitted, metrics)
    register_trained(out, recipe.section, cell_entry(recipe, parts["test"][0], metrics))
    return metrics


def _fit(
    recipe: Recipe,
    parts: Mapping[str, list[LabelledRecording]],
    out: Path,
    progress: Progress,
    start: list[NDArray[Any]] | None,
) -> Fitted[Networks]:
    a, settings = recipe.architecture, recipe.settings
    tables = {
        use: window_table(recipe.task, parts[use], a.window_frames, settings.hard_weight, settings.types)
        for use in ("train", "validation")
    }
    log.info("%d windows to train on, %d to validate", len(tables["train"]), len(tables["validation"]))
    training = Windows.augmented(recipe.task, a, parts["train"], tables["train"], settings.seed)
    validation = Windows.plain(recipe.task, a, parts["validation"], tables["validation"])
    return fit_cell_networks(
        a,
        training,
        validation,
        settings,
        out / "checkpoint.h5",
        recipe.hash,
        progress,
        after_epoch=lambda history: write_table(out / "curves.csv", history),
        start=start,
    )


def _weights(path: Path, architecture: CellArchitecture) -> list[NDArray[Any]]:
    """Return the weights in a file, in the order of `Networks.full`."""
    networks, stored, _ = load_cell_weights(path)
    check_start(path, stored, architecture)
    return values_of(networks.full.trainable_variables)


def _load(split: Split, normalisation: Normalisation) -> dict[str, list[LabelledRecording]]:
    uses = ("train", "validation", "test")
    return {use: [load_recording(f, normalisation) for f in getattr(split, use)] for use in uses}


def _movies(recordings: list[LabelledRecording]) -> list[tuple[str, int]]:
    return [(recording.truth.preset, recording.truth.seed) for recording in recordings]
