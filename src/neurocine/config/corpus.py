"""Which simulated movies the networks learn from, are chosen by and are measured on."""

from __future__ import annotations

from typing import NamedTuple

from neurocine.config.models import SimulationSettings


class CorpusMovie(NamedTuple):
    """What one movie of the corpus is made with.

    Attributes
    ----------
    split
        ``train``, ``validation`` or ``test``.
    preset, seed
        As for `neurocine.simulation.simulate`.
    """

    split: str
    preset: str
    seed: int

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"{self.split}-{self.preset}-{self.seed:04d}"


def corpus_movies(settings: SimulationSettings) -> list[CorpusMovie]:
    """Return the movies of a corpus, by preset.

    No seed is in two splits. Those for test come first, then those for validation, so that a larger corpus is
    measured on the same movies.
    """
    held_out = settings.held_out
    movies = []
    for preset, n in settings.movies.items():
        splits = ["test"] * held_out + ["validation"] * held_out + ["train"] * n if n else []
        movies += [CorpusMovie(split, preset, settings.seed + i) for i, split in enumerate(splits)]
    return movies
