"""The compact network: a cell's surroundings through a few linear filters, read by convolutions over time.

In one frame of one pixel a transient is far below the noise; what a movie holds beyond the trace is in
*how* pixels change together. A few weighted sums of the patch's pixels hold that (`filters`), and the network
learns from these over time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neurocine.core import CELL_TYPES, RoiSet
from neurocine.networks.cells.architecture import CellArchitecture, Family, Networks
from neurocine.networks.cells.filters import SEEN, filtered
from neurocine.networks.cells.inputs import Cells
from neurocine.networks.cells.normalisation import Normalisation, Statistics

#: Blocks of a network.
MAX_BLOCKS = 32
#: Views are this many noise units when they enter in full; beyond, logarithmically.
LINEAR = 10.0


@dataclass(frozen=True, kw_only=True)
class ViewArchitecture(CellArchitecture):
    """Sizes of a network that reads views; see `CellArchitecture` for the others.

    Attributes
    ----------
    filters
        Filters of each convolution over time.
    dilations
        Frames between the taps of each block's convolution.
    """

    family: ClassVar[Family] = "views"

    n_inputs: int = SEEN[0]
    filters: int = 48
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16)
    dropout: float = 0.1
    normalisation: Normalisation = "pixel"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._bounded("filters", (self.filters,), 1, 512)
        self._bounded("dilations", self.dilations, 1, 512)
        if len(self.dilations) > MAX_BLOCKS:
            raise self._wrong("dilations", f"{MAX_BLOCKS} at most")
        if self.n_inputs not in SEEN:
            raise self._wrong("n_inputs", f"{' or '.join(map(str, SEEN))}, a number of views")
        if self.normalisation != "pixel":
            raise self._wrong("normalisation", "pixel: views are made from the mean picture")

    @property
    def n_features(self) -> int:
        """Each view is a number."""
        return 1

    @property
    def window_shape(self) -> tuple[int, ...]:
        """(T, n_inputs)."""
        return self.window_frames, self.n_inputs

    def cells(self, rois: RoiSet, statistics: Statistics, margin: int = 0) -> Cells:
        """Return the patches of all `rois` and the filter of each view."""
        return filtered(rois, statistics, self.window_px + 2 * margin, self.n_inputs)

    def build(self) -> Networks:
        """Return new networks with random weights, which `keras.utils.set_random_seed` fixes."""
        import keras
        from keras import ops

        patch = keras.Input((self.window_px, self.window_px, 1), name="patch")
        encoder = keras.Model(patch, ops.sum(patch, axis=(1, 2)), name="encoder")
        head = _head(self)
        windows = keras.Input(self.window_shape, name="windows")
        features = ops.expand_dims(ops.transpose(windows, (0, 2, 1)), -1)
        return Networks(encoder, head, keras.Model(windows, head(features), name="full"))


def _head(a: ViewArchitecture) -> Any:
    import keras
    from keras import layers, ops

    features = keras.Input((a.n_inputs, a.window_frames, 1), name="features")
    x = ops.transpose(ops.squeeze(features, -1), (0, 2, 1))
    x = ops.concatenate([ops.arcsinh(x), x / LINEAR], axis=-1)
    x = layers.Conv1D(a.filters, 5, padding="same", activation="silu", name="first")(x)
    for i, dilation in enumerate(a.dilations, start=1):
        change = layers.Conv1D(
            a.filters, 5, dilation_rate=dilation, padding="same", activation="silu", name=f"wide_{i}"
        )(x)
        change = layers.Dropout(a.dropout, name=f"dropout_{i}")(change)
        change = layers.Conv1D(a.filters, 1, name=f"mix_{i}")(change)
        x = layers.LayerNormalization(name=f"norm_{i}", dtype="float32")(x + change)
    x = layers.Conv1D(a.filters, 3, padding="same", activation="silu", name="last")(x)
    frames = a.output == "frames"
    if not frames:
        x = ops.concatenate([ops.mean(x, axis=1), ops.max(x, axis=1)], axis=-1)
    logits = layers.Dense(1 if frames else len(CELL_TYPES), name="readout")(x)
    activation = layers.Activation("sigmoid" if frames else "softmax", dtype="float32", name="probability")
    return keras.Model(features, activation(ops.squeeze(logits, -1) if frames else logits), name="head")
