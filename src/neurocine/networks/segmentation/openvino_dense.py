"""The published network as an OpenVINO graph, written operation by operation.

The same function as the Keras model with less to do:

- Batch normalisation is folded into the convolution before it.
- A stack's input is read once, by the first parts of all its convolutions together; what one of them makes is
  added up for the next, so that the growing stack isn't copied each time.
- What is upsampled and then mixed by a convolution is mixed before it is upsampled in time, once for each of
  the three frames that a frame of the result reads; the upsampled frames are then sums of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.networks.segmentation.dense import LEVELS, Level

Float32 = NDArray[np.float32]


def dense_graph(model: Any, shape: tuple[int, ...]) -> Any:
    """Return the graph of `model` for windows of `shape` (1, T, Y, X, 1)."""
    from openvino import Model, opset13

    window = opset13.parameter(list(shape), np.float32)
    movie = _reshaped(window, 1, 1, *shape[1:4])  # channels first: there is one
    small = opset13.avg_pool(movie, [2] * 3, [0] * 3, [0] * 3, [2] * 3, True).output(0)
    scale, shift = _scale_and_shift(model.get_layer("small_norm"))
    small = opset13.add(opset13.multiply(small, _constant(scale)), _constant(shift))
    first = _over([movie], *_folded(model, "first"), stride=2)
    x = opset13.concat([small, first], 1)
    skips = []
    for i, level in enumerate(LEVELS):
        parts = [x, _stack(x, model, i, level)]
        skips.append(opset13.relu(_over(parts, *_folded(model, f"skip_{i}"))))
        if level.down:
            x = opset13.relu(_over(parts, *_folded(model, f"down_{i}"), stride=2))
    fine, coarse = [small, skips[0]], [skips[1], _doubled(skips[2], 2, 3, 4)]
    x = _largest(fine, coarse, *_weights(model.get_layer("mixed")))
    for name in ("last", "classes"):
        kernel, bias = _weights(model.get_layer(name))
        x = opset13.relu(_over([x], kernel, bias))
    neuron = opset13.constant(np.array([1]))
    return Model([opset13.gather(opset13.softmax(x, 1), neuron, neuron)], [window], "dense")


def _stack(x: Any, model: Any, i: int, level: Level) -> Any:
    """Return what the convolutions of stack `i` make of x, one after the other, along the channels."""
    from openvino import opset13

    kernels, biases = zip(*(_folded(model, f"stack_{i}_{j}") for j in range(level.convolutions)), strict=True)
    channels = x.shape[1]
    together = np.concatenate([kernel[..., :channels, :] for kernel in kernels], -1)
    begun = opset13.split(
        _over([x], together, np.concatenate(biases)), opset13.constant(np.int64(1)), len(kernels)
    )
    made: Any = None
    for sums, kernel in zip(begun.outputs(), kernels, strict=True):
        if made is None:
            made = opset13.relu(sums)
            continue
        new = opset13.relu(opset13.add(_over([made], kernel[..., channels:, :]), sums))
        made = opset13.concat([made, new], 1)
    return made


def _largest(fine: list[Any], coarse: list[Any], kernel: Float32, bias: Float32) -> Any:
    """Return the largest in time of the doubled convolution of `fine` beside the doubled `coarse`."""
    from openvino import opset13

    n_fine = sum(part.shape[1] for part in fine)
    near = _over(fine, kernel[..., :n_fine, :], bias)
    # A convolution in space for each of the three frames read.
    space = kernel[..., n_fine:, :].transpose(1, 2, 3, 0, 4)[None]
    taps = _over([_doubled(part, 3, 4) for part in coarse], space.reshape(*space.shape[:4], -1))
    before, at, after = opset13.split(taps, opset13.constant(np.int64(1)), 3).outputs()
    n = taps.shape[2]
    nothing = opset13.multiply(_slice(at, 0, 1), _constant(0))
    earlier = opset13.concat([nothing, _means(_slice(before, 0, n - 1), _slice(before, 1, n))], 2)
    even = opset13.add(opset13.add(earlier, at), _between(after))
    later = opset13.concat([_slice(after, 1, n), nothing], 2)
    odd = opset13.add(opset13.add(before, _between(at)), later)
    phases = [opset13.add(_slice(near, phase, 2 * n, 2), far) for phase, far in enumerate((even, odd))]
    return _largest_doubled(phases)


def _largest_doubled(parts: list[Any]) -> Any:
    """Return the largest in time (1, C, 2 Y, 2 X) of all `parts` (1, C, T, Y, X) doubled in space."""
    from openvino import opset13

    rows = []
    for down in (False, True):
        row = []
        for right in (False, True):
            seen = [_between(part, 3) if down else part for part in parts]
            seen = [_between(part, 4) if right else part for part in seen]
            row.append(opset13.reduce_max(opset13.maximum(*seen), opset13.constant(np.array([2]))))
        rows.append(_interleaved(row, 3))
    return _interleaved(rows, 2)


def _interleaved(pair: list[Any], axis: int) -> Any:
    """Return the values of two arrays (1, C, Y, X) in turn along `axis`."""
    from openvino import opset13

    shape = list(pair[0].shape)
    shape[axis] *= 2
    place = opset13.constant(np.int64(axis + 1))
    both = opset13.concat([opset13.unsqueeze(part, place) for part in pair], axis + 1)
    return _reshaped(both, *shape)


def _between(x: Any, axis: int = 2) -> Any:
    """Return the means of each value and the next along `axis`; after the last comes the last again."""
    from openvino import opset13

    n = x.shape[axis]
    return _means(x, opset13.concat([_slice(x, 1, n, axis=axis), _slice(x, n - 1, n, axis=axis)], axis))


def _means(x: Any, y: Any) -> Any:
    from openvino import opset13

    return opset13.multiply(opset13.add(x, y), _constant(0.5))


def _doubled(x: Any, *axes: int) -> Any:
    """Return x twice as long along `axes`, as `neurocine.networks.segmentation.dense.upsampled`."""
    from openvino import opset13

    scales = opset13.constant(np.full(len(axes), 2, np.float32))
    return opset13.interpolate(
        x,
        scales,
        mode="linear_onnx",
        shape_calculation_mode="scales",
        coordinate_transformation_mode="asymmetric",
        axes=opset13.constant(np.array(axes)),
    )


def _over(parts: Sequence[Any], kernel: Float32, bias: Float32 | None = None, stride: int = 1) -> Any:
    """Return the convolution of `parts`, side by side (1, C, ...), by a Keras kernel (..., C, filters)."""
    from openvino import opset13

    n = kernel.ndim - 2
    none, start, total = [0] * n, 0, None
    for part in parts:
        stop = start + part.shape[1]
        filters = np.moveaxis(kernel[..., start:stop, :], (-1, -2), (0, 1))
        filters, start = opset13.constant(np.ascontiguousarray(filters)), stop
        product = opset13.convolution(part, filters, [stride] * n, none, none, [1] * n, auto_pad="SAME_UPPER")
        total = product if total is None else opset13.add(product, total)
    return total if bias is None else opset13.add(total, _constant(bias.reshape(1, -1, *[1] * n)))


def _folded(model: Any, name: str) -> tuple[Float32, Float32]:
    """Return kernel and bias of the convolution `name` with its normalisation folded in."""
    (kernel,) = _weights(model.get_layer(name))
    scale, shift = _scale_and_shift(model.get_layer(f"{name}_norm"))
    return kernel * scale, shift


def _scale_and_shift(normalisation: Any) -> tuple[Float32, Float32]:
    """Return what a batch normalisation multiplies by and adds."""
    gamma, beta, mean, variance = _weights(normalisation)
    scale = gamma / np.sqrt(variance + normalisation.epsilon)
    return scale, beta - mean * scale


def _weights(layer: Any) -> list[Float32]:
    return [np.asarray(weight, dtype=np.float32) for weight in layer.weights]


def _slice(x: Any, start: int, stop: int, step: int = 1, axis: int = 2) -> Any:
    from openvino import opset13

    return opset13.slice(x, *(opset13.constant(np.array([value])) for value in (start, stop, step, axis)))


def _constant(value: Any) -> Any:
    from openvino import opset13

    return opset13.constant(np.asarray(value, dtype=np.float32))


def _reshaped(x: Any, *shape: int) -> Any:
    from openvino import opset13

    return opset13.reshape(x, opset13.constant(np.array(shape)), False)
