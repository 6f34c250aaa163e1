"""The networks as OpenVINO graphs, written operation by operation from a network's weights.

OpenVINO's own conversion of the Keras models turns each LSTM into a loop over frames, ten times slower than
its LSTM operation, which this uses. A test holds both forms to the same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.networks.cells.architecture import CellArchitecture, Networks
from neurocine.networks.cells.patches import PatchArchitecture
from neurocine.networks.cells.views import LINEAR, ViewArchitecture
from neurocine.networks.keras_graph import Compiled
from neurocine.networks.openvino_runtime import compiled, openvino_core

Float32 = NDArray[np.float32]
#: Keras keeps the gates of an LSTM as input, forget, cell, output; OpenVINO has forget first.
_GATES = (1, 0, 2, 3)


def compile_graphs(networks: Networks, architecture: CellArchitecture) -> tuple[Compiled, Compiled]:
    """Return encoder and head as functions of batches of any size, as `Networks` describes them.

    Raises
    ------
    InputError
        If OpenVINO isn't installed.
    """
    core = openvino_core()
    if isinstance(architecture, ViewArchitecture):
        graphs = (_view_encoder(architecture), _view_head(networks.head, architecture))
    elif isinstance(architecture, PatchArchitecture):
        graphs = (_encoder(networks.encoder, architecture), _head(networks.head, architecture))
    else:
        raise TypeError(f"no graph for the family {architecture.family!r}")
    encoder, head = (compiled(core, graph) for graph in graphs)
    return encoder, head


def _encoder(model: Any, a: PatchArchitecture) -> Any:
    from openvino import Model, opset13

    px = a.window_px
    patch = opset13.parameter([-1, px, px, 1], np.float32)
    x = _reshaped(patch, 0, 1, px, px)  # channels first: there is one
    paddings = ("SAME_UPPER", "VALID", "SAME_UPPER", "VALID")
    for i, padding in enumerate(paddings, start=1):
        kernel, bias = _weights(model.get_layer(f"convolution_{i}"))
        filters = opset13.constant(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
        none = [0, 0]
        x = opset13.convolution(x, filters, [1, 1], none, none, [1, 1], auto_pad=padding)
        x = opset13.swish(opset13.add(x, opset13.constant(bias[:, None, None])))
        if i % 2 == 0:
            x = opset13.max_pool(x, [2, 2], [1, 1], none, none, [2, 2], auto_pad="VALID").output(0)
    x = _reshaped(_permuted(x, 0, 2, 3, 1), 0, a.feature_map**2 * a.conv_filters[3])
    return Model([x], [patch], "encoder")


def _head(model: Any, a: PatchArchitecture) -> Any:
    from openvino import Model, opset13

    features = opset13.parameter([-1, a.n_inputs, a.window_frames, a.n_features], np.float32)
    axis = opset13.constant(np.int64(1))
    branches = [
        _branch(model, a, opset13.gather(features, opset13.constant(np.int64(i)), axis), i)
        for i in range(a.n_inputs)
    ]
    x = _lstm(opset13.concat(branches, 2), a.window_frames, [model.get_layer("merge")])
    x = _dense(_reshaped(x, 0, a.window_frames * a.merge_units), model.get_layer("readout"))
    return Model([_probability(x, a)], [features], "head")


def _probability(logits: Any, a: CellArchitecture) -> Any:
    from openvino import opset13

    return opset13.sigmoid(logits) if a.output == "frames" else opset13.softmax(logits, 1)


def _branch(model: Any, a: PatchArchitecture, x: Any, i: int) -> Any:
    """Return what one input's features (B, T, F) give: attention, then two bidirectional LSTMs."""
    from openvino import opset13

    weights = opset13.softmax(_dense(_permuted(x, 0, 2, 1), model.get_layer(f"attention_{i}")), 2)
    recurrent = x = opset13.multiply(x, _permuted(weights, 0, 2, 1))
    for level in range(1, len(a.lstm_units) + 1):
        both = model.get_layer(f"bilstm_{level}_{i}")
        recurrent = _lstm(recurrent, a.window_frames, [both.forward_layer, both.backward_layer])
        recurrent = opset13.concat([recurrent, x], 2)
    return recurrent


def _view_encoder(a: ViewArchitecture) -> Any:
    from openvino import Model, opset13

    patch = opset13.parameter([-1, a.window_px, a.window_px, 1], np.float32)
    return Model([opset13.reduce_sum(patch, opset13.constant(np.array([1, 2])))], [patch], "encoder")


def _view_head(model: Any, a: ViewArchitecture) -> Any:
    from openvino import Model, opset13

    features = opset13.parameter([-1, a.n_inputs, a.window_frames, 1], np.float32)
    x = _reshaped(features, 0, a.n_inputs, a.window_frames)  # channels first, as OpenVINO has them
    small = opset13.divide(x, opset13.constant(np.float32(LINEAR)))
    x = opset13.concat([opset13.asinh(x), small], 1)
    x = opset13.swish(_over_time(x, model.get_layer("first")))
    for i in range(1, len(a.dilations) + 1):
        change = opset13.swish(_over_time(x, model.get_layer(f"wide_{i}")))
        change = _over_time(change, model.get_layer(f"mix_{i}"))
        x = _normed(opset13.add(x, change), model.get_layer(f"norm_{i}"))
    x = opset13.swish(_over_time(x, model.get_layer("last")))
    readout = model.get_layer("readout")
    if a.output == "frames":
        x = _reshaped(_dense(_permuted(x, 0, 2, 1), readout), 0, a.window_frames)
    else:
        time = opset13.constant(np.int64(2))
        x = _dense(opset13.concat([opset13.reduce_mean(x, time), opset13.reduce_max(x, time)], 1), readout)
    return Model([_probability(x, a)], [features], "head")


def _over_time(x: Any, layer: Any) -> Any:
    """Return the convolution over time of x (B, C, T)."""
    from openvino import opset13

    kernel, bias = _weights(layer)
    filters = opset13.constant(np.ascontiguousarray(kernel.transpose(2, 1, 0)))
    x = opset13.convolution(x, filters, [1], [0], [0], list(layer.dilation_rate), auto_pad="SAME_UPPER")
    return opset13.add(x, opset13.constant(bias[:, None]))


def _normed(x: Any, layer: Any) -> Any:
    """Return x (B, C, T) normalised over its channels."""
    from openvino import opset13

    scale, shift = (opset13.constant(weight[:, None]) for weight in _weights(layer))
    even = opset13.mvn(x, opset13.constant(np.array([1])), True, layer.epsilon, "inside_sqrt")
    return opset13.add(opset13.multiply(even, scale), shift)


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
