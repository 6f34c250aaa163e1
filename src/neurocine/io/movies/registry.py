"""The registry of movie formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurocine.io.formats import FileFormat, FormatRegistry
from neurocine.io.movies.frames import OpenedMovie
from neurocine.io.movies.layout import FileSet


@dataclass(frozen=True, kw_only=True)
class MovieFormat(FileFormat):
    """A movie format.

    Attributes
    ----------
    read
        Opens a file: takes its path and the name of a dataset in it, None for the only one.
    has_datasets
        Whether a file may hold several datasets to choose from.
    settings_suffix
        Suffix of a file with settings that has the name of the movie and lies beside it.
    file_set
        For the files of one movie: the channel and the plane of each, where these are files of their own;
        else None.
    """

    read: Callable[[Path, str | None], OpenedMovie]
    has_datasets: bool = False
    settings_suffix: str | None = None
    file_set: Callable[[Sequence[Path]], FileSet | None] | None = None


_FIJI = "Export the series as TIFF, with Fiji (File > Import > Bio-Formats, then File > Save As > Tiff)"
#: What to do with movies in formats that aren't read.
REMEDIES = {
    ".czi": f"{_FIJI} or ZEN.",
    ".lif": f"{_FIJI} or LAS X.",
    ".oib": f"{_FIJI} or the microscope's program.",
    ".oif": f"{_FIJI} or the microscope's program.",
    ".oir": f"{_FIJI} or the microscope's program.",
    ".avi": "Give the movie as the microscope wrote it, or save it as TIFF by Fiji.",
    ".mp4": "Give the movie as the microscope wrote it: this format loses detail.",
    ".mj2": "Save the movie as TIFF or HDF5.",
    ".sima": "Give the file that it was made from, or export it with export_frames(..., fmt='HDF5').",
}

MOVIE_FORMATS: FormatRegistry[MovieFormat] = FormatRegistry("neurocine.io.movies", "movie", REMEDIES)
