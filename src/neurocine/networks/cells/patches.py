"""The network of DeepCINAC (section 2.4, figure 4).

A frame's patch goes through a small convolutional network (the *encoder*), once for each input; the *head*
reads the features of a whole window: for each input an attention over time and two bidirectional LSTMs,
then one LSTM over all inputs. The two are models of their own so that each frame of a cell is encoded once,
however many windows it lies in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neurocine.core import CELL_TYPES, RoiSet
from neurocine.networks.cells.architecture import CellArchitecture, Family, Networks
from neurocine.networks.cells.inputs import Cells, masked
from neurocine.networks.cells.normalisation import Normalisation, Statistics

#: Bound on the products that the numbers of weights follow from; the paper's networks are below a quarter.
MAX_SIZE = 2**26


@dataclass(frozen=True, kw_only=True)
class PatchArchitecture(CellArchitecture):
    """Sizes of a network of DeepCINAC's family; see `CellArchitecture` for the others.

    Attributes
    ----------
    n_inputs
        Masked versions of a patch: 3 for activity, 2 for cell types (`neurocine.networks.cells.inputs`).
    conv_filters
        Filters of the four 3 x 3 convolutions.
    lstm_units
        Units a direction of the two bidirectional LSTMs.
    merge_units
        Units of the LSTM over all inputs.
    """

    family: ClassVar[Family] = "patches"

    conv_filters: tuple[int, ...]
    lstm_units: tuple[int, ...]
    merge_units: int
    dropout: float = 0.5
    normalisation: Normalisation = "movie"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._bounded("conv_filters", self.conv_filters, 1, 512, 4)
        self._bounded("lstm_units", self.lstm_units, 1, 512, 2)
        self._bounded("merge_units", (self.merge_units,), 1, 512)
        if self.feature_map < 1:
            raise self._wrong("window_px", "large enough for the convolutions")
        # A file's few bytes must not make a network that fills the memory.
        for name, size in (
            ("lstm_units", self.n_inputs * self.n_features * max(self.lstm_units)),
            ("merge_units", self.window_frames**2 * self.merge_units),
        ):
            if size > MAX_SIZE:
                raise self._wrong(name, "smaller for windows this large")

    @property
    def feature_map(self) -> int:
        """Edge in pixels of the last feature map."""
        return ((self.window_px - 2) // 2 - 2) // 2

    @property
    def n_features(self) -> int:
        """Features that the encoder makes of one patch."""
        return self.feature_map**2 * self.conv_filters[3]

    @property
    def window_shape(self) -> tuple[int, ...]:
        """(T, px, px, n_inputs)."""
        return self.window_frames, self.window_px, self.window_px, self.n_inputs

    def cells(self, rois: RoiSet, statistics: Statistics, margin: int = 0) -> Cells:
        """Return the patches and masks of all `rois`."""
        return masked(rois, self.window_px + 2 * margin, self.output)

    def build(self) -> Networks:
        """Return new networks with random weights, which `keras.utils.set_random_seed` fixes."""
        import keras
        from keras import ops

        encoder, head = _encoder(self), _head(self)
        frames, px, n = self.window_frames, self.window_px, self.n_inputs
        windows = keras.Input(self.window_shape, name="windows")
        # All inputs and frames share the encoder: one large batch of patches.
        patches = ops.reshape(ops.transpose(windows, (0, 4, 1, 2, 3)), (-1, px, px, 1))
        features = ops.reshape(encoder(patches), (-1, n, frames, self.n_features))
        return Networks(encoder, head, keras.Model(windows, head(features), name="full"))


def _encoder(architecture: PatchArchitecture) -> Any:
    import keras
    from keras import layers

    px = architecture.window_px
    patch = keras.Input((px, px, 1), name="patch")
    x = patch
    paddings = ("same", "valid", "same", "valid")
    for i, (filters, padding) in enumerate(zip(architecture.conv_filters, paddings, strict=True), start=1):
        x = layers.Conv2D(filters, 3, padding=padding, activation="silu", name=f"convolution_{i}")(x)
        if i % 2 == 0:
            x = layers.MaxPooling2D(name=f"pool_{i // 2}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(architecture.dropout, name="dropout")(x)
    return keras.Model(patch, x, name="encoder")


def _head(architecture: PatchArchitecture) -> Any:
    import keras
    from keras import layers

    shape = (architecture.n_inputs, architecture.window_frames, architecture.n_features)
    features = keras.Input(shape, name="features")
    branches = [_branch(architecture, features[:, i], i) for i in range(architecture.n_inputs)]
    x = layers.Concatenate(name="inputs")(branches)
    x = layers.LSTM(
        architecture.merge_units, return_sequences=True, dropout=architecture.dropout, name="merge"
    )(x)
    x = layers.Dropout(architecture.dropout, name="dropout")(layers.Flatten(name="flatten")(x))
    frames = architecture.output == "frames"
    logits = layers.Dense(architecture.window_frames if frames else len(CELL_TYPES), name="readout")(x)
    activation = layers.Activation("sigmoid" if frames else "softmax", dtype="float32", name="probability")
    return keras.Model(features, activation(logits), name="head")


def _branch(architecture: PatchArchitecture, x: Any, i: int) -> Any:
    """Return what one input's features (B, T, F) give: attention, then two bidirectional LSTMs."""
    from keras import layers

    weights = layers.Permute((2, 1), name=f"attention_{i}_in")(x)
    weights = layers.Dense(architecture.window_frames, activation="softmax", name=f"attention_{i}")(weights)
    weights = layers.Permute((2, 1), name=f"attention_{i}_out")(weights)
    x = layers.Multiply(name=f"attended_{i}")([x, weights])
    recurrent = x
    for level, units in enumerate(architecture.lstm_units, start=1):
        lstm = layers.LSTM(units, return_sequences=True, dropout=architecture.dropout, name="lstm")
        recurrent = layers.Bidirectional(lstm, name=f"bilstm_{level}_{i}")(recurrent)
        recurrent = layers.Concatenate(name=f"recurrent_{level}_{i}")([recurrent, x])
    return recurrent
