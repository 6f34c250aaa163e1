"""The registry of movie formats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from neurocine.io.formats import FileFormat, FormatRegistry
from neurocine.io.movies.frames import OpenedMovie


@dataclass(frozen=True, kw_only=True)
class MovieFormat(FileFormat):
    """A movie format.

    Attributes
    ----------
    read
        Opens a file: takes its path and the name of a dataset in it, None for the only one.
    has_datasets
        Whether a file may hold several datasets to choose from.
    """

    read: Callable[[Path, str | None], OpenedMovie]
    has_datasets: bool = False


MOVIE_FORMATS: FormatRegistry[MovieFormat] = FormatRegistry("neurocine.io.movies", "movie")
