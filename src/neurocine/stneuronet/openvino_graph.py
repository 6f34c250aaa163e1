"""The networks as OpenVINO graphs: converted, or for the published one written for speed."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurocine.core import InputError
from neurocine.network.openvino_graph import OPTIONS
from neurocine.stneuronet.architecture import SegmentationArchitecture
from neurocine.stneuronet.dense import DenseArchitecture
from neurocine.stneuronet.inference import Compiled, traced
from neurocine.stneuronet.openvino_graph_dense import dense_graph


def compile_graph(model: Any, architecture: SegmentationArchitecture, shape: tuple[int, ...]) -> Compiled:
    """Return `model` as a function of windows of `shape` (1, T, Y, X, 1).

    Raises
    ------
    InputError
        If OpenVINO isn't installed.
    """
    try:
        import openvino
    except ImportError as error:
        raise InputError(
            "settings",
            "backend",
            f"is openvino, which can't be loaded ({error})",
            "Install it (pip install 'neurocine[openvino]'), or choose keras.",
        ) from error
    if isinstance(architecture, DenseArchitecture):
        graph = dense_graph(model, shape)
    else:
        graph = openvino.convert_model(traced(model, shape))
    request = openvino.Core().compile_model(graph, "CPU", OPTIONS).create_infer_request()
    # Copied, as the next call writes to the same memory.
    return lambda window: np.array(request.infer([window])[0])
