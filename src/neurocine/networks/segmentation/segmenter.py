"""Running a network that segments: windows in, probabilities out, the same numbers each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.config.section import Backend
from neurocine.core import InputError
from neurocine.networks.keras_graph import Compiled, compiled
from neurocine.networks.segmentation.architecture import SegmentationArchitecture


class Segmenter:
    """A network as a compiled function of one window at a time.

    Parameters
    ----------
    model, architecture
        What `SegmentationArchitecture.build` or `load_segmentation_weights` gave.
    backend
        ``keras`` (TensorFlow) or ``openvino``: the same numbers to 1e-5.

    Raises
    ------
    InputError
        If the backend isn't installed.
    """

    def __init__(
        self, model: Any, architecture: SegmentationArchitecture, backend: Backend = "openvino"
    ) -> None:
        if backend == "openvino":
            from neurocine.networks.segmentation.openvino_segmenter import compile_graph
        else:
            compile_graph = _compile_keras
        self.architecture = architecture
        self._model = model
        self._compile: Callable[[Any, SegmentationArchitecture, tuple[int, ...]], Compiled] = compile_graph
        self._compiled: tuple[tuple[int, ...], Compiled] | None = None

    def probabilities(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probabilities (maps, Y, X) of a window (T, Y, X).

        The network is compiled for the first window's size, and again when the size changes.

        Raises
        ------
        InputError
            If the window doesn't have the network's length, or isn't of multiples of 8 pixels.
        """
        a = self.architecture
        if frames.ndim != 3 or len(frames) != a.input_frames or any(n % a.multiple for n in frames.shape[1:]):
            raise InputError(
                "window",
                "frames",
                f"has shape {frames.shape}",
                f"{a.name} reads {a.input_frames} frames of multiples of {a.multiple} pixels.",
            )
        shape = (1, *frames.shape, 1)
        if self._compiled is None or self._compiled[0] != shape:
            self._compiled = None  # frees its memory first
            self._compiled = (shape, self._compile(self._model, a, shape))
        window = np.ascontiguousarray(frames, dtype=np.float32).reshape(shape)
        maps: NDArray[np.float32] = self._compiled[1](window)[0]
        return maps


def _compile_keras(model: Any, architecture: SegmentationArchitecture, shape: tuple[int, ...]) -> Compiled:
    return compiled(model, shape)
