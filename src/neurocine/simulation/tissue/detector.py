"""The detector: photons, their pulses, the converter, and what the scanner adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.simulation.hybrid.presets import log_uniform
from neurocine.simulation.hybrid.render import Camera
from neurocine.simulation.tissue.ranges import TissuePreset

#: Photons of a pixel up to which they are counted one by one; above, their distribution is nearly normal.
COUNTED = 6.0
#: Most photons that a counted pixel gets: more are less likely than 1e-9.
MOST_PHOTONS = 40


@dataclass(frozen=True, eq=False)
class Detector(Camera):
    """How photons become counts.

    Attributes
    ----------
    gain, offset, read_photons, smear
        As of a `Camera`.
    pulse_spread
        Standard deviation of the counts of one photon relative to their mean.
    full_scale
        Largest count.
    row_noise, hum, hum_per_row, hum_per_frame
        Noise common to a row and amplitude of a hum, photons; the hum's cycles a row and a frame.
    """

    pulse_spread: float
    full_scale: float
    row_noise: float
    hum: float
    hum_per_row: float
    hum_per_frame: float

    def detect(self, photons: NDArray[np.float32], t: int, rng: np.random.Generator) -> NDArray[np.uint16]:
        """Return counts (Y, X) of frame `t`, of mean `photons` (Y, X)."""
        noise = self._detected(photons, rng) - photons
        rows = self.row_noise * rng.standard_normal(len(photons), dtype=np.float32)
        cycles = self.hum_per_row * np.arange(len(photons)) + self.hum_per_frame * t
        rows = rows + self.hum * np.sin(2 * np.pi * cycles).astype(np.float32)
        signal = photons + self.smeared(noise) + rows[:, None].astype(np.float32)
        counts = np.float32(self.offset) + np.float32(self.gain) * signal
        return np.asarray(np.clip(np.rint(counts), 0, self.full_scale), dtype=np.uint16)

    def noise(self, photons: NDArray[Any]) -> NDArray[np.float64]:
        """Return the standard deviation of a pixel of mean `photons`, in photons, same shape."""
        return np.asarray(np.sqrt(photons * (1 + self.pulse_spread**2) + self.read_photons**2))

    def _detected(self, photons: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Return what is detected, in units of a photon's mean counts, without what rows share."""
        z = rng.standard_normal(photons.shape, dtype=np.float32)
        spread, read = np.float32(self.pulse_spread**2), np.float32(self.read_photons**2)
        dim = photons < COUNTED
        detected = np.empty(0, dtype=np.float32)
        if dim.any():
            counted = poisson(np.minimum(photons, np.float32(COUNTED)), rng)
            detected = counted + np.sqrt(counted * spread + read) * z
            if dim.all():
                return np.asarray(detected)
        variance = photons * (1 + spread) + read
        # Mean, variance and skewness as of Poisson's distribution (Cornish and Fisher).
        bright = photons + np.sqrt(variance) * z + photons / (6 * variance) * (z * z - 1)
        return np.where(dim, detected, bright) if dim.any() else bright


def poisson(mean: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return Poisson numbers of small `mean`, same shape, by inversion of their distribution."""
    chance = rng.random(mean.shape, dtype=np.float32)
    term = np.exp(-mean)
    below = term.copy()
    number = np.zeros_like(mean)
    for k in range(1, MOST_PHOTONS):
        more = chance > below
        if not more.any():
            break
        number += more
        term *= mean / np.float32(k)
        below += term
    return number


def draw_detector(rng: np.random.Generator, preset: TissuePreset, photons: float) -> Detector:
    """Draw the detector of a movie whose background has `photons` a pixel."""
    ranges = preset.detector
    full_scale = float(rng.choice(ranges.full_scale))
    headroom = float(log_uniform(rng, ranges.headroom))
    gain = min(float(log_uniform(rng, ranges.counts_per_photon)), full_scale / (headroom * photons))
    gain = max(gain, 1.0)
    spread, dark = rng.uniform(*ranges.pulse_spread), rng.uniform(*ranges.dark_photons)
    pixel = float(np.sqrt(photons * (1 + spread**2) + dark**2))
    return Detector(
        gain=gain,
        offset=gain * rng.uniform(*ranges.zero),
        read_photons=dark,
        smear=rng.uniform(*ranges.smear),
        pulse_spread=spread,
        full_scale=full_scale,
        row_noise=pixel * _sometimes(rng, rng.uniform(*ranges.row_noise)),
        hum=pixel * _sometimes(rng, rng.uniform(*ranges.hum)),
        hum_per_row=rng.uniform(0.002, 0.4),
        hum_per_frame=rng.uniform(0, 1),
    )


def _sometimes(rng: np.random.Generator, value: float) -> float:
    """Return `value` in half of the movies, else 0."""
    return value if rng.uniform() < 0.5 else 0.0
