"""Noise and signal-to-noise ratio of ΔF/F traces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Standard deviation of normal noise over its median absolute deviation.
MAD_TO_STD = 1.4826


def noise_level(traces: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the standard deviation of the frame-to-frame noise of `traces` (N, T), (N,).

    It is the median absolute deviation of first differences, over the square root of 2: transients last many
    frames and hardly affect it.
    """
    change = np.diff(traces.astype(np.float64), axis=1)
    spread = np.abs(change - np.median(change, axis=1, keepdims=True))
    return np.asarray(np.median(spread, axis=1) * MAD_TO_STD / np.sqrt(2))


def signal_to_noise(traces: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return (99th percentile - median) / noise of `traces` (N, T), (N,); 0 where there is no noise."""
    if not len(traces):
        return np.empty(0, dtype=np.float32)
    noise = noise_level(traces)
    height = np.percentile(traces, 99, axis=1) - np.median(traces, axis=1)
    return np.where(noise > 0, height / np.where(noise > 0, noise, 1), 0).astype(np.float32)
