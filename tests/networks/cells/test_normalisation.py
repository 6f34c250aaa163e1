"""Movies of any brightness and noise look alike to a network."""

from __future__ import annotations

import numpy as np
import pytest

from neurocine.networks.cells.normalisation import Statistics, statistics


def noisy(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return frames (600, 20, 24) with a mean and a noise of their own at each pixel."""
    rng = np.random.default_rng(seed)
    mean, noise = rng.uniform(100, 3000, (20, 24)), rng.uniform(15, 60, (20, 24))
    return (mean + noise * rng.standard_normal((600, 20, 24))).astype(np.float32), mean, noise


def blocks(frames: np.ndarray, step: int) -> list[np.ndarray]:
    return [frames[i : i + step] for i in range(0, len(frames), step)]


def test_pixels_are_measured_in_their_own_noise() -> None:
    frames, mean, noise = noisy()
    found = statistics(blocks(frames, 100), "pixel", "movie")
    np.testing.assert_allclose(found.mean, mean, atol=0.2 * noise.max())
    np.testing.assert_allclose(found.scale, noise, rtol=0.2)
    seen = found.normalise(frames)
    assert abs(seen.mean()) < 1e-3
    np.testing.assert_allclose(seen.std(axis=0), 1, rtol=0.15)


def test_a_transient_hardly_changes_the_noise() -> None:
    frames, _, noise = noisy()
    active = frames.copy()
    active[200:, :5] += 20 * 60 * np.exp(-np.arange(400) / 20)[:, None, None].astype(np.float32)
    found = statistics([active], "pixel", "movie")
    assert np.median(found.scale[:5] / noise[:5]) < 2.2


@pytest.mark.parametrize("normalisation", ["movie", "pixel"])
@pytest.mark.parametrize("step", [1, 7, 600])
def test_blocks_make_no_difference(normalisation: str, step: int) -> None:
    frames, _, _ = noisy(1)
    whole, parts = (statistics(blocks(frames, n), normalisation, "movie") for n in (600, step))
    np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-6)
    np.testing.assert_allclose(parts.scale, whole.scale, rtol=1e-6)


@pytest.mark.parametrize("normalisation", ["movie", "pixel"])
def test_a_patch_is_normalised_as_in_its_frame(normalisation: str) -> None:
    frames, _, _ = noisy(2)
    found = statistics([frames], normalisation, "movie")
    np.testing.assert_array_equal(
        found.normalise(frames[:, 3:12, 5:20], 3, 5), found.normalise(frames)[:, 3:12, 5:20]
    )


def test_brightness_and_gain_of_a_movie_vanish() -> None:
    frames, _, _ = noisy(3)
    one, other = (statistics([f], "pixel", "movie").normalise(f) for f in (frames, 3 * frames + 500))
    np.testing.assert_allclose(one, other, atol=2e-2)


def test_dead_pixels_stay_dark() -> None:
    frames, _, _ = noisy(4)
    frames[:, 0, 0] = 0
    frames[300, 0, 0] = 1
    assert abs(statistics([frames], "pixel", "movie").normalise(frames)[:, 0, 0]).max() < 1


def test_statistics_hold_numbers_or_pictures() -> None:
    frames, _, _ = noisy(5)
    assert statistics([frames], "movie", "movie").mean.shape == ()
    assert statistics([frames], "pixel", "movie").mean.shape == (20, 24)
    assert isinstance(statistics([frames], "movie", "movie"), Statistics)


@pytest.mark.parametrize("normalisation", ["movie", "pixel"])
@pytest.mark.parametrize("step", [64, 50])
def test_a_flash_changes_neither_mean_nor_noise(normalisation: str, step: int) -> None:
    frames, _, _ = noisy(6)
    clean = statistics([frames], normalisation, "movie")
    frames[[0, 100, 599]] = 65535
    frames[300:303, :7] += 20_000
    found = statistics(blocks(frames, step), normalisation, "movie")
    np.testing.assert_allclose(found.mean, clean.mean, atol=3)
    np.testing.assert_allclose(found.scale, clean.scale, rtol=0.02)


def test_frames_without_data_have_no_part_in_the_noise() -> None:
    frames, _, noise = noisy(7)
    valid = np.ones(600, dtype=bool)
    for first in range(10, 600, 50):  # as they are read: the same frame again and again, without noise
        frames[first : first + 20] = frames[first - 1]
        valid[first : first + 20] = False
    found = statistics(blocks(frames, 64), "pixel", "movie", valid)
    assert abs(np.median(found.scale / noise) - 1) < 0.01
    assert np.median(statistics([frames], "pixel", "movie").scale / noise) < 0.8


def test_cells_that_flare_and_a_few_photons_are_no_flash() -> None:
    rng = np.random.default_rng(8)
    frames = rng.poisson(0.05, (600, 20, 24)).astype(np.float32)
    frames[200:, :, 5:9] += 8 * np.exp(-np.arange(400) / 20)[:, None, None].astype(np.float32)
    found = statistics(blocks(frames, 64), "pixel", "movie")
    np.testing.assert_allclose(found.mean, frames.mean(axis=0), rtol=1e-5)
    noise = np.sqrt((np.diff(frames, axis=0) ** 2).sum(axis=0) / 599 / 2)
    np.testing.assert_allclose(found.scale, np.maximum(noise, 0.2 * np.median(noise)), rtol=1e-5)
