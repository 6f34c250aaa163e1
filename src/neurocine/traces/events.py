"""Noise, signal-to-noise ratio and deconvolved events of ΔF/F traces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Standard deviation of normal noise over its median absolute deviation.
MAD_TO_STD = 1.4826
#: Deconvolution needs this many frames to settle on a baseline and a penalty.
MIN_FRAMES = 10


def noise_level(traces: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the standard deviation of the frame-to-frame noise of `traces` (N, T), (N,).

    It is the median absolute deviation of first differences, over the square root of 2: transients last many
    frames and hardly show in it.
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


def deconvolve(
    traces: NDArray[np.floating[Any]], frame_rate_hz: float, decay_s: float
) -> NDArray[np.float32]:
    """Return the events of `traces` (N, T) by OASIS, (N, T), non-negative, in the traces' unit.

    OASIS (Friedrich, Zhou and Paninski 2017) fits decaying transients (an autoregressive process of order 1
    with the indicator's decay) over a baseline it finds, under an L1 penalty just large enough for the
    residual to match the noise. A trace without noise or with fewer than `MIN_FRAMES` frames has no events.
    """
    from oasis.functions import deconvolve as oasis

    events = np.zeros(traces.shape, dtype=np.float32)
    if traces.shape[1] < MIN_FRAMES or not len(traces):
        return events
    for out, trace, noise in zip(events, traces.astype(np.float64), noise_level(traces), strict=True):
        if noise > 0:
            found = oasis(trace, tau_d=decay_s, framerate=frame_rate_hz, sn=float(noise), penalty=1)
            out[:] = np.maximum(found.s, 0)
    return events
