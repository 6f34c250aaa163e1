"""The published network (Soltanian-Zadeh et al. 2019, Methods and Fig. 1): three dense levels in 3D.

A window is halved in time and space, goes through three *stacks* of convolutions, each at half the resolution
of the one before, in which each convolution reads all that came before it. What the stacks found is brought
back to the resolution of the first, mixed, and its maximum over time is read by two small 2D convolutions.
882,040 values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from neurocine.networks.segmentation.architecture import SegmentationArchitecture

#: Of all batch normalisations.
EPSILON, MOMENTUM = 1e-5, 0.9


class Level(NamedTuple):
    """One stack: its `convolutions` of `growth` filters each, the filters of its skip and of the way down."""

    convolutions: int
    growth: int
    skip: int
    down: int


LEVELS = (Level(5, 4, 12, 24), Level(10, 8, 24, 24), Level(10, 16, 24, 0))
#: Filters of the first convolution, and of the last ones but for the two classes.
FIRST, LAST = 24, 10


@dataclass(frozen=True, kw_only=True)
class DenseArchitecture(SegmentationArchitecture):
    """The published network; see `SegmentationArchitecture` for the other sizes.

    Attributes
    ----------
    dropout
        Share of values dropped in training after a stack's convolutions but the last, skips and ways down.

    Raises
    ------
    InputError
        If a value is out of bounds or values don't go together.
    """

    family: ClassVar[str] = "dense"

    dropout: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.dropout < 1:
            raise self._wrong("dropout", "in [0, 1)")
        if self.maps != 1:
            raise self._wrong("maps", "1: it takes the maximum over the whole window")

    def build(self) -> Any:
        """Return a new Keras model (B, T, Y, X, 1) to (B, 1, Y, X) with random weights.

        Under the policy ``mixed_float16`` all but the softmax is computed in half precision.
        """
        import keras
        from keras import layers, ops

        window = keras.Input((self.window_frames, None, None, 1), name="window")
        small = layers.AveragePooling3D(2, padding="same", dtype="float32", name="small")(window)
        small = _normalised(small, "small")
        x = layers.Conv3D(FIRST, 5, 2, name="first", **_PLAIN)(window)
        x = layers.Concatenate(name="joined")([small, _normalised(x, "first")])
        skips = [small]
        for i, level in enumerate(LEVELS):
            for j in range(level.convolutions):
                dropout = self.dropout if j < level.convolutions - 1 else 0
                new = _convolved(x, level.growth, f"stack_{i}_{j}", dropout)
                x = layers.Concatenate(name=f"stack_{i}_{j}_joined")([x, new])
            skip = _convolved(x, level.skip, f"skip_{i}", self.dropout)
            skips.append(_upsampling(skip, 2**i, f"skip_{i}") if i else skip)
            if level.down:
                x = _convolved(x, level.down, f"down_{i}", self.dropout, 2)
        x = layers.Concatenate(name="mixed_joined")(skips)
        x = layers.Conv3D(LAST, 3, padding="same", kernel_initializer="he_normal", name="mixed")(x)
        # The published network upsamples in time, too, which adds values between those there are: they
        # can't be larger, so the maximum is the same without. In space it isn't.
        x = ops.max(_upsampling(x, 2, "mixed", time=False), axis=1)
        shared: dict[str, Any] = {"padding": "same", "kernel_initializer": "he_normal", "activation": "relu"}
        x = layers.Conv2D(LAST, 3, name="last", **shared)(x)
        x = layers.Conv2D(2, 3, name="classes", **shared)(x)
        x = layers.Softmax(dtype="float32", name="probability")(x)
        return keras.Model(window, ops.transpose(x[..., 1:], (0, 3, 1, 2)), name="dense")


_PLAIN: dict[str, Any] = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal"}


def upsampled(x: Any, factor: int, time: bool = True) -> Any:
    """Return x (B, T, Y, X, C) `factor` times as long in space and, if asked, in time, linearly interpolated.

    Value f * i + k is (1 - k/f) * x[i] + k/f * x[min(i + 1, n - 1)].
    """
    from keras import ops

    for axis in (1, 2, 3) if time else (2, 3):
        shape = list(ops.shape(x))
        following = ops.minimum(ops.arange(shape[axis]) + 1, shape[axis] - 1)
        step = (ops.take(x, following, axis=axis) - x) / factor
        shape[axis] *= factor
        x = ops.reshape(ops.stack([x + k * step for k in range(factor)], axis=axis + 1), shape)
    return x


def _upsampling(x: Any, factor: int, name: str, time: bool = True) -> Any:
    """Return `upsampled` as a layer, which sees the sizes that aren't known when the network is built."""
    from keras import layers

    def longer(shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        start = 1 if time else 2
        return *shape[:start], *(n and n * factor for n in shape[start:-1]), shape[-1]

    arguments = {"factor": factor, "time": time}
    return layers.Lambda(upsampled, longer, arguments=arguments, name=f"{name}_upsampled")(x)


def _normalised(x: Any, name: str) -> Any:
    from keras import layers

    return layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, name=f"{name}_norm")(x)


def _convolved(x: Any, filters: int, name: str, dropout: float, stride: int = 1) -> Any:
    """Return x convolved, normalised and rectified; in training some is dropped."""
    from keras import layers

    x = _normalised(layers.Conv3D(filters, 3, stride, name=name, **_PLAIN)(x), name)
    x = layers.ReLU(name=f"{name}_relu")(x)
    return layers.Dropout(dropout, name=f"{name}_dropout")(x) if dropout else x
