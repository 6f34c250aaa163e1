from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocine.core import InputError, Movie, RoiSet
from neurocine.networks.cells.grid import Grid, ModelMovie, resampling_matrix


def movie(shape: tuple[int, int, int] = (60, 21, 18), rate: float = 10.0, pixel: float = 2.0) -> Movie:
    frames = np.random.default_rng(0).integers(0, 4000, shape).astype(np.uint16)
    return Movie(frames, frame_rate_hz=rate, pixel_size_um=pixel)


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 80), ratio=st.floats(0.02, 5))
def test_constants_stay(n: int, ratio: float) -> None:
    matrix = resampling_matrix(n, ratio)
    np.testing.assert_allclose(matrix @ np.ones(n, dtype=np.float32), 1, atol=1e-5)
    assert (matrix.data > 0).all()


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 20), factor=st.integers(1, 6))
def test_coarser_averages_whole_spans(n: int, factor: int) -> None:
    values = np.random.default_rng(n).normal(size=n * factor).astype(np.float32)
    coarse = resampling_matrix(n * factor, 1 / factor) @ values
    np.testing.assert_allclose(coarse, values.reshape(n, factor).mean(axis=1), atol=1e-5)


@settings(deadline=None, max_examples=60)
@given(n=st.integers(3, 30), ratio=st.floats(1.01, 4))
def test_finer_keeps_straight_lines_between_the_first_and_last_centre(n: int, ratio: float) -> None:
    fine = resampling_matrix(n, ratio) @ np.arange(n, dtype=np.float32)
    centres = (np.arange(len(fine)) + 0.5) / ratio - 0.5
    np.testing.assert_allclose(fine, np.clip(centres, 0, n - 1), atol=1e-4)


def test_ratios_near_one_are_left_as_they_are() -> None:
    source = movie(rate=10.5, pixel=1.85)
    grid = Grid.of(source, 10.0, 2.0)
    assert (grid.n_frames, grid.fov_shape) == (60, (21, 18))
    np.testing.assert_array_equal(grid.read(source, 5, 9), source.frames[5:9])
    probability = np.random.default_rng(0).random((2, 60)).astype(np.float32)
    np.testing.assert_array_equal(grid.to_movie(probability), probability)


@pytest.mark.parametrize(("rate", "pixel"), [(30.0, 1.0), (4.0, 3.1), (10.0, 0.7), (23.0, 2.0)])
def test_blocks_are_the_whole(rate: float, pixel: float) -> None:
    source = movie(rate=rate, pixel=pixel)
    grid = Grid.of(source, 10.0, 2.0)
    whole = grid.read(source, 0, grid.n_frames)
    assert whole.shape == (grid.n_frames, *grid.fov_shape)
    blocks = list(grid.blocks(source, 7))
    assert [start for start, _ in blocks] == list(range(0, grid.n_frames, 7))
    np.testing.assert_allclose(np.concatenate([b for _, b in blocks]), whole, rtol=1e-5)
    time, rows, columns = (
        resampling_matrix(n, r).toarray()
        for n, r in ((60, grid.time_ratio), (21, grid.space_ratio), (18, grid.space_ratio))
    )
    wanted = np.einsum(
        "at,tyx,by,cx->abc", time, source.frames[:].astype(float), rows, columns, optimize=True
    )
    np.testing.assert_allclose(whole, wanted, rtol=1e-4)


def test_probabilities_come_back_in_place() -> None:
    source = movie((300, 4, 4), rate=30.0)
    grid = Grid.of(source, 10.0, 2.0)
    peak = np.zeros((1, grid.n_frames), dtype=np.float32)
    peak[0, 40] = 1
    back = grid.to_movie(peak)
    assert back.shape == (1, 300)
    assert back[0].argmax() == 121  # the middle of frames 120-122
    ones = np.ones((2, grid.n_frames), dtype=np.float32)
    np.testing.assert_array_equal(grid.to_movie(ones), np.ones((2, 300)))


def test_rois_follow_the_pixels() -> None:
    masks = np.zeros((3, 40, 40), dtype=bool)
    masks[0, 10:20, 12:24] = True
    masks[1, 39, 39] = True  # less than half of any coarse pixel
    masks[2, 4:8, 4:6] = True
    fine = RoiSet.from_masks(masks, engine="truth")
    grid = Grid(10, (40, 40), 1.0, 0.5)
    coarse = grid.rois(fine)
    assert coarse.fov_shape == (20, 20)
    np.testing.assert_array_equal(coarse.areas(), [30, 1, 2])
    np.testing.assert_allclose(coarse.centroids()[0], (fine.centroids()[0] + 0.5) / 2 - 0.5)
    assert coarse.engine == fine.engine
    finer = Grid(10, (40, 40), 1.0, 2.0).rois(fine)
    np.testing.assert_allclose(finer.areas(), 4 * fine.areas(), rtol=0.2)
    assert Grid(10, (40, 40)).rois(fine) is fine


def test_statistics_are_those_of_the_whole_movie() -> None:
    frames = np.random.default_rng(1).normal(30_000, 5, (200, 30, 30)).astype(np.float32)
    source = Movie(frames, 10.0, 2.0)
    grid = Grid.of(source, 10.0, 2.0)
    model_movie = ModelMovie.of(source, grid, "movie")
    found = model_movie.statistics
    assert float(found.mean) == pytest.approx(frames.mean(dtype=np.float64), rel=1e-7)
    assert float(found.scale) == pytest.approx(frames.std(dtype=np.float64), rel=1e-6)
    seen = model_movie.read(0, 200)
    assert seen.dtype == np.float32
    assert abs(seen.mean()) < 1e-3
    assert seen.std() == pytest.approx(1, abs=1e-3)


def test_useless_frames_are_told() -> None:
    flat = Movie(np.full((10, 5, 5), 7, dtype=np.uint8), 10.0, 2.0)
    with pytest.raises(InputError, match="one grey value"):
        ModelMovie.of(flat, Grid.of(flat, 10.0, 2.0), "movie")


@pytest.mark.parametrize("rate", [7.0, 2.0])
def test_a_slower_movie_is_measured_on_its_own_frames(rate: float) -> None:
    # Between its frames noise is less, and pixels' noise is what views are in units of.
    frames = np.random.default_rng(1).normal(400, 20, (150, 24, 20)).astype(np.float32)
    source = Movie(frames, rate, 2.0)
    grid = Grid.of(source, 10.0, 2.0)
    rois = RoiSet.from_masks(np.indices((1, 24, 20))[1] < 8)
    plain = ModelMovie.of(source, Grid(150, (24, 20)), "pixel").statistics
    of = ModelMovie.of(source, grid, "pixel")
    seen, traces = ModelMovie.with_traces(source, grid, rois, "pixel")
    for found in (of.statistics, seen.statistics):
        np.testing.assert_allclose(found.scale, plain.scale, rtol=1e-5)
        np.testing.assert_allclose(found.mean, plain.mean, rtol=1e-5)
    assert seen.read(0, grid.n_frames).std() < 0.9 * plain.normalise(frames).std()
    wanted = resampling_matrix(150, 10 / rate) @ frames[:, :8].mean(axis=(1, 2))
    assert traces.shape == (1, grid.n_frames)
    np.testing.assert_allclose(traces[0], wanted, rtol=1e-4)
