"""Ingest: every pixel read once, and a record that tells one movie from another."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr

from neurocine.core import InputError, Movie, NoValidFrame, Selection
from neurocine.ingest import FrameStatistics, PixelStatistics, check_pixels, ingest, read_source, write_source

GIVEN: dict[str, Any] = {"frame_rate_hz": 10.0, "pixel_size_um": 2.0, "indicator": "GCaMP6s"}


def movie_of(frames: Any) -> Movie:
    return Movie(frames, 1.0, 1.0, source="film.tif")


def test_record_of_several_files(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (8, 6, 5)).astype(np.uint8)
    paths = [tmp_path / "a 1.tif", tmp_path / "ü 2.tif"]
    for i, path in enumerate(paths):
        tifffile.imwrite(path, frames[4 * i : 4 * i + 4], photometric="minisblack")
    record = ingest(paths, **GIVEN)
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    assert [file.sha256 for file in record.files] == digests
    assert [file.path for file in record.files] == [str(path) for path in paths]
    assert [file.size for file in record.files] == [path.stat().st_size for path in paths]
    assert [(file.first_frame, file.last_frame) for file in record.files] == [(0, 3), (4, 7)]
    assert record.sha256 == hashlib.sha256("".join(digests).encode()).hexdigest()
    assert (record.format, record.shape, record.dtype) == ("TIFF", (8, 6, 5), "uint8")
    assert (record.frame_rate_hz, record.pixel_size_um, record.indicator) == (10, 2, "GCaMP6s")
    assert record.pixels.mean == pytest.approx(frames.mean(), rel=1e-12)
    assert (record.pixels.min, record.pixels.max) == (frames.min(), frames.max())
    assert record.pixels.saturated == np.mean(frames == frames.max())

    write_source(tmp_path / "source.json", record)
    source = read_source(tmp_path / "source.json")
    assert source == record
    assert source.shape == (8, 6, 5)
    np.testing.assert_array_equal(source.open().read(0, 8), frames)
    write_source(tmp_path / "again.json", source)
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "source.json").read_bytes()


def test_record_of_a_selection(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (8, 6, 5)).astype(np.uint8)
    paths = [tmp_path / "a1.npy", tmp_path / "a2.npy", tmp_path / "a3.npy"]
    for path, part in zip(paths, (frames[:3], frames[3:6], frames[6:]), strict=True):
        np.save(path, part)
    part = Selection(frames=(1, 5), crop=((2, 4), (0, 3)))
    record = ingest(paths, **GIVEN, selection=part, bad_frames=[(0, 1), (4, 4)])
    assert record.shape == (5, 3, 4)
    held = [(file.first_frame, file.last_frame) for file in record.files]
    assert held == [(0, 1), (2, 4), (None, None)]
    named = [(item.first, item.last) for item in record.invalid if item.reason == "named by the user"]
    assert named == [(0, 0), (3, 3)]
    with pytest.raises(InputError, match=r"bad_frames: frames 8 to 9 .* which has 8"):
        ingest(paths, **GIVEN, selection=part, bad_frames=[(8, 9)])
    write_source(tmp_path / "source.json", record)
    source = read_source(tmp_path / "source.json")
    assert source == record
    np.testing.assert_array_equal(source.open().frames[1:3], frames[2:4, 2:5, :4])


def test_relative_paths_stay_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("m.npy", np.arange(24.0).reshape(2, 3, 4))
    assert ingest(Path("m.npy"), **GIVEN).files[0].path == "m.npy"


def test_zarr_folder_has_one_checksum_of_its_files(tmp_path: Path) -> None:
    array = zarr.create_array(str(tmp_path / "m.zarr"), shape=(4, 3, 2), dtype="u2", chunks=(1, 3, 2))
    array[:] = np.arange(24).reshape(4, 3, 2)
    first = ingest(tmp_path / "m.zarr", **GIVEN)
    assert first == ingest(tmp_path / "m.zarr", **GIVEN)
    (file,) = first.files
    assert file.size == sum(p.stat().st_size for p in (tmp_path / "m.zarr").rglob("*") if p.is_file())
    array[2, 0, 0] = 99
    assert ingest(tmp_path / "m.zarr", **GIVEN).sha256 != first.sha256


def test_pixels_are_the_same_however_they_are_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = np.random.default_rng(0).integers(-300, 300, (50, 4, 4)).astype(np.int16)
    frames[frames > 250] = 250
    expected = PixelStatistics(frames.sum() / frames.size, -300, 250, float(np.mean(frames == 250)))
    assert expected.saturated > 0.05
    for n in (1, 7, 50):
        monkeypatch.setattr(Movie, "block_frames", lambda self, n=n: n)
        assert check_pixels(movie_of(frames)) == expected


def test_whole_numbers_are_summed_exactly() -> None:
    frames = np.full((2, 2, 2), 2**31, np.uint32)
    frames[0, 0, 0] = 1
    assert check_pixels(movie_of(frames)).mean == (7 * 2**31 + 1) / 8


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_constant_movie(dtype: Any) -> None:
    with pytest.raises(InputError, match="all have the value 7"):
        check_pixels(movie_of(np.full((3, 4, 4), 7, dtype)))


def test_pictures_of_one_pixel_are_refused_by_their_file(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.random.default_rng(0).integers(0, 9, (30, 1, 1)).astype(np.uint8))
    with pytest.raises(NoValidFrame, match=r"m\.npy: frames: none holds data"):
        ingest(tmp_path / "m.npy", **GIVEN)


def test_a_movie_that_the_user_names_bad_but_for_artefacts_is_refused_by_its_file(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 99, (30, 8, 8)).astype(np.uint8)
    frames[10] = 0
    np.save(tmp_path / "m.npy", frames)
    with pytest.raises(NoValidFrame, match=r"m\.npy: frames: none holds data"):
        ingest(tmp_path / "m.npy", **GIVEN, bad_frames=[(0, 9), (11, 29)])


@pytest.mark.parametrize("value", [1e36, -1e36, float(np.finfo(np.float32).max), 2e12])
@pytest.mark.filterwarnings("error")
def test_values_that_would_overflow_are_refused(value: float) -> None:
    frames = np.random.default_rng(0).normal(300, 20, (90, 40, 40)).astype(np.float32)
    frames[50:, 3, 4] = value
    statistics = FrameStatistics()
    with pytest.raises(InputError, match=r"film\.tif: pixels: reach .* from frame .*save these as NaN"):
        check_pixels(movie_of(frames), statistics=statistics)
    frames[50:, 3, 4] = 9e11
    assert check_pixels(movie_of(frames)).max == np.float32(9e11)


def test_damaged_pixels_are_found_before_work_starts(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (6, 8, 8)).astype(np.uint8)
    array = zarr.create_array(str(tmp_path / "m.zarr"), data=frames, chunks=(1, 8, 8))
    del array
    chunks = sorted(p for p in (tmp_path / "m.zarr").rglob("*") if p.is_file() and p.name != "zarr.json")
    chunks[3].write_bytes(b"scrambled")
    with pytest.raises(InputError, match=r"m\.zarr: frames 0-5: can't be read"):
        ingest(tmp_path / "m.zarr", **GIVEN)


def test_progress_is_told(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.arange(24.0).reshape(2, 3, 4))
    calls: list[tuple[str, int, int]] = []
    ingest(tmp_path / "m.npy", **GIVEN, progress=lambda *what: calls.append(what))
    assert ("pixels", 2, 2) in calls
    assert calls[-1] == ("checksums", 1, 1)


def test_record_that_is_missing_or_damaged(tmp_path: Path) -> None:
    path = tmp_path / "source.json"
    with pytest.raises(InputError, match="doesn't exist"):
        read_source(path)
    for text in ("{", "[]", '{"files": []}', "3"):
        path.write_text(text)
        with pytest.raises(InputError, match="isn't a record of ingest"):
            read_source(path)
