"""Weights of any network, with all that it needs to run: float16 in HDF5, checked one by one before use.

No Keras file is read: those can hold code. The network is built from its architecture, and each array must
have the name, shape and type that this network expects.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from neurocine.core import InputError
from neurocine.io.result_files.stamp import Stamp, create, opened
from neurocine.networks.arrays import read_arrays, read_mapping, write_arrays
from neurocine.networks.catalogue import cell_architecture_from, segmentation_architecture_from
from neurocine.networks.cells.architecture import CellArchitecture, Networks
from neurocine.networks.segmentation.architecture import SegmentationArchitecture
from neurocine.networks.segmentation.postprocessing import Postprocessing

CELL_KIND = "weights"
SEGMENTATION_KIND = "segmentation weights"


def save_cell_weights(
    path: Path, networks: Networks, architecture: CellArchitecture, *, metadata: Mapping[str, Any]
) -> None:
    """Write the weights of `networks` as float16, atomically; the same weights give the same bytes.

    Parameters
    ----------
    path
        The file.
    networks, architecture
        What `CellArchitecture.build` made, and from what.
    metadata
        Plain values that JSON can hold: data, seed, metrics.

    Raises
    ------
    InputError
        If a weight is not finite or too large for float16: training went wrong.
    """
    with create(path, CELL_KIND, Stamp()) as file:
        file.attrs["architecture"] = json.dumps(architecture.to_dict(), sort_keys=True)
        file.attrs["metadata"] = json.dumps(metadata, sort_keys=True)
        write_arrays(file, path, _cell_variables(networks))


def load_cell_weights(path: Path) -> tuple[Networks, CellArchitecture, dict[str, Any]]:
    """Return the networks, their architecture and the metadata of a file that `save_cell_weights` made.

    Raises
    ------
    InputError
        If the file is missing or damaged, or a weight is missing, unknown, of another shape or type, stored
        outside the file, or not finite.
    """
    with opened(path, CELL_KIND) as file:
        architecture = cell_architecture_from(read_mapping(file, "architecture"), str(path))
        metadata = read_mapping(file, "metadata")
        networks = architecture.build()
        variables = _cell_variables(networks)
        values = read_arrays(file, {name: tuple(v.shape) for name, v in variables.items()})
    for name, variable in variables.items():
        variable.assign(values[name])
    return networks, architecture, metadata


def _cell_variables(networks: Networks) -> dict[str, Any]:
    """Return the weights by name; random generators of dropout layers are no weights."""
    return {
        f"{model.name}/{weight.path}": weight
        for model in (networks.encoder, networks.head)
        for weight in model.trainable_weights
    }


def save_segmentation_weights(
    path: Path,
    model: Any,
    architecture: SegmentationArchitecture,
    postprocessing: Postprocessing,
    metadata: Mapping[str, Any],
) -> None:
    """Write the weights of `model`, atomically; the same weights give the same bytes.

    What was learned is stored as float16, the statistics of batch normalisation as float32.

    Parameters
    ----------
    path
        The file.
    model, architecture
        What `SegmentationArchitecture.build` made, and from what.
    postprocessing
        How its probabilities become masks.
    metadata
        Plain values that JSON can hold: data, seed, metrics.

    Raises
    ------
    InputError
        If a weight is not finite or too large for float16: training went wrong.
    """
    with create(path, SEGMENTATION_KIND, Stamp()) as file:
        for name, values in (
            ("architecture", architecture.to_dict()),
            ("postprocessing", asdict(postprocessing)),
            ("metadata", metadata),
        ):
            file.attrs[name] = json.dumps(values, sort_keys=True)
        write_arrays(file, path, _segmentation_variables(model))


def load_segmentation_weights(
    path: Path,
) -> tuple[Any, SegmentationArchitecture, Postprocessing, dict[str, Any]]:
    """Return model, architecture, postprocessing and metadata of a file of `save_segmentation_weights`.

    Raises
    ------
    InputError
        If the file is missing or damaged, or a weight is missing, unknown, of another shape or type, stored
        outside the file, or not finite.
    """
    with opened(path, SEGMENTATION_KIND) as file:
        architecture = segmentation_architecture_from(read_mapping(file, "architecture"), str(path))
        postprocessing = _postprocessing(read_mapping(file, "postprocessing"), path)
        metadata = read_mapping(file, "metadata")
        model = architecture.build()
        variables = _segmentation_variables(model)
        values = read_arrays(file, {name: tuple(v.shape) for name, v in variables.items()})
    for name, variable in variables.items():
        variable.assign(values[name])
    return model, architecture, postprocessing, metadata


def _segmentation_variables(model: Any) -> dict[str, Any]:
    """Return weights and statistics by name; random generators of dropout layers are neither."""
    return {weight.path: weight for weight in model.weights}


def _postprocessing(values: dict[str, Any], path: Path) -> Postprocessing:
    known = {f.name for f in fields(Postprocessing)}
    if not set(values) <= known or not all(type(v) in (int, float) for v in values.values()):
        raise InputError(
            path, "postprocessing", f"isn't numbers for {', '.join(sorted(known))}", "Get it again."
        )
    return Postprocessing(**values)
