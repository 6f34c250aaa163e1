"""The card of a fine-tuned model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurocine.config import FineTuneSettings
from neurocine.io.atomic import write_text
from neurocine.networks.cells import Networks
from neurocine.training.card_parts import training_line, versions_line
from neurocine.training.loop import Fitted


def write_fine_tune_card(
    path: Path,
    settings: FineTuneSettings,
    recipe: Mapping[str, Any],
    fitted: Fitted[Networks],
    metrics: Mapping[str, Any],
) -> None:
    """Write the card as Markdown: which model it started from, on what it was trained, before and after."""
    cells, windows = metrics["cells"], metrics["windows"]
    before, after, corpus = metrics["before"], metrics["after"], metrics["corpus"]
    figures = [name for name in ("sensitivity", "precision", "f1", "median_f1", "accuracy") if name in after]
    counts = [name for name in ("true_positive", "false_negative", "false_positive") if name in after]
    rows = [f"| {name.replace('_', ' ')} | {before[name]:.3f} | {after[name]:.3f} |" for name in figures]
    rows += [f"| {name.replace('_', ' ')} | {before[name]} | {after[name]} |" for name in counts]
    lines = [
        f"# {settings.model}, fine-tuned",
        "",
        f"Started from the weights of `{settings.model}` (SHA-256 {recipe['model_sha256'][:12]}…);",
        "the card of that model says what it was trained on before.",
        "",
        f"- Data: labelled cells, {len(cells['train'])} to train ({windows['train']} windows), "
        f"{len(cells['validation'])} to choose the epoch, {len(cells['test'])} to measure. The split is by "
        "cell: cells of one recording share its background and noise. `metrics.json` names the cells.",
        *([f"- Also simulated movies, half of the windows: {', '.join(corpus)}."] if corpus else []),
        training_line(settings.model_dump(), "windows", fitted.history, fitted.best_epoch),
        versions_line(),
        "",
        "## On labelled cells that training didn't see",
        "",
        f"| {after['cells']} recordings of cells | before | after |",
        "|---|---|---|",
        *rows,
        "",
        "With few cells these figures are imprecise: check more cells before you rely on a difference.",
        "",
    ]
    write_text(path, "\n".join(lines))
