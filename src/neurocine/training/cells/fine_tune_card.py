"""The card of a model that was trained on from another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurocine.config import FineTuneSettings
from neurocine.io.atomic import write_text
from neurocine.training.cells.card import versions
from neurocine.training.cells.fit import Fitted


def write_fine_tune_card(
    path: Path,
    settings: FineTuneSettings,
    recipe: Mapping[str, Any],
    fitted: Fitted,
    metrics: Mapping[str, Any],
) -> None:
    """Write the card as Markdown: which model it started from, on what it was trained, before and after."""
    cells, windows = metrics["cells"], metrics["windows"]
    minutes = sum(row["seconds"] for row in fitted.history) / 60
    best = fitted.history[fitted.best_epoch - 1]
    before, after = metrics["before"], metrics["after"]
    figures = [name for name in ("sensitivity", "precision", "f1", "median_f1", "accuracy") if name in after]
    rows = [f"| {name.replace('_', ' ')} | {before[name]:.3f} | {after[name]:.3f} |" for name in figures]
    lines = [
        f"# {settings.model}, fine-tuned",
        "",
        f"Started from the weights of `{settings.model}` (SHA-256 {recipe['model_sha256'][:12]}…);",
        "that model's card says what it had learned before.",
        "",
        f"- Data: labelled cells, {len(cells['train'])} to train ({windows['train']} windows), "
        f"{len(cells['validation'])} to choose the epoch, {len(cells['test'])} to measure. The split is by "
        "cell: cells of one recording share its background and noise. `metrics.json` names the cells.",
        f"- Training: {settings.epochs} epochs of {settings.steps_per_epoch} batches of "
        f"{settings.batch_size} windows, RMSprop at {settings.learning_rate:g}, seed {settings.seed}; "
        f"{minutes:.0f} minutes. Epoch {fitted.best_epoch} had the lowest validation loss "
        f"({best['val_loss']:.4f}).",
        f"- Versions: {versions()}.",
        "",
        "## On labelled cells that training didn't see",
        "",
        f"| {after['cells']} recordings of cells | before | after |",
        "|---|---|---|",
        *rows,
        "",
        "With few cells these figures are rough: look at more cells before you trust a gain or a loss.",
        "",
    ]
    write_text(path, "\n".join(lines))
