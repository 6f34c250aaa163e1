"""The published network as an OpenVINO graph, written operation by operation.

The same function as the Keras model with less to do:

- Batch normalisation is folded into the convolution before it.
- What is upsampled and then mixed by a convolution is mixed before it is upsampled in time, once for each of
  the three frames that a frame of the result reads; the upsampled frames are then sums of these.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.stneuronet.dense import LEVELS

Float32 = NDArray[np.float32]


def dense_graph(model: Any, shape: tuple[int, ...]) -> Any:
    """Return the graph of `model` for windows of `shape` (1, T, Y, X, 1)."""
    from openvino import Model, opset13

    window = opset13.parameter(list(shape), np.float32)
    movie = _reshaped(window, 1, 1, *shape[1:4])  # channels first: there is one
    small = opset13.avg_pool(movie, [2] * 3, [0] * 3, [0] * 3, [2] * 3, True).output(0)
    scale, shift = _scale_and_shift(model.get_layer("small_norm"))
    small = opset13.add(opset13.multiply(small, _constant(scale)), _constant(shift))
    x = opset13.concat([small, _convolved(movie, model, "first", stride=2, rectified=False)], 1)
    skips = []
    for i, level in enumerate(LEVELS):
        for j in range(level.convolutions):
            x = opset13.concat([x, _convolved(x, model, f"stack_{i}_{j}")], 1)
        skips.append(_convolved(x, model, f"skip_{i}"))
        if level.down:
            x = _convolved(x, model, f"down_{i}", stride=2)
    fine = opset13.concat([small, skips[0]], 1)
    coarse = opset13.concat([skips[1], _doubled(skips[2], 2, 3, 4)], 1)
    x = _mixed(fine, coarse, *_weights(model.get_layer("mixed")))
    x = _doubled(x, 2, 3)
    for name in ("last", "classes"):
        kernel, bias = _weights(model.get_layer(name))
        x = opset13.relu(_over(x, kernel, bias))
    neuron = opset13.constant(np.array([1]))
    return Model([opset13.gather(opset13.softmax(x, 1), neuron, neuron)], [window], "dense")


def _mixed(fine: Any, coarse: Any, kernel: Float32, bias: Float32) -> Any:
    """Return the largest in time (1, C, Y, X) of the convolution of `fine` beside the doubled `coarse`."""
    from openvino import opset13

    n_fine = fine.shape[1]
    near = _over(fine, kernel[..., :n_fine, :], bias)
    # One convolution in space for each of the three frames read: (1, 3 C, T / 2, Y, X).
    space = kernel[..., n_fine:, :].transpose(1, 2, 3, 0, 4)[None]
    taps = _over(_doubled(coarse, 3, 4), space.reshape(*space.shape[:4], -1))
    before, at, after = opset13.split(taps, opset13.constant(np.int64(1)), 3).outputs()
    n = before.shape[2]
    half = _constant(np.float32(0.5))
    nothing = opset13.constant(np.zeros((1, kernel.shape[-1], 1, *before.shape[3:]), np.float32))
    first, rest, last = (_frames(before, 0, n - 1), _frames(before, 1, n), _frames(after, n - 1, n))
    even = opset13.add(at, opset13.concat([nothing, opset13.multiply(opset13.add(first, rest), half)], 2))
    even = opset13.add(even, _between(after))
    odd = opset13.add(opset13.add(before, _between(at)), opset13.concat([_frames(after, 1, n), nothing], 2))
    del last
    time = opset13.constant(np.int64(2))
    near = _reshaped(near, 1, kernel.shape[-1], n, 2, *before.shape[3:])
    phases = opset13.split(near, opset13.constant(np.int64(3)), 2).outputs()
    sums = [
        opset13.add(phase, opset13.unsqueeze(far, opset13.constant(np.int64(3))))
        for phase, far in zip(phases, (even, odd), strict=True)
    ]
    largest = opset13.reduce_max(opset13.maximum(*sums), opset13.constant(np.array([2, 3])))
    del time
    return largest


def _between(x: Any, axis: int = 2) -> Any:
    """Return the means of each value and the next along `axis`; after the last comes the last again."""
    from openvino import opset13

    n = x.shape[axis]
    following = opset13.concat([_frames(x, 1, n, axis), _frames(x, n - 1, n, axis)], axis)
    return opset13.multiply(opset13.add(x, following), _constant(np.float32(0.5)))


def _doubled(x: Any, *axes: int) -> Any:
    """Return x twice as long along `axes`, as `neurocine.stneuronet.dense.upsampled`."""
    from openvino import opset13

    for axis in axes:
        shape = list(x.shape)
        shape[axis] *= 2
        place = opset13.constant(np.int64(axis + 1))
        pair = [opset13.unsqueeze(part, place) for part in (x, _between(x, axis))]
        x = _reshaped(opset13.concat(pair, axis + 1), *shape)
    return x


def _convolved(x: Any, model: Any, name: str, stride: int = 1, rectified: bool = True) -> Any:
    """Return the convolution `name` of x with its normalisation folded in, rectified."""
    from openvino import opset13

    (kernel,) = _weights(model.get_layer(name))
    scale, shift = _scale_and_shift(model.get_layer(f"{name}_norm"))
    x = _over(x, kernel * scale, shift, stride)
    return opset13.relu(x) if rectified else x


def _over(x: Any, kernel: Float32, bias: Float32 | None = None, stride: int = 1) -> Any:
    """Return the convolution of x (1, C, ...) by a Keras kernel (..., C, filters)."""
    from openvino import opset13

    n = kernel.ndim - 2
    filters = opset13.constant(np.ascontiguousarray(np.moveaxis(kernel, (-1, -2), (0, 1)), np.float32))
    none = [0] * n
    x = opset13.convolution(x, filters, [stride] * n, none, none, [1] * n, auto_pad="SAME_UPPER")
    return x if bias is None else opset13.add(x, _constant(bias.reshape(1, -1, *[1] * n)))


def _scale_and_shift(normalisation: Any) -> tuple[Float32, Float32]:
    """Return what a batch normalisation multiplies by and adds."""
    gamma, beta, mean, variance = _weights(normalisation)
    scale = gamma / np.sqrt(variance + normalisation.epsilon)
    return scale, beta - mean * scale


def _weights(layer: Any) -> list[Float32]:
    return [np.asarray(weight, dtype=np.float32) for weight in layer.weights]


def _frames(x: Any, start: int, stop: int, axis: int = 2) -> Any:
    from openvino import opset13

    start, stop, step, along = (opset13.constant(np.array([value])) for value in (start, stop, 1, axis))
    return opset13.slice(x, start, stop, step, along)


def _constant(value: Any) -> Any:
    from openvino import opset13

    return opset13.constant(np.asarray(value, dtype=np.float32))


def _reshaped(x: Any, *shape: int) -> Any:
    from openvino import opset13

    return opset13.reshape(x, opset13.constant(np.array(shape)), False)
