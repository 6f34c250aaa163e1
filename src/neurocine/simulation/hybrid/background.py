"""Background, illumination, vessels and neuropil of a hybrid movie, from a real scene's statistics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from neurocine.simulation.hybrid.presets import HybridPreset, log_uniform
from neurocine.simulation.library.scene import SPATIAL_EDGES, TEMPORAL_EDGES, SceneStatistics

#: The neuropil sums the calcium of cells within this distance of its component's weight, and lags behind it.
LAG_S = 0.4


@dataclass(frozen=True, eq=False)
class Neuropil:
    """Components of the neuropil: maps (K, Y, X) and courses (K, T), relative to the background."""

    maps: NDArray[np.float32]
    courses: NDArray[np.float32]


def texture(rng: np.random.Generator, preset: HybridPreset, scene: SceneStatistics) -> NDArray[np.float64]:
    """Return the background (Y, X), mean 1: a log-normal field with the power spectrum of a real one."""
    frequency = np.hypot(*_frequencies(preset))
    power = _interpolated(frequency, SPATIAL_EDGES, scene.texture_power)
    field = np.fft.ifft2(np.fft.fft2(rng.standard_normal(preset.fov_shape)) * np.sqrt(power)).real
    field -= field.mean()
    background = np.exp(scene.texture_sd * rng.uniform(0.7, 1.6) * field / field.std())
    return np.asarray(background / background.mean())


def illumination(rng: np.random.Generator, preset: HybridPreset) -> NDArray[np.float64]:
    """Return smooth brightness of the whole field (Y, X), at most 1: it falls off around a random centre."""
    y, x = (np.linspace(-1, 1, side) for side in preset.fov_shape)
    cy, cx = rng.uniform(-0.5, 0.5, 2)
    light = 1 - rng.uniform(0, 0.35) * ((y[:, None] - cy) ** 2 + (x[None] - cx) ** 2) / 2
    light *= np.exp(0.12 * _smooth_fields(rng, 1, preset, 60.0)[0])
    return np.asarray(light / light.max())


def vessels(rng: np.random.Generator, preset: HybridPreset) -> NDArray[np.float64]:
    """Return transmission (Y, X) in (0, 1] under up to three dark, curved vessels above the plane."""
    height, width = preset.fov_shape
    passing = np.ones(preset.fov_shape)
    for _ in range(rng.choice(4, p=(0.35, 0.35, 0.2, 0.1))):
        ends = rng.uniform(-0.3, 1.3, (3, 2)) * (height, width)
        along = np.linspace(0, 1, 4 * max(height, width))[:, None]
        curve = (1 - along) ** 2 * ends[0] + 2 * along * (1 - along) * ends[1] + along**2 * ends[2]
        pixels = np.unique(np.rint(curve).astype(int), axis=0)
        pixels = pixels[np.all((pixels >= 0) & (pixels < (height, width)), axis=1)]
        if not len(pixels):
            continue
        line = np.ones(preset.fov_shape, dtype=bool)
        line[tuple(pixels.T)] = False
        distance = ndimage.distance_transform_edt(line) * preset.pixel_size_um
        radius = rng.uniform(3, 10)
        edge = rng.uniform(1.5, 4)
        passing *= 1 - rng.uniform(0.25, 0.8) / (1 + np.exp((distance - radius) / edge))
    return passing


def make_neuropil(
    rng: np.random.Generator,
    preset: HybridPreset,
    scene: SceneStatistics,
    centres: NDArray[np.float64],
    dff: NDArray[np.float32],
) -> Neuropil:
    """Return a neuropil that follows the calcium `dff` (N, T) of cells at `centres` (N, 2), and drifts."""
    n = len(scene.neuropil_shares)
    maps = _smooth_fields(rng, n, preset, scene.neuropil_length_um * rng.uniform(1.0, 3.0))
    maps[0] = 1 + 0.3 * maps[0]  # the largest component is nearly the same everywhere, as in the real movie
    total = float(log_uniform(rng, preset.neuropil))
    follows = rng.uniform(0.3, 0.85)
    pixel = np.minimum(centres.astype(int), np.asarray(preset.fov_shape) - 1)
    courses = np.empty((n, dff.shape[1]))
    keep = np.exp(-1 / (LAG_S * preset.frame_rate_hz))
    for k, share in enumerate(scene.neuropil_shares):
        weight = np.abs(maps[k][tuple(pixel.T)]) if len(dff) else np.empty(0)
        crowd = signal.lfilter([1 - keep], [1, -keep], weight @ dff)
        own = coloured(rng, dff.shape[1], preset.frame_rate_hz, scene.neuropil_power)
        course = follows * _standard(crowd) + np.sqrt(1 - follows**2) * own
        courses[k] = total * np.sqrt(share) * course
    return Neuropil(maps.astype(np.float32), courses.astype(np.float32))


def coloured(
    rng: np.random.Generator, n_frames: int, frame_rate_hz: float, power: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a course (T,) of mean 0 and sd 1 with `power` at the centres of `TEMPORAL_EDGES`."""
    frequency = np.asarray(np.fft.rfftfreq(n_frames, 1 / frame_rate_hz), dtype=np.float64)
    spectrum = np.fft.rfft(rng.standard_normal(n_frames))
    spectrum *= np.sqrt(_interpolated(frequency, TEMPORAL_EDGES, power))
    spectrum[0] = 0
    return _standard(np.fft.irfft(spectrum, n_frames))


def _standard(course: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((course - course.mean()) / max(float(course.std()), 1e-9))


def _interpolated(
    frequency: NDArray[np.float64], edges: NDArray[np.float64], power: NDArray[np.float64]
) -> NDArray[np.float64]:
    centre = np.log(np.sqrt(edges[1:] * edges[:-1]))
    log = np.interp(np.log(np.maximum(frequency, 1e-6)), centre, np.log(power))
    return np.asarray(np.exp(log))


def _frequencies(preset: HybridPreset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, x = (
        np.asarray(np.fft.fftfreq(side, preset.pixel_size_um), dtype=np.float64) for side in preset.fov_shape
    )
    return y[:, None], x[None]


def _smooth_fields(
    rng: np.random.Generator, n: int, preset: HybridPreset, length_um: float
) -> NDArray[np.float64]:
    """Return n fields (n, Y, X) of mean 0 and sd 1 that vary over `length_um`."""
    sigma = length_um / preset.pixel_size_um / np.sqrt(2)
    pad = int(2 * sigma)
    shape = (n, preset.fov_shape[0] + 2 * pad, preset.fov_shape[1] + 2 * pad)
    fields = ndimage.gaussian_filter(rng.standard_normal(shape), (0, sigma, sigma), mode="wrap")
    fields = fields[:, pad : pad + preset.fov_shape[0], pad : pad + preset.fov_shape[1]]
    fields = fields - fields.mean(axis=(1, 2), keepdims=True)
    return np.asarray(fields / np.maximum(fields.std(axis=(1, 2), keepdims=True), 1e-9))
