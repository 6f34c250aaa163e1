"""All that determines a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurocine.config import NetworkTraining
from neurocine.io.result_files import settings_hash
from neurocine.networks.cells import CellArchitecture
from neurocine.steps import IMPL
from neurocine.training.cells.window_sampling import Task


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
