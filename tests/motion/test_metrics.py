"""Quality metrics of a registration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from neurocine.motion.metrics import (
    ChunkMeans,
    TemplateCorrelation,
    crispness,
    residual_flow_p95,
    unregistered,
)

RNG = np.random.default_rng(0)
PICTURE = ndimage.gaussian_filter(RNG.normal(size=(96, 96)), 3).astype(np.float32)


def test_correlation_is_pearsons_inside_the_margin() -> None:
    frames = RNG.normal(500, 20, (5, 96, 96)) + 300 * PICTURE
    frames[:, :4] = 0  # what lies in the margin doesn't count
    correlation = TemplateCorrelation(PICTURE, margin=4)(frames)
    inside = PICTURE[4:-4, 4:-4].ravel()
    expected = [np.corrcoef(inside, frame[4:-4, 4:-4].ravel())[0, 1] for frame in frames]
    np.testing.assert_allclose(correlation, expected, atol=1e-4)


def test_correlation_of_a_blank_frame_is_zero() -> None:
    assert TemplateCorrelation(PICTURE, margin=2)(np.full((1, 96, 96), 7, dtype=np.uint16))[0] == 0


@pytest.mark.parametrize("n_frames", [3, 20, 199, 1000])
def test_chunk_means_cover_every_frame_once(n_frames: int) -> None:
    frames = RNG.normal(size=(n_frames, 2, 3))
    chunks = ChunkMeans(n_frames, (2, 3))
    for start in range(0, n_frames, 17):
        chunks.add(start, frames[start : start + 17])
    means = chunks.result()
    assert len(means) == min(40, max(1, n_frames // 20))
    expected = [
        part.mean(axis=0)
        for part in np.split(frames, np.linspace(0, n_frames, len(means) + 1).astype(int)[1:-1])
    ]
    np.testing.assert_allclose(means, expected, atol=1e-6)


def test_crispness_falls_with_blur() -> None:
    assert crispness(ndimage.gaussian_filter(PICTURE, 1)) < crispness(PICTURE)
    assert crispness(np.full((8, 8), 3)) == 0


@pytest.mark.parametrize("size", [96, 600])
def test_residual_flow_measures_a_known_shift(size: int) -> None:
    picture = ndimage.zoom(PICTURE, size / 96, order=1)
    still = residual_flow_p95(picture, picture[None], margin=10)
    moved = np.roll(picture, 2, axis=0)[None]
    assert still < 0.05
    assert residual_flow_p95(picture, moved, margin=10) == pytest.approx(2, abs=0.4)


def test_flags_are_outliers_below_and_shifts_at_the_limit() -> None:
    correlation = np.array([0.6, 0.61, 0.59, 0.6, 0.62, 0.3, 0.58, 0.95], dtype=np.float32)
    at_limit = np.zeros(8, dtype=bool)
    at_limit[0] = True
    assert np.flatnonzero(unregistered(correlation, at_limit, 6.0)).tolist() == [0, 5]


def test_a_hair_below_the_median_is_no_outlier() -> None:
    correlation = np.full(50, 0.9, dtype=np.float32)
    correlation[3] -= 1e-4
    assert not unregistered(correlation, np.zeros(50, dtype=bool), 6.0).any()
