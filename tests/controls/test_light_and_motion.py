"""Light and residual motion, measured in movies in which both are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from neurocine.controls.light import Light, measured_light, smeared
from neurocine.controls.residual_motion import residual_motion
from neurocine.core import InputError, Movie

GAIN, OFFSET, READ = 40.0, 300.0, 0.5


def picture(size: int = 64) -> np.ndarray:
    """Return photons (size, size) with blobs of 1 to 20."""
    rng = np.random.default_rng(0)
    smooth = ndimage.gaussian_filter(rng.standard_normal((size, size)), 2.0)
    return 1 + 19 * np.clip((smooth - smooth.min()) / np.ptp(smooth), 0, 1) ** 2


def exposed(photons: np.ndarray, smear: float = 0.0) -> Movie:
    """Return a movie of mean `photons` (T, Y, X)."""
    rng = np.random.default_rng(1)
    noise = rng.poisson(photons) - photons + READ * rng.standard_normal(photons.shape)
    counts = OFFSET + GAIN * (photons + smeared(noise.astype(np.float32), smear))
    return Movie(np.rint(np.clip(counts, 0, 65535)).astype(np.uint16), 10.0, 1.0)


@pytest.mark.parametrize("smear", [0.0, 0.3])
def test_gain_zero_and_smear_are_measured(smear: float) -> None:
    movie = exposed(np.repeat(picture()[None], 800, axis=0), smear)
    light = measured_light(movie)
    assert light.gain == pytest.approx(GAIN, rel=0.06)
    assert light.zero == pytest.approx(OFFSET - READ**2 * GAIN, abs=0.5 * GAIN)
    assert light.smear == pytest.approx(smear, abs=0.02)


def test_smearing_keeps_a_pixels_variance_and_spreads_that_of_a_sum() -> None:
    noise = np.random.default_rng(0).standard_normal((4000, 12, 12)).astype(np.float32)
    there = smeared(noise, 0.3)
    assert there[:, 6, 6].var() == pytest.approx(1, rel=0.1)
    inner = there[:, 2:-2, 2:-2].sum(axis=(1, 2)).var() / 64
    assert 0.7 * Light(1, 0, 0.3).spread < inner < 1.05 * Light(1, 0, 0.3).spread


def test_a_movie_without_photon_noise_is_refused() -> None:
    rng = np.random.default_rng(0)
    same = 500 + 100 * picture()[None] + rng.normal(0, 10, (300, 64, 64))
    with pytest.raises(InputError, match="doesn't grow with the brightness"):
        measured_light(Movie((same * 0 + 500).astype(np.uint16), 10.0, 1.0))
    falling = 5000 - 200 * picture()[None] + rng.normal(0, 1, same.shape) * picture()[None]
    with pytest.raises(InputError, match="not denoised"):
        measured_light(Movie(falling.astype(np.uint16), 10.0, 1.0))


def test_stabilised_noise_is_the_same_at_every_brightness_and_goes_back() -> None:
    light = Light(GAIN, OFFSET, 0.0)
    rng = np.random.default_rng(0)
    spread = [
        light.stabilised((OFFSET + GAIN * rng.poisson(mean, 20000)).astype(np.float32)).std()
        for mean in (5, 20, 80)
    ]
    np.testing.assert_allclose(spread, np.sqrt(GAIN) / 2, rtol=0.05)
    counts = np.float32([300, 777, 5000])
    np.testing.assert_allclose(light.counts(light.stabilised(counts)), counts, rtol=1e-5)


def test_motion_is_measured_and_noise_isnt_taken_for_it() -> None:
    rng = np.random.default_rng(2)
    path = ndimage.gaussian_filter1d(rng.standard_normal((300, 2)), 2, axis=0) * 1.2
    still = picture()
    moving = np.stack([ndimage.shift(still, d, order=1, mode="nearest") for d in path])
    light = Light(GAIN, OFFSET, 0.0)
    movie = exposed(moving)
    rows, found = residual_motion(movie, movie.read(0, 300).mean(axis=0, dtype=np.float32), light)
    assert len(rows) == found.shape[1] == 2
    for axis in (0, 1):
        slope, _ = np.polyfit(path[:, axis] - np.median(path[:, axis]), found[:, :, axis].mean(axis=1), 1)
        assert slope == pytest.approx(1, abs=0.25)
        assert np.corrcoef(path[:, axis], found[:, :, axis].mean(axis=1))[0, 1] > 0.95
    movie = exposed(np.repeat(still[None], 300, axis=0))
    _, none = residual_motion(movie, movie.read(0, 300).mean(axis=0, dtype=np.float32), light)
    assert none.std() < 0.01 < 0.1 < found.std()
