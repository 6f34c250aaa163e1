"""A registered model trained on, with a few labelled cells of a lab's own."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.activity.inference import extended, predicted
from neurocine.config import ActivitySettings, FineTuneSettings, NetworkTraining
from neurocine.core import InputError
from neurocine.evaluation.activity.scored_transients import score
from neurocine.io.atomic import write_text
from neurocine.io.result_files import read_stamp, settings_hash
from neurocine.networks.cells import Networks
from neurocine.networks.cells.grid import Grid, ModelMovie
from neurocine.networks.cells.runner import Runner
from neurocine.networks.registry import Metrics, Model, ModelEntry, Registry, register_trained, sha256
from neurocine.networks.weights import load_cell_weights, save_cell_weights
from neurocine.progress import Progress, silent
from neurocine.steps import IMPL
from neurocine.training.cells.fit import fit_cell_networks
from neurocine.training.cells.labelled import Labelled, labelled_files, load_labelled
from neurocine.training.cells.rehearsal import load_rehearsal, mixed
from neurocine.training.cells.window_sampling import WindowTable, window_table
from neurocine.training.cells.windows import Windows
from neurocine.training.checkpoint import values_of
from neurocine.training.corpus import LabelledRecording
from neurocine.training.loop import Fitted

log = logging.getLogger(__name__)

#: Share of the labelled cells kept to choose the epoch, and as many to measure.
HELD_OUT = 0.2
USES = ("train", "validation", "test")
#: Its name until it is installed under one of its own.
FINE_TUNED = "fine-tuned"
#: Extra weight of hard windows, as in training.
HARD_WEIGHT: float = NetworkTraining.model_fields["hard_weight"].default


@dataclass(frozen=True, eq=False)
class _Data:
    """The labelled recordings, which cells serve which use, their windows, and the corpus beside them."""

    labelled: list[Labelled]
    cells: dict[str, tuple[str, ...]]
    tables: dict[str, WindowTable]
    corpus: list[LabelledRecording]

    @property
    def corpus_movies(self) -> list[str]:
        """Preset and seed of each movie of the corpus."""
        return [f"{one.truth.preset}-{one.truth.seed}" for one in self.corpus]


def fine_tune(
    settings: FineTuneSettings,
    labelled: Sequence[Path],
    out: Path,
    *,
    corpus: Sequence[Path] = (),
    registry: Registry | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Go on training a registered model with labelled cells; measure it before and after on others of them.

    Cells, not recordings, are split into those to train, to choose the epoch and to measure: a lab's few may
    all be of one recording. Writes into `out` what `neurocine.training.train` does: ``weights.h5``,
    ``curves.csv`` and ``curves.png``, ``metrics.json``, ``card.md``, ``registry.yaml`` (for `neurocine models
    install`) and ``checkpoint.h5``, from which a run that was killed goes on.

    Parameters
    ----------
    settings
        The model to start from, and how it is trained.
    labelled
        Folders with ``movie.h5``, ``rois.h5`` and ``truth.h5``, or ``.cinac`` files (`load_labelled`).
    out
        Folder, made if need be.
    corpus
        Folders of simulated movies; those made for training are trained on, too, if the settings say so.
    registry
        Models; those that ship with neurocine unless given.
    progress
        Reports the epochs done.

    Returns
    -------
    dict
        What ``metrics.json`` holds.

    Raises
    ------
    InputError
        If the model isn't registered, the labels are damaged or of fewer than 3 cells, the corpus is missing
        or of another sampling, or the checkpoint in `out` belongs to other settings or labels.
    """
    from neurocine.training.cells.fine_tune_card import write_fine_tune_card
    from neurocine.training.curves import write_curves

    model = _model(settings.model, registry or Registry.load())
    rehearsed = load_rehearsal(corpus, model.entry) if settings.with_corpus else []
    data = _data(model, load_labelled(labelled, model.entry), rehearsed, settings.seed)
    recipe = _recipe(settings, model, labelled, data)
    out.mkdir(parents=True, exist_ok=True)
    fitted = _fit(model, data, settings, out, settings_hash(recipe), progress)
    metadata = {"recipe": recipe, "best_epoch": fitted.best_epoch}
    save_cell_weights(out / "weights.h5", fitted.network, model.architecture, metadata=metadata)
    write_curves(out, fitted.history)
    networks, _, _ = load_cell_weights(out / "weights.h5")  # measured as they ship: float16
    metrics = {
        "task": model.task,
        "model": model.name,
        "cells": {use: list(names) for use, names in data.cells.items()},
        "windows": {use: len(table) for use, table in data.tables.items()},
        "corpus": data.corpus_movies,
        "before": _measured(model, data),
        "after": _measured(replace(model, networks=networks), data),
    }
    write_text(out / "metrics.json", json.dumps(metrics, indent=2, sort_keys=True) + "\n")
    write_fine_tune_card(out / "card.md", settings, recipe, fitted, metrics)
    register_trained(out, FINE_TUNED, _entry(model.entry, metrics))
    return metrics


