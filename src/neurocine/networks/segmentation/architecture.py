"""What a network that segments active neurons is made of: the sizes that its families share.

`dense` is the published network (Soltanian-Zadeh et al. 2019), which gives one map of probabilities per
window; `compact` is neurocine's own, which gives one every second or two.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from neurocine.networks.serialisable import Serialisable

#: ``volume``: less the window's mean, over its SD (Eq. 2). ``pixel``: each pixel less its own baseline, over
#: its own noise, so that all pixels are as noisy as each other.
Whitening = Literal["volume", "pixel"]


@dataclass(frozen=True, kw_only=True)
class SegmentationArchitecture(Serialisable, ABC):
    """Sizes that every network has.

    Attributes
    ----------
    name
        Its name in `neurocine.networks.catalogue.SEGMENTATION_ARCHITECTURES`, or one of your own.
    window_frames
        Binned frames of a window, a multiple of 8.
    frame_rate_hz, pixel_size_um
        Sampling that movies are brought to: binned to about this rate, resampled to this scale.
    background_um
        Standard deviation of the homomorphic filter's Gaussian, µm.
    whitening
        How a window is scaled before it enters.
    maps
        Maps of probabilities a window: each is of as many successive frames of it.
    resting
        Whether a picture of the resting brightness follows the frames of a window: the logarithm of each
        pixel's baseline over its surround. It needs the whitening ``pixel``.

    Raises
    ------
    InputError
        If a value is out of bounds or values don't go together.
    """

    family: ClassVar[str]
    #: Heights and widths must be multiples of this.
    multiple: ClassVar[int] = 8

    window_frames: int = 120
    frame_rate_hz: float = 6.0
    pixel_size_um: float = 0.8
    background_um: float = 25.0
    whitening: Whitening = "volume"
    maps: int = 1
    resting: bool = False

    def __post_init__(self) -> None:
        if not 8 <= self.window_frames <= 4096 or self.window_frames % 8:
            raise self._wrong("window_frames", "a multiple of 8 in 8-4096")
        if not 1 <= self.maps <= self.window_frames or self.window_frames % self.maps:
            raise self._wrong("maps", "a divisor of window_frames")
        for name in ("frame_rate_hz", "pixel_size_um", "background_um"):
            if not 0.01 <= getattr(self, name) <= 1000:
                raise self._wrong(name, "in 0.01-1000")
        if self.whitening not in get_args(Whitening):
            raise self._wrong("whitening", f"one of {', '.join(get_args(Whitening))}")
        if self.resting and self.whitening != "pixel":
            raise self._wrong("resting", "false, unless the whitening is pixel")

    @property
    def input_frames(self) -> int:
        """Pictures that the network reads: a window's frames, and perhaps that of the resting brightness."""
        return self.window_frames + self.resting

    @abstractmethod
    def build(self) -> Any:
        """Return a new Keras model with random weights, which `keras.utils.set_random_seed` fixes.

        It maps windows (B, T, Y, X, 1) float32, T = `input_frames`, Y and X multiples of `multiple`, to
        probabilities (B, maps, Y, X) float32 that a pixel belongs to a neuron active then.
        """
