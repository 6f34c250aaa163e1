"""How detectable each transient is to an ideal observer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurocine.simulation.hybrid.footprints import CellFootprint
from neurocine.simulation.hybrid.render import Camera

#: Longest part of a transient that the observer uses, from its onset.
OBSERVED_S = 6.0


def noise_of_means(
    patches: list[CellFootprint], mean: NDArray[np.float64], camera: Camera
) -> NDArray[np.float64]:
    """Return the noise of the plain mean over each cell's contour, (N,) float64, photons.

    Neighbouring pixels share noise (`Camera.smear`). Smearing is linear and its own adjoint, so that a sum of
    smeared noise is a sum of independent noise with smeared weights: the covariances of all pairs of pixels
    are in it exactly, edges of the field included.

    Parameters
    ----------
    patches
        The cells.
    mean
        Mean of the movie over time without noise, (Y, X), photons.
    camera
        Noise of a pixel, and how much of it is shared.
    """
    pixel = camera.noise(mean).astype(np.float32)
    noise = np.empty(len(patches))
    for index, patch in enumerate(patches):
        weight = np.zeros(mean.shape, dtype=np.float32)
        weight[patch.window][patch.contour] = pixel[patch.window][patch.contour]
        noise[index] = np.linalg.norm(camera.smeared(weight)) / patch.contour.sum()
    return noise


def detectability_of(
    signal: NDArray[np.float64], noise: float, onset: NDArray[np.int64], frame_rate_hz: float
) -> NDArray[np.float64]:
    """Return d′ of one cell's transients, (M,) float64, for an observer with a matched filter.

    d′ = √(Σ s(t)²) / σ, with s(t) the noise-free `signal` above its value at the onset and 0 where it is
    below, from the onset to the next one, 6 s later at most (Wilt, Fitzgerald & Schnitzer 2013, for Gaussian
    noise that doesn't change; the resting fluorescence is known).

    Parameters
    ----------
    signal
        Noise-free fluorescence of the cell's mean, (T,).
    noise
        σ, the standard deviation of its noise in one frame, in the same unit.
    onset
        First frame of each transient, (M,), ascending.
    frame_rate_hz
        Frames per second.
    """
    longest = max(1, round(OBSERVED_S * frame_rate_hz))
    stop = np.minimum(np.r_[onset[1:], len(signal)], onset + longest)
    dprime = np.empty(len(onset))
    for m, (first, last) in enumerate(zip(onset, stop, strict=True)):
        dprime[m] = np.linalg.norm(np.maximum(signal[first:last] - signal[first], 0)) / noise
    return dprime
