"""The networks as OpenVINO graphs, written operation by operation from a network's weights.

OpenVINO's own conversion of the Keras models turns each LSTM into a loop over frames, ten times slower than
its LSTM operation, which this uses. A test holds both forms to the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError
from neurocine.network.architecture import Architecture, Networks

Float32 = NDArray[np.float32]
#: Keras keeps the gates of an LSTM as input, forget, cell, output; OpenVINO has forget first.
_GATES = (1, 0, 2, 3)
#: One stream over a fixed number of threads, and no half precision: the same bytes each time.
_OPTIONS = {
    "INFERENCE_PRECISION_HINT": "f32",
    "EXECUTION_MODE_HINT": "ACCURACY",
    "NUM_STREAMS": "1",
    "INFERENCE_NUM_THREADS": "2",
}


def compile_graphs(
    networks: Networks, architecture: Architecture
) -> tuple[Callable[[Float32], Float32], Callable[[Float32], Float32]]:
    """Return encoder and head as functions of batches of any size, as `Networks` describes them.

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
    core = openvino.Core()
    graphs = (_encoder(networks.encoder, architecture), _head(networks.head, architecture))
    encoder, head = (_function(core.compile_model(graph, "CPU", _OPTIONS)) for graph in graphs)
    return encoder, head


def _function(compiled: Any) -> Callable[[Float32], Float32]:
    request = compiled.create_infer_request()
    # Copied, as the next call writes to the same memory.
    return lambda batch: np.array(request.infer([np.ascontiguousarray(batch)])[0])


def _encoder(model: Any, a: Architecture) -> Any:
    from openvino import Model, opset13

    px = a.window_px
    patch = opset13.parameter([-1, px, px, 1], np.float32)
    x = _reshaped(patch, 0, 1, px, px)  # channels first: there is one
    paddings = ("SAME_UPPER", "VALID", "SAME_UPPER", "VALID")
    for i, (stride, padding) in enumerate(zip(a.conv_strides, paddings, strict=True), start=1):
        kernel, bias = _weights(model.get_layer(f"convolution_{i}"))
        filters = opset13.constant(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
        strides, none = [stride, stride], [0, 0]
        x = opset13.convolution(x, filters, strides, none, none, [1, 1], auto_pad=padding)
        x = opset13.swish(opset13.add(x, opset13.constant(bias[:, None, None])))
        if i % 2 == 0:
            x = opset13.max_pool(x, [2, 2], [1, 1], none, none, [2, 2], auto_pad="VALID").output(0)
    x = _reshaped(_permuted(x, 0, 2, 3, 1), 0, a.feature_map**2 * a.conv_filters[3])
    if a.projection is not None:
        x = opset13.swish(_dense(x, model.get_layer("projection")))
    return Model([x], [patch], "encoder")


def _head(model: Any, a: Architecture) -> Any:
    from openvino import Model, opset13

    features = opset13.parameter([-1, a.n_inputs, a.window_frames, a.n_features], np.float32)
    axis = opset13.constant(np.int64(1))
    branches = [
        _branch(model, a, opset13.gather(features, opset13.constant(np.int64(i)), axis), i)
        for i in range(a.n_inputs)
    ]
    steps = a.window_frames // a.time_pool
    x = _lstm(opset13.concat(branches, 2), steps, [model.get_layer("merge")])
    readout = model.get_layer("readout")
    if a.readout == "window":
        x = _dense(_reshaped(x, 0, steps * a.merge_units), readout)
    elif a.output == "frames":
        x = _reshaped(_dense(x, readout), 0, steps)
    else:
        x = _dense(opset13.reduce_mean(x, axis), readout)
    probability = opset13.sigmoid(x) if a.output == "frames" else opset13.softmax(x, 1)
    return Model([probability], [features], "head")


def _branch(model: Any, a: Architecture, x: Any, i: int) -> Any:
    """Return what one input's features (B, T, F) give: attention, then two bidirectional LSTMs."""
    from openvino import opset13

    steps = a.window_frames // a.time_pool
    if a.time_pool > 1:
        pooled = _reshaped(x, 0, steps, a.time_pool, a.n_features)
        x = opset13.reduce_mean(pooled, opset13.constant(np.int64(2)))
    if a.attention:
        weights = opset13.softmax(_dense(_permuted(x, 0, 2, 1), model.get_layer(f"attention_{i}")), 2)
        attended = opset13.multiply(x, _permuted(weights, 0, 2, 1))
        x = opset13.multiply(attended, opset13.constant(np.float32(a.attention_gain)))
    recurrent = x
    for level in range(1, len(a.lstm_units) + 1):
        both = model.get_layer(f"bilstm_{level}_{i}")
        recurrent = _lstm(recurrent, steps, [both.forward_layer, both.backward_layer])
        recurrent = opset13.concat([recurrent, x], 2)
    return recurrent


def _lstm(x: Any, steps: int, directions: list[Any]) -> Any:
    """Return the outputs (B, T, n · units) of LSTM layers in one direction or both, over x (B, T, F)."""
    from openvino import opset13

    n, units = len(directions), directions[0].units
    kernels, recurrents, biases = zip(*(_weights(layer.cell) for layer in directions), strict=True)
    w, r = (np.stack([_gates(value).T for value in values]) for values in (kernels, recurrents))
    bias = np.stack([_gates(value) for value in biases])
    first = opset13.constant(np.array([0]))
    batch = opset13.gather(opset13.shape_of(x), first, opset13.constant(np.int64(0)))
    shape = opset13.concat([batch, opset13.constant(np.array([n, units]))], 0)
    rest = opset13.broadcast(opset13.constant(np.float32(0)), shape)
    lengths = opset13.broadcast(opset13.constant(np.int64(steps)), batch)
    parts = [opset13.constant(np.ascontiguousarray(value)) for value in (w, r, bias)]
    direction = "bidirectional" if n == 2 else "forward"
    sequence = opset13.lstm_sequence(x, rest, rest, lengths, *parts, units, direction)
    return _reshaped(_permuted(sequence.output(0), 0, 2, 1, 3), 0, steps, n * units)


def _weights(layer: Any) -> list[Float32]:
    return [np.asarray(weight, dtype=np.float32) for weight in layer.trainable_weights]


def _gates(value: Float32) -> Float32:
    """Return `value` with the four gates along its last axis in OpenVINO's order."""
    parts = np.split(value, 4, axis=-1)
    return np.concatenate([parts[gate] for gate in _GATES], axis=-1)


def _dense(x: Any, layer: Any) -> Any:
    from openvino import opset13

    kernel, bias = _weights(layer)
    product = opset13.matmul(x, opset13.constant(kernel), False, False)
    return opset13.add(product, opset13.constant(bias))


def _reshaped(x: Any, *shape: int) -> Any:
    """Return `x` in a new shape; 0 keeps the length of that axis."""
    from openvino import opset13

    return opset13.reshape(x, opset13.constant(np.array(shape)), True)


def _permuted(x: Any, *axes: int) -> Any:
    from openvino import opset13

    return opset13.transpose(x, opset13.constant(np.array(axes)))
