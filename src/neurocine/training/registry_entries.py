"""What the registry says of a trained model: its sampling, and its figures on held-out movies."""

from __future__ import annotations

from typing import Any

from neurocine.core import CELL_TYPES
from neurocine.networks.registry import Metrics, ModelEntry
from neurocine.networks.segmentation.architecture import SegmentationArchitecture
from neurocine.training.cells.recipe import Recipe
from neurocine.training.corpus import LabelledRecording


def cell_entry(recipe: Recipe, recording: LabelledRecording, metrics: dict[str, Any]) -> ModelEntry:
    """Return the entry of a network for single cells.

    Parameters
    ----------
    recipe
        What the network was trained with.
    recording
        One of its corpus: its frame rate and pixel size are the network's.
    metrics
        What ``metrics.json`` holds.
    """
    return unmeasured_entry(recipe, recording).model_copy(
        update={
            "types": tuple(recipe.settings.types or ("any",)),
            "indicators": tuple(metrics["indicators"]),
            "metrics": Metrics(on=_held_out(metrics["test_movies"]), values=headline(metrics)),
        }
    )


def unmeasured_entry(recipe: Recipe, recording: LabelledRecording) -> ModelEntry:
    """Return the entry of a network for single cells before it was measured; see `cell_entry`."""
    architecture = recipe.architecture
    return ModelEntry(
        task=recipe.task,
        architecture=architecture.name,
        frame_rate_hz=recording.movie.frame_rate_hz,
        pixel_size_um=recording.movie.pixel_size_um,
        indicators=(recording.movie.indicator,),
        window_frames=architecture.window_frames,
        window_px=architecture.window_px,
        normalisation=architecture.normalisation,
        metrics=Metrics(on="none", values={}),
    )


def segmentation_entry(
    architecture: SegmentationArchitecture, indicators: tuple[str, ...], metrics: dict[str, Any]
) -> ModelEntry:
    """Return the entry of a network that segments.

    Parameters
    ----------
    architecture
        What the network is made of.
    indicators
        Those of its corpus.
    metrics
        What ``metrics.json`` holds.
    """
    mean = metrics["mean"]
    values = {**mean["containment"], "f1_iou": mean["iou"]["f1"]}
    return ModelEntry(
        task="stneuronet",
        architecture=architecture.name,
        frame_rate_hz=architecture.frame_rate_hz,
        pixel_size_um=architecture.pixel_size_um,
        indicators=indicators,
        window_frames=architecture.window_frames,
        metrics=Metrics(
            on=_held_out([movie["name"] for movie in metrics["movies"]]),
            values={name: round(value, 4) for name, value in values.items()},
        ),
    )


def _held_out(movies: list[str]) -> str:
    return f"simulated movies {', '.join(movies)}, not seen in training"


def headline(metrics: dict[str, Any]) -> dict[str, float]:
    """Return the few figures of ``metrics.json`` that the registry shows, chance among them."""
    if metrics["task"] == "activity":
        model, chance = metrics["model"]["active_cells"], metrics["shifted_time"]["active_cells"]
        figures = {name: model[name] for name in ("sensitivity", "precision", "f1", "median_f1")}
        return {**{k: round(v, 4) for k, v in figures.items()}, "chance_f1": round(chance["f1"], 4)}
    figures = {"accuracy": metrics["accuracy"], "macro_f1": metrics["macro_f1"]}
    figures |= {f"f1_{kind}": f1 for kind, f1 in zip(CELL_TYPES, metrics["f1"], strict=True)}
    return {**{k: round(v, 4) for k, v in figures.items()}, "chance_accuracy": round(1 / len(CELL_TYPES), 4)}
