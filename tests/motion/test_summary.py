"""Summary images against their definition."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.core import Movie
from neurocine.motion import SummaryAccumulator, summarise


def local_correlation(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean correlation with up to eight neighbours, the slow way."""
    _, height, width = frames.shape
    image = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            near = [
                (y + a, x + b)
                for a in (-1, 0, 1)
                for b in (-1, 0, 1)
                if (a or b) and 0 <= y + a < height and 0 <= x + b < width
            ]
            image[y, x] = np.mean([np.corrcoef(frames[:, y, x], frames[:, a, b])[0, 1] for a, b in near])
    return image


def noisy(dtype: str, level: float, seed: int = 0) -> NDArray[np.generic]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(0, 30, (300, 1, 1)) * (np.arange(7) > 3)
    return np.rint(level + shared + rng.normal(0, 20, (300, 6, 7))).astype(dtype)


@pytest.mark.parametrize(
    ("dtype", "level"), [("uint8", 128), ("uint16", 64000), ("int16", -20000), ("float32", 0)]
)
def test_images_follow_their_definition(dtype: str, level: float) -> None:
    frames = noisy(dtype, level)
    summary = summarise(Movie(frames, frame_rate_hz=10, pixel_size_um=1))
    wide = frames.astype(np.float64)
    np.testing.assert_allclose(summary.mean, wide.mean(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(summary.max, wide.max(axis=0).astype(np.float32))
    np.testing.assert_allclose(summary.std, wide.std(axis=0), rtol=1e-5)
    np.testing.assert_allclose(summary.correlation, local_correlation(wide), atol=1e-5)
    assert {image.dtype for image in vars(summary).values()} == {np.dtype(np.float32)}


def test_bright_and_long_movies_lose_no_digits() -> None:
    rng = np.random.default_rng(1)
    block = (60000 + rng.normal(0, 2, (500, 4, 4))).round().astype(np.uint16)
    # An offset far from the movie is the hardest case: a first frame with the shutter closed.
    summary = SummaryAccumulator(np.zeros((4, 4), dtype=np.uint16))
    for _ in range(200):
        summary.add(block)
    np.testing.assert_allclose(summary.result().std, block.astype(float).std(axis=0), rtol=1e-4)


def test_blocks_do_not_matter() -> None:
    frames = noisy("uint16", 1000)
    whole, parts = SummaryAccumulator(frames[0]), SummaryAccumulator(frames[0])
    whole.add(frames)
    for start in range(0, 300, 37):
        parts.add(frames[start : start + 37])
    for a, b in zip(vars(whole.result()).values(), vars(parts.result()).values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_constant_pixels_correlate_with_nothing() -> None:
    frames = noisy("uint16", 1000).astype(np.float32) / 3
    frames[:, 2, 2] = 0.1
    summary = summarise(Movie(frames, frame_rate_hz=10, pixel_size_um=1))
    assert summary.correlation[2, 2] == 0
    assert summary.std[2, 2] < 1e-3
    assert np.isfinite(summary.correlation).all()


def test_progress_is_told() -> None:
    seen = []
    movie = Movie(noisy("uint8", 100), frame_rate_hz=10, pixel_size_um=1)
    summarise(movie, lambda label, done, total: seen.append((label, done, total)))
    assert seen[-1] == ("summary", 300, 300)
