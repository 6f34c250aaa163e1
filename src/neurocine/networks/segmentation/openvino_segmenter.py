"""The networks as OpenVINO graphs: converted, or for the published one written for speed."""

from __future__ import annotations

from typing import Any

from neurocine.networks.keras_graph import Compiled, traced
from neurocine.networks.openvino_runtime import compiled, openvino_core
from neurocine.networks.segmentation.architecture import SegmentationArchitecture
from neurocine.networks.segmentation.dense import DenseArchitecture
from neurocine.networks.segmentation.openvino_dense import dense_graph


def compile_graph(model: Any, architecture: SegmentationArchitecture, shape: tuple[int, ...]) -> Compiled:
    """Return `model` as a function of windows of `shape` (1, T, Y, X, 1).

    Raises
    ------
    InputError
        If OpenVINO isn't installed.
    """
    core = openvino_core()
    if isinstance(architecture, DenseArchitecture):
        graph = dense_graph(model, shape)
    else:
        from openvino import convert_model

        graph = convert_model(traced(model, shape))
    return compiled(core, graph)
