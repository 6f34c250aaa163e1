"""How cells of tissue fire: as recorded, in bursts, or all the time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocine.simulation.hybrid.activity import own_train
from neurocine.simulation.hybrid.presets import log_uniform
from neurocine.simulation.library import RecordedNeuron
from neurocine.simulation.tissue.ranges import TissuePreset

#: Intervals of the spikes of a burst, s; the time over which a tonic rate wanders, s.
INTERVAL_S, WANDER_S = (0.004, 0.04), 5.0


@dataclass(frozen=True, eq=False)
class Trains:
    """Draws trains for `neurocine.simulation.hybrid.activity.draw_cells`; `shares` are those of its kinds."""

    preset: TissuePreset
    shares: NDArray[np.float64]

    @staticmethod
    def drawn(rng: np.random.Generator, preset: TissuePreset) -> Trains:
        """Return the trains of one movie."""
        ranges = preset.trains
        weights = np.array([1.0, rng.uniform(*ranges.bursting), rng.uniform(*ranges.tonic)])
        return Trains(preset, weights / weights.sum())

    def __call__(
        self,
        rng: np.random.Generator,
        kind: str,
        neuron: RecordedNeuron,
        duration_s: float,
        events_s: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return spikes (S,) of one cell, seconds from frame 0."""
        way = rng.choice(("recorded", "bursting", "tonic"), p=self.shares)
        if kind == "interneuron" or way == "recorded":
            return own_train(self.preset, rng, kind, neuron, duration_s, events_s)
        ranges = self.preset.trains
        if way == "bursting":
            per_min = float(log_uniform(rng, ranges.bursts_per_min))
            size = float(log_uniform(rng, ranges.spikes_per_burst))
            return bursting(rng, duration_s, per_min, size, events_s)
        return tonic(rng, duration_s, float(log_uniform(rng, ranges.tonic_hz)))


def bursting(
    rng: np.random.Generator, duration_s: float, per_min: float, size: float, events_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return bursts of about `size` spikes at random times, `per_min`, and one at each of `events_s`."""
    start = np.concatenate([rng.uniform(0, duration_s, rng.poisson(per_min * duration_s / 60)), events_s])
    count = 1 + rng.poisson(max(size - 1, 0.0), len(start))
    interval = rng.uniform(*INTERVAL_S) * rng.lognormal(0, 0.3, count.sum())
    after = np.concatenate(
        [np.cumsum(part) for part in np.split(interval, np.cumsum(count)[:-1])] or [interval]
    )
    spikes = np.sort(np.repeat(start, count) + after)
    return np.asarray(spikes[(spikes >= 0) & (spikes < duration_s)])


def tonic(rng: np.random.Generator, duration_s: float, rate_hz: float) -> NDArray[np.float64]:
    """Return spikes at a rate that wanders by a factor of 2 about `rate_hz`."""
    knots = np.arange(0, duration_s + WANDER_S, WANDER_S)
    rate = rate_hz * np.exp2(rng.uniform(-1, 1, len(knots)))
    candidate = np.sort(rng.uniform(0, duration_s, rng.poisson(2 * rate_hz * duration_s)))
    kept = rng.uniform(0, 2 * rate_hz, len(candidate)) < np.interp(candidate, knots, rate)
    return np.asarray(candidate[kept])
