"""How a movie's counts follow from its photons, measured in the movie itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError, Movie

#: Stretches of frames that are looked at, and the frames of each.
STRETCHES, STRETCH_FRAMES = 16, 48
#: Groups of equally bright pixels; in each the median of the variances counts, so that few cells don't.
BRIGHTNESSES = 24
#: A stretch's second differences x(t) - (x(t - 1) + x(t + 1)) / 2 have this many times the noise's variance.
SECOND_DIFFERENCE = 1.5
#: Largest share of noise that neighbours on each side have in common (`smeared`).
MOST_SMEAR = 0.5


@dataclass(frozen=True)
class Light:
    """How photons become counts.

    Attributes
    ----------
    gain
        Counts of a photon.
    zero
        Counts at which noise would vanish: those of darkness, less the read noise's variance over the gain.
    smear
        Share of a pixel's noise that each of its neighbours has, too: resampling smears it.
    """

    gain: float
    zero: float
    smear: float

    @property
    def spread(self) -> float:
        """Return how much larger the variance of a sum of many smeared pixels is than of independent ones."""
        return float(((1 + 2 * self.smear) ** 2 / (1 + 2 * self.smear**2)) ** 2)

    def stabilised(self, counts: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return `counts`, any shape, where noise is everywhere the same: the root after Anscombe (1948)."""
        shifted = counts - np.float32(self.zero - 0.375 * self.gain)
        return np.asarray(np.sqrt(np.maximum(shifted, np.float32(0))))

    def counts(self, stabilised: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the counts of `stabilised` values; what is below 0 is the darkest."""
        root = np.maximum(stabilised, np.float32(0))
        return np.asarray(root * root + np.float32(self.zero - 0.375 * self.gain))

    def drawn(self, photons: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Return counts (n, Y, X) of so many mean `photons`, drawn as Poisson; their noise is smeared."""
        noise = (rng.poisson(photons) - photons).astype(np.float32)
        return np.asarray(np.float32(self.gain) * (photons + smeared(noise, self.smear)))


def smeared(noise: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Return `noise` (n, Y, X) as neighbours share it; the variance of a pixel stays."""
    if not share:
        return noise
    for axis in (1, 2):
        edge = [(0, 0)] * 3
        edge[axis] = (1, 1)
        padded = np.pad(noise, edge)
        n = noise.shape[axis]
        around = padded.take(range(n), axis) + padded.take(range(2, n + 2), axis)
        noise = np.asarray((noise + share * around) / np.sqrt(1 + 2 * share**2), dtype=np.float32)
    return noise


def measured_light(movie: Movie) -> Light:
    """Return gain, zero and smear of a movie (the photon transfer curve, Janesick 2007).

    The noise of a pixel is taken from second differences of successive frames, in which slow changes cancel;
    its variance grows with the mean by the gain.

    Raises
    ------
    InputError
        If the noise doesn't grow with the brightness.
    """
    mean, variance, correlation = _noise(movie)
    order = np.argsort(mean)
    groups = np.array_split(order, min(BRIGHTNESSES, len(order)))
    x = np.array([mean[group].mean() for group in groups])
    y = np.array([np.median(variance[group]) for group in groups])
    gain, intercept = np.polyfit(x, y, 1, w=1 / np.maximum(y, y.max() * 1e-3)) if y.max() > 0 else (0.0, 0.0)
    if not gain > 0:
        raise InputError(
            movie.source,
            "noise",
            "doesn't grow with the brightness, so that photons can't be told from counts",
            "Use the movie as it was recorded: not denoised, averaged or normalised.",
        )
    c = float(np.clip(correlation, 0.0, 0.7))
    smear = min((1 - np.sqrt(1 - 2 * c**2)) / (2 * c), MOST_SMEAR) if c > 1e-3 else 0.0
    return Light(float(gain), float(-intercept / gain), float(smear))


def second_differences(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each of `values` (T, ...) less the mean of those before and after it, (T - 2, ...)."""
    return np.asarray(values[1:-1] - (values[:-2] + values[2:]) / 2)


def _noise(movie: Movie) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return mean and noise variance of each pixel, (Y * X,), and how neighbours' noise correlates."""
    length = min(STRETCH_FRAMES, movie.n_frames)
    starts = np.unique(np.linspace(0, movie.n_frames - length, STRETCHES).astype(int))
    total, squares = np.zeros((2, *movie.fov_shape))
    pairs = np.zeros(2)
    n = n_frames = 0
    for start in starts.tolist():
        valid = movie.valid[start : start + length]
        if not valid.all() or length < 3:
            continue
        frames = movie.read(start, start + length).astype(np.float64)
        noise = second_differences(frames)
        total += frames.sum(axis=0)
        squares += (noise**2).sum(axis=0)
        pairs += [
            _mean_correlation(noise[:, 1:], noise[:, :-1]),
            _mean_correlation(noise[:, :, 1:], noise[:, :, :-1]),
        ]
        n += len(noise)
        n_frames += length
    if not n:
        raise InputError(
            movie.source, "frames", f"no {STRETCH_FRAMES} successive ones hold data", "Use a longer movie."
        )
    variance = squares / n / SECOND_DIFFERENCE
    correlation = float(pairs.mean() / (n_frames // length))
    return (total / n_frames).ravel(), variance.ravel(), correlation


def _mean_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the median over pixels of the correlation over time of `a` and `b` (n, Y, X)."""
    norm = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    known = norm > 0
    return float(np.median((a * b).sum(axis=0)[known] / norm[known])) if known.any() else 0.0
