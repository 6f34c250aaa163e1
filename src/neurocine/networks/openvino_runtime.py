"""OpenVINO, which runs networks faster than TensorFlow on a processor."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurocine.core import EngineMissing
from neurocine.networks.keras_graph import Compiled

#: One stream over a fixed number of threads, and no half precision: the same bytes each time.
OPTIONS = {
    "INFERENCE_PRECISION_HINT": "f32",
    "EXECUTION_MODE_HINT": "ACCURACY",
    "NUM_STREAMS": "1",
    "INFERENCE_NUM_THREADS": "2",
}


def openvino_core() -> Any:
    """Return OpenVINO's runtime.

    Raises
    ------
    EngineMissing
        If OpenVINO isn't installed.
    """
    try:
        import openvino
    except ImportError as error:
        raise EngineMissing(
            "settings",
            "backend",
            f"is openvino, which can't be loaded ({error})",
            "Install it (pip install openvino), or choose keras.",
        ) from error
    return openvino.Core()


def compiled(core: Any, graph: Any) -> Compiled:
    """Return an OpenVINO `graph` as a function of batches."""
    request = core.compile_model(graph, "CPU", OPTIONS).create_infer_request()
    # Copied, as the next call writes to the same memory.
    return lambda batch: np.array(request.infer([np.ascontiguousarray(batch)])[0])
