"""From spikes to noise-free ΔF/F."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal


@dataclass(frozen=True)
class Kinetics:
    """How a neuron's ΔF/F follows its spikes.

    Each spike adds a difference of two exponentials of peak 1 to the drive c; ΔF/F is the Hill-like
    ``amplitude · cⁿ / (1 + (c / half)ⁿ)``: supralinear for few spikes, saturating for many.

    Attributes
    ----------
    rise_s, decay_s
        Time constants, seconds.
    amplitude
        ΔF/F at the peak of a single spike, if far from saturation.
    hill
        Exponent n.
    half
        Drive, in spikes at once, at which ΔF/F is half of its largest.
    """

    rise_s: float
    decay_s: float
    amplitude: float
    hill: float
    half: float


def drive(
    spike_s: NDArray[np.float64], n_frames: int, frame_rate_hz: float, rise_s: float, decay_s: float
) -> NDArray[np.float64]:
    """Return the drive c at frames 0, 1, …, (T,); exact, with spikes at any time between frames.

    Parameters
    ----------
    spike_s
        Spike times in seconds from frame 0, (S,); those after the last frame are ignored, those before the
        first have left their trace.
    """
    decay_s = max(decay_s, 1.05 * rise_s)  # the difference of equal exponentials is zero
    peak_s = np.log(decay_s / rise_s) * rise_s * decay_s / (decay_s - rise_s)
    peak = np.exp(-peak_s / decay_s) - np.exp(-peak_s / rise_s)
    first = np.maximum(np.ceil(spike_s * frame_rate_hz), 0)  # the first frame that sees the spike
    seen = first < n_frames
    frame = first[seen].astype(np.int64)
    waited = frame / frame_rate_hz - spike_s[seen]
    parts = []
    for tau in (decay_s, rise_s):
        entering = np.bincount(frame, np.exp(-waited / tau), n_frames)
        parts.append(signal.lfilter([1.0], [1.0, -np.exp(-1 / (frame_rate_hz * tau))], entering))
    return np.asarray(np.maximum(parts[0] - parts[1], 0) / peak)


def saturate(drive: NDArray[np.float64], hill: float, half: float) -> NDArray[np.float64]:
    """Return cⁿ / (1 + (c / half)ⁿ) of the drive c, any shape."""
    power = drive**hill
    return np.asarray(power / (1 + power / half**hill))


def dff(
    kinetics: Kinetics, spike_s: NDArray[np.float64], n_frames: int, frame_rate_hz: float
) -> NDArray[np.float64]:
    """Return the noise-free ΔF/F (T,) that follows spikes at `spike_s` seconds."""
    c = drive(spike_s, n_frames, frame_rate_hz, kinetics.rise_s, kinetics.decay_s)
    return kinetics.amplitude * saturate(c, kinetics.hill, kinetics.half)