def _entry(base: ModelEntry, metrics: dict[str, Any]) -> ModelEntry:
    """Return the registry's entry for a model that started from `base`."""
    n = len(metrics["cells"]["test"])
    figures = {
        k: v for k, v in metrics["after"].items() if k in ("sensitivity", "precision", "f1", "accuracy")
    }
    return base.model_copy(
        update={"metrics": Metrics(on=f"{n} labelled cells not seen in training", values=figures)}
    )


def split_cells(names: Sequence[str], seed: int) -> dict[str, tuple[str, ...]]:
    """Return the cells for each use (`USES`), drawn at random.

    Raises
    ------
    InputError
        If there are fewer than 3.
    """
    unique = sorted(set(names))
    if len(unique) < len(USES):
        raise InputError(
            "labelled data",
            "cells",
            f"are {len(unique)}",
            "Label 3 or more cells: one each to train, to choose the epoch, and to measure.",
        )
    order = [unique[i] for i in np.random.default_rng([seed, 4]).permutation(len(unique))]
    n = max(1, round(HELD_OUT * len(order)))
    parts = (order[2 * n :], order[:n], order[n : 2 * n])
    return {use: tuple(sorted(part)) for use, part in zip(USES, parts, strict=True)}


def _model(name: str, registry: Registry) -> Model:
    holder, own = registry.resolve(name)
    entry = holder.entries.get(own)
    return registry.model(name, "celltype" if entry and entry.task == "celltype" else "activity")


def _data(model: Model, labelled: list[Labelled], corpus: list[LabelledRecording], seed: int) -> _Data:
    length = model.architecture.window_frames
    if model.task == "celltype":
        _check_types(labelled)
    cells = split_cells([name for one in labelled for name in one.names if name], seed)
    table = window_table(model.task, [one.recording for one in labelled], length, HARD_WEIGHT)
    names = np.array([labelled[r].names[c] for r, c in zip(table.recording, table.cell, strict=True)])
    tables = {use: _rows(table, np.isin(names, cells[use])) for use in USES}
    for use, part in tables.items():
        if not len(part):
            raise InputError(
                "labelled data",
                "frames",
                f"that were looked at and aren't doubtful leave no window of {length} for the cells to {use}",
                "Label more cells, or longer parts of them.",
            )
    return _Data(labelled, cells, tables, corpus)


def _check_types(labelled: list[Labelled]) -> None:
    """Raise `InputError` unless there are cells of two types: of one, a network learns to say it always."""
    pairs = [pair for one in labelled for pair in zip(one.names, one.recording.truth.cell_types, strict=True)]
    types = sorted({cell_type for name, cell_type in pairs if name})
    if len(types) < 2:
        raise InputError(
            "labelled data",
            "types",
            f"are all {types[0] if types else 'unknown'}",
            "Add labelled cells of another type: a structural channel tells one type only.",
        )


def _rows(table: WindowTable, chosen: NDArray[np.bool_]) -> WindowTable:
    return WindowTable(*(getattr(table, name)[chosen] for name in table.__dataclass_fields__))


