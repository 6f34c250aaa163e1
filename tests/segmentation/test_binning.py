"""Movies averaged over time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.core import Movie
from neurocine.segmentation.binning import MIN_BINS, averaged, bin_frames


def movie_of(frames: NDArray[Any]) -> Movie:
    return Movie(frames, frame_rate_hz=10.0, pixel_size_um=1.0, indicator="GCaMP6s", source="cells")


def noise(n_frames: int) -> NDArray[np.uint16]:
    return np.random.default_rng(0).normal(300, 20, (n_frames, 40, 50)).astype(np.uint16)


def test_short_movies_keep_their_bins() -> None:
    assert bin_frames(movie_of(noise(600)), 1.0) == 10
    assert bin_frames(movie_of(noise(120)), 1.0) == 120 // MIN_BINS
    assert bin_frames(movie_of(noise(20)), 1.0) == 1


def test_averaging_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = noise(103)
    monkeypatch.setattr("neurocine.core.movie.Movie.block_frames", lambda *_: 7)
    seen: list[int] = []
    bins = averaged(movie_of(frames), 10, lambda label, done, total: seen.append(done))
    np.testing.assert_allclose(bins, frames[:100].reshape(10, 10, 40, 50).mean(axis=1), rtol=1e-6)
    assert seen[-1] == 103
