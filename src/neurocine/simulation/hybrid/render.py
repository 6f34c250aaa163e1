"""From cells, neuropil and motion to noisy frames, made when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocine.simulation.hybrid.brain_motion import KNOTS

#: Keeps the noise apart from every other use of the seed.
_NOISE_STREAM = 104729
#: Frames are displaced by at most so many pixels.
MOST_PX = 6


@dataclass(frozen=True, eq=False)
class Camera:
    """How photons become counts.

    Attributes
    ----------
    gain, offset
        Counts of a photon, and of none.
    read_photons
        Standard deviation of the noise of darkness, photons.
    smear
        Share of the noise that neighbours on each side have in common, in [0, 0.5): resampling smears it.
    """

    gain: float
    offset: float
    read_photons: float
    smear: float

    def expose(self, photons: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint16]:
        """Return counts (Y, X) of a frame of mean `photons` (Y, X).

        Poisson noise is drawn as λ + √λ z + (z² − 1) / 6 with normal z (Cornish and Fisher): its mean,
        variance and skewness, at a fraction of the time.
        """
        z = self.smeared(rng.standard_normal(photons.shape, dtype=np.float32))
        variance = photons + np.float32(self.read_photons**2)
        skew = photons / (6 * variance)
        signal = photons + np.sqrt(variance) * z + skew * (z * z - 1)
        counts = np.float32(self.offset) + np.float32(self.gain) * signal
        return np.asarray(np.clip(np.rint(counts), 0, 65535), dtype=np.uint16)

    def smeared(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return independent normal noise `z` (Y, X) as neighbours share it, still of variance 1."""
        if self.smear:
            for axis in (0, 1):
                z = _smeared(z, np.float32(self.smear), axis)
        return z

    def noise(self, photons: NDArray[Any]) -> NDArray[np.float64]:
        """Return the standard deviation of a pixel of mean `photons`, in photons, same shape."""
        return np.asarray(np.sqrt(photons + self.read_photons**2))


@dataclass(frozen=True, eq=False)
class HybridFrames:
    """A hybrid movie as a `neurocine.core.FrameSource`: frames are rendered by slices of time.

    Attributes
    ----------
    fov_shape
        (Y, X).
    pictures
        Everything that shines, one column each, sparse (Y * X, M) float32, photons.
    courses
        How each shines over time, (M, T) float32.
    knots
        Displacement within each frame's scan, (T, K, 2) float32, pixels.
    camera
        Noise and counts.
    seed
        Seed of the noise; each frame has a stream of its own.
    """

    fov_shape: tuple[int, int]
    pictures: sparse.csr_array
    courses: NDArray[np.float32]
    knots: NDArray[np.float32]
    camera: Camera
    seed: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """(T, Y, X)."""
        return (self.courses.shape[1], *self.fov_shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Pixel type."""
        return np.dtype(np.uint16)

    def __getitem__(self, key: slice, /) -> NDArray[np.uint16]:
        """Render the frames `key`, (n, Y, X)."""
        times = range(self.shape[0])[key]
        if not len(times):
            return np.empty((0, *self.fov_shape), dtype=np.uint16)
        clean = self.clean(times)
        frames = np.empty(clean.shape, dtype=np.uint16)
        for index, t in enumerate(times):
            stream = np.random.Generator(np.random.SFC64([_NOISE_STREAM, *self.seed, t]))
            frames[index] = self.camera.expose(displaced(clean[index], self.knots[t]), stream)
        return frames

    def clean(self, times: range) -> NDArray[np.float32]:
        """Return frames without noise or motion, (n, Y, X) float32, photons."""
        light = self.pictures @ np.ascontiguousarray(self.courses[:, times.start : times.stop : times.step])
        np.maximum(light, np.float32(1e-3), out=light)
        return np.ascontiguousarray(light.T).reshape(len(times), *self.fov_shape)


def displaced(picture: NDArray[np.float32], knots: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `picture` (Y, X) with each row displaced as its moment in the scan says; edges repeat.

    Parameters
    ----------
    picture
        One frame.
    knots
        Displacement (down, right) at K evenly spaced moments of the scan, (K, 2), pixels.
    """
    return moved(picture, *(by_row(knots[:, axis], len(picture)) for axis in (0, 1)))


def by_row(knots: NDArray[np.float32], height: int) -> NDArray[np.float64]:
    """Return the displacement of each row, (height,), from that at the `knots` (K,) of the scan."""
    moment = np.linspace(0, KNOTS - 1, height)
    return np.clip(np.interp(moment, np.arange(KNOTS), knots), -MOST_PX, MOST_PX)


def moved(
    picture: NDArray[np.float32], down: NDArray[np.float64], right: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return `picture` (Y, X) with each row displaced by `down` and `right` pixels, (Y,); edges repeat."""
    height, width = picture.shape
    row = np.clip(np.arange(height) - down, 0, height - 1)
    above = np.minimum(row.astype(np.intp), max(height - 2, 0))
    share = (row - above).astype(np.float32)[:, None]
    blended = picture[above] + share * (picture[above + 1] - picture[above])
    padded = np.pad(blended, ((0, 0), (MOST_PX, MOST_PX + 1)), mode="edge")
    column = MOST_PX - right
    left = np.floor(column).astype(np.intp)
    share = (column - left).astype(np.float32)[:, None]
    start = left + np.arange(height) * padded.shape[1]
    place = start[:, None] + np.arange(width)
    flat = padded.ravel()
    here = flat.take(place)
    return np.asarray(here + share * (flat.take(place + 1) - here))


def _smeared(z: NDArray[np.float32], share: np.float32, axis: int) -> NDArray[np.float32]:
    """Return normal noise (Y, X), still of variance 1, that neighbours along `axis` share."""
    mixed = z.copy()
    ahead, behind = (slice(1, None), slice(None, -1)) if axis == 0 else (np.s_[:, 1:], np.s_[:, :-1])
    mixed[ahead] += share * z[behind]
    mixed[behind] += share * z[ahead]
    mixed /= np.sqrt(1 + 2 * share * share)
    return mixed
