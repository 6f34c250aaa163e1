"""Parts of hybrid movies: kinetics, spikes, motion, noise."""

from __future__ import annotations

import numpy as np
import pytest

from neurocine.simulation.hybrid.brain_motion import KNOTS, axial_factor, draw_motion
from neurocine.simulation.hybrid.presets import HybridPreset
from neurocine.simulation.hybrid.render import Camera, displaced
from neurocine.simulation.hybrid.spiking import (
    bursts_of,
    network_events,
    recorded_train,
    sparse_train,
    thinned,
)
from neurocine.simulation.kinetics import Kinetics, dff, drive, saturate
from neurocine.simulation.library import RecordedNeuron

KINETICS = Kinetics(rise_s=0.05, decay_s=0.6, amplitude=0.3, hill=1.0, half=1e6)


@pytest.fixture
def neuron() -> RecordedNeuron:
    """A neuron of two recordings with regular bursts of three spikes."""
    train = np.sort(np.concatenate([np.arange(1, 59, 4.0) + shift for shift in (0, 0.02, 0.05)]))
    return RecordedNeuron(
        "a", "DS10", "excitatory", "GCaMP6f", KINETICS, 0.9, ((60.0, train), (60.0, train + 0.5))
    )


def test_a_spike_s_drive_is_a_double_exponential_of_peak_one() -> None:
    spike = 0.1234
    c = drive(np.array([spike]), 2000, 1000.0, 0.05, 0.6)
    after = np.maximum(np.arange(2000) / 1000 - spike, 0)
    expected = np.exp(-after / 0.6) - np.exp(-after / 0.05)
    np.testing.assert_allclose(c, expected / expected.max(), atol=1e-4)


def test_drive_adds_and_does_not_depend_on_the_sampling() -> None:
    spikes = np.array([-0.2, 0.31, 0.77, 0.78])
    fast, slow = drive(spikes, 100, 50.0, 0.05, 0.6), drive(spikes, 20, 10.0, 0.05, 0.6)
    np.testing.assert_allclose(fast[::5], slow, atol=1e-9)
    each = sum(drive(spikes[i : i + 1], 20, 10.0, 0.05, 0.6) for i in range(4))
    np.testing.assert_allclose(slow, each, atol=1e-9)


def test_saturation_halves_at_half_and_amplitude_is_a_spike_s() -> None:
    assert saturate(np.array([4.0]), 2.0, 4.0)[0] == pytest.approx(0.5 * 4.0**2)
    assert dff(KINETICS, np.array([0.0]), 400, 200.0).max() == pytest.approx(0.3, rel=1e-3)


def test_recorded_trains_fill_the_movie_at_the_neuron_s_rate(neuron: RecordedNeuron) -> None:
    train = recorded_train(np.random.default_rng(0), neuron, 600.0)
    assert np.all((train >= 0) & (train < 600))
    assert np.all(np.diff(train) >= 0)
    assert len(train) / 600 == pytest.approx(0.75, rel=0.15)


def test_bursts_are_the_neuron_s(neuron: RecordedNeuron) -> None:
    bursts = bursts_of(neuron)
    assert {len(b) for b in bursts} == {3}
    np.testing.assert_allclose(bursts[0], [0, 0.02, 0.05])


def test_thinning_takes_whole_bursts(neuron: RecordedNeuron) -> None:
    train = neuron.recordings[0][1]
    kept = thinned(np.random.default_rng(0), train, 0.5)
    assert 0 < len(kept) < len(train)
    assert len(kept) % 3 == 0
    assert len(thinned(np.random.default_rng(0), train, 1.0)) == len(train)


def test_sparse_trains_burst_at_each_network_event(neuron: RecordedNeuron) -> None:
    events = np.array([10.0, 40.0])
    train = sparse_train(np.random.default_rng(0), neuron, 100.0, 0.0, events)
    assert len(train) == 6
    assert train[0] == 10
    assert train[3] == 40


def test_network_events_take_the_share_asked_for() -> None:
    joined = network_events(np.random.default_rng(1), 200, 6000.0, 0.3, (0.5, 0.5))
    times = np.sort(np.concatenate(joined))
    events = 1 + np.count_nonzero(np.diff(times) > 1.5)
    assert len(times) / events / 200 == pytest.approx(0.5, abs=0.1)


def test_noise_has_poisson_mean_variance_and_skewness() -> None:
    camera = Camera(gain=1000.0, offset=20000.0, read_photons=0.0, smear=0.0)
    counts = camera.expose(np.full((600, 600), 6.0, dtype=np.float32), np.random.default_rng(0)).astype(float)
    photons = (counts - 20000) / 1000
    assert photons.mean() == pytest.approx(6, rel=0.01)
    assert photons.var() == pytest.approx(6, rel=0.02)
    assert ((photons - 6) ** 3).mean() == pytest.approx(6, rel=0.15)


def test_smeared_noise_keeps_its_variance_and_links_neighbours() -> None:
    camera = Camera(gain=100.0, offset=5000.0, read_photons=0.0, smear=0.2)
    counts = camera.expose(np.full((600, 600), 30.0, dtype=np.float32), np.random.default_rng(0)).astype(
        float
    )
    assert counts.var() == pytest.approx(30 * 100**2, rel=0.03)
    assert np.corrcoef(counts[:, 1:].ravel(), counts[:, :-1].ravel())[0, 1] == pytest.approx(0.37, abs=0.03)


def test_displacement_moves_down_and_right_and_by_row() -> None:
    picture = np.zeros((12, 12), dtype=np.float32)
    picture[4, 5] = 1
    moved = displaced(picture, np.full((KNOTS, 2), (1, 2), dtype=np.float32))
    assert moved[5, 7] == pytest.approx(1)
    assert moved.sum() == pytest.approx(1)
    half = displaced(picture, np.full((KNOTS, 2), (0, 0.5), dtype=np.float32))
    assert half[4, 5] == pytest.approx(0.5)
    assert half[4, 6] == pytest.approx(0.5)
    lines = np.zeros((12, 12), dtype=np.float32)
    lines[:, 5] = 1
    slant = displaced(lines, np.stack([np.zeros(KNOTS), np.linspace(0, 3, KNOTS)], 1).astype(np.float32))
    assert slant[0].argmax() == 5
    assert slant[-1].argmax() == 8


def test_residual_motion_is_small_with_rare_jerks() -> None:
    shifts = np.concatenate([draw_motion(np.random.default_rng(s), HybridPreset()).shifts for s in range(12)])
    size = np.abs(shifts).max(axis=1)
    assert np.mean(size < 0.5) > 0.9
    assert size.max() > 1


def test_axial_motion_brightens_what_it_nears() -> None:
    factor = axial_factor(np.array([0.0, 3.0], dtype=np.float32), np.array([3.0, -3.0]), np.array([6.0, 6.0]))
    np.testing.assert_allclose(factor[:, 0], 1)
    assert factor[0, 1] > 1.1
    assert factor[1, 1] < 0.8
