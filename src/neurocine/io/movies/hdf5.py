"""HDF5: neurocine's own ``movie.h5``, or any file with a 3-D dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py

from neurocine.io.movies.frames import OpenedMovie
from neurocine.io.movies.metadata import check_time_axis, number, pick_dataset, text
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.result_files import read_movie
from neurocine.io.safe.hdf5 import open_hdf5


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the frames of `dataset`, or of the only 3-D dataset; the file stays open behind them.

    Rate, pixel size and indicator come from the attributes ``frame_rate_hz`` (or CaImAn's ``fr``),
    ``pixel_size_um`` and ``indicator`` of the dataset or of the file.

    Raises
    ------
    InputError
        If the file isn't HDF5, is cut short or names other files, several datasets could be the
        movie, or the last axis looks like time.
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
        )
    name, frames = pick_dataset(path, _datasets(file), dataset)
    check_time_axis(path, frames.shape)
    attributes = {**file.attrs, **file[name].attrs}
    return OpenedMovie(
        frames,
        number(attributes, "frame_rate_hz", "fr"),
        number(attributes, "pixel_size_um"),
        text(attributes, "indicator"),
    )


def _datasets(file: h5py.File) -> dict[str, Any]:
    datasets: dict[str, Any] = {}

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            datasets[name] = item

    file.visititems(note)
    return datasets


MOVIE_FORMATS.register(
    MovieFormat(name="HDF5", suffixes=(".h5", ".hdf5", ".hdf"), read=read, has_datasets=True)
)
