"""NumPy files: memory-mapped, never unpickled."""

from __future__ import annotations

from pathlib import Path

from neurocine.io.movies.arrays.axes import as_frames
from neurocine.io.movies.frames import OpenedMovie
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.safe.npy import load_array


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the frames of a ``.npy`` file, an array (T, Y, X).

    Raises
    ------
    InputError
        If the file isn't NumPy's, is cut short or holds Python objects, or has other axes.
    """
    frames, layout = as_frames(path, load_array(path, mapped=True))
    return OpenedMovie(frames, layout=layout)


MOVIE_FORMATS.register(MovieFormat(name="NumPy", suffixes=(".npy",), read=read))
