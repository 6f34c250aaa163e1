"""No registration, for movies that are registered already: frames pass through unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.config import EnginesSettings, MotionSettings
from neurocine.motion.engines import Moved
from neurocine.motion.template import correlated_mean


@dataclass(frozen=True)
class NoneEngine:
    """Leaves frames as they are.

    Attributes
    ----------
    template
        Mean of the most mutually correlated frames, (Y, X) float32: what quality is measured against.
    """

    template: NDArray[np.float32]

    def apply(self, frames: NDArray[Any]) -> Moved:
        """Return `frames` and shifts of zero."""
        zero = np.zeros(len(frames), dtype=np.float32)
        return Moved(frames, zero, zero.copy(), np.zeros(len(frames), dtype=bool))


def prepare(
    sample: NDArray[Any], settings: MotionSettings, pixel_size_um: float, engines: EnginesSettings
) -> NoneEngine:
    """Return the engine for `sample` (n, Y, X)."""
    return NoneEngine(correlated_mean(sample))
