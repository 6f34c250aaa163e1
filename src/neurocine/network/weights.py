"""Weights as plain arrays: float16 in HDF5, checked one by one before use.

No Keras file is read: those can hold code. The network is built from its `Architecture`, and each weight must
have the name, shape and type that this network expects.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurocine.core import InputError
from neurocine.io.contracts.stamp import Stamp, create, opened
from neurocine.network.architecture import Architecture, Networks
from neurocine.network.named import architecture_from

KIND = "weights"


def save_weights(
    path: Path, networks: Networks, architecture: Architecture, *, metadata: Mapping[str, Any]
) -> None:
    """Write the weights of `networks` as float16, atomically; the same weights give the same bytes.

    Parameters
    ----------
    path
        The file.
    networks, architecture
        What `Architecture.build` made, and from what.
    metadata
        Plain values that JSON can hold: data, seed, metrics.

    Raises
    ------
    InputError
        If a weight is not finite or too large for float16: training went wrong.
    """
    with create(path, KIND, Stamp()) as file:
        file.attrs["architecture"] = json.dumps(architecture.to_dict(), sort_keys=True)
        file.attrs["metadata"] = json.dumps(metadata, sort_keys=True)
        for name, variable in sorted(_variables(networks).items()):
            with np.errstate(over="ignore"):
                value = np.asarray(variable).astype(np.float16)
            if not np.isfinite(value).all():
                raise InputError(path, name, "isn't finite in float16", "Train again with a lower rate.")
            file.create_dataset(name, data=value, track_times=False)


def load_weights(path: Path) -> tuple[Networks, Architecture, dict[str, Any]]:
    """Return the networks, their architecture and the metadata of a file that `save_weights` made.

    Raises
    ------
    InputError
        If the file is missing or damaged, or a weight is missing, unknown, of another shape or type, stored
        outside the file, or not finite.
    """
    with opened(path, KIND) as file:
        architecture = architecture_from(_json(file, "architecture"), str(path))
        metadata = _json(file, "metadata")
        networks = architecture.build()
        variables = _variables(networks)
        values = {name: _value(file, name, tuple(v.shape)) for name, v in variables.items()}
        unknown = sorted(_datasets(file) - set(variables))
        if unknown:
            raise InputError(path, unknown[0], "is unknown to this architecture", "Train the model again.")
    for name, variable in variables.items():
        variable.assign(values[name])
    return networks, architecture, metadata


def _variables(networks: Networks) -> dict[str, Any]:
    """Return the weights by name; random generators of dropout layers are no weights."""
    return {
        f"{model.name}/{weight.path}": weight
        for model in (networks.encoder, networks.head)
        for weight in model.trainable_weights
    }


def _json(file: h5py.File, name: str) -> dict[str, Any]:
    try:
        value = json.loads(file.attrs[name])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            file.filename, name, f"isn't readable ({error})", "Give a file of save_weights."
        ) from error
    if not isinstance(value, dict):
        raise InputError(file.filename, name, "isn't a mapping", "Give a file of save_weights.")
    return value


def _datasets(file: h5py.File) -> set[str]:
    names: set[str] = set()
    file.visititems(lambda name, item: names.add(name) if isinstance(item, h5py.Dataset) else None)
    return names


def _value(file: h5py.File, name: str, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return one weight as float32, having checked all there is to check."""
    item = file.get(name)
    # Virtual and external datasets would read other files of the user's.
    if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external is not None:
        raise InputError(file.filename, name, "is missing", "The file is damaged: get it again.")
    if item.file.filename != file.filename:
        raise InputError(file.filename, name, "is a link to another file", "Get the file again.")
    if item.shape != shape or item.dtype != np.float16:
        raise InputError(
            file.filename,
            name,
            f"has shape {item.shape} and type {item.dtype}, expected {shape} and float16",
            "The file doesn't fit its architecture: get it again.",
        )
    value = np.asarray(item[...], dtype=np.float32)
    if not np.isfinite(value).all():
        raise InputError(file.filename, name, "isn't finite", "The file is damaged: get it again.")
    return value
