"""Prominent spikes in ΔF/F by a matched filter, and their detectability (Soltanian-Zadeh et al. 2019).

Section "Spike Detection and Discriminability Index", Eq. 4-8, after Wilt, Fitzgerald and Schnitzer (2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d
from scipy.signal import fftconvolve
from scipy.special import ndtri

from neurocine.core import InputError
from neurocine.core.indicators import decay_s
from neurocine.core.validate import positive
from neurocine.traces.events import noise_level

#: Decay after one action potential, seconds: .2 and .8 are the paper's (Eq. 5 of the half-decays that Chen et
#: al. 2013 measured in mouse visual cortex, as the third is). Others: `neurocine.segmentation.decay_s`.
SPIKE_DECAY_S = {"gcamp6f": 0.2, "gcamp6m": 0.58, "gcamp6s": 0.8}
#: Step by which a threshold without spikes is lowered.
STEP = 0.2


@dataclass(frozen=True, kw_only=True)
class SpikeSettings:
    """Settings of the spike detection.

    Attributes
    ----------
    amplitude
        Height of the template, ΔF/F.
    template_s
        Its length, seconds.
    apart_s
        A spike is the maximum of the filtered trace within this distance, seconds. The paper's window of 1 s
        (.5 s here) keeps only the largest spike of a burst, which then ends too early.
    miss
        P_N, the fraction of spikes that may be missed.
    rate_hz
        λ, spikes per second of a neuron; at most half the frame rate is used.
    min_dprime
        Least discriminability of a spike; None: from `miss` and `rate_hz` (Eq. 8).
    lowest_dprime
        Limit to which the threshold is lowered, by `STEP`, for a neuron without spikes; None: it isn't
        lowered.

    Raises
    ------
    InputError
        If a value is out of range.
    """

    amplitude: float = 0.15
    template_s: float = 1.0
    apart_s: float = 0.2
    miss: float = 0.035
    rate_hz: float = 2.9
    min_dprime: float | None = None
    lowest_dprime: float | None = None

    def __post_init__(self) -> None:
        for name, unit in (("amplitude", "ΔF/F"), ("template_s", "s"), ("apart_s", "s"), ("rate_hz", "Hz")):
            positive(getattr(self, name), "spikes", name, unit)
        if not 0 < self.miss < 0.5:
            raise InputError("spikes", "miss", f"is {self.miss}", "Give a share above 0, below .5.")

    def threshold(self, frame_rate_hz: float) -> float:
        """Return the least d' at a frame rate (Eq. 8, 3.6 at the paper's 6 Hz)."""
        if self.min_dprime is not None:
            return self.min_dprime
        return min_dprime(self.miss, self.rate_hz, frame_rate_hz)


@dataclass(frozen=True, eq=False)
class Spikes:
    """S spikes of N cells, ordered by cell, then frame.

    Attributes
    ----------
    cell, frame
        Which cell, and in which frame the template fits best, (S,) int64.
    dprime
        How many standard deviations of its noise the filtered trace is above rest, (S,) float64.
    """

    cell: NDArray[np.int64]
    frame: NDArray[np.int64]
    dprime: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.cell)


def spike_decay_s(indicator: str) -> float:
    """Return τ of the template in seconds; case, a leading ``j`` and punctuation of the name don't matter."""
    plain = "".join(character for character in indicator.lower() if character.isalnum())
    return SPIKE_DECAY_S.get(plain.removeprefix("j"), decay_s(indicator))


def half_decay_s(tau_s: float) -> float:
    """Return the half-decay time of a decay time constant (Eq. 5)."""
    return float(tau_s * np.log(2))


def min_dprime(miss: float, rate_hz: float, frame_rate_hz: float) -> float:
    """Return the d' at which misses and false alarms balance (Eq. 7 and 8).

    Parameters
    ----------
    miss
        P_N, the fraction of spikes that are missed.
    rate_hz
        λ, spikes per second; at most half the frame rate is used.
    frame_rate_hz
        Frames per second.
    """
    rate = min(rate_hz, frame_rate_hz / 2)
    false_alarm = miss * rate / (frame_rate_hz - rate)
    return float(ndtri(1 - miss) - ndtri(false_alarm))


def template(frame_rate_hz: float, tau_s: float, settings: SpikeSettings) -> NDArray[np.float64]:
    """Return S of Eq. 4: ΔF/F from a spike on, (n,)."""
    n = max(1, round(settings.template_s * frame_rate_hz))
    return np.asarray(settings.amplitude * np.exp(-np.arange(n) / (frame_rate_hz * tau_s)))


