"""How well trained weights do on recordings that training didn't see, and how well chance does.

Measured through the steps that users run, with the weights as they ship (float16).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.activity import infer
from neurocine.celltype import classify
from neurocine.config import ActivitySettings, CelltypeSettings
from neurocine.core import CALLED_TYPES, CELL_TYPES
from neurocine.core.truth import MIN_DPRIME
from neurocine.evaluation.activity.activity_cases import run_dprime
from neurocine.evaluation.activity.scored_transients import Score, scored_transients
from neurocine.networks.registry import Registry, install
from neurocine.progress import Progress, silent
from neurocine.training.cells.recipe import Recipe, unmeasured_entry
from neurocine.training.corpus import LabelledRecording

#: Chance for activity: probabilities of another cell, or of the cell itself at another time.
CHANCE = ("shuffled_cells", "shifted_time")
_NAME = "trained"


def evaluate(
    recipe: Recipe, recordings: list[LabelledRecording], weights: Path, progress: Progress = silent
) -> dict[str, Any]:
    """Return the figures of the model in `weights` on `recordings`, as plain values for JSON."""
    with TemporaryDirectory() as folder:
        registry = Path(folder)
        install(registry, _NAME, unmeasured_entry(recipe, recordings[0]), weights, "")
        measure = _activity if recipe.task == "activity" else _celltypes
        figures = measure(recipe, recordings, Registry.load(registry), progress)
    movies = [f"{recording.truth.preset}-{recording.truth.seed}" for recording in recordings]
    indicators = sorted({recording.movie.indicator for recording in recordings})
    return {"task": recipe.task, "test_movies": movies, "indicators": indicators, **figures}


def _activity(
    recipe: Recipe, recordings: list[LabelledRecording], registry: Registry, progress: Progress
) -> dict[str, Any]:
    settings = ActivitySettings(model=_NAME)
    rng = np.random.default_rng([recipe.settings.seed, 3])
    seen: dict[str, list[Score]] = {name: [] for name in ("model", *CHANCE)}
    every: list[Score] = []
    kinds: list[str] = []
    targets: list[bool] = []
    probabilities, truths = [], []
    for index, recording in enumerate(recordings):
        truth = recording.truth
        probability = infer(recording.movie, recording.rois, settings, registry=registry).probability
        shown = _served(truth.cell_types, recipe.settings.types)
        signals = {"model": probability, **dict(zip(CHANCE, _chance(rng, probability), strict=True))}
        for cell in shown:
            parts = scored_transients(
                truth.raster[cell],
                recording.traces[cell],
                [p[cell] for p in signals.values()],
                truth.counted(cell),
            )
            kept = run_dprime(truth, cell) >= MIN_DPRIME
            for name, part in zip(signals, parts, strict=True):
                seen[name].append(part.select(kept).score(settings.threshold))
            every.append(parts[0].score(settings.threshold))
            kinds.append(truth.cell_types[cell])
            targets.append(bool(truth.is_target[cell]))
        probabilities.append(probability[shown].ravel())
        truths.append(truth.raster[shown].ravel())
        progress("held-out recordings", index + 1, len(recordings))
    groups = _groups(seen["model"], np.asarray(kinds), np.asarray(targets))
    rows = {**seen, "always_active": [_always(s) for s in seen["model"]], "model_all_transients": every}
    return {
        "threshold": settings.threshold,
        "min_dprime": MIN_DPRIME,
        **{
            name: {
                group: summary([s for s, m in zip(scores, members, strict=True) if m])
                for group, members in groups.items()
            }
            for name, scores in rows.items()
        },
        **_frame_figures(np.concatenate(truths), np.concatenate(probabilities)),
    }


def _served(kinds: Sequence[str], types: Sequence[str] | None) -> list[int]:
    """Return the cells that the network is for."""
    return [cell for cell, kind in enumerate(kinds) if types is None or kind in types]


def _chance(
    rng: np.random.Generator, probability: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return probabilities (N, T) of chance: the cells' in another order, and each rolled in time."""
    n, n_frames = probability.shape
    # A cycle through all cells in random order leaves none with its own.
    order = rng.permutation(n)
    other = np.empty_like(order)
    other[order] = np.roll(order, 1)
    rolls = rng.integers(n_frames // 4, n_frames - n_frames // 4, size=n)
    rolled = np.stack([np.roll(row, by) for row, by in zip(probability, rolls, strict=True)])
    return probability[other], rolled


def _groups(
    scores: list[Score], kinds: NDArray[np.str_], targets: NDArray[np.bool_]
) -> dict[str, NDArray[np.bool_]]:
    """Return which cells each figure is of; active ones have a transient that can be seen."""
    active = np.array([s.true_positive + s.false_negative > 0 for s in scores]) & (kinds != CELL_TYPES[-1])
    return {
        "active_cells": active,
        "targets": active & targets,
        **{kind: active & (kinds == kind) for kind in CELL_TYPES[:-1]},
        CELL_TYPES[-1]: kinds == CELL_TYPES[-1],
        "all_cells": np.ones_like(active),
    }


def summary(scores: list[Score]) -> dict[str, float]:
    """Return pooled counts and figures of `scores`, one a cell, and the medians over cells."""
    names = ("true_positive", "false_negative", "false_positive", "true_negative")
    counts = {name: int(sum(getattr(s, name) for s in scores)) for name in names}
    pooled = Score(**counts)
    figures = {name: getattr(pooled, name) for name in ("sensitivity", "precision", "f1")}
    medians = {
        f"median_{name}": float(np.median([getattr(s, name) for s in scores])) if scores else float("nan")
        for name in figures
    }
    return {"cells": len(scores), **counts, **figures, **medians}


def _always(s: Score) -> Score:
    """Return the score of calling every frame active: the base rate of true transients."""
    return Score(s.true_positive + s.false_negative, 0, s.false_positive + s.true_negative, 0)


def _frame_figures(truth: NDArray[np.bool_], probability: NDArray[np.float32]) -> dict[str, float]:
    from sklearn.metrics import average_precision_score, roc_auc_score

    return {
        "frame_average_precision": float(average_precision_score(truth, probability)),
        "frame_roc_auc": float(roc_auc_score(truth, probability)),
        "frame_active_share": float(truth.mean()),
    }


def _celltypes(
    recipe: Recipe, recordings: list[LabelledRecording], registry: Registry, progress: Progress
) -> dict[str, Any]:
    from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

    settings = CelltypeSettings(model=_NAME)
    predicted: list[str] = []
    true: list[str] = []
    for index, recording in enumerate(recordings):
        predicted += classify(recording.movie, recording.rois, settings, registry=registry).types
        true += recording.truth.cell_types
        progress("held-out recordings", index + 1, len(recordings))
    precision, recall, f1, support = precision_recall_fscore_support(
        true, predicted, labels=list(CELL_TYPES), zero_division=0
    )
    shuffled = np.random.default_rng([recipe.settings.seed, 3]).permutation(predicted)
    return {
        "types": list(CELL_TYPES),
        "called": list(CALLED_TYPES),
        "cells": [int(n) for n in support],
        "accuracy": float(accuracy_score(true, predicted)),
        "balanced_accuracy": float(np.mean(recall[support > 0])),
        "macro_f1": float(np.mean(f1)),
        "precision": [float(value) for value in precision],
        "sensitivity": [float(value) for value in recall],
        "f1": [float(value) for value in f1],
        "confusion": confusion_matrix(true, predicted, labels=list(CALLED_TYPES))[: len(CELL_TYPES)].tolist(),
        "chance": {
            "uniform": 1 / len(CELL_TYPES),
            "majority": float(support.max() / support.sum()),
            "shuffled_accuracy": float(accuracy_score(true, shuffled)),
        },
    }
