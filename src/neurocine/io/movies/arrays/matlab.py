"""MATLAB's ``.mat``: version 7.3 is HDF5 and read lazily, older versions are read whole."""

from __future__ import annotations

from pathlib import Path

import h5py

from neurocine.core import InputError
from neurocine.io.movies.arrays import hdf5
from neurocine.io.movies.arrays.axes import as_frames, pick_dataset
from neurocine.io.movies.frames import OpenedMovie
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.safe.matlab import load_array, numeric_arrays

#: Largest array of an older version that is read, bytes: it stays in memory as long as the movie is open.
MOST_BYTES = 2 * 1024**3


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the frames of the array (Y, X, T) named `dataset`, or of the only one.

    Raises
    ------
    InputError
        If the file isn't MATLAB's or is cut short, several arrays could be the movie, it is larger than
        `MOST_BYTES` in an older version, or is the header of a Scanbox file.
    """
    if path.with_suffix(".sbx").is_file():
        raise InputError(
            path, "content", "is the header of a Scanbox file", f"Give {path.with_suffix('.sbx').name}."
        )
    if h5py.is_hdf5(path):
        return hdf5.read(path, dataset)
    name, found = pick_dataset(path, numeric_arrays(path), dataset, "variable")
    if found.n_bytes > MOST_BYTES:
        raise InputError(
            path,
            name,
            f"takes {found.n_bytes:,} bytes, and this version of .mat can only be read whole",
            "Save it with save(..., '-v7.3'), or as TIFF.",
        )
    # MATLAB's first axis is the fastest: turned round, the array lies in memory as HDF5 would give it.
    frames, layout = as_frames(path, load_array(path, name).T, matlab=True)
    return OpenedMovie(frames, layout=layout)


MOVIE_FORMATS.register(MovieFormat(name="MATLAB", suffixes=(".mat",), read=read, has_datasets=True))
