"""Weights of a network that segments, with all that turns a movie into its masks: one HDF5 file.

As with the other networks (`neurocine.network.weights`) no Keras file is read, as those can hold code: the
network is built from its architecture, and each array must have the name, shape and type that it expects.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from neurocine.core import InputError
from neurocine.io.contracts.stamp import Stamp, create, opened
from neurocine.network.arrays import read_arrays, read_mapping, write_arrays
from neurocine.stneuronet.architecture import SegmentationArchitecture
from neurocine.stneuronet.named import segmentation_architecture_from
from neurocine.stneuronet.postprocessing import Postprocessing

KIND = "segmentation weights"


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
    with create(path, KIND, Stamp()) as file:
        for name, values in (
            ("architecture", architecture.to_dict()),
            ("postprocessing", asdict(postprocessing)),
            ("metadata", metadata),
        ):
            file.attrs[name] = json.dumps(values, sort_keys=True)
        write_arrays(file, path, _variables(model))


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
    with opened(path, KIND) as file:
        architecture = segmentation_architecture_from(read_mapping(file, "architecture"), str(path))
        postprocessing = _postprocessing(read_mapping(file, "postprocessing"), path)
        metadata = read_mapping(file, "metadata")
        model = architecture.build()
        variables = _variables(model)
        values = read_arrays(file, {name: tuple(v.shape) for name, v in variables.items()})
    for name, variable in variables.items():
        variable.assign(values[name])
    return model, architecture, postprocessing, metadata


def _variables(model: Any) -> dict[str, Any]:
    """Return weights and statistics by name; random generators of dropout layers are neither."""
    return {weight.path: weight for weight in model.weights}


def _postprocessing(values: dict[str, Any], path: Path) -> Postprocessing:
    known = {f.name for f in fields(Postprocessing)}
    if not set(values) <= known or not all(type(v) in (int, float) for v in values.values()):
        raise InputError(
            path, "postprocessing", f"isn't numbers for {', '.join(sorted(known))}", "Get it again."
        )
    return Postprocessing(**values)
