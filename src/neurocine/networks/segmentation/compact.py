"""neurocine's own light network: evidence in time first, shapes second, a map every second or two.

The published network reads a window of 20 s in three dimensions to its end and gives one map, so that neurons
that overlap and fire 10 s apart come out as one. Here the movie is filtered in space and in time and only
the largest response in each short part of the window goes on, through a U-Net in two dimensions that sees
each part beside the largest response of the whole window and the picture of how bright each place is at
rest: a soma, a vessel and neuropil flicker alike in dim light. That costs a fourteenth, and tells when.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neurocine.networks.segmentation.architecture import SegmentationArchitecture, Whitening

#: Frames of the filters in time, and how far apart they are read.
_TIME_KERNEL = 9
_TIME_STRIDE = 3
#: Pixels of the filters in space, read at every other pixel.
_SPACE_KERNEL = 7


@dataclass(frozen=True, kw_only=True)
class CompactArchitecture(SegmentationArchitecture):
    """Sizes of the light network.

    Attributes
    ----------
    space_filters, time_filters
        Linear filters in space, and the responses in time that are made of them.
    filters
        Filters of the U-Net at each of its three scales.
    """

    family: ClassVar[str] = "compact"

    pixel_size_um: float = 1.2
    background_um: float = 25.0
    whitening: Whitening = "pixel"
    maps: int = 10
    space_filters: int = 8
    time_filters: int = 24
    filters: tuple[int, int, int] = (16, 32, 48)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window_frames // self.maps % _TIME_STRIDE:
            raise self._wrong("maps", f"such that a map's frames are a multiple of {_TIME_STRIDE}")
        if len(self.filters) != 3 or not all(1 <= n <= 512 for n in (*self.filters, *self._linear)):
            raise self._wrong("filters", "three numbers in 1-512")

    @property
    def _linear(self) -> tuple[int, int]:
        return self.space_filters, self.time_filters

    def build(self) -> Any:
        """Return a new Keras model; see `SegmentationArchitecture.build`."""
        import keras

        layers = keras.layers
        window = keras.Input((self.input_frames, None, None, 1), name="window")
        kernel = (1, _SPACE_KERNEL, _SPACE_KERNEL)
        frames = window[:, : self.window_frames]
        x = layers.Conv3D(self.space_filters, kernel, (1, 2, 2), "same", use_bias=False, name="space")(frames)
        kernel, stride = (_TIME_KERNEL, 1, 1), (_TIME_STRIDE, 1, 1)
        x = layers.Conv3D(self.time_filters, kernel, stride, "same", use_bias=False, name="time")(x)
        part = self.window_frames // self.maps // _TIME_STRIDE
        x = layers.MaxPooling3D((part, 1, 1), name="largest")(x)
        if self.resting:
            still = layers.Conv3D(
                self.space_filters, kernel, (1, 2, 2), "same", use_bias=False, name="still"
            )(window[:, self.window_frames :])
            x = layers.Concatenate()([x, layers.UpSampling3D((self.maps, 1, 1))(still)])
        x = _rectified(x, "time")
        fine = _pair(x, self.filters[0], "fine")
        middle = _pair(_halved(fine), self.filters[1], "middle")
        coarse = _pair(_halved(middle), self.filters[2], "coarse")
        # What the whole window shows there tells noise from a neuron that is active again and again.
        whole = layers.MaxPooling3D((self.maps, 1, 1), name="whole")(coarse)
        coarse = layers.Concatenate()([coarse, layers.UpSampling3D((self.maps, 1, 1))(whole)])
        x = _convolved(layers.Concatenate()([_doubled(coarse), middle]), self.filters[1], "up_1")
        x = _convolved(layers.Concatenate()([_doubled(x), fine]), self.filters[0], "up_2")
        x = layers.Conv3DTranspose(1, (1, 4, 4), (1, 2, 2), "same", name="readout")(x)
        x = layers.Activation("sigmoid", dtype="float32")(x)
        return keras.Model(window, keras.ops.squeeze(x, -1), name=self.family)


def _rectified(x: Any, name: str) -> Any:
    from keras import layers

    return layers.Activation("relu")(layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x))


def _convolved(x: Any, filters: int, name: str) -> Any:
    from keras import layers

    x = layers.Conv3D(filters, (1, 3, 3), padding="same", use_bias=False, name=name)(x)
    return _rectified(x, name)


def _pair(x: Any, filters: int, name: str) -> Any:
    return _convolved(_convolved(x, filters, f"{name}_1"), filters, f"{name}_2")


def _halved(x: Any) -> Any:
    from keras import layers

    return layers.MaxPooling3D((1, 2, 2))(x)


def _doubled(x: Any) -> Any:
    from keras import layers

    return layers.UpSampling3D((1, 2, 2))(x)
