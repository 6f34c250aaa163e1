"""Movie and truth of a recording of the comparison, from its file or folder."""

from __future__ import annotations

from pathlib import Path

from neurocine.core import Movie
from neurocine.io.movies import open_movie


def movie_in(path: Path) -> Movie:
    """Return the movie of a file, or of the folder of a simulated recording."""
    return open_movie(path / "movie.h5" if path.is_dir() else path)


def truth_in(path: Path) -> Path:
    """Return the path of the truth: for ``truth.h5`` its folder, else `path` itself."""
    return path.parent if path.name == "truth.h5" else path
