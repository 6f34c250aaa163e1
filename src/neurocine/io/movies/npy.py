"""NumPy files: memory-mapped, never unpickled."""

from __future__ import annotations

from pathlib import Path

from neurocine.io.movies.frames import OpenedMovie
from neurocine.io.movies.metadata import check_time_axis
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.safe.npy import load_array


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the array (T, Y, X) of a ``.npy`` file.

    Raises
    ------
    InputError
        If the file isn't NumPy's, is cut short or holds Python objects, or its last axis looks like time.
    """
    frames = load_array(path, mapped=True)
    check_time_axis(path, frames.shape)
    return OpenedMovie(frames)


MOVIE_FORMATS.register(MovieFormat(name="NumPy", suffixes=(".npy",), read=read))
