"""HDF5: neurocine's own ``movie.h5``, or any file with one movie, such as SIMA's and MATLAB's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurocine.io.movies.arrays.axes import as_frames, pick_dataset
from neurocine.io.movies.frames import OpenedMovie
from neurocine.io.movies.metadata import number, text
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.result_files import read_movie
from neurocine.io.safe.hdf5 import open_hdf5


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the frames of `dataset`, or of the only movie; the file stays open behind them.

    Axes are taken from the labels of the dataset's dimensions, as SIMA writes them (TZYXC), or from the
    attribute ``MATLAB_class``, as MATLAB stores (Y, X, T) as (T, X, Y). Rate, pixel size and indicator come
    from the attributes ``frame_rate_hz`` (or CaImAn's ``fr``), ``pixel_size_um`` and ``indicator`` of the
    dataset or of the file.

    Raises
    ------
    InputError
        If the file isn't HDF5, is cut short or names other files, several datasets could be the
        movie, or its axes aren't known.
    """
    file = open_hdf5(path)
    if file.attrs.get("kind") == "movie" and dataset is None:
        file.close()
        movie = read_movie(path)
        return OpenedMovie(
            movie.frames,
            movie.frame_rate_hz,
            movie.pixel_size_um,
            movie.indicator or None,
            movie.validity,
            dark_offset=movie.dark_offset,
            crop=movie.crop,
        )
    _, array = pick_dataset(path, _datasets(file), dataset)
    attributes = {**file.attrs, **array.attrs}
    frames, layout = as_frames(
        path, array, matlab="MATLAB_class" in array.attrs, channels=_channel_names(array)
    )
    return OpenedMovie(
        frames,
        number(attributes, "frame_rate_hz", "fr"),
        number(attributes, "pixel_size_um"),
        text(attributes, "indicator"),
        layout=layout,
    )


def _channel_names(array: h5py.Dataset) -> list[str]:
    """Return the names of the channels that SIMA gives in the attribute ``channel_names``."""
    names = np.ravel(array.attrs.get("channel_names", ()))
    return [name.decode(errors="replace") if isinstance(name, bytes) else str(name) for name in names]


def _datasets(file: h5py.File) -> dict[str, Any]:
    datasets: dict[str, Any] = {}

    def note(name: str, item: Any) -> None:
        # MATLAB keeps what cells refer to under #refs#.
        if isinstance(item, h5py.Dataset) and item.shape is not None and not name.startswith("#"):
            datasets[name] = item

    file.visititems(note)
    return datasets


MOVIE_FORMATS.register(
    MovieFormat(name="HDF5", suffixes=(".h5", ".hdf5", ".hdf"), read=read, has_datasets=True)
)
