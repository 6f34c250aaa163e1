"""Pixels that are NaN or infinite: counted, said, and read filled in; too many are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.core import InputError, InvalidFrames, Movie, Selection, Validity
from neurocine.ingest import ingest, read_source, write_source

GIVEN: dict[str, Any] = {"frame_rate_hz": 10.0, "pixel_size_um": 2.0}
Frames = NDArray[np.float32]


@pytest.fixture
def frames() -> Frames:
    """Frames (120, 40, 50) of noise on a picture that grows brighter from left to right."""
    noise = np.random.default_rng(0).normal(0, 5, (120, 40, 50))
    return (300 + 2 * np.arange(50) + noise).astype(np.float32)


def saved(path: Path, frames: Frames) -> Path:
    np.save(path, frames)
    return path


def movie_of(frames: Frames, validity: Validity | None = None) -> Movie:
    return Movie(frames, 10.0, 2.0, validity=validity)


def test_a_border_is_filled_with_values_that_show_no_activity(tmp_path: Path, frames: Frames) -> None:
    frames[:, :4] = np.nan
    frames[:, :, -3:] = np.inf
    record = ingest(saved(tmp_path / "m.npy", frames), **GIVEN)
    assert record.missing is not None
    assert record.missing.pixels == record.missing.always == 4 * 50 + 36 * 3
    assert record.missing.inner == ((4, 39), (0, 46))
    (warning,) = record.warnings
    assert "set crop to 4-39, 0-46" in warning
    read = record.open().read(0, 120)
    assert read.shape == (120, 40, 50)  # ROIs drawn on this picture stay where they are
    np.testing.assert_array_equal(read[:, 4:, :-3], frames[:, 4:, :-3])
    assert (np.ptp(read[:, :4], axis=0) == 0).all()
    # As bright as the picture beside it.
    np.testing.assert_allclose(read[0, :4, :47], np.broadcast_to(300 + 2 * np.arange(47), (4, 47)), atol=4)
    np.testing.assert_allclose(read[0, 4:, 47:], 300 + 2 * 46, atol=4)
    assert record.pixels.max < 500


def test_the_crop_that_is_offered_counts_in_the_file(tmp_path: Path, frames: Frames) -> None:
    frames[:, :4] = np.nan
    path = saved(tmp_path / "m.npy", frames)
    record = ingest(path, **GIVEN, selection=Selection(crop=((2, 39), (10, 49))))
    assert "set crop to 4-39, 10-49" in record.warnings[0]
    assert ingest(path, **GIVEN, selection=Selection(crop=((4, 39), (10, 49)))).warnings == ()


def test_a_border_that_moves_is_filled_with_each_pixels_own_median(tmp_path: Path, frames: Frames) -> None:
    clean = frames.copy()
    for t in range(len(frames)):
        frames[t, : t % 5] = np.nan
    record = ingest(saved(tmp_path / "m.npy", frames), **GIVEN)
    assert record.missing is not None
    assert (record.missing.pixels, record.missing.always) == (4 * 50, 0)
    read = record.open().read(0, 120)
    assert np.isfinite(read).all()
    gone = np.isnan(frames)
    np.testing.assert_allclose(
        read[gone], np.broadcast_to(300 + 2 * np.arange(50), clean.shape)[gone], atol=6
    )
    np.testing.assert_array_equal(read[~gone], clean[~gone])


def test_what_is_filled_in_does_not_depend_on_the_frames_that_are_read(frames: Frames) -> None:
    frames[:, :4] = np.nan
    frames[30:50, :, :6] = np.nan
    whole = movie_of(frames).read(0, 120)
    for start in (0, 33, 119):
        np.testing.assert_array_equal(movie_of(frames).read(start, start + 1), whole[start : start + 1])


def test_an_empty_frame_is_invalid(tmp_path: Path, frames: Frames) -> None:
    frames[70:72] = np.nan
    record = ingest(saved(tmp_path / "m.npy", frames), **GIVEN)
    assert record.invalid == (InvalidFrames(70, 71, "NaN"),)
    assert record.missing is None
    expected = frames[69] * 2 / 3 + frames[72] / 3
    np.testing.assert_allclose(record.open().read(70, 71)[0], expected, rtol=1e-5)


def test_frames_without_data_are_filled_from_finite_ones(frames: Frames) -> None:
    frames[9, :4] = np.nan
    validity = Validity(120, (InvalidFrames(10, 10, "blank"),))
    assert np.isfinite(movie_of(frames, validity).read(10, 11)).all()


def test_dead_pixels_are_filled_and_said(tmp_path: Path, frames: Frames) -> None:
    frames[:, 20, 25] = frames[:, 11, 30] = np.nan
    record = ingest(saved(tmp_path / "m.npy", frames), **GIVEN)
    assert record.missing is not None
    assert (record.missing.pixels, record.missing.inner) == (2, None)
    assert "crop" not in record.warnings[0]
    np.testing.assert_allclose(record.open().read(5, 6)[0, 20, 25], 350, atol=6)


def test_many_scattered_pixels_are_refused(tmp_path: Path, frames: Frames) -> None:
    frames[np.random.default_rng(1).random(frames.shape) < 0.05] = np.nan
    with pytest.raises(InputError, match=r"m\.npy: pixels: 4\.\d% of them, away from the borders, are NaN"):
        ingest(saved(tmp_path / "m.npy", frames), **GIVEN)


def test_a_movie_of_which_most_is_missing_is_refused(tmp_path: Path, frames: Frames) -> None:
    frames[:, :30] = np.nan
    with pytest.raises(InputError, match=r"more than half of them are NaN .* crop"):
        ingest(saved(tmp_path / "m.npy", frames), **GIVEN)
    frames[:] = np.nan
    with pytest.raises(InputError, match="are all NaN or infinite"):
        ingest(saved(tmp_path / "m.npy", frames), **GIVEN)


def test_the_record_keeps_missing_pixels(tmp_path: Path, frames: Frames) -> None:
    frames[:, :4] = np.nan
    record = ingest(saved(tmp_path / "m.npy", frames), **GIVEN)
    write_source(tmp_path / "source.json", record)
    assert read_source(tmp_path / "source.json") == record


def test_pixels_with_numbers_are_read_as_they_are(frames: Frames) -> None:
    np.testing.assert_array_equal(movie_of(frames).read(0, 120), frames)
