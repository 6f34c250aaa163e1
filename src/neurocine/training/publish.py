"""A trained model put into the registry, so that the steps find it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from neurocine.core import CELL_TYPES
from neurocine.io.atomic import atomic_path
from neurocine.io.result_files import read_movie
from neurocine.networks.registry import Entry, Metrics, install
from neurocine.networks.weights import load_cell_weights, load_segmentation_weights

#: What lies beside a model's weights and card, as ``{name}.{file}``.
EVIDENCE = ("metrics.json", "curves.csv", "curves.png")


def publish(trained: Path, name: str, registry: Path, sample: Path) -> Entry:
    """Install the model that `neurocine.training.train` wrote into the folder `trained`.

    Parameters
    ----------
    trained
        The folder: ``weights.h5``, ``card.md``, ``metrics.json``, ``curves.csv``, ``curves.png``.
    name
        Name in the registry.
    registry
        Folder of the registry.
    sample
        A recording of the corpus: its frame rate, pixel size and indicator are the model's.

    Returns
    -------
    Entry
        The entry as registered.

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    weights = trained / "weights.h5"
    _, architecture, metadata = load_cell_weights(weights)
    metrics = json.loads((trained / "metrics.json").read_text(encoding="utf-8"))
    movie = read_movie(sample / "movie.h5")
    entry = Entry(
        task=metrics["task"],
        types=tuple(metadata["recipe"]["settings"]["types"] or ("any",)),
        architecture=architecture.name,
        frame_rate_hz=movie.frame_rate_hz,
        pixel_size_um=movie.pixel_size_um,
        indicators=tuple(metrics["indicators"]),
        window_frames=architecture.window_frames,
        window_px=architecture.window_px,
        normalisation=architecture.normalisation,
        metrics=Metrics(
            on=f"simulated movies {', '.join(metrics['test_movies'])}, not seen in training",
            values=headline(metrics),
        ),
    )
    entry = install(registry, name, entry, weights, (trained / "card.md").read_text(encoding="utf-8"))
    for evidence in EVIDENCE:
        with atomic_path(registry / f"{name}.{evidence}") as part:
            shutil.copyfile(trained / evidence, part)
    return entry


def publish_segmenter(trained: Path, name: str, registry: Path, indicators: tuple[str, ...]) -> Entry:
    """Install the model that the rules train_stneuronet and calibrate_stneuronet wrote into `trained`.

    Parameters
    ----------
    trained
        The folder: ``weights.h5``, ``card.md``, ``metrics.json``, ``calibration.json``, ``curves.csv`` and
        ``curves.png``.
    name
        Name in the registry.
    registry
        Folder of the registry.
    indicators
        Those of the corpus.

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    weights = trained / "weights.h5"
    _, architecture, _, _ = load_segmentation_weights(weights)
    metrics = json.loads((trained / "metrics.json").read_text(encoding="utf-8"))
    mean = metrics["mean"]
    values = {**mean["containment"], "f1_iou": mean["iou"]["f1"]}
    movies = ", ".join(movie["name"] for movie in metrics["movies"])
    entry = Entry(
        task="stneuronet",
        architecture=architecture.name,
        frame_rate_hz=architecture.frame_rate_hz,
        pixel_size_um=architecture.pixel_size_um,
        indicators=indicators,
        window_frames=architecture.window_frames,
        metrics=Metrics(
            on=f"simulated movies {movies}, not seen in training",
            values={name: round(value, 4) for name, value in values.items()},
        ),
    )
    card = (trained / "card.md").read_text(encoding="utf-8")
    entry = install(registry, name, entry, weights, card)
    for evidence in (*EVIDENCE, "calibration.json"):
        with atomic_path(registry / f"{name}.{evidence}") as part:
            shutil.copyfile(trained / evidence, part)
    return entry


def headline(metrics: dict[str, Any]) -> dict[str, float]:
    """Return the few figures of ``metrics.json`` that the registry shows, chance among them."""
    if metrics["task"] == "activity":
        model, chance = metrics["model"]["active_cells"], metrics["shifted_time"]["active_cells"]
        figures = {name: model[name] for name in ("sensitivity", "precision", "f1", "median_f1")}
        return {**{k: round(v, 4) for k, v in figures.items()}, "chance_f1": round(chance["f1"], 4)}
    figures = {"accuracy": metrics["accuracy"], "macro_f1": metrics["macro_f1"]}
    figures |= {f"f1_{kind}": f1 for kind, f1 in zip(CELL_TYPES, metrics["f1"], strict=True)}
    return {**{k: round(v, 4) for k, v in figures.items()}, "chance_accuracy": round(1 / len(CELL_TYPES), 4)}
