"""Running a network: each frame of a cell encoded once, windows read in batches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.network.architecture import Architecture, Networks
from neurocine.network.inputs import Cells

#: Features of N cells over some frames, (N, n_inputs, T, F).
Features = NDArray[np.float32]

#: Patches that go through the encoder at once.
ENCODER_BATCH = 2048


class Runner:
    """A network's encoder and head as compiled functions that give the same numbers in every process.

    Parameters
    ----------
    networks, architecture
        What `neurocine.network.build` or `load_weights` gave.
    """

    def __init__(self, networks: Networks, architecture: Architecture) -> None:
        import tensorflow as tf

        # Without it the order of sums may follow the threads' timing.
        tf.config.experimental.enable_op_determinism()
        self.architecture = architecture
        px, n = architecture.window_px, architecture.n_inputs
        self._encoder = _compiled(networks.encoder, (px, px, 1))
        self._head = _compiled(networks.head, (n, architecture.window_frames, architecture.n_features))

    def encode(self, frames: NDArray[np.float32], cells: Cells, chosen: NDArray[np.int64]) -> Features:
        """Return the features (n, n_inputs, T, F) of the `chosen` cells in normalised `frames` (T, Y, X)."""
        import tensorflow as tf

        n_inputs = self.architecture.n_inputs
        step = max(1, ENCODER_BATCH // n_inputs)
        features = np.empty(
            (len(chosen), n_inputs, len(frames), self.architecture.n_features), dtype=np.float32
        )
        for row, index in enumerate(chosen):
            for start in range(0, len(frames), step):
                patches = cells.cut(frames[start : start + step], int(index))
                flat = np.ascontiguousarray(patches.reshape(-1, *patches.shape[2:], 1), dtype=np.float32)
                encoded = self._encoder(tf.constant(flat)).numpy().reshape(*patches.shape[:2], -1)
                features[row, :, start : start + step] = encoded
        return features

    def predict(self, features: Features) -> NDArray[np.float32]:
        """Return the head's output for windows of features (B, n_inputs, T, F)."""
        import tensorflow as tf

        return np.asarray(self._head(tf.constant(features)).numpy(), dtype=np.float32)


def _compiled(model: Any, shape: tuple[int, ...]) -> Any:
    """Return `model` as one graph for any number of inputs of `shape`: traced here, never again."""
    import tensorflow as tf

    function = tf.function(lambda batch: model(batch, training=False))
    return function.get_concrete_function(tf.TensorSpec((None, *shape), tf.float32))
