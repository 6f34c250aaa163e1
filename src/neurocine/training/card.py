"""The model card: what a model is, what it was trained on and how well it does, written from the figures."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from neurocine.io.atomic import write_text
from neurocine.training.fit import Fitted
from neurocine.training.held_out import CHANCE
from neurocine.training.recipe import Recipe

_PURPOSE = {
    "activity": "Tells in which frames a cell is active, from the onset to the peak of each transient.",
    "celltype": "Tells whether a cell is a pyramidal cell, an interneuron or noise.",
}
_LIMITS = """\
Trained on simulated recordings alone: cells of 6-10 pixels at 2 µm, 10 Hz, transients that rise in 1-8 frames
and decay with a time constant of 10-12 frames, Gaussian noise and slow neuropil. The figures say how it does
on more of these, not on recordings of your own: check some cells by eye, or label them and measure.
"""


def write_card(path: Path, recipe: Recipe, fitted: Fitted, metrics: dict[str, Any]) -> None:
    """Write the card of the model that `recipe` gave, as Markdown."""
    a, settings = recipe.architecture, recipe.settings
    minutes = sum(row["seconds"] for row in fitted.history) / 60
    best = fitted.history[fitted.best_epoch - 1]
    lines = [
        f"# {a.name}",
        "",
        _PURPOSE[recipe.task],
        "",
        f"- Network: {fitted.networks.full.count_params():,} parameters, {a.n_inputs} inputs, windows of "
        f"{a.window_frames} frames of {a.window_px} x {a.window_px} pixels, weights stored as float16.",
        f"- Data: {_data(recipe)}; no movie is in two of them.",
        f"- Training: {settings.epochs} epochs of {settings.steps_per_epoch} batches of "
        f"{settings.batch_size} windows, RMSprop at {settings.learning_rate:g}, seed {settings.seed}; "
        f"{minutes:.0f} minutes. "
        f"Epoch {fitted.best_epoch} had the lowest validation loss ({best['val_loss']:.4f}).",
        f"- Versions: {versions()}.",
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
        "## Train it again",
        "",
        f"With these settings, `snakemake --cores all train_{recipe.task}`:",
        "",
        "```yaml",
        *_settings(recipe),
        "```",
        "",
    ]
    write_text(path, "\n".join(lines))


def _settings(recipe: Recipe) -> list[str]:
    """Return the part of the config that gives this model, as lines of YAML."""
    movies = [movie for part in recipe.movies.values() for movie in part]
    preset, seed = min(movies, key=lambda movie: movie[1])
    return [
        "training:",
        f"  simulation: {{preset: {preset}, n_movies: {len(movies)}, seed: {seed}}}",
        f"  {recipe.task}:",
        *(f"    {name}: {value}" for name, value in recipe.settings.model_dump().items()),
    ]


def _data(recipe: Recipe) -> str:
    presets = sorted({preset for movies in recipe.movies.values() for preset, _ in movies})
    parts = [
        f"{len(movies)} to {purpose} (seeds {_span([seed for _, seed in movies])})"
        for purpose, movies in zip(("train", "validate", "test"), recipe.movies.values(), strict=True)
    ]
    return f"simulated movies of the preset {', '.join(presets)}: {', '.join(parts)}"


def _span(seeds: list[int]) -> str:
    whole = len(seeds) > 1 and seeds == list(range(seeds[0], seeds[-1] + 1))
    return f"{seeds[0]}-{seeds[-1]}" if whole else ", ".join(map(str, seeds))


def versions() -> str:
    """Return the versions of what trained a model, as text."""
    found = []
    for name in ("neurocine", "keras", "tensorflow", "tensorflow-cpu", "numpy"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _activity_table(metrics: dict[str, Any]) -> list[str]:
    """Return the table of detected transients: the model, and chance below it."""
    rows = [
        ("model, active cells", metrics["model"]["active_cells"]),
        ("model, targets with overlapping cells", metrics["model"]["targets"]),
        ("model, pyramidal cells", metrics["model"]["pyramidal"]),
        ("model, interneurons", metrics["model"]["interneuron"]),
        ("model, all cells, noise too", metrics["model"]["all_cells"]),
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
        ),
        "",
        f"Probability over {metrics['threshold']:g} is active. Counts are pooled over cells; false positives",
        "are putative transients of the trace that are not the cell's. Frame by frame: average precision",
        f"{metrics['frame_average_precision']:.3f} (chance {metrics['frame_active_share']:.3f}), area under "
        f"the ROC curve {metrics['frame_roc_auc']:.3f}.",
    ]


def _celltype_table(metrics: dict[str, Any]) -> list[str]:
    """Return figures by type, and the confusion matrix."""
    types = metrics["types"]
    chance = metrics["chance"]
    return [
        f"Accuracy {metrics['accuracy']:.3f}, balanced accuracy {metrics['balanced_accuracy']:.3f}, macro F1",
        f"{metrics['macro_f1']:.3f}. Chance: {chance['uniform']:.3f} for one of three types,",
        f"{chance['majority']:.3f} for always the most frequent, {chance['shuffled_accuracy']:.3f} for the",
        "model's answers shuffled among cells.",
        "",
        "| type | cells | sensitivity | precision | F1 | " + " | ".join(f"called {t}" for t in types) + " |",
        "|---" * (5 + len(types)) + "|",
        *(
            f"| {kind} | {metrics['cells'][i]} | {metrics['sensitivity'][i]:.3f} "
            f"| {metrics['precision'][i]:.3f} | {metrics['f1'][i]:.3f} | "
            + " | ".join(str(n) for n in metrics["confusion"][i])
            + " |"
            for i, kind in enumerate(types)
        ),
    ]