def _recipe(settings: FineTuneSettings, model: Model, paths: Sequence[Path], data: _Data) -> dict[str, Any]:
    """Return all that determines the result, as plain values; movies by what they were made from."""
    folders = [path for path in paths if path.is_dir()]
    named = [labelled_files(folder) for folder in folders]
    files = [file for one in named for file in (one.labels, one.rois)]
    files += [path for path in paths if not path.is_dir()]
    movies = [read_stamp(one.movie) for one in named]
    return {
        "task": model.task,
        "architecture": model.architecture.to_dict(),
        "settings": settings.model_dump(exclude={"labelled"}),
        "model_sha256": model.entry.sha256,
        "labels_sha256": [sha256(file) for file in files],
        "movies": [[movie.source_sha256, movie.config_hash] for movie in movies],
        "cells": {use: list(names) for use, names in data.cells.items()},
        "corpus": data.corpus_movies,
        "impl": {step: IMPL[step] for step in ("simulation", "training")},
    }


def _fit(
    model: Model, data: _Data, settings: FineTuneSettings, out: Path, recipe: str, progress: Progress
) -> Fitted[Networks]:
    from neurocine.training.curves import write_table

    task, a = model.task, model.architecture
    recordings = [one.recording for one in data.labelled]
    log.info("%d windows to train on, %d to validate", *(len(data.tables[use]) for use in USES[:2]))
    return fit_cell_networks(
        a,
        _training_windows(model, data, settings.seed),
        Windows.plain(task, a, recordings, data.tables["validation"]),
        NetworkTraining(**settings.model_dump(exclude={"model", "labelled", "with_corpus"})),
        out / "checkpoint.h5",
        recipe,
        progress,
        after_epoch=lambda history: write_table(out / "curves.csv", history),
        start=values_of(model.networks.full.trainable_variables),
    )


def _training_windows(model: Model, data: _Data, seed: int) -> Windows:
    """Return the windows of the labelled cells that are there to train, with those of the corpus if any."""
    task, a = model.task, model.architecture
    recordings = [one.recording for one in data.labelled]
    if not data.corpus:
        return Windows.augmented(task, a, recordings, data.tables["train"], seed)
    types = None if task == "celltype" or "any" in model.entry.types else model.entry.types
    windows = window_table(task, data.corpus, a.window_frames, HARD_WEIGHT, types)
    table, shares = mixed(task, data.tables["train"], windows, len(recordings))
    return Windows.augmented(task, a, [*recordings, *data.corpus], table, seed, shares)


def _measured(model: Model, data: _Data) -> dict[str, Any]:
    """Return the figures of `model` on the cells that are there to measure."""
    return _activity(model, data) if model.task == "activity" else _types(model, data)


def _activity(model: Model, data: _Data) -> dict[str, Any]:
    from neurocine.training.cells.held_out import summary

    settings, scores = ActivitySettings(), []
    runner = Runner(model.networks, model.architecture)
    for one in data.labelled:
        chosen = np.flatnonzero(np.isin(one.names, data.cells["test"]))
        if not len(chosen):
            continue
        movie, recording = one.recording.movie, one.recording
        seen = ModelMovie(movie, Grid(movie.n_frames, movie.fov_shape), recording.statistics)
        probabilities = predicted(runner, seen, recording.rois, chosen, settings)
        probabilities = extended(probabilities, settings.threshold, settings.extent)
        for cell, probability in zip(chosen.tolist(), probabilities, strict=True):
            truth, active = recording.truth, probability > settings.threshold
            scores.append(score(truth.raster[cell], active, recording.traces[cell], truth.counted(cell)))
    return summary(scores)


def _types(model: Model, data: _Data) -> dict[str, Any]:
    windows = Windows.plain(
        "celltype", model.architecture, [one.recording for one in data.labelled], data.tables["test"]
    )
    table = windows.table
    by_cell: dict[str, list[int]] = {}
    for row, (recording, cell) in enumerate(zip(table.recording, table.cell, strict=True)):
        by_cell.setdefault(data.labelled[recording].names[cell], []).append(row)
    right = []
    for rows in by_cell.values():
        batch, answers, _ = windows.batch(np.random.default_rng(0), np.asarray(rows))
        mean = np.asarray(model.networks.full(batch, training=False)).mean(axis=0)
        right.append(int(mean.argmax()) == int(answers[0].argmax()))
    return {"cells": len(right), "accuracy": float(np.mean(right))}