def matched_filter(
    dff: NDArray[np.floating[Any]], shape: NDArray[np.float64], photons: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return L of Eq. 4, (N, T): log-likelihood ratio of a spike in each frame, for Poisson light.

    Parameters
    ----------
    dff
        ΔF/F, (N, T); assumed to be 0 after its end.
    shape
        Template S, (n,).
    photons
        F0, photons per frame at rest, (N,).
    """
    weight = np.log1p(shape)
    n = len(shape)
    response = fftconvolve(dff.astype(np.float64), weight[None, ::-1], axes=1)[:, n - 1 :]
    return np.asarray(photons[:, None] * (response + (weight - shape).sum()))


def photon_rate(dff: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return F0 of Eq. 4, (N,): the photons per frame at which Poisson light is as noisy as ΔF/F (N, T).

    Camera counts aren't photons, and pixels share noise; the noise of ΔF/F, whose variance is 1 / F0,
    includes both effects. A trace without noise gets 0: it has no detectable spikes.
    """
    noise = noise_level(dff)
    return np.where(noise > 0, 1 / np.where(noise > 0, noise, 1) ** 2, 0)


def find_spikes(
    dff: NDArray[np.floating[Any]],
    frame_rate_hz: float,
    tau_s: float,
    settings: SpikeSettings = SpikeSettings(),
) -> Spikes:
    """Return the spikes of ΔF/F traces.

    A spike is a local maximum of L (Eq. 4) above the detection threshold (Eq. 6) with a sufficient d' (Eq.
    8). In traces as dim as their noise every maximum is above the threshold, so d' decides.

    Parameters
    ----------
    dff
        ΔF/F of N cells, (N, T).
    frame_rate_hz
        Frames per second.
    tau_s
        Decay time constant of the template, seconds.
    settings
        Settings of the detection.
    """
    if not dff.size:
        none = np.empty(0, dtype=np.int64)
        return Spikes(none, none, np.empty(0))
    shape = template(frame_rate_hz, tau_s, settings)
    photons = photon_rate(dff)
    likelihood = matched_filter(dff, shape, photons)
    dprime = _in_noise(likelihood, shape, photons)
    reach = round(settings.apart_s * frame_rate_hz)
    highest = likelihood == maximum_filter1d(likelihood, 2 * reach + 1, axis=1, mode="nearest")
    candidate = highest & (likelihood >= detection_threshold(shape, photons, settings.miss)[:, None])
    candidate &= photons[:, None] > 0
    needed = _needed(np.where(candidate, dprime, -np.inf).max(axis=1), frame_rate_hz, settings)
    cell, frame = np.nonzero(candidate & (dprime >= needed[:, None]))
    return Spikes(cell.astype(np.int64), frame.astype(np.int64), dprime[cell, frame])


def detection_threshold(
    shape: NDArray[np.float64], photons: NDArray[np.float64], miss: float
) -> NDArray[np.float64]:
    """Return γ of Eq. 6, (N,): L of a fraction `miss` of spikes of the template's height is lower."""
    weight = np.log1p(shape)
    mean = photons * (-shape + (1 + shape) * weight).sum()
    spread = np.sqrt(photons * ((1 + shape) * weight**2).sum())
    return np.asarray(mean + spread * ndtri(miss))


def _in_noise(
    likelihood: NDArray[np.float64], shape: NDArray[np.float64], photons: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return `likelihood` (N, T) less its mean at rest, in standard deviations at rest."""
    weight = np.log1p(shape)
    rest = photons * (weight - shape).sum()
    spread = np.sqrt(photons * (weight**2).sum())
    return np.asarray((likelihood - rest[:, None]) / np.where(spread > 0, spread, 1)[:, None])


def _needed(best: NDArray[np.float64], frame_rate_hz: float, settings: SpikeSettings) -> NDArray[np.float64]:
    """Return the least d' of each cell, (N,), lowered in steps to its best d' if the settings allow it."""
    usual = settings.threshold(frame_rate_hz)
    if settings.lowest_dprime is None:
        return np.full(len(best), usual)
    steps = np.ceil(np.maximum(usual - best, 0) / STEP - 1e-9)
    return np.maximum(usual - STEP * np.where(np.isfinite(steps), steps, 0), settings.lowest_dprime)
