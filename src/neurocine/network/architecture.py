"""The network of DeepCINAC (section 2.4, figure 4), at the paper's size and at one for a laptop.

A frame's patch goes through a small convolutional network (the *encoder*), once for each input; the *head*
reads the features of a whole window: for each input an attention over time and two bidirectional LSTMs,
then one LSTM over all inputs. The two are models of their own so that each frame of a cell is encoded once,
however many windows it lies in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal, get_args

from neurocine.core import CELL_TYPES, InputError
from neurocine.network.normalisation import Normalisation

Output = Literal["frames", "types"]
Readout = Literal["window", "frame"]


@dataclass(frozen=True)
class Architecture:
    """What a network is made of.

    Attributes
    ----------
    name
        Its name in `ARCHITECTURES`.
    window_frames, window_px
        Frames of a window and edge of a patch in pixels.
    n_inputs
        Masked versions of a patch: 3 for activity, 2 for cell types (`neurocine.network.inputs`).
    conv_filters, conv_strides
        Filters and strides of the four 3 x 3 convolutions.
    lstm_units
        Units a direction of the two bidirectional LSTMs.
    merge_units
        Units of the LSTM over all inputs.
    output
        ``frames``: a probability a frame (sigmoid); ``types``: one a cell type (softmax).
    projection
        Units of a dense layer that shrinks a frame's features; None for none.
    attention, attention_gain
        Whether features are weighted by a softmax over time, and what the weights are multiplied with. The
        paper's 1 leaves features near zero at the start (weights sum to 1 over the window); the window's
        length leaves them unchanged by even attention, which trains faster.
    time_pool
        Frames averaged into one step before the attention; 1 leaves every frame.
    readout
        ``window``: the last dense layer sees all steps of the window (the paper); ``frame``: it is shared by
        the steps, and averaged over them for ``types``.
    dropout
        Share of features dropped in training.
    normalisation
        How frames are scaled before they enter (`neurocine.network.normalisation`).

    Raises
    ------
    InputError
        If a value is out of bounds or values don't go together.
    """

    name: str
    window_frames: int
    window_px: int
    n_inputs: int
    conv_filters: tuple[int, ...]
    lstm_units: tuple[int, ...]
    merge_units: int
    output: Output
    conv_strides: tuple[int, ...] = (1, 1, 1, 1)
    projection: int | None = None
    attention: bool = True
    attention_gain: float = 1.0
    time_pool: int = 1
    readout: Readout = "window"
    dropout: float = 0.5
    normalisation: Normalisation = "movie"

    def __post_init__(self) -> None:
        self._bounded("window_frames", (self.window_frames,), 1, 2000)
        self._bounded("window_px", (self.window_px,), 12, 128)
        self._bounded("n_inputs", (self.n_inputs,), 1, 8)
        self._bounded("conv_filters", self.conv_filters, 1, 512, 4)
        self._bounded("conv_strides", self.conv_strides, 1, 2, 4)
        self._bounded("lstm_units", self.lstm_units, 1, 512, 2)
        self._bounded("merge_units", (self.merge_units,), 1, 512)
        self._bounded("projection", (1 if self.projection is None else self.projection,), 1, 4096)
        self._bounded("time_pool", (self.time_pool,), 1, self.window_frames)
        for name, kind in (("output", Output), ("readout", Readout), ("normalisation", Normalisation)):
            if getattr(self, name) not in get_args(kind):
                raise self._wrong(name, f"one of {', '.join(get_args(kind))}")
        if not isinstance(self.attention, bool):
            raise self._wrong("attention", "true or false")
        if not 0 <= self.dropout < 1:
            raise self._wrong("dropout", "in [0, 1)")
        if not 0 < self.attention_gain <= 2000:
            raise self._wrong("attention_gain", "in (0, 2000]")
        if self.window_frames % self.time_pool or (self.output == "frames" and self.time_pool != 1):
            raise self._wrong("time_pool", "a divisor of window_frames, and 1 for the output frames")
        if self.feature_map < 1:
            raise self._wrong("window_px", "large enough for the convolutions")

    def _bounded(
        self, name: str, values: tuple[int, ...], low: int, high: int, length: int | None = None
    ) -> None:
        whole = all(isinstance(v, int) and not isinstance(v, bool) and low <= v <= high for v in values)
        if not whole or (length is not None and len(values) != length):
            many = "" if length is None else f"{length} "
            raise self._wrong(name, f"{many}whole and in {low}-{high}")

    def _wrong(self, name: str, wanted: str) -> InputError:
        return InputError(
            f"architecture {self.name}", name, f"is {getattr(self, name)!r}", f"It must be {wanted}."
        )

    @property
    def feature_map(self) -> int:
        """Edge in pixels of the last feature map."""
        edge = self.window_px
        for stage in (0, 2):
            edge = -(-edge // self.conv_strides[stage])  # same padding
            edge = -(-(edge - 2) // self.conv_strides[stage + 1])  # valid padding
            edge //= 2
        return edge

    @property
    def n_features(self) -> int:
        """Features that the encoder makes of one patch."""
        return self.projection or self.feature_map**2 * self.conv_filters[3]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], where: str = "architecture") -> Architecture:
        """Return the architecture that `to_dict` described.

        Raises
        ------
        InputError
            If a key is unknown or missing, or a value has the wrong type or is out of bounds.
        """
        known = {f.name for f in fields(cls)}
        needed = {f.name for f in fields(cls) if f.default is MISSING}
        plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        if not needed <= set(plain) <= known:
            odd = sorted((set(plain) - known) | (needed - set(plain)))[0]
            raise InputError(where, odd, "is missing or unknown", "Give the keys of to_dict().")
        try:
            return cls(**plain)
        except TypeError as error:
            raise InputError(
                where, "architecture", f"has a wrong type ({error})", "Make it again."
            ) from error


ARCHITECTURES = {
    a.name: a
    for a in (
        Architecture(
            name="activity-reference",
            window_frames=100,
            window_px=25,
            n_inputs=3,
            conv_filters=(64, 64, 128, 128),
            lstm_units=(128, 256),
            merge_units=256,
            output="frames",
        ),
        Architecture(
            name="celltype-reference",
            window_frames=500,
            window_px=20,
            n_inputs=2,
            conv_filters=(32, 32, 64, 64),
            lstm_units=(64, 32),
            merge_units=64,
            output="types",
        ),
        Architecture(
            name="activity-compact",
            window_frames=100,
            window_px=25,
            n_inputs=3,
            conv_filters=(16, 32, 32, 64),
            conv_strides=(2, 1, 1, 1),
            projection=64,
            lstm_units=(32, 32),
            merge_units=32,
            output="frames",
            attention_gain=100.0,
            readout="frame",
            dropout=0.2,
        ),
        Architecture(
            name="celltype-compact",
            window_frames=500,
            window_px=20,
            n_inputs=2,
            conv_filters=(8, 16, 32, 32),
            conv_strides=(2, 1, 1, 1),
            projection=32,
            time_pool=5,
            lstm_units=(16, 16),
            merge_units=16,
            output="types",
            attention_gain=100.0,
            readout="frame",
            dropout=0.2,
        ),
    )
}


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
        Windows (B, T, px, px, n_inputs) to the head's output; for training.
    """

    encoder: Any
    head: Any
    full: Any


