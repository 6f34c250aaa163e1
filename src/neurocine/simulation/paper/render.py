"""From cells and calcium to noisy frames, made when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from neurocine.simulation.paper.activity import slow
from neurocine.simulation.paper.footprints import Footprints
from neurocine.simulation.presets import Preset

#: Smooth pictures whose slow fluctuations make the neuropil.
NEUROPIL_MODES = 4
#: Keeps the noise apart from every other use of the seed.
_NOISE_STREAM = 7919


@dataclass(frozen=True, eq=False)
class PaperFrames:
    """A simulated movie as a `neurocine.core.FrameSource`: frames are rendered by slices of time.

    Each frame has a random stream of its own, so that it is the same however the movie is cut into blocks.

    Attributes
    ----------
    baseline
        The picture at rest, (Y, X) float32, counts.
    footprints
        Weights of each cell's pixels, sparse (Y * X, N).
    calcium
        Fluorescence above rest, (N, T) float32, counts.
    neuropil_maps, neuropil
        Smooth pictures (K, Y, X) and their course (K, T), float32, counts.
    shifts
        Residual motion of each frame's content, (T, 2) float32, pixels.
    read_noise, shot_gain
        Noise variance is read_noise² + shot_gain · brightness, in counts.
    seed
        Seed of the noise.
    """

    baseline: NDArray[np.float32]
    footprints: sparse.csr_array
    calcium: NDArray[np.float32]
    neuropil_maps: NDArray[np.float32]
    neuropil: NDArray[np.float32]
    shifts: NDArray[np.float32]
    read_noise: float
    shot_gain: float
    seed: int

    @property
    def shape(self) -> tuple[int, ...]:
        """(T, Y, X)."""
        return (self.calcium.shape[1], *self.baseline.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Pixel type."""
        return np.dtype(np.uint16)

    def __getitem__(self, key: slice, /) -> NDArray[np.uint16]:
        """Render the frames `key`, (n, Y, X)."""
        times = range(self.shape[0])[key]
        if not len(times):
            return np.empty((0, *self.shape[1:]), dtype=np.uint16)
        clean = self.clean(times)
        frames = np.empty(clean.shape, dtype=np.uint16)
        for index, t in enumerate(times):
            picture = moved(clean[index], self.shifts[t])
            noise = np.random.default_rng([_NOISE_STREAM, self.seed, t]).standard_normal(
                picture.shape, dtype=np.float32
            )
            spread = np.sqrt(self.read_noise**2 + self.shot_gain * np.maximum(picture, 0))
            frames[index] = np.clip(np.rint(picture + spread * noise), 0, 65535)
        return frames

    def clean(self, times: range) -> NDArray[np.float32]:
        """Return frames without noise or motion, (n, Y, X) float32, counts."""
        columns = list(times)
        cells = (self.footprints @ self.calcium[:, columns]).T
        frames = cells.reshape(len(columns), *self.shape[1:]) + self.baseline
        for picture, course in zip(self.neuropil_maps, self.neuropil[:, columns], strict=True):
            frames += course[:, None, None] * picture
        return np.asarray(frames, dtype=np.float32)


def moved(picture: NDArray[np.float32], shift: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `picture` (Y, X) with its content displaced by `shift` pixels (down, right); edges repeat."""
    if not shift.any():
        return picture
    return np.asarray(ndimage.shift(picture, shift, order=1, mode="nearest", prefilter=False))


def make_scene(
    rng: np.random.Generator, preset: Preset, cells: Footprints, calcium: NDArray[np.float32], seed: int
) -> PaperFrames:
    """Draw brightness, noise, neuropil and motion of a movie of `cells` with unitless `calcium` (N, T)."""
    background = rng.uniform(*preset.background)
    n = len(calcium)
    resting = background * rng.uniform(*preset.cell_brightness, n)
    amplitude = background * rng.uniform(*preset.cell_amplitude, n)
    typical = background * float(np.mean(preset.cell_amplitude))
    noise = typical / np.exp(rng.uniform(*np.log(preset.pixel_snr)))
    shot = rng.uniform(*preset.shot_share)
    flat = cells.weight.reshape(n, -1).T
    footprints = sparse.csr_array(np.where(flat > 0.01, flat, 0).astype(np.float32))
    glow = _smooth_maps(rng, 1, preset.fov_shape)[0]
    baseline = background * (1 + 0.3 * glow) + (footprints @ resting).reshape(preset.fov_shape)
    neuropil = rng.uniform(*preset.neuropil_share) * typical / np.sqrt(NEUROPIL_MODES)
    courses = [slow(rng, preset.n_frames, (3.0, 80.0)) for _ in range(NEUROPIL_MODES)]
    return PaperFrames(
        baseline=baseline.astype(np.float32),
        footprints=footprints,
        calcium=(calcium * amplitude[:, None]).astype(np.float32),
        neuropil_maps=_smooth_maps(rng, NEUROPIL_MODES, preset.fov_shape),
        neuropil=(neuropil * np.stack(courses)).astype(np.float32),
        shifts=_jitter(rng, preset),
        read_noise=float(noise * np.sqrt(1 - shot)),
        shot_gain=float(noise**2 * shot / baseline.mean()),
        seed=seed,
    )


def _smooth_maps(rng: np.random.Generator, n: int, fov_shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return n smooth pictures (n, Y, X) within [-1, 1]."""
    smooth = ndimage.gaussian_filter(rng.standard_normal((n, *fov_shape)), (0, 14, 14), mode="reflect")
    return np.asarray(smooth / np.abs(smooth).max(axis=(1, 2), keepdims=True), dtype=np.float32)


def _jitter(rng: np.random.Generator, preset: Preset) -> NDArray[np.float32]:
    return np.asarray(rng.normal(0, rng.uniform(*preset.jitter_px), (preset.n_frames, 2)), dtype=np.float32)
