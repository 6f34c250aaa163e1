"""Running a network: each frame of a cell encoded once, windows read in batches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurocine.config.section import Backend
from neurocine.networks.cells.architecture import CellArchitecture, Networks
from neurocine.networks.cells.inputs import Cells
from neurocine.networks.keras_graph import Compiled, compiled

#: Features of N cells over some frames, (N, n_inputs, T, F).
Features = NDArray[np.float32]

#: Patches that go through the encoder at once.
ENCODER_BATCH = 2048


class Runner:
    """A network's encoder and head as compiled functions that give the same numbers in every process.

    Parameters
    ----------
    networks, architecture
        What `CellArchitecture.build` or `load_weights` gave.
    backend
        ``keras`` (TensorFlow) or ``openvino``: the same numbers to 1e-5.

    Raises
    ------
    InputError
        If the backend isn't installed.
    """

    def __init__(
        self, networks: Networks, architecture: CellArchitecture, backend: Backend = "keras"
    ) -> None:
        self.architecture = architecture
        self._linear = architecture.family == "views"
        if backend == "openvino":
            from neurocine.networks.cells.openvino_cells import compile_graphs
        else:
            compile_graphs = _compile_keras
        self._encoder, self._head = compile_graphs(networks, architecture)
        px = architecture.window_px
        self._blank = self._encoder(np.zeros((1, px, px, 1), dtype=np.float32))[0]

    def encode(self, frames: NDArray[np.float32], cells: Cells, chosen: NDArray[np.int64]) -> Features:
        """Return the features (n, n_inputs, T, F) of the `chosen` cells in normalised `frames` (T, Y, X)."""
        if self._linear:
            return cells.weighed(frames, chosen)[..., None]
        n_inputs = self.architecture.n_inputs
        step = max(1, ENCODER_BATCH // n_inputs)
        features = np.empty(
            (len(chosen), n_inputs, len(frames), self.architecture.n_features), dtype=np.float32
        )
        for row, index in enumerate(chosen):
            # Inputs that show no pixel, such as the overlap of a cell without neighbours, are all alike.
            seen = np.flatnonzero(cells.masks[index].any(axis=(1, 2)))
            features[row] = self._blank
            for start in range(0, len(frames), step):
                patches = cells.cut(frames[start : start + step], int(index), seen)
                flat = np.ascontiguousarray(patches.reshape(-1, *patches.shape[2:], 1), dtype=np.float32)
                encoded = self._encoder(flat).reshape(*patches.shape[:2], -1)
                features[row, seen, start : start + step] = encoded
        return features

    def predict(self, features: Features) -> NDArray[np.float32]:
        """Return the head's output for windows of features (B, n_inputs, T, F)."""
        return self._head(features)


def _compile_keras(networks: Networks, architecture: CellArchitecture) -> tuple[Compiled, Compiled]:
    a = architecture
    encoder = compiled(networks.encoder, (None, a.window_px, a.window_px, 1))
    return encoder, compiled(networks.head, (None, a.n_inputs, a.window_frames, a.n_features))
