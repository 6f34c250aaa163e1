"""Events of ΔF/F as the mean of sampled spike trains (Pnevmatikakis et al. 2013, 2016).

The model of a trace y of T frames, in units of its noise::

    y(t) = b + c d^t + A sum_u n(u) k(t - u) + e(t),   n(u) ~ Poisson(r),   e(t) ~ N(0, s^2)

with a transient k that rises and decays exponentially to and from a peak of 1, and the calcium c that is left
from before the movie. Everything but the rise is sampled in turn from its distribution given all else: the
numbers of events n (`neurocine.traces.spike_trains`), the amplitude A, the baseline b, c, the variance s^2,
the rate r and the decay.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.special import log_ndtr, ndtri_exp

from neurocine.config import McmcDeconvolution
from neurocine.core import InputError
from neurocine.traces.deconvolution import MIN_FRAMES, DeconvolutionRequest, Deconvolved
from neurocine.traces.spike_trains import Floats, Trains, sweep, transients

#: Largest ratio of a learned decay and the indicator's, in both directions.
DECAY_FACTOR = 2.0
#: Standard deviation of the steps of its logarithm.
DECAY_STEP = 0.08
#: Height at which a transient with the longest decay is cut off.
TAIL = 0.02
#: Default ratio of rise and decay: GCaMP6s peaks 0.18 s after an action potential and has decayed to
#: half 0.55 s later (Chen et al. 2013).
RISE_SHARE = 1 / 12
#: Frames of all chains that are sampled at the same time.
FRAMES_AT_ONCE = 160_000


def deconvolve(request: DeconvolutionRequest) -> Deconvolved:
    """Return the mean number of events per frame, from ΔF/F.

    A trace without noise or with fewer than `MIN_FRAMES` frames has no events.
    """
    traces = request.traces
    dff = traces.dff
    events = np.zeros(dff.shape, dtype=np.float32)
    if not len(dff) or dff.shape[1] < MIN_FRAMES:
        return Deconvolved(events, dff)
    noise = traces.noise
    rows = np.flatnonzero(noise > 0)
    at_once = max(1, FRAMES_AT_ONCE // dff.shape[1])
    for start in range(0, len(rows), at_once):
        batch = rows[start : start + at_once]
        scaled = dff[batch] / noise[batch, None]
        events[batch] = sample(scaled, traces.frame_rate_hz, request.decay_s, request.settings.mcmc)
        request.progress("deconvolution", start + len(batch), len(rows))
    return Deconvolved(events, dff)


def sample(
    traces: Floats, frame_rate_hz: float, decay_s: float, settings: McmcDeconvolution
) -> NDArray[np.float64]:
    """Return the posterior mean of the number of events in each frame, (N, T).

    Parameters
    ----------
    traces
        (N, T), in units of noise.
    frame_rate_hz
        Frames per second.
    decay_s
        Decay time of the indicator in seconds.
    settings
        Priors, and number of samples. The same trace gives the same samples.
    """
    chains = _Chains(traces, frame_rate_hz, decay_s, settings)
    total = np.zeros(traces.shape)
    for turn in range(settings.burn_in + settings.samples):
        chains.step(turn)
        if turn >= settings.burn_in:
            total += chains.trains.counts[:, : traces.shape[1]]
    return total / settings.samples


def _rise_s(decay_s: float, settings: McmcDeconvolution) -> float:
    if settings.rise_s is None:
        return RISE_SHARE * decay_s
    shortest = decay_s / (DECAY_FACTOR if settings.learn_decay else 1)
    if settings.rise_s >= shortest:
        raise InputError(
            "config",
            "traces.mcmc.rise_s",
            f"is {settings.rise_s:g} s, the shortest decay {shortest:g} s",
            "Give less: a transient rises faster than it decays.",
        )
    return settings.rise_s


class _Chains:
    """N chains and their present state, in frames and units of noise."""

    def __init__(
        self, traces: Floats, frame_rate_hz: float, decay_s: float, settings: McmcDeconvolution
    ) -> None:
        n = len(traces)
        self.traces = np.asarray(traces, dtype=np.float64)
        self.settings = settings
        self.indicator = decay_s * frame_rate_hz
        self.rise = _rise_s(decay_s, settings) * frame_rate_hz
        longest = self.indicator * (DECAY_FACTOR if settings.learn_decay else 1)
        self.length = max(3, int(np.ceil(-np.log(TAIL) * longest)))
        self.reach = int(np.clip(round(self.indicator / 2), 1, self.length - 1))
        self.prior_frames = frame_rate_hz / settings.rate_hz
        self.generators = [
            np.random.default_rng([settings.seed, zlib.crc32(row.astype("<f4").tobytes())]) for row in traces
        ]
        self.decay = np.full(n, self.indicator)
        self.shapes = transients(self.decay, self.rise, self.length)
        self.baseline = np.median(self.traces, axis=1)
        self.scale = np.maximum(np.percentile(self.traces, 99.5, axis=1) - self.baseline, 1.0)
        self.amplitude = np.maximum(self.scale, settings.min_amplitude)
        self.initial = np.zeros(n)
        self.variance = np.ones(n)
        self.rate = np.full(n, 1 / self.prior_frames)
        self.trains = Trains.empty(self.traces - self.baseline[:, None], self.length + self.reach)

    def step(self, turn: int) -> None:
        """Draw all parameters once."""
        sweep(
            self.trains,
            self.shapes,
            self.amplitude,
            self.variance,
            self.rate,
            1 + turn % self.reach,
            self.generators,
        )
        calcium = self._calcium(self.shapes)
        if self.settings.learn_decay:
            calcium = self._draw_decay(calcium)
        self._draw_levels(calcium)
        left = self._left(calcium)
        n_frames = left.shape[1]
        squares = (left**2).sum(axis=1)
        self.variance = (1 + squares / 2) / self._each(lambda g: g.standard_gamma(1 + n_frames / 2))
        events = self.trains.counts.sum(axis=1)
        drawn = np.array([g.standard_gamma(1 + n) for g, n in zip(self.generators, events, strict=True)])
        self.rate = drawn / (self.prior_frames + n_frames)
        self.trains.residual[:, :n_frames] = left

    def _draw_decay(self, calcium: Floats) -> Floats:
        """Propose another decay for each chain; return the calcium with the decay that it has afterwards."""
        step = self._each(lambda g: g.standard_normal())
        decay = self.decay * np.exp(DECAY_STEP * step)
        shapes = transients(decay, self.rise, self.length)
        other = self._calcium(shapes)
        gain = (self._left(calcium) ** 2 - self._left(other, decay) ** 2).sum(axis=1) / (2 * self.variance)
        allowed = np.abs(np.log(decay / self.indicator)) <= np.log(DECAY_FACTOR)
        taken = (-self._each(lambda g: g.standard_exponential()) < gain) & allowed
        self.decay = np.where(taken, decay, self.decay)
        self.shapes = np.where(taken[:, None], shapes, self.shapes)
        return np.where(taken[:, None], other, calcium)

    def _draw_levels(self, calcium: Floats) -> None:
        """Draw amplitude, baseline and initial calcium, one after the other."""
        least = self.settings.min_amplitude
        left = self._left(calcium)
        left += self.amplitude[:, None] * calcium
        self.amplitude = self._normal(left, calcium, self.scale, least)
        left -= self.amplitude[:, None] * calcium
        left += self.baseline[:, None]
        self.baseline = self._normal(left, np.ones_like(left), np.full(len(left), np.inf), -np.inf)
        left -= self.baseline[:, None]
        tail = self._tail(self.decay)
        left += self.initial[:, None] * tail
        self.initial = self._normal(left, tail, self.scale, 0.0)

    def _normal(self, left: Floats, regressor: Floats, sd: Floats, least: float) -> Floats:
        """Draw the factor of `regressor` (N, T) in `left`, of a normal prior with `sd` (N,) from `least`."""
        precision = (regressor**2).sum(axis=1) / self.variance + 1 / sd**2
        mean = (regressor * left).sum(axis=1) / self.variance / precision
        width = 1 / np.sqrt(precision)
        beyond = log_ndtr((mean - least) / width)
        log_share = -self._each(lambda g: g.standard_exponential())
        return np.asarray(np.maximum(mean - width * ndtri_exp(log_share + beyond), least))

    def _calcium(self, shapes: Floats) -> Floats:
        """Return the events with a transient of 1 each, (N, T)."""
        n_frames = self.traces.shape[1]
        size = fft.next_fast_len(n_frames + self.length, real=True)
        counts = fft.rfft(self.trains.counts[:, :n_frames].astype(np.float64), size)
        return np.asarray(fft.irfft(counts * fft.rfft(shapes, size), size)[:, :n_frames])

    def _left(self, calcium: Floats, decay: Floats | None = None) -> Floats:
        """Return the residual of the model, (N, T)."""
        tail = self._tail(self.decay if decay is None else decay)
        fit = self.baseline[:, None] + self.initial[:, None] * tail + self.amplitude[:, None] * calcium
        return np.asarray(self.traces - fit)

    def _tail(self, decay: Floats) -> Floats:
        return np.asarray(np.exp(-np.arange(self.traces.shape[1]) / decay[:, None]))

    def _each(self, draw: Callable[[np.random.Generator], float]) -> Floats:
        return np.array([draw(generator) for generator in self.generators])
