"""Real parts for hybrid movies: recorded neurons, real outlines, a real scene's statistics.

Everything is split by neuron, by movie of the outlines, and by seed; `load` returns one split's share only.
See ``PROVENANCE.md`` beside this file for sources and licences.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError
from neurocine.core.truth import SPLITS
from neurocine.io.result_files.stamp import dataset, opened, strings
from neurocine.simulation.kinetics import Kinetics
from neurocine.simulation.library.scene import SceneStatistics

__all__ = ["SPLITS", "CellLayout", "Library", "RecordedNeuron", "load"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, eq=False)
class RecordedNeuron:
    """A recorded neuron.

    Attributes
    ----------
    name, data_set
        Data set and cell; the data set alone.
    cell_class
        ``excitatory``, ``inhibitory``, ``PV``, ``SST`` or ``VIP``.
    indicator
        What it was recorded with.
    kinetics, correlation
        Fitted to its ΔF/F; how well.
    recordings
        For each recording its length in seconds and its spike times, (S,) float64, s.
    """

    name: str
    data_set: str
    cell_class: str
    indicator: str
    kinetics: Kinetics
    correlation: float
    recordings: tuple[tuple[float, NDArray[np.float64]], ...]

    @property
    def is_interneuron(self) -> bool:
        """Whether it inhibits."""
        return self.cell_class != "excitatory"


@dataclass(frozen=True, eq=False)
class CellLayout:
    """Outlines of the cells of a real movie where they lay.

    Attributes
    ----------
    name
        The mask file.
    um_per_px
        Scale of the outlines.
    fov_um
        Height and width.
    centre_um
        Centre of each cell's box (row, column), (N, 2).
    crops
        One (h, w) bool a cell.
    """

    name: str
    um_per_px: float
    fov_um: tuple[float, float]
    centre_um: NDArray[np.float64]
    crops: tuple[NDArray[np.bool_], ...]


@dataclass(frozen=True, eq=False)
class Library:
    """One split's neurons and layouts, and the scene's statistics, which are the same for all.

    `further` neurons have other indicators, and are used by movies of tissue alone.
    """

    split: str
    neurons: tuple[RecordedNeuron, ...]
    further: tuple[RecordedNeuron, ...]
    layouts: tuple[CellLayout, ...]
    scene: SceneStatistics


@cache
def load(split: str) -> Library:
    """Return the library's `split`.

    Raises
    ------
    InputError
        If there is no such split.
    """
    if split not in SPLITS:
        raise InputError("simulation", "split", f"is {split!r}", f"Choose one of {', '.join(SPLITS)}.")
    neurons, further = (_neurons(name, split) for name in ("neurons.h5", "further_neurons.h5"))
    return Library(split, neurons, further, _layouts(split), _scene())


def _neurons(name: str, split: str) -> tuple[RecordedNeuron, ...]:
    with opened(_FOLDER / name, "neurons") as file:
        text = {n: strings(file, n) for n in ("name", "data_set", "cell_class", "indicator", "split")}
        numbers = {field.name: dataset(file, field.name) for field in fields(Kinetics)}
        correlation = dataset(file, "correlation")
        owner, length = dataset(file, "recording_neuron"), dataset(file, "recording_s")
        ends = np.cumsum(dataset(file, "recording_spikes"))[:-1]
        trains = np.split(dataset(file, "spike_s").astype(np.float64), ends)
    return tuple(
        RecordedNeuron(
            name=text["name"][i],
            data_set=text["data_set"][i],
            cell_class=text["cell_class"][i],
            indicator=text["indicator"][i],
            kinetics=Kinetics(**{name: float(values[i]) for name, values in numbers.items()}),
            correlation=float(correlation[i]),
            recordings=tuple((float(length[r]), trains[r]) for r in np.flatnonzero(owner == i)),
        )
        for i in range(len(correlation))
        if text["split"][i] == split
    )


def _layouts(split: str) -> tuple[CellLayout, ...]:
    with opened(_FOLDER / "footprints.h5", "footprints") as file:
        names, splits = strings(file, "movie_name"), strings(file, "movie_split")
        scale, fov = dataset(file, "movie_um_per_px"), dataset(file, "movie_fov_um")
        movie, centre, side = (dataset(file, n) for n in ("movie", "centre_um", "side"))
        bits = np.unpackbits(dataset(file, "bits")).astype(bool)
    stop = np.cumsum(side.astype(np.int64).prod(axis=1))
    start = np.r_[0, stop[:-1]]
    return tuple(
        CellLayout(
            name=names[m],
            um_per_px=float(scale[m]),
            fov_um=(float(fov[m, 0]), float(fov[m, 1])),
            centre_um=centre[movie == m].astype(np.float64),
            crops=tuple(bits[start[i] : stop[i]].reshape(side[i]) for i in np.flatnonzero(movie == m)),
        )
        for m in range(len(names))
        if splits[m] == split
    )


def _scene() -> SceneStatistics:
    with opened(_FOLDER / "scene.h5", "scene") as file:
        arrays = {field.name: dataset(file, field.name) for field in fields(SceneStatistics)}
    values: dict[str, Any] = {name: array if array.ndim else float(array) for name, array in arrays.items()}
    return SceneStatistics(**values)
