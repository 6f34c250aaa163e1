"""Arrays of a weights file, checked one by one before use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError
from neurocine.io.atomic_hdf5 import NewFile

#: What batch normalisation remembers. Half precision is enough for what is learned, but a mean that is large
#: beside its standard deviation would lose its digits.
STATISTICS = ("/moving_mean", "/moving_variance")


def write_arrays(file: NewFile, path: Path, variables: Mapping[str, Any]) -> None:
    """Write `variables` by name as float16, statistics of batch normalisation as float32.

    Parameters
    ----------
    file, path
        The file, and where it will be.
    variables
        Keras variables or arrays.

    Raises
    ------
    InputError
        If a value is not finite or too large: training went wrong.
    """
    for name, variable in sorted(variables.items()):
        with np.errstate(over="ignore"):
            value = np.asarray(variable).astype(_dtype(name))
        if not np.isfinite(value).all():
            raise InputError(path, name, f"isn't finite in {value.dtype}", "Train again with a lower rate.")
        file.create_dataset(name, data=value, track_times=False)


def read_arrays(file: h5py.File, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[np.float32]]:
    """Return the arrays of a file that `write_arrays` made.

    Raises
    ------
    InputError
        If one is missing, unknown, of another shape or type, stored outside the file, or not finite.
    """
    values = {name: _value(file, name, shape) for name, shape in shapes.items()}
    unknown = sorted(_datasets(file) - set(shapes))
    if unknown:
        raise InputError(
            file.filename, unknown[0], "is unknown to this architecture", "Train the model again."
        )
    return values


def read_mapping(file: h5py.File, name: str) -> dict[str, Any]:
    """Return the attribute `name`, a mapping in JSON.

    Raises
    ------
    InputError
        If it is missing, isn't JSON or isn't a mapping.
    """
    try:
        value = json.loads(file.attrs[name])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            file.filename, name, f"isn't readable ({error})", "Give a weights file of neurocine."
        ) from error
    if not isinstance(value, dict):
        raise InputError(file.filename, name, "isn't a mapping", "Give a weights file of neurocine.")
    return value


def _dtype(name: str) -> type[np.float16 | np.float32]:
    return np.float32 if name.endswith(STATISTICS) else np.float16


def _datasets(file: h5py.File) -> set[str]:
    names: set[str] = set()
    file.visititems(lambda name, item: names.add(name) if isinstance(item, h5py.Dataset) else None)
    return names


def _value(file: h5py.File, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return one array as float32, having checked all there is to check."""
    item = file.get(name)
    # Virtual and external datasets would read other files of the user's.
    if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external is not None:
        raise InputError(file.filename, name, "is missing", "The file is damaged: get it again.")
    if item.file.filename != file.filename:
        raise InputError(file.filename, name, "is a link to another file", "Get the file again.")
    if item.shape != shape or item.dtype != _dtype(name):
        raise InputError(
            file.filename,
            name,
            f"has shape {item.shape} and type {item.dtype}, expected {shape} and {_dtype(name).__name__}",
            "The file doesn't fit its architecture: get it again.",
        )
    value = np.asarray(item[...], dtype=np.float32)
    if not np.isfinite(value).all() or (name.endswith(STATISTICS[1]) and (value < 0).any()):
        raise InputError(
            file.filename, name, "isn't finite or positive", "The file is damaged: get it again."
        )
    return value