def build(architecture: Architecture) -> Networks:
    """Return new networks with random weights, which `keras.utils.set_random_seed` fixes."""
    import keras
    from keras import ops

    encoder, head = _encoder(architecture), _head(architecture)
    frames, px, n = architecture.window_frames, architecture.window_px, architecture.n_inputs
    windows = keras.Input((frames, px, px, n), name="windows")
    # All inputs and frames share the encoder: one large batch of patches.
    patches = ops.reshape(ops.transpose(windows, (0, 4, 1, 2, 3)), (-1, px, px, 1))
    features = ops.reshape(encoder(patches), (-1, n, frames, architecture.n_features))
    full = keras.Model(windows, head(features), name="full")
    return Networks(encoder, head, full)


def _encoder(architecture: Architecture) -> Any:
    import keras
    from keras import layers

    px = architecture.window_px
    patch = keras.Input((px, px, 1), name="patch")
    x = patch
    paddings = ("same", "valid", "same", "valid")
    stages = zip(architecture.conv_filters, architecture.conv_strides, paddings, strict=True)
    for i, (filters, stride, padding) in enumerate(stages, start=1):
        x = layers.Conv2D(
            filters, 3, strides=stride, padding=padding, activation="silu", name=f"convolution_{i}"
        )(x)
        if i % 2 == 0:
            x = layers.MaxPooling2D(name=f"pool_{i // 2}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(architecture.dropout, name="dropout")(x)
    if architecture.projection is not None:
        x = layers.Dense(architecture.projection, activation="silu", name="projection")(x)
    return keras.Model(patch, x, name="encoder")


def _head(architecture: Architecture) -> Any:
    import keras
    from keras import layers

    shape = (architecture.n_inputs, architecture.window_frames, architecture.n_features)
    features = keras.Input(shape, name="features")
    branches = [_branch(architecture, features[:, i], i) for i in range(architecture.n_inputs)]
    x = layers.Concatenate(name="inputs")(branches)
    x = layers.LSTM(
        architecture.merge_units, return_sequences=True, dropout=architecture.dropout, name="merge"
    )(x)
    frames = architecture.output == "frames"
    activation = layers.Activation("sigmoid" if frames else "softmax", dtype="float32", name="probability")
    if architecture.readout == "window":
        x = layers.Dropout(architecture.dropout, name="dropout")(layers.Flatten(name="flatten")(x))
        logits = layers.Dense(architecture.window_frames if frames else len(CELL_TYPES), name="readout")(x)
    elif frames:
        x = layers.Dropout(architecture.dropout, name="dropout")(x)
        logits = layers.Flatten(name="flatten")(layers.Dense(1, name="readout")(x))
    else:
        x = layers.Dropout(architecture.dropout, name="dropout")(
            layers.GlobalAveragePooling1D(name="mean")(x)
        )
        logits = layers.Dense(len(CELL_TYPES), name="readout")(x)
    return keras.Model(features, activation(logits), name="head")


def _branch(architecture: Architecture, x: Any, i: int) -> Any:
    """Return what one input's features (B, T, F) give: attention, then two bidirectional LSTMs."""
    from keras import layers

    if architecture.time_pool > 1:
        x = layers.AveragePooling1D(architecture.time_pool, name=f"time_pool_{i}")(x)
    if architecture.attention:
        steps = architecture.window_frames // architecture.time_pool
        weights = layers.Permute((2, 1), name=f"attention_{i}_in")(x)
        weights = layers.Dense(steps, activation="softmax", name=f"attention_{i}")(weights)
        weights = layers.Permute((2, 1), name=f"attention_{i}_out")(weights)
        x = layers.Multiply(name=f"attended_{i}")([x, weights]) * architecture.attention_gain
    recurrent = x
    for level, units in enumerate(architecture.lstm_units, start=1):
        lstm = layers.LSTM(units, return_sequences=True, dropout=architecture.dropout, name="lstm")
        recurrent = layers.Bidirectional(lstm, name=f"bilstm_{level}_{i}")(recurrent)
        recurrent = layers.Concatenate(name=f"recurrent_{level}_{i}")([recurrent, x])
    return recurrent
