"""Cropped, binned, filtered, whitened, in windows: against plain formulas over the whole movie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from neurocine.active.preprocessing import (
    BinnedMovie,
    Crop,
    crop_of,
    homomorphic,
    resting,
    scale_of,
    whitened,
)
from neurocine.core import InputError, Movie
from neurocine.networks.segmentation.architecture import Whitening
from neurocine.networks.segmentation.compact import CompactArchitecture

A = CompactArchitecture(
    name="small", window_frames=24, maps=4, frame_rate_hz=6, pixel_size_um=2.0, background_um=8
)


def movie_of(n: int, shape: tuple[int, int] = (22, 19), rate: float = 12.0, pixel: float = 2.0) -> Movie:
    frames = np.random.default_rng(1).poisson(40, (n, *shape)).astype(np.uint16)
    return Movie(frames, rate, pixel)


@dataclass(frozen=True, eq=False)
class Counting:
    """Frames that count how often each was read."""

    data: NDArray[Any]
    read: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.data.dtype

    def __getitem__(self, key: Any, /) -> Any:
        self.read[key] += 1
        return self.data[key]


@pytest.mark.parametrize("whitening", ["volume", "pixel"])
def test_what_the_network_sees_does_not_depend_on_the_dark_offset(whitening: Whitening) -> None:
    architecture = replace(A, whitening=whitening)

    def seen(movie: Movie) -> NDArray[np.float32]:
        return np.stack([window.frames for window in BinnedMovie.of(movie, architecture).windows(movie)])

    light = np.random.default_rng(1).poisson(np.geomspace(5, 200, 19), (60, 22, 19)).astype(np.int16)
    movie = Movie(light, 12.0, 2.0)
    for offset in (-400, 500):
        moved = replace(movie, frames=light + np.int16(offset))
        np.testing.assert_array_equal(seen(replace(moved, dark_offset=float(offset))), seen(movie))
    # The filter evens out light, not counts.
    assert np.abs(seen(moved) - seen(movie)).max() > 0.2


def test_bins_are_sums_and_an_unfilled_bin_is_left_out() -> None:
    movie = movie_of(51)
    grid = BinnedMovie.of(movie, A)
    binned = np.stack(list(grid.binned(f for _, f in movie.blocks())))
    assert grid.bin == 2
    assert binned.shape == (25, 24, 24)
    sums = movie.frames[:50].reshape(25, 2, 22, 19).sum(axis=1).astype(np.float32)
    for got, total in zip(binned, sums, strict=True):
        np.testing.assert_array_equal(got[:22, :19], homomorphic(total, 8 / 2.0))
        np.testing.assert_array_equal(got[22:], got[21:19:-1])  # mirrored padding


def test_blocks_of_any_length_give_the_same_windows() -> None:
    movie = movie_of(113)
    grid = BinnedMovie.of(movie, A)

    def blocks(step: int) -> Iterator[NDArray[Any]]:
        return (movie.read(s, min(s + step, 113)) for s in range(0, 113, step))

    whole, pieces = list(grid.windows_of(blocks(113))), list(grid.windows_of(blocks(7)))
    assert [(w.start, w.stop) for w in whole] == [(0, 24), (24, 48), (32, 56)]
    for one, other in zip(whole, pieces, strict=True):
        np.testing.assert_array_equal(one.frames, other.frames)


def test_last_window_is_that_of_the_end() -> None:
    movie = movie_of(113)
    grid = BinnedMovie.of(movie, A)
    *_, last = grid.windows(movie)
    end = BinnedMovie.of(movie, A).windows_of([movie.read(64, 112)])
    np.testing.assert_array_equal(last.frames, next(end).frames)
    assert [grid.frames_of(last, i) for i in range(4)] == [(64, 76), (76, 88), (88, 100), (100, 112)]


def test_every_frame_is_read_once() -> None:
    frames = movie_of(113).frames
    counting = Counting(np.asarray(frames), np.zeros(113, dtype=np.int64))
    movie = Movie(counting, 12.0, 2.0)
    list(BinnedMovie.of(movie, A).windows(movie))
    assert counting.read.tolist() == [1] * 113


def test_short_movie_is_one_window_with_nothing_after_it() -> None:
    movie = movie_of(20)
    grid = BinnedMovie.of(movie, A)
    (window,) = grid.windows(movie)
    assert (window.start, window.stop) == (0, 10)
    assert window.frames.shape == (24, 24, 24)
    assert not window.frames[10:].any()
    assert window.frames[:10].any()
    assert [grid.frames_of(window, i) for i in range(4)] == [(0, 12), (12, 20), (24, 24), (36, 36)]
    with pytest.raises(InputError, match="fewer than 2"):
        list(grid.windows_of([movie.read(0, 1)]))


def test_homomorphic_filter_is_its_formula() -> None:
    frame = np.random.default_rng(0).gamma(2, 50, (40, 31)).astype(np.float32)
    logarithm = np.log1p(frame.astype(np.float64))
    expected = np.exp(logarithm - gaussian_filter(logarithm, 3.0, mode="reflect", truncate=2.0))
    np.testing.assert_allclose(homomorphic(frame, 3.0), expected, rtol=2e-5)


def test_uneven_light_is_evened() -> None:
    light = np.linspace(2000, 6000, 64, dtype=np.float32)[None].repeat(64, axis=0)
    light[30:34, 8:12] *= 1.5
    light[30:34, 52:56] *= 1.5
    even = homomorphic(light, 6.0)
    assert even[31, 10] == pytest.approx(even[31, 54], rel=0.1)
    assert even[31, 10] > 1.2 > 1.1 > even[10, 30] > 0.9


def test_whitening() -> None:
    rng = np.random.default_rng(0)
    noise = rng.uniform(1, 5, (9, 8))
    frames = (100 + rng.normal(0, 1, (4000, 9, 8)) * noise).astype(np.float32)
    white = whitened(frames, scale_of(frames, "pixel"))
    np.testing.assert_allclose(white.std(axis=0), 1, rtol=0.06)
    np.testing.assert_allclose((white < 0).mean(axis=0), 0.3, atol=0.001)
    volume = whitened(frames, scale_of(frames, "volume"))
    assert volume.mean() == pytest.approx(0, abs=1e-4)
    assert volume.std() == pytest.approx(1, abs=1e-3)
    still = np.full((10, 4, 4), 7, dtype=np.float32)
    assert not whitened(still, scale_of(still, "pixel")).any()
    assert not whitened(still, scale_of(still, "volume")).any()


def test_a_still_strip_does_not_blaze() -> None:
    frames = np.random.default_rng(0).normal(100, 5, (60, 20, 20)).astype(np.float32)
    frames[:, :2] = 100 + 1e-4 * frames[:, :2]
    frames[7, :2] += 0.2
    white = whitened(frames, scale_of(frames, "pixel"))
    assert np.abs(white[:, :2]).max() < 1
    assert white[:, 2:].std() == pytest.approx(1, rel=0.1)


def test_a_transient_doesnt_change_its_own_baseline() -> None:
    frames = np.random.default_rng(0).normal(0, 1, (120, 2, 2)).astype(np.float32)
    quiet = whitened(frames, scale_of(frames, "pixel"))
    frames[40:70, 0, 0] += 8
    loud = whitened(frames, scale_of(frames, "pixel"))
    assert loud[40:70, 0, 0].mean() > 6
    assert abs(loud[80:, 0, 0].mean() - quiet[80:, 0, 0].mean()) < 0.5


def test_a_window_ends_with_the_resting_brightness() -> None:
    rng = np.random.default_rng(0)
    frames = rng.normal(2000, 20, (24, 48, 48)).astype(np.float32)
    frames[:, 20:24, 20:24] *= 2
    frames[5:8, 34:38, 34:38] *= 2  # a transient isn't rest
    movie = Movie(frames, frame_rate_hz=6, pixel_size_um=2.0, indicator="GCaMP6s", source="m")
    plain, seen = (
        next(BinnedMovie.of(movie, replace(A, whitening="pixel", resting=r)).windows(movie)).frames
        for r in (False, True)
    )
    assert seen.shape == (25, *plain.shape[1:])
    np.testing.assert_array_equal(seen[:24], plain)
    assert 0.5 < seen[24, 21:23, 21:23].mean() < np.log(2)  # the surround holds some of it
    assert abs(seen[24, 35:37, 35:37].mean()) < 0.05
    assert np.isfinite(resting(scale_of(np.zeros((8, 3, 3), np.float32), "pixel"))).all()


@pytest.mark.parametrize("pixel", [1.0, 2.1, 4.0])
def test_maps_come_back_onto_the_movies_pixels(pixel: float) -> None:
    movie = movie_of(48, (41, 30), pixel=pixel)
    grid = BinnedMovie.of(movie, A, Crop(top=3, left=2, bottom=1))
    assert grid.cropped_shape == (37, 28)
    assert grid.scale == {1.0: 0.5, 2.1: 1.0, 4.0: 2.0}[pixel]
    (window,) = grid.windows(movie)
    assert window.frames.shape[1:] == grid.padded_shape
    picture = np.zeros((1, *grid.padded_shape), dtype=np.float32)
    picture[0, : grid.fov_shape[0], : grid.fov_shape[1]] = 1
    (back,) = grid.to_movie(picture)
    expected = np.zeros((41, 30), dtype=np.float32)
    expected[3:40, 2:] = 1
    np.testing.assert_allclose(back, expected, atol=1e-6)


def test_place_survives_there_and_back() -> None:
    movie = movie_of(48, (60, 60), pixel=1.2)
    grid = BinnedMovie.of(movie, A)
    disc = np.zeros((60, 60), dtype=np.float32)
    rows, columns = np.mgrid[:60, :60]
    disc[(rows - 40) ** 2 + (columns - 15) ** 2 <= 49] = 1
    height, width = grid.fov_shape
    small = cv2.resize(disc, (width, height), interpolation=cv2.INTER_AREA)
    padded = np.zeros((1, *grid.padded_shape), dtype=np.float32)
    padded[0, :height, :width] = small
    back = grid.to_movie(padded)[0] > 0.5
    assert (back & (disc > 0)).sum() / (back | (disc > 0)).sum() > 0.85


def test_crop_follows_shifts_but_not_a_single_jerk() -> None:
    y, x = np.zeros(500), np.zeros(500)
    y[::2], x[::3] = 3.2, -1.0
    y[7] = 40
    crop = Crop.of_shifts(y, x, most=20)
    assert crop == Crop(bottom=3, left=1)  # content displaced downwards: rows of the bottom were moved up
    frames = np.zeros((2, 20, 30))
    assert crop.cut(frames).shape == (2, 17, 29)
    assert Crop.of_shifts(y * 10, x, most=5).bottom == 5


def test_only_registered_files_are_cropped(tmp_path: Path) -> None:
    movie = movie_of(48)
    assert crop_of(movie) == Crop()
    other = tmp_path / "raw.bin"
    other.write_bytes(b"raw")
    assert crop_of(replace(movie, source=str(other))) == Crop()


def test_negative_counts_are_lifted() -> None:
    movie = movie_of(48)
    below = replace(movie, frames=np.asarray(movie.frames).astype(np.int16) - 500)
    (window,) = BinnedMovie.of(below, A).windows(below)
    assert np.isfinite(window.frames).all()
    assert window.frames.std() > 0.5


def test_nan_is_told() -> None:
    frames = np.ones((48, 16, 16), dtype=np.float32)
    frames[30, 2, 2] = np.nan
    movie = Movie(frames, 12.0, 2.0)
    with pytest.raises(InputError, match="NaN"):
        list(BinnedMovie.of(movie, A).binned([frames]))
