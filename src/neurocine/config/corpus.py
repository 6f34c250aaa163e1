"""The simulated movies of a corpus: for training, validation and test."""

from __future__ import annotations

from typing import NamedTuple

from neurocine.config.training import SimulationSettings, StneuronetSimulation


class CorpusMovie(NamedTuple):
    """The parameters of one movie of a corpus.

    Attributes
    ----------
    split
        ``train``, ``validation`` or ``test``.
    preset, seed, n_frames, frame_rate_hz, pixel_size_um
        As for `neurocine.simulation.simulate`; None: the preset's own.
    """

    split: str
    preset: str
    seed: int
    n_frames: int | None
    frame_rate_hz: float | None
    pixel_size_um: float | None

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"{self.split}-{self.preset}-{self.seed:04d}"


def corpus_movies(settings: SimulationSettings | StneuronetSimulation) -> list[CorpusMovie]:
    """Return the movies of a corpus, by preset.

    No seed is in two splits. The test movies come first, then the validation movies, so that a larger corpus
    is evaluated on the same movies.
    """
    held_out = settings.held_out
    movies = []
    for preset, n in settings.movies.items():
        splits = ["test"] * held_out + ["validation"] * held_out + ["train"] * n if n else []
        movies += [
            CorpusMovie(split, preset, settings.seed + i, *_sampling(settings, i))
            for i, split in enumerate(splits)
        ]
    return movies


def _sampling(settings: SimulationSettings | StneuronetSimulation, i: int) -> tuple[int, float, float]:
    """Return the frames, frame rate (Hz) and pixel size (µm) of movie `i` of a preset."""
    if isinstance(settings, SimulationSettings):
        return settings.n_frames, settings.frame_rate_hz, settings.pixel_size_um
    rates, scales = settings.frame_rates_hz, settings.pixel_sizes_um
    rate = rates[i % len(rates)]
    return max(100, round(settings.duration_s * rate)), rate, scales[i % len(scales)]
