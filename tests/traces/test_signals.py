"""Baseline, ΔF/F, noise and deconvolution of single traces."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import percentile_filter

from neurocine.config import TracesSettings
from neurocine.traces import RawTraces, deconvolve_by
from neurocine.traces.dff import delta_f_over_f, neuropil_corrected, running_baseline
from neurocine.traces.events import noise_level, signal_to_noise

RATE = 10.0
DECAY = 0.7


def calcium(
    n: int = 4, n_frames: int = 2000, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Noise-free ΔF/F (N, T), transients of 1 with the indicator's decay, and the spikes they come from."""
    spikes = (np.random.default_rng(seed).random((n, n_frames)) < 0.01).astype(float)
    kernel = np.exp(-np.arange(100) / (DECAY * RATE))
    return np.stack([np.convolve(row, kernel)[:n_frames] for row in spikes]), spikes


def noisy(traces: NDArray[np.float64], noise: float, seed: int = 1) -> NDArray[np.float64]:
    return traces + np.random.default_rng(seed).normal(0, noise, traces.shape)


def deconvolve(dff: NDArray[np.floating]) -> NDArray[np.float32]:
    """Events of ΔF/F by the default engine."""
    dff = dff.astype(np.float32)
    raw = RawTraces(np.arange(len(dff)), RATE, dff, np.zeros_like(dff), dff)
    return deconvolve_by("oasis", raw, TracesSettings(), DECAY).events


def test_baseline_follows_bleaching() -> None:
    clean, _ = calcium()
    bleaching = 200 * np.exp(-np.arange(2000) / 1500) + 50
    f = bleaching * (1 + clean)
    dff = delta_f_over_f(noisy(f, 1), np.zeros_like(f), coefficient=0.7, window=300, percentile=20)
    np.testing.assert_allclose(dff[:, 100:-100], clean[:, 100:-100], atol=0.12)
    assert np.abs(np.median(dff[:, :300] - clean[:, :300])) < 0.06
    assert np.corrcoef(dff.ravel(), clean.ravel())[0, 1] > 0.98


def test_baseline_is_close_to_the_filter_at_every_frame() -> None:
    traces = noisy(calcium(seed=3)[0], 0.1)
    baseline = running_baseline(traces, window=301, percentile=20)
    exact = np.stack([percentile_filter(row, 20, 301) for row in traces])
    np.testing.assert_allclose(baseline[:, 150:-150], exact[:, 150:-150], atol=0.03)


def test_baseline_of_a_short_movie_is_its_percentile() -> None:
    trace = np.arange(50.0)[None]
    np.testing.assert_allclose(running_baseline(trace, window=600, percentile=20), np.percentile(trace, 20))


def test_frames_without_data_have_no_part_in_the_baseline() -> None:
    trace = np.linspace(100, 200, 1000)[None] + np.random.default_rng(0).normal(0, 1, (1, 1000))
    valid = np.ones(1000, dtype=bool)
    valid[300:700] = False
    spoilt = np.where(valid, trace, 5000)
    baseline = running_baseline(spoilt, 100, 50, valid)
    np.testing.assert_allclose(baseline, np.linspace(100, 200, 1000)[None], atol=5)
    few = np.zeros(1000, dtype=bool)
    few[::50] = True
    assert np.abs(running_baseline(np.where(few, trace, 5000), 100, 50, few) - trace).max() < 15


def test_correction_keeps_the_level() -> None:
    f, fneu = np.full((1, 5), 100.0), np.array([[50.0, 50, 60, 50, 40]])
    np.testing.assert_allclose(neuropil_corrected(f, fneu, 0.7), [[100, 100, 93, 100, 107]])


def test_division_is_bounded_where_the_baseline_vanishes() -> None:
    f = np.abs(noisy(np.zeros((1, 500)), 1.0))
    f[:, :400] *= 1e-6
    dff = delta_f_over_f(f, np.zeros_like(f), coefficient=0.7, window=200, percentile=10)
    assert np.isfinite(dff).all()
    assert dff.max() <= f.max() / (0.1 * f.mean()) + 1e-3


@pytest.mark.parametrize("sigma", [0.01, 0.2, 5.0])
def test_noise_level_sees_noise_and_not_transients(sigma: float) -> None:
    np.testing.assert_allclose(noise_level(noisy(calcium()[0] * sigma * 10, sigma)), sigma, rtol=0.15)


def test_snr_falls_with_noise() -> None:
    clean, _ = calcium()
    snr = np.stack([signal_to_noise(noisy(clean, sigma)) for sigma in (0.02, 0.05, 0.1, 0.3, 1.0)])
    assert (np.diff(snr, axis=0) < 0).all()
    assert (snr[-1] > 1.5).all()  # of noise alone the 99th percentile lies 2.3 deviations up


@pytest.mark.parametrize("baseline", [0.0, 0.2])
def test_events_follow_the_spikes(baseline: float) -> None:
    clean, spikes = calcium()
    events = deconvolve(noisy(clean, 0.1) + baseline)
    smooth = np.ones(3)
    for inferred, true in zip(events, spikes, strict=True):
        assert np.corrcoef(np.convolve(inferred, smooth), np.convolve(true, smooth))[0, 1] > 0.9
        assert inferred.sum() == pytest.approx(true.sum(), rel=0.25)
    assert (events >= 0).all()
    assert events.dtype == np.float32


def test_events_are_the_same_every_time() -> None:
    traces = noisy(calcium(n=2)[0], 0.1).astype(np.float32)
    np.testing.assert_array_equal(deconvolve(traces), deconvolve(traces))


def test_nothing_to_deconvolve() -> None:
    assert deconvolve(np.zeros((0, 50))).shape == (0, 50)
    assert not deconvolve(np.full((2, 50), 0.3)).any()
    assert not deconvolve(np.random.default_rng(0).normal(size=(2, 5))).any()


def test_snr_without_noise_is_zero_and_without_rois_empty() -> None:
    assert signal_to_noise(np.ones((2, 20))).tolist() == [0, 0]
    assert signal_to_noise(np.zeros((0, 20))).shape == (0,)
