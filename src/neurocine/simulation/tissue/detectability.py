"""How detectable a transient is among noise, neighbours, neuropil and motion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal, sparse

from neurocine.simulation.hybrid.detectability import OBSERVED_S
from neurocine.simulation.hybrid.footprints import CellFootprint
from neurocine.simulation.tissue.render import TissueFrames

#: The surround of a cell: pixels between these distances from its contour that are in no contour, µm.
SURROUND_UM = (2.0, 12.0)
#: At least so much time goes into each estimate of a spectrum, s.
SPECTRUM_S = 20.0


def disturbance(
    patches: Sequence[CellFootprint],
    frames: TissueFrames,
    own: NDArray[np.int64],
    pixel_size_um: float,
) -> NDArray[np.float64]:
    """Return what else changes the mean over each contour than noise and the cell's spikes, (N, T), photons.

    All other sources, depth, the laser and the displacement of edges, less what a fit to the mean over the
    surround explains: an observer subtracts as much of the surround as is best.

    Parameters
    ----------
    patches
        The cells.
    frames
        Their movie.
    own
        Which source each cell is, (N,).
    pixel_size_um
        Scale.
    """
    inside, around = _weights(patches, frames.fov_shape, pixel_size_um)
    sources = frames.sources
    seen = [np.asarray((w @ frames.pictures).todense()) for w in (inside, around)]
    still = np.array(sources.courses[own])
    courses = [np.empty((len(patches), frames.shape[0])) for _ in seen]
    for first in range(0, frames.shape[0], 512):
        times = slice(first, min(first + 512, frames.shape[0]))
        bright = sources.coefficients(frames.near, times) * frames.light[times]
        for course, weight in zip(courses, seen, strict=True):
            course[:, times] = weight @ bright
        for i, source in enumerate(own):
            which = np.flatnonzero(sources.owner == source)
            spiking = bright[which] * (1 - 1 / np.maximum(still[i, times], 1e-6))
            courses[0][i, times] -= seen[0][i, which] @ spiking
    mean = frames.clean(range(0, frames.shape[0], max(1, frames.shape[0] // 32))).mean(axis=0)
    slopes = np.stack([inside @ g.ravel() for g in np.gradient(mean)], axis=1)
    courses[0] -= slopes @ frames.motion.left.shifts.T
    return _unexplained(*courses)


def detectability_among(
    signals: NDArray[np.float64],
    noise: NDArray[np.float64],
    others: NDArray[np.float64],
    onsets: Sequence[NDArray[np.int64]],
    frame_rate_hz: float,
) -> list[NDArray[np.float64]]:
    """Return d′ of each cell's transients for an ideal observer in noise that has a spectrum.

    d′² = Σ |S(f)|² / (σ² + R(f)), with S the transient's spectrum, as `hybrid.detectability` cuts it out, σ²
    the variance of noise in one frame, which is white, and R the power of `others`, taken as stationary.
    Without others it is the d′ of that module.

    Parameters
    ----------
    signals, others
        Noise-free fluorescence of each cell's mean, and what else changes it, (N, T).
    noise
        σ of each cell, (N,), in the same unit.
    onsets
        First frames of each cell's transients, ascending.
    frame_rate_hz
        Frames per second.
    """
    n_frames = signals.shape[1]
    longest = max(1, round(OBSERVED_S * frame_rate_hz))
    length = min(1 << int(np.ceil(np.log2(max(2 * longest, SPECTRUM_S * frame_rate_hz)))), n_frames)
    found = []
    for trace, sigma, other, onset in zip(signals, noise, others, onsets, strict=True):
        power = _power(other, length) + sigma**2
        stop = np.minimum(np.minimum(np.r_[onset[1:], n_frames], onset + longest), onset + length)
        dprime = np.empty(len(onset))
        for m, (first, last) in enumerate(zip(onset, stop, strict=True)):
            shape = np.maximum(trace[first:last] - trace[first], 0)
            dprime[m] = np.sqrt(np.mean(np.abs(np.fft.fft(shape, length)) ** 2 / power))
        found.append(dprime)
    return found


def _power(course: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return the power of `course` (T,) at the frequencies of `numpy.fft.fft`, (length,); white noise: σ²."""
    _, power = signal.welch(
        course, nperseg=length, detrend="constant", return_onesided=False, scaling="density"
    )
    return np.asarray(power)


def _weights(
    patches: Sequence[CellFootprint], fov_shape: tuple[int, int], pixel_size_um: float
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return the weights (N, P) of the mean over each contour, and over each surround."""
    taken = np.zeros(fov_shape, dtype=bool)
    for patch in patches:
        taken[patch.window] |= patch.contour
    reach = int(np.ceil(SURROUND_UM[1] / pixel_size_um)) + 1
    rows: list[sparse.csr_array] = []
    for patch in patches:
        mask = np.zeros(fov_shape, dtype=bool)
        mask[patch.window] = patch.contour
        window = tuple(slice(max(s.start - reach, 0), s.stop + reach) for s in patch.window)
        distance = ndimage.distance_transform_edt(~mask[window]) * pixel_size_um
        ring = np.zeros(fov_shape, dtype=bool)
        ring[window] = (distance > SURROUND_UM[0]) & (distance <= SURROUND_UM[1])
        if np.any(ring & ~taken):
            ring &= ~taken
        rows += [sparse.csr_array(m.reshape(1, -1) / max(1, np.count_nonzero(m))) for m in (mask, ring)]
    return sparse.csr_array(sparse.vstack(rows[::2])), sparse.csr_array(sparse.vstack(rows[1::2]))


def _unexplained(inside: NDArray[np.float64], around: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `inside` (N, T) less its regression on `around` (N, T), both about their means."""
    inside = inside - inside.mean(axis=1, keepdims=True)
    around = around - around.mean(axis=1, keepdims=True)
    slope = (inside * around).sum(axis=1) / np.maximum((around**2).sum(axis=1), 1e-12)
    return np.asarray(inside - np.maximum(slope, 0)[:, None] * around)
