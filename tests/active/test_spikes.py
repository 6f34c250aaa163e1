"""The matched filter and what it calls a spike."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from neurocine.active.spikes import (
    SpikeSettings,
    detection_threshold,
    find_spikes,
    half_decay_s,
    matched_filter,
    min_dprime,
    photon_rate,
    spike_decay_s,
    template,
)
from neurocine.core import InputError

RATE, TAU = 10.0, 0.8
USUAL = SpikeSettings()


def traces(frames: list[int], height: float, noise: float = 0.02, n: int = 600) -> np.ndarray:
    """Return ΔF/F (1, n) with a spike at each of `frames`, and its noise."""
    impulses = np.zeros(n)
    impulses[frames] = height
    decay = np.exp(-np.arange(60) / (RATE * TAU))
    return (np.convolve(impulses, decay)[:n] + np.random.default_rng(0).normal(0, noise, n))[None]


def test_threshold_is_the_papers() -> None:
    assert min_dprime(0.035, 2.9, 6.0) == pytest.approx(3.6, abs=0.06)
    # Where spikes are taken for as frequent as frames without, both errors are equally rare.
    assert min_dprime(0.035, 2.9, 3.0) == pytest.approx(2 * norm.ppf(1 - 0.035))
    assert min_dprime(0.035, 2.9, 30.0) > min_dprime(0.035, 2.9, 10.0)
    assert SpikeSettings(min_dprime=1.7).threshold(30.0) == 1.7


def test_decay_times() -> None:
    assert [spike_decay_s(name) for name in ("GCaMP6f", "GCaMP6s", "jGCaMP8m")] == [0.2, 0.8, 0.35]
    assert 3.5 * half_decay_s(spike_decay_s("gcamp6f")) == pytest.approx(0.5, abs=0.02)


def test_filter_is_equation_4() -> None:
    shape = template(RATE, TAU, USUAL)
    assert len(shape) == 10
    assert shape[0] == 0.15
    dff = np.random.default_rng(1).normal(0, 0.1, (2, 40))
    photons = np.array([50.0, 400.0])
    likelihood = matched_filter(dff, shape, photons)
    assert likelihood.shape == dff.shape
    t = 7
    for cell in range(2):
        window = dff[cell, t : t + len(shape)]
        by_hand = photons[cell] * np.sum(-shape + (1 + window) * np.log(1 + shape))
        assert likelihood[cell, t] == pytest.approx(by_hand)


def test_detection_threshold_misses_what_it_may() -> None:
    rng = np.random.default_rng(2)
    shape = template(RATE, TAU, USUAL)
    photons = np.full(4000, 800.0)
    light = rng.poisson(800 * (1 + shape), (4000, len(shape)))
    likelihood = matched_filter(light / 800 - 1, shape, photons)[:, 0]
    missed = np.mean(likelihood < detection_threshold(shape, photons, 0.035))
    assert missed == pytest.approx(0.035, abs=0.012)


def test_photon_rate_of_poisson_light() -> None:
    light = np.random.default_rng(3).poisson(500, (3, 4000))
    assert photon_rate(light / 500 - 1) == pytest.approx([500] * 3, rel=0.1)
    assert photon_rate(np.zeros((1, 50))).tolist() == [0]


def test_spikes_are_found_where_they_are() -> None:
    frames = [50, 200, 206, 400]
    detected = find_spikes(traces(frames, 0.4), RATE, TAU)
    assert detected.frame.tolist() == frames
    assert set(detected.cell.tolist()) == {0}
    assert detected.dprime.min() > 10


def test_dprime_is_height_over_noise() -> None:
    for height, noise in ((0.4, 0.02), (0.4, 0.05), (0.2, 0.02)):
        detected = find_spikes(traces([300], height, noise), RATE, TAU)
        one = detected.dprime[np.argmin(np.abs(detected.frame - 300))]
        shape = np.exp(-np.arange(10) / (RATE * TAU))
        assert one == pytest.approx(height / noise * np.linalg.norm(shape), rel=0.2)


def test_noise_alone_has_next_to_no_spikes() -> None:
    noise = np.random.default_rng(4).normal(0, 0.05, (50, 2000))
    assert len(np.unique(find_spikes(noise, RATE, TAU).cell)) <= 10
    assert len(find_spikes(noise, RATE, TAU, SpikeSettings(min_dprime=6))) == 0


def test_two_close_spikes_are_one() -> None:
    dff = traces([300, 304], 0.4)
    assert len(find_spikes(dff, RATE, TAU)) == 2
    assert len(find_spikes(dff, RATE, TAU, SpikeSettings(apart_s=1.0))) == 1


def test_threshold_is_lowered_for_the_silent_alone() -> None:
    both = np.concatenate([traces([50, 400], 0.4), traces([300], 0.025, noise=0.02)])
    usual = find_spikes(both, RATE, TAU, SpikeSettings(min_dprime=6, amplitude=0.01))
    assert set(usual.cell.tolist()) == {0}
    lowered = find_spikes(both, RATE, TAU, SpikeSettings(min_dprime=6, amplitude=0.01, lowest_dprime=0.5))
    assert lowered.frame[lowered.cell == 0].tolist() == usual.frame.tolist()
    weak = lowered.dprime[lowered.cell == 1]
    assert 0 < len(weak) < 5
    assert 0.5 <= weak.min() < 6


def test_nothing_in_nothing() -> None:
    assert len(find_spikes(np.empty((0, 100)), RATE, TAU)) == 0
    for settings in (USUAL, SpikeSettings(lowest_dprime=0.5)):
        assert len(find_spikes(np.zeros((2, 100)), RATE, TAU, settings)) == 0


@pytest.mark.parametrize(("field", "value"), [("miss", 0.6), ("miss", 0), ("amplitude", 0), ("apart_s", -1)])
def test_settings_out_of_range(field: str, value: float) -> None:
    with pytest.raises(InputError, match=field):
        SpikeSettings(**{field: value})
