"""Weights as plain arrays: float16 in HDF5, checked one by one before use.

No Keras file is read: those can hold code. The network is built from its `Architecture`, and each weight must
have the name, shape and type that this network expects.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurocine.io.contracts.stamp import Stamp, create, opened
from neurocine.network.architecture import Architecture, Networks
from neurocine.network.arrays import read_arrays, read_mapping, write_arrays
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
        write_arrays(file, path, _variables(networks))


def load_weights(path: Path) -> tuple[Networks, Architecture, dict[str, Any]]:
    """Return the networks, their architecture and the metadata of a file that `save_weights` made.

    Raises
    ------
    InputError
        If the file is missing or damaged, or a weight is missing, unknown, of another shape or type, stored
        outside the file, or not finite.
    """
    with opened(path, KIND) as file:
        architecture = architecture_from(read_mapping(file, "architecture"), str(path))
        metadata = read_mapping(file, "metadata")
        networks = architecture.build()
        variables = _variables(networks)
        values = read_arrays(file, {name: tuple(v.shape) for name, v in variables.items()})
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
