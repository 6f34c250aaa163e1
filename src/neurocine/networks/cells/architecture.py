"""What a network that watches one cell is made of: the sizes that its two families share.

`patches` is DeepCINAC's family, which reads patches of the movie; `views` is neurocine's own, which reads the
movie through a few linear filters per cell. Both are an *encoder* of single frames and a *head* that reads
the features of a whole window.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from neurocine.core import RoiSet
from neurocine.networks.cells.inputs import Cells, Output
from neurocine.networks.cells.normalisation import Normalisation, Statistics
from neurocine.networks.serialisable import Serialisable

Family = Literal["patches", "views"]


@dataclass(frozen=True, kw_only=True)
class CellArchitecture(Serialisable, ABC):
    """Sizes that every network has.

    Attributes
    ----------
    name
        Its name in `neurocine.networks.cells.ARCHITECTURES`, or one of your own.
    window_frames, window_px
        Frames of a window and edge of a patch in pixels.
    n_inputs
        What is seen of a cell: versions of its patch, or views.
    output
        ``frames``: a probability a frame (sigmoid); ``types``: one a cell type (softmax).
    dropout
        Share of features dropped in training.
    normalisation
        How frames are scaled before they enter (`neurocine.networks.cells.normalisation`).

    Raises
    ------
    InputError
        If a value is out of bounds or values don't go together.
    """

    family: ClassVar[Family]

    window_frames: int
    window_px: int
    n_inputs: int
    output: Output
    dropout: float
    normalisation: Normalisation

    def __post_init__(self) -> None:
        self._bounded("window_frames", (self.window_frames,), 1, 2000)
        self._bounded("window_px", (self.window_px,), 12, 128)
        self._bounded("n_inputs", (self.n_inputs,), 1, 16)
        self._one_of("output", Output)
        self._one_of("normalisation", Normalisation)
        if not 0 <= self.dropout < 1:
            raise self._wrong("dropout", "in [0, 1)")

    @property
    @abstractmethod
    def n_features(self) -> int:
        """Features that the encoder makes of one input of one frame."""

    @property
    @abstractmethod
    def window_shape(self) -> tuple[int, ...]:
        """Shape of one window as `Networks.full` reads it."""

    @abstractmethod
    def cells(self, rois: RoiSet, statistics: Statistics, margin: int = 0) -> Cells:
        """Return what the network sees of each of `rois`, in patches `margin` pixels larger all around."""

    @abstractmethod
    def build(self) -> Networks:
        """Return new networks with random weights, which `keras.utils.set_random_seed` fixes."""

    def _bounded(
        self, name: str, values: tuple[int, ...], low: int, high: int, length: int | None = None
    ) -> None:
        whole = all(isinstance(v, int) and not isinstance(v, bool) and low <= v <= high for v in values)
        if not whole or (length is not None and len(values) != length):
            many = "" if length is None else f"{length} "
            raise self._wrong(name, f"{many}whole and in {low}-{high}")

    def _one_of(self, name: str, kind: Any) -> None:
        if getattr(self, name) not in get_args(kind):
            raise self._wrong(name, f"one of {', '.join(get_args(kind))}")


@dataclass(frozen=True, eq=False)
class Networks:
    """Three Keras models that share their weights.

    Attributes
    ----------
    encoder
        Patches (B, px, px, 1) to features (B, F).
    head
        Features (B, n_inputs, T, F) to probabilities (B, T) or (B, 3), float32.
    full
        Windows, B of `CellArchitecture.window_shape`, to the head's output; for training.
    """

    encoder: Any
    head: Any
    full: Any
