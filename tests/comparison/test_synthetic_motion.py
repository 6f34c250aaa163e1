"""Movies moved by known shifts, and the error of a registration."""

from __future__ import annotations

import numpy as np
import pytest

from neurocine.comparison.synthetic_motion import ShiftedFrames, add_motion, registration_error
from neurocine.core import Movie


@pytest.fixture
def movie() -> Movie:
    frames = np.random.default_rng(0).integers(0, 200, (400, 24, 30)).astype(np.uint16)
    return Movie(frames, 10.0, 2.0)


def test_content_is_moved_down_and_right_by_the_shift(movie: Movie) -> None:
    shifts = np.zeros((400, 2), dtype=np.int64)
    shifts[5] = (3, -2)
    frames = ShiftedFrames(movie.frames, shifts)
    assert frames.shape == (400, 24, 30)
    assert frames.dtype == np.uint16
    got, still = frames[4:7], movie.read(4, 7)
    np.testing.assert_array_equal(got[[0, 2]], still[[0, 2]])
    np.testing.assert_array_equal(got[1][3:, :-2], still[1][:-3, 2:])
    # What comes in repeats the edge.
    np.testing.assert_array_equal(got[1][0, :-2], still[1][0, 2:])


def test_the_same_seed_moves_the_same_way_and_stays_within_reach(movie: Movie) -> None:
    first, shifts = add_motion(movie, 3)
    again, same = add_motion(movie, 3)
    np.testing.assert_array_equal(shifts, same)
    np.testing.assert_array_equal(first.read(0, 400), again.read(0, 400))
    assert not np.array_equal(shifts, add_motion(movie, 4)[1])
    micrometres = np.abs(shifts) * movie.pixel_size_um
    assert 1 < micrometres.std() < 6
    assert micrometres.max() < 20


def test_an_offset_common_to_all_frames_is_no_error() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(size=(200, 2)) * 3
    assert registration_error(true + np.array([4.0, -1.0]), true).rms == pytest.approx(0, abs=1e-12)
    noisy = registration_error(true + rng.normal(size=(200, 2)) * 0.2, true)
    assert noisy.rms == pytest.approx(0.2 * np.sqrt(2), rel=0.15)
    assert noisy.median < noisy.p95
    unmoved = registration_error(np.zeros((200, 2)), true)
    assert unmoved.rms == pytest.approx(unmoved.moved)
