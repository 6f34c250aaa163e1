"""What all model cards and registry entries have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from neurocine.training.checkpoint import History


def training_line(settings: Mapping[str, Any], examples: str, history: History, best_epoch: int) -> str:
    """Return how a network was trained, and which epoch was chosen.

    Parameters
    ----------
    settings
        The section of the config.
    examples
        What a batch is of: windows, or crops of a size.
    history, best_epoch
        Figures of all epochs, and the epoch (from 1) with the lowest validation loss.
    """
    minutes = sum(row["seconds"] for row in history) / 60
    return (
        f"- Training: {settings['epochs']} epochs of {settings['steps_per_epoch']} batches of "
        f"{settings['batch_size']} {examples}, learning rate {settings['learning_rate']:g}, "
        f"seed {settings['seed']}; {minutes:.0f} minutes. "
        f"Epoch {best_epoch} had the lowest validation loss ({history[best_epoch - 1]['val_loss']:.4f})."
    )


def start_lines(sha256: str | None) -> list[str]:
    """Return which weights a training started from; no line for random ones."""
    return [f"- Started from the weights with SHA-256 {sha256[:12]}…"] if sha256 else []


def versions_line() -> str:
    """Return the versions of the packages that trained a network."""
    versions = []
    for name in ("neurocine", "keras", "tensorflow", "tensorflow-cpu", "numpy"):
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return f"- Versions: {', '.join(versions)}."


def repeat_lines(rule: str, config: Iterable[str]) -> list[str]:
    """Return how to train the network again: the rule, and the lines of the config that it needs."""
    return [
        "## Train it again",
        "",
        f"With these settings, `snakemake --cores all {rule}`:",
        "",
        "```yaml",
        *config,
        "```",
        "",
    ]


def measured_on(movies: Iterable[str]) -> str:
    """Return which movies the figures of a registry entry were measured on."""
    return f"simulated movies {', '.join(movies)}, not seen in training"
