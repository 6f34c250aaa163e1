"""The sampler of spike trains against exact posteriors and planted events."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import gammaln

from neurocine.config import McmcDeconvolution, TracesSettings
from neurocine.core import InputError
from neurocine.traces import RawTraces, deconvolve_by
from neurocine.traces.mcmc_engine import sample
from neurocine.traces.spike_trains import Trains, sweep, transients

RATE, DECAY = 10.0, 0.7
QUICK = McmcDeconvolution(burn_in=50, samples=80)
Floats = NDArray[np.float64]


def planted(snr: float, n: int = 4, n_frames: int = 1200, seed: int = 0) -> tuple[Floats, NDArray[np.bool_]]:
    """Traces (N, T) with noise of 1 and events of a height of `snr`, an AR(1) process, and the events."""
    rng = np.random.default_rng(seed)
    spikes = rng.random((n, n_frames)) < 0.015
    kernel = np.exp(-np.arange(80) / (DECAY * RATE))
    clean = np.stack([np.convolve(row, kernel)[:n_frames] for row in spikes])
    return snr * clean + rng.normal(0, 1, clean.shape), spikes


def exact(trace: Floats, shape: Floats, amplitude: float, variance: float, rate: float) -> Floats:
    """Mean number of events and probability of any, (2, T), over all trains of up to 3 events a frame."""
    n_frames = len(trace)
    trains = np.indices((4,) * n_frames).reshape(n_frames, -1).T
    response = np.zeros((n_frames, n_frames))
    for frame in range(n_frames):
        seen = shape[: n_frames - frame]
        response[frame, frame : frame + len(seen)] = amplitude * seen
    log = -((trace - trains @ response) ** 2).sum(axis=1) / (2 * variance)
    log += (trains * np.log(rate) - gammaln(trains + 1)).sum(axis=1)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    return np.stack([weight @ trains, weight @ (trains > 0)])


@pytest.mark.parametrize(
    ("decay", "rise", "length", "reach"),
    [(1.5, 0.0, 3, 1), (3.0, 1.0, 6, 3), (5.0, 0.0, 12, 3)],
    ids=["short: several frames at once", "rises", "longer than the trace"],
)
def test_events_are_drawn_from_the_exact_posterior(
    decay: float, rise: float, length: int, reach: int
) -> None:
    n, n_frames, variance, rate = 20, 9, 0.36, 0.2
    shape = transients(np.array([decay]), rise, length)
    trace = np.random.default_rng(3).normal(0, 0.6, n_frames)
    for frame in (2, 5):
        seen = shape[0, : n_frames - frame]
        trace[frame : frame + len(seen)] += seen
    trains = Trains.empty(np.tile(trace, (n, 1)), length + reach)
    chains = [np.random.default_rng([7, i]) for i in range(n)]
    fixed = (np.ones(n), np.full(n, variance), np.full(n, rate))
    total = np.zeros((2, n_frames))
    for turn in range(650):
        sweep(trains, np.tile(shape, (n, 1)), *fixed, 1 + turn % reach, chains)
        if turn >= 50:
            counts = trains.counts[:, :n_frames]
            total += np.stack([counts.mean(axis=0), (counts > 0).mean(axis=0)]) / 600
    expected = exact(trace, shape[0], 1.0, variance, rate)
    assert expected[1].max() > 0.5  # there is something to see, and something unsure
    assert ((expected[1] > 0.05) & (expected[1] < 0.95)).any()
    np.testing.assert_allclose(total, expected, atol=0.02)
    fit = np.stack([np.convolve(row[:n_frames], shape[0])[:n_frames] for row in trains.counts])
    np.testing.assert_allclose(trains.residual[:, :n_frames], trace - fit, atol=1e-12)


def test_without_a_trace_the_prior_is_drawn() -> None:
    n, rate = 30, 0.3
    trains = Trains.empty(np.zeros((n, 40)), 6)
    chains = [np.random.default_rng([5, i]) for i in range(n)]
    shapes = transients(np.full(n, 1.0), 0, 4)
    seen = []
    for turn in range(300):
        sweep(trains, shapes, np.full(n, 1e-6), np.ones(n), np.full(n, rate), 1 + turn % 2, chains)
        seen.append(trains.counts[:, :40].copy())
    counts = np.stack(seen[20:])
    assert counts.mean() == pytest.approx(rate, rel=0.02)
    assert counts.var() == pytest.approx(rate, rel=0.03)  # as of a Poisson distribution
    assert not trains.counts[:, 40:].any()


def test_transient_rises_and_decays() -> None:
    (falling,), (rising,) = (transients(np.array([7.0]), rise, 60) for rise in (0.0, 2.0))
    np.testing.assert_allclose(falling, np.exp(-np.arange(60) / 7))
    assert rising.max() == 1
    assert 1 <= rising.argmax() <= 4
    # An autoregressive process of order 2 with these time constants.
    d, r = np.exp(-1 / 7), np.exp(-1 / 2)
    np.testing.assert_allclose(rising[2:], (d + r) * rising[1:-1] - d * r * rising[:-2], atol=1e-12)


def hits(events: Floats, spikes: NDArray[np.bool_], threshold: float) -> tuple[float, float]:
    """Sensitivity and precision of frames above a threshold, a frame early or late forgiven."""
    called = events > threshold
    near = [np.stack([np.convolve(row, np.ones(3), "same") > 0 for row in x]) for x in (called, spikes)]
    return float(near[0][spikes].mean()), float(near[1][called].mean())


@pytest.mark.parametrize(("snr", "sure"), [(5, 0.9), (8, 0.97)])
def test_planted_events_are_recovered(snr: float, sure: float) -> None:
    traces, spikes = planted(snr)
    events = sample(traces, RATE, DECAY, QUICK)
    sensitivity, precision = hits(events, spikes, 0.3)
    assert sensitivity > sure
    assert precision > sure
    by_chance = hits(np.random.default_rng(0).permuted(events, axis=1), spikes, 0.3)
    assert max(by_chance) < 0.2
    assert events.sum() == pytest.approx(spikes.sum(), rel=0.1)


def test_doubt_shrinks_with_noise() -> None:
    doubt = []
    for snr in (2, 4, 8):
        probability = np.clip(sample(planted(snr)[0], RATE, DECAY, QUICK), 0, 1)
        doubt.append(float((probability * (1 - probability)).sum()))
    assert doubt == sorted(doubt, reverse=True)
    assert doubt[-1] < doubt[0] / 10


def test_a_wrong_decay_is_learned() -> None:
    traces, spikes = planted(8)
    learned = sample(traces, RATE, 1.3 * DECAY, QUICK)
    held = sample(traces, RATE, 1.3 * DECAY, QUICK.model_copy(update={"learn_decay": False}))
    errors = [np.abs(events - spikes).sum() for events in (learned, held)]
    assert errors[0] < 0.8 * errors[1]


def test_noise_has_few_events() -> None:
    noise = np.random.default_rng(0).normal(0, 1, (4, 1200))
    assert (sample(noise, RATE, DECAY, QUICK) > 0.5).sum() <= 2


def test_a_level_and_calcium_from_before_the_movie_are_no_events() -> None:
    trace = np.random.default_rng(0).normal(3, 1, (1, 600))
    trace += 12 * np.exp(-np.arange(600) / (DECAY * RATE))
    assert sample(trace, RATE, DECAY, QUICK).sum() < 3


def raw_of(dff: NDArray[np.floating]) -> RawTraces:
    dff = dff.astype(np.float32)
    return RawTraces(np.arange(len(dff)), RATE, dff, np.zeros_like(dff), dff)


def test_a_trace_gives_the_same_bytes_alone_and_among_others() -> None:
    settings = TracesSettings(mcmc=QUICK)
    traces = planted(4, n=3, n_frames=400)[0] / 20
    first, second = (deconvolve_by("mcmc", raw_of(traces), settings, DECAY).events for _ in range(2))
    assert first.dtype == np.float32
    assert first.tobytes() == second.tobytes()
    alone = deconvolve_by("mcmc", raw_of(traces[1:2]), settings, DECAY).events
    np.testing.assert_array_equal(alone[0], first[1])
    other = TracesSettings(mcmc=QUICK.model_copy(update={"seed": 2}))
    assert not np.array_equal(deconvolve_by("mcmc", raw_of(traces), other, DECAY).events, first)


def test_the_unit_of_the_trace_does_not_matter() -> None:
    settings = TracesSettings(mcmc=QUICK)
    traces = planted(8, n=2, n_frames=600)[0]
    events = [deconvolve_by("mcmc", raw_of(traces * scale), settings, DECAY).events for scale in (2**-7, 4)]
    np.testing.assert_array_equal(*events)


def test_traces_without_noise_or_frames_have_no_events() -> None:
    settings = TracesSettings(mcmc=QUICK)
    for dff in (np.zeros((0, 50)), np.ones((2, 50)), np.random.default_rng(0).normal(size=(2, 5))):
        assert not deconvolve_by("mcmc", raw_of(dff), settings, DECAY).events.any()


def test_an_artefact_of_many_times_the_signal_is_survived() -> None:
    traces = planted(6, n=1, n_frames=300)[0]
    traces[0, 150] = 1e5
    events = sample(traces, RATE, DECAY, QUICK)
    assert np.isfinite(events).all()
    assert (events >= 0).all()


def test_a_rise_as_long_as_the_decay_is_refused() -> None:
    settings = TracesSettings(mcmc=McmcDeconvolution(rise_s=0.5))
    with pytest.raises(InputError, match=r"traces\.mcmc\.rise_s: is 0\.5 s, the shortest decay 0\.35 s"):
        deconvolve_by("mcmc", raw_of(planted(5, n=1, n_frames=100)[0]), settings, DECAY)
