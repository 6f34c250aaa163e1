"""The mirrored movie: rises fall, noise stays."""

from __future__ import annotations

import numpy as np
import pytest

from neurocine.controls.light import Light
from neurocine.controls.mirror import baseline, mirrored
from neurocine.core import Movie

LIGHT = Light(20.0, 100.0, 0.0)


def made(photons: np.ndarray) -> Movie:
    counts = LIGHT.zero + LIGHT.gain * np.random.default_rng(0).poisson(photons)
    return Movie(counts.astype(np.uint16), 10.0, 1.0)


def mirror_of(movie: Movie) -> np.ndarray:
    return np.concatenate([frames for _, frames in mirrored(movie, LIGHT)])


def test_noise_stays_as_it_is() -> None:
    photons = np.broadcast_to(np.linspace(5, 50, 16)[:, None], (600, 16, 16))
    movie = made(photons)
    before, after = movie.read(0, 600).astype(float), mirror_of(movie)
    np.testing.assert_allclose(after.mean(axis=(0, 2)), before.mean(axis=(0, 2)), rtol=0.06)
    np.testing.assert_allclose(after.std(axis=0).mean(axis=1), before.std(axis=0).mean(axis=1), rtol=0.12)
    assert np.corrcoef(before[:, 8, 8], after[:, 8, 8])[0, 1] < -0.95


def test_a_rise_becomes_a_fall_as_deep_in_units_of_the_noise() -> None:
    photons = np.full((600, 16, 16), 40.0)
    photons[300:320, 4:12, 4:12] *= 1.5
    after = mirror_of(made(photons))[:, 4:12, 4:12].mean(axis=(1, 2))
    level = np.median(after)
    stabilised = LIGHT.stabilised(np.float32([40, 60]) * 20 + 100)
    expected = LIGHT.counts(2 * stabilised[:1] - stabilised[1:])[0]
    assert after[300:320].mean() == pytest.approx(expected, rel=0.02)
    assert level == pytest.approx(900, rel=0.02)


def test_the_baseline_follows_slow_changes_and_not_transients() -> None:
    photons = np.full((1200, 4, 4), 30.0) * np.linspace(1, 0.5, 1200)[:, None, None]
    photons[500:580] *= 2
    middles, base = baseline(made(photons), LIGHT)
    expected = LIGHT.stabilised((100 + 20 * 30 * (1 - middles / 2400)).astype(np.float32))
    inner = slice(4, -4)
    np.testing.assert_allclose(base.mean(axis=(1, 2))[inner], expected[inner], rtol=0.04)
