"""NWB: a TwoPhotonSeries, read lazily."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError
from neurocine.io.movies.arrays.axes import pick_dataset
from neurocine.io.movies.frames import OpenedMovie, Reordered
from neurocine.io.movies.layout import Layout
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.movies.times import numbers_of, rate_of
from neurocine.io.safe.hdf5 import open_hdf5

logger = logging.getLogger(__name__)

#: Two rates that differ by this share contradict each other.
_DIFFERS = 0.05
_METRES = {"meters": 1e6, "metres": 1e6, "meter": 1e6, "m": 1e6, "millimeters": 1e3, "mm": 1e3}
_METRES |= {"micrometers": 1.0, "micrometer": 1.0, "microns": 1.0, "um": 1.0, "µm": 1.0}


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the frames of the TwoPhotonSeries named `dataset`, or of the only one.

    NWB stores (T, X, Y), or (T, X, Y, Z) for several planes; frames come as (T, Y, X).

    Raises
    ------
    InputError
        If the file isn't NWB, holds none or several, or only refers to other files.
    """
    io = open_nwb(path)
    series = {item.name: item for item in io.read().objects.values() if _is_series(item)}
    outside = [item for item in series.values() if item.external_file is not None]
    if outside:
        files = ", ".join(str(name) for name in outside[0].external_file[:3])
        raise InputError(path, outside[0].name, f"only refers to {files}", "Give those files as the movie.")
    arrays = {name: item.data for name, item in series.items()}
    name, data = pick_dataset(path, arrays, dataset, "TwoPhotonSeries", lambda one: len(one.shape) in (3, 4))
    chosen, shape = series[name], data.shape
    if len(shape) not in (3, 4):
        raise InputError(
            path,
            name,
            f"has shape {shape}, expected (T, X, Y) or (T, X, Y, Z)",
            "Save it as NWB's schema says.",
        )
    plane = chosen.imaging_plane
    axes = _axes(path, chosen)
    times = _times(path, chosen)
    numbers = None if times is None or len(times) != shape[0] else numbers_of(times)
    return OpenedMovie(
        Reordered(data, axes, owner=io),
        _rate(path, chosen, times),
        _pixel_size(plane),
        plane.indicator if plane.indicator not in ("", "unknown") else None,
        layout=Layout(n_planes=int(shape[3])) if len(shape) == 4 else None,
        numbers=None if numbers is None else np.repeat(numbers, shape[3] if len(shape) == 4 else 1),
    )


def open_nwb(path: Path) -> Any:
    """Return an open ``NWBHDF5IO``, after a look whether `path` is an NWB file at all."""
    with open_hdf5(path, beside=True) as file:
        is_nwb = "nwb_version" in file.attrs
    if not is_nwb:
        raise InputError(
            path, "nwb_version", "is missing: this isn't NWB 2", "Rename it to .h5 if it is plain HDF5."
        )
    from pynwb import NWBHDF5IO

    return NWBHDF5IO(path, "r", load_namespaces=True)


def _is_series(item: object) -> bool:
    from pynwb.ophys import TwoPhotonSeries

    return isinstance(item, TwoPhotonSeries)


def _times(path: Path, series: Any) -> NDArray[np.float64] | None:
    """Return when each frame was recorded, in seconds; None if only the rate is given."""
    if series.rate or series.timestamps is None:
        return None
    times = np.asarray(series.timestamps[:], dtype=np.float64)
    back = np.flatnonzero(~(np.diff(times) >= 0))
    if len(back):
        logger.warning(
            "%s: timestamps of %s go back after frame %d: they tell neither the rate nor which frames are "
            "missing. Check them",
            path, series.name, back[0],
        )  # fmt: skip
    return times


def _axes(path: Path, series: Any) -> str:
    """Return a letter per axis: as NWB's schema says, unless the series' `dimension` says otherwise."""
    axes, shape = "txyz"[: len(series.data.shape)], tuple(series.data.shape)
    sides = tuple(np.ravel(series.dimension if series.dimension is not None else ()).tolist())[:2]
    if sides != shape[2:0:-1] or sides[0] == sides[1]:
        return axes
    logger.warning(
        "%s: %s is (T, Y, X), as its dimension is %d x %d (width x height), although NWB stores (T, X, Y): "
        "it is read so",
        path, series.name, *sides,
    )  # fmt: skip
    return axes.replace("xy", "yx")


def _rate(path: Path, series: Any, times: NDArray[np.float64] | None) -> float | None:
    rate = series.rate or (None if times is None else rate_of(times))
    of_plane = series.imaging_plane.imaging_rate
    if rate and of_plane and abs(of_plane / rate - 1) > _DIFFERS:
        logger.warning(
            "%s: %s has %.4g Hz, which is taken, but its imaging plane says %.4g Hz. If that is right, give "
            "it as frame_rate_hz, with override",
            path, series.name, rate, of_plane,
        )  # fmt: skip
    found = rate or of_plane
    return float(found) if found else None


def _pixel_size(plane: Any) -> float | None:
    if plane.grid_spacing is None:
        return None
    spacing = np.asarray(plane.grid_spacing[:2], dtype=float)
    factor = _METRES.get(str(plane.grid_spacing_unit).lower())
    if factor is None or len(spacing) < 2 or not np.allclose(spacing, spacing[0], rtol=0.01):
        return None
    return float(spacing[0] * factor)


MOVIE_FORMATS.register(MovieFormat(name="NWB", suffixes=(".nwb",), read=read, has_datasets=True))
