"""All that determines a model, and the model's entry in the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurocine.config import NetworkTraining
from neurocine.core import CELL_TYPES
from neurocine.io.result_files import settings_hash
from neurocine.networks.cells import CellArchitecture
from neurocine.networks.registry import Metrics, ModelEntry
from neurocine.steps import IMPL
from neurocine.training.card_parts import measured_on
from neurocine.training.cells.window_sampling import Task
from neurocine.training.corpus import LabelledRecording


@dataclass(frozen=True, eq=False)
class Recipe:
    """All that determines a model.

    Attributes
    ----------
    task, architecture, settings
        What is trained, and how.
    movies
        Preset and seed of each recording, by split (``train``, ``validation``, ``test``).
    start
        SHA-256 of the weights to start from; None: random ones.
    """

    task: Task
    architecture: CellArchitecture
    settings: NetworkTraining
    movies: Mapping[str, list[tuple[str, int]]]
    start: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "task": self.task,
            "architecture": self.architecture.to_dict(),
            "settings": self.settings.model_dump(),
            "movies": {use: [list(movie) for movie in movies] for use, movies in self.movies.items()},
            "start": self.start,
            "impl": {step: IMPL[step] for step in ("simulation", "training")},
        }

    @property
    def hash(self) -> str:
        """Its hash: a checkpoint of another recipe is refused."""
        return settings_hash(self.to_dict())

    @property
    def section(self) -> str:
        """The section of the config, under ``training``, that holds its settings."""
        return "interneuron" if self.settings.types == ("interneuron",) else self.task


def cell_entry(recipe: Recipe, recording: LabelledRecording, metrics: dict[str, Any]) -> ModelEntry:
    """Return the registry entry of a network for cells.

    Parameters
    ----------
    recipe
        What the network was trained with.
    recording
        One recording of the corpus; the network has its frame rate and pixel size.
    metrics
        Contents of ``metrics.json``.
    """
    return unmeasured_entry(recipe, recording).model_copy(
        update={
            "types": tuple(recipe.settings.types or ("any",)),
            "indicators": tuple(metrics["indicators"]),
            "metrics": Metrics(on=measured_on(metrics["test_movies"]), values=_main_figures(metrics)),
        }
    )


def unmeasured_entry(recipe: Recipe, recording: LabelledRecording) -> ModelEntry:
    """Return the registry entry of a network for cells before it was measured; see `cell_entry`."""
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


def _main_figures(metrics: dict[str, Any]) -> dict[str, float]:
    """Return the few figures of ``metrics.json`` that the registry shows, with those of chance."""
    if metrics["task"] == "activity":
        model, chance = metrics["model"]["active_cells"], metrics["shifted_time"]["active_cells"]
        figures = {name: model[name] for name in ("sensitivity", "precision", "f1", "median_f1")}
        return {**{k: round(v, 4) for k, v in figures.items()}, "chance_f1": round(chance["f1"], 4)}
    figures = {"accuracy": metrics["accuracy"], "macro_f1": metrics["macro_f1"]}
    figures |= {f"f1_{cell_type}": f1 for cell_type, f1 in zip(CELL_TYPES, metrics["f1"], strict=True)}
    return {**{k: round(v, 4) for k, v in figures.items()}, "chance_accuracy": round(1 / len(CELL_TYPES), 4)}
