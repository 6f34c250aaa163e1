"""Movies in any known format, opened lazily as one `Movie`.

A new format is one module in this folder with a function ``read(path, dataset) -> OpenedMovie`` that
registers itself in `MOVIE_FORMATS`; nothing else changes.
"""

from neurocine.io.movies.files import find_movies, movie_files, movie_title
from neurocine.io.movies.frames import OpenedMovie, frames_of_files, n_frames_stored
from neurocine.io.movies.names import first_mismatch, natural_key
from neurocine.io.movies.opening import open_movie, probe
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat

__all__ = [
    "MOVIE_FORMATS",
    "MovieFormat",
    "OpenedMovie",
    "find_movies",
    "first_mismatch",
    "frames_of_files",
    "movie_files",
    "movie_title",
    "n_frames_stored",
    "natural_key",
    "open_movie",
    "probe",
]
