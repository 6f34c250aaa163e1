"""The model card: what a model is, what it was trained on and how well it does, written from the figures."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from neurocine.io.atomic import write_text
from neurocine.networks.cells import Networks
from neurocine.training.card_parts import repeat_lines, start_lines, training_line, versions_line
from neurocine.training.cells.held_out import CHANCE
from neurocine.training.cells.recipe import Recipe
from neurocine.training.loop import Fitted

_PURPOSE = {
    "activity": "Infers in which frames a cell is active: from the onset to the peak of each transient.",
    "celltype": "Classifies each ROI as a pyramidal cell, an interneuron or noise.",
}
_LIMITS = """\
Trained on simulated recordings only, most of them made from real parts (docs/simulation.md says which, and
how they differ from real movies). The figures are measured on further simulated recordings, made from
neurons, outlines and random numbers that training never saw; they say nothing about your own recordings:
check some cells by eye, or label them.
"""


def write_card(path: Path, recipe: Recipe, fitted: Fitted[Networks], metrics: dict[str, Any]) -> None:
    """Write the card of the model that `recipe` gave, as Markdown."""
    a = recipe.architecture
    lines = [
        f"# {a.name}",
        "",
        _PURPOSE[recipe.task],
        "",
        f"- Network: {fitted.network.full.count_params():,} parameters, {a.n_inputs} inputs, windows of "
        f"{a.window_frames} frames of {a.window_px} x {a.window_px} pixels, weights stored as float16.",
        f"- Data: {_data(recipe)}. No recorded neuron, outline or random number is in two of them.",
        training_line(recipe.settings.model_dump(), "windows", fitted.history, fitted.best_epoch),
        *start_lines(recipe.start),
        versions_line(),
        "",
        "## On held-out recordings",
        "",
        f"Movies {', '.join(metrics['test_movies'])}: neither training nor the choice of the epoch saw them.",
        "",
        *(_activity_table(metrics) if recipe.task == "activity" else _celltype_table(metrics)),
        "",
        "## Limits",
        "",
        _LIMITS,
        *repeat_lines(f"train_{recipe.section}", _settings(recipe)),
    ]
    write_text(path, "\n".join(lines))


def _settings(recipe: Recipe) -> list[str]:
    """Return the part of the config that gives this model, as lines of YAML."""
    counts = {use: Counter(preset for preset, *_ in movies) for use, movies in recipe.movies.items()}
    movies = ", ".join(f"{preset}: {n}" for preset, n in counts["train"].items())
    return [
        "training:",
        "  simulation:",
        f"    movies: {{{movies}}}",
        f"    held_out: {max(counts['test'].values())}",
        f"    seed: {min(seed for part in recipe.movies.values() for *_, seed in part)}",
        f"  {recipe.section}:",
        *(f"    {name}: {_plain(value)}" for name, value in recipe.settings.model_dump(mode="json").items()),
    ]


def _plain(value: object) -> str:
    return json.dumps(value).replace('"', "") if isinstance(value, list) or value is None else str(value)


def _data(recipe: Recipe) -> str:
    parts = [
        f"{len(movies)} to {purpose} ("
        + ", ".join(f"{preset} {n}" for preset, n in Counter(preset for preset, *_ in movies).items())
        + ")"
        for purpose, movies in zip(("train", "validate", "test"), recipe.movies.values(), strict=True)
    ]
    return f"simulated movies: {'; '.join(parts)}"


def _activity_table(metrics: dict[str, Any]) -> list[str]:
    """Return the table of detected transients: the model, and chance below it."""
    rows = [
        ("model, active cells", metrics["model"]["active_cells"]),
        ("model, targets with overlapping cells", metrics["model"]["targets"]),
        ("model, pyramidal cells", metrics["model"]["pyramidal"]),
        ("model, interneurons", metrics["model"]["interneuron"]),
        ("model, noise", metrics["model"]["noise"]),
        ("model, active cells, all transients", metrics["model_all_transients"]["active_cells"]),
        *((f"chance, {name.replace('_', ' ')}", metrics[name]["active_cells"]) for name in CHANCE),
        ("every frame active", metrics["always_active"]["active_cells"]),
    ]
    figures = ("sensitivity", "precision", "f1", "median_f1")
    return [
        "| transients | cells | sensitivity | precision | F1 | median F1 of cells |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {row['cells']} | " + " | ".join(f"{row[figure]:.3f}" for figure in figures) + " |"
            for name, row in rows
            if row["cells"]
        ),
        "",
        f"Probability over {metrics['threshold']:g} is active. True transients of a detectability d' under",
        f"{metrics['min_dprime']:g} are doubtful, neither missed nor found, save in the line of all",
        "transients. Active cells have one that isn't. Counts are pooled over cells; false positives are",
        "putative transients of the trace that are not the cell's. Frame by frame: average precision",
        f"{metrics['frame_average_precision']:.3f} (chance {metrics['frame_active_share']:.3f}), area under "
        f"the ROC curve {metrics['frame_roc_auc']:.3f}.",
    ]


def _celltype_table(metrics: dict[str, Any]) -> list[str]:
    """Return figures by type, and the confusion matrix."""
    types, called = metrics["types"], metrics["called"]
    chance = metrics["chance"]
    return [
        f"Accuracy {metrics['accuracy']:.3f}, balanced accuracy {metrics['balanced_accuracy']:.3f}, macro F1",
        f"{metrics['macro_f1']:.3f}. Chance: {chance['uniform']:.3f} for one of three types,",
        f"{chance['majority']:.3f} for always the most frequent, {chance['shuffled_accuracy']:.3f} for the",
        "model's answers shuffled among cells.",
        "",
        "| type | cells | sensitivity | precision | F1 | " + " | ".join(f"called {t}" for t in called) + " |",
        "|---" * (5 + len(called)) + "|",
        *(
            f"| {kind} | {metrics['cells'][i]} | {metrics['sensitivity'][i]:.3f} "
            f"| {metrics['precision'][i]:.3f} | {metrics['f1'][i]:.3f} | "
            + " | ".join(str(n) for n in metrics["confusion"][i])
            + " |"
            for i, kind in enumerate(types)
        ),
    ]
