"""Inscopix's files; those of Inscopix's own library if it is installed."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.core import DamagedFile, InputError, Movie
from neurocine.ingest import ingest
from neurocine.io.movies import open_movie, probe

T, Y, X = 9, 6, 8


@pytest.fixture
def frames() -> NDArray[np.uint16]:
    return np.random.default_rng(0).integers(1, 9000, (T, Y, X)).astype(np.uint16)


def write(path: Path, stored: list[bytes], **changed: Any) -> Path:
    """Write `stored` frames, and a description as isxcore 2.0.1 does."""
    timing = {
        "numTimes": len(stored),
        "period": {"num": 50, "den": 1000},
        "dropped": [],
        "blank": [],
        "cropped": [],
    }
    described = {
        "type": 0,
        "dataType": 0,
        "fileVersion": 1,
        "hasFrameHeaderFooter": False,
        "spacingInfo": {"numPixels": {"x": X, "y": Y}, "pixelSize": {"x": {"num": 3, "den": 1}}},
        "timingInfo": timing | changed.pop("timing", {}),
    } | changed
    text = json.dumps(described, indent=4).encode()
    path.write_bytes(b"".join(stored) + text + b"\0" + struct.pack("<q", len(text)))
    return path


def test_frames_and_rate(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    path = write(tmp_path / "m.isxd", [frame.tobytes() for frame in frames])
    movie = open_movie(path, pixel_size_um=2.0)  # the file's 3 µm are those of no lens
    assert movie.frame_rate_hz == 20
    assert movie.validity is None
    np.testing.assert_array_equal(movie.read(2, 7), frames[2:7])


def test_frames_that_are_not_stored_are_invalid(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    timing = {"numTimes": T, "dropped": [3], "cropped": ["5 - 6"], "blank": [8]}
    kept = [0, 1, 2, 4, 7]
    opened = probe(write(tmp_path / "m.isxd", [frames[i].tobytes() for i in kept], timing=timing))
    movie = Movie(opened.frames, 20, 1, validity=opened.validity)
    assert np.flatnonzero(movie.valid).tolist() == kept
    np.testing.assert_array_equal(movie.read(0, T)[kept], frames[kept])
    np.testing.assert_array_equal(opened.frames[4:8], frames[4:8] * np.array([1, 0, 0, 1])[:, None, None])


def test_ingest_records_the_frames_that_are_not_stored(tmp_path: Path) -> None:
    picture = np.random.default_rng(1).integers(200, 900, (Y, X))
    stored = [(picture + i % 3).astype(np.uint16).tobytes() for i in range(18)]
    path = write(tmp_path / "m.isxd", stored, timing={"numTimes": 20, "dropped": [4, 5]})
    record = ingest(path, pixel_size_um=2.0)
    lost = [part for part in record.invalid if "dropped" in part.reason]
    assert [(part.first, part.last) for part in lost] == [(4, 5)]


def test_bytes_around_frames_are_left_out(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    around = b"\xff" * 5120
    stored = [around + frame.tobytes() + around for frame in frames]
    path = write(tmp_path / "m.isxd", stored, hasFrameHeaderFooter=True)
    np.testing.assert_array_equal(probe(path).frames[:], frames)


def test_32_bit_frames(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    ratios = (frames / 7).astype(np.float32)
    path = write(tmp_path / "m.isxd", [frame.tobytes() for frame in ratios], dataType=1)
    np.testing.assert_array_equal(probe(path).frames[:], ratios)


def test_what_does_not_fit_is_named(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    path = tmp_path / "m.isxd"
    stored = [frame.tobytes() for frame in frames]
    write(path, stored, type=1)
    with pytest.raises(InputError, match="isn't a movie of grey values"):
        probe(path)
    write(path, stored, timing={"numTimes": 40})
    with pytest.raises(DamagedFile, match=r"size: is \d+ bytes, but 40 frames of 6 x 8 pixels take 3840"):
        probe(path)
    path.write_bytes(bytes(4096))
    with pytest.raises(DamagedFile, match=r"isn't a whole \.isxd file"):
        probe(path)
    write(path, stored, timing={"numTimes": 10**15})
    with pytest.raises(DamagedFile, match="counts"):
        probe(path)


def test_a_file_of_inscopix_own_library(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    isx = pytest.importorskip("isx")
    path = tmp_path / "m.isxd"
    timing = isx.Timing(num_samples=T, period=isx.Duration.from_msecs(50), dropped=[3], cropped=[[5, 6]])
    written = isx.Movie.write(str(path), timing, isx.Spacing(num_pixels=(Y, X)), np.uint16)
    kept = [0, 1, 2, 4, 7, 8]
    for i in kept:
        written.set_frame_data(i, frames[i])
    written.flush()
    del written
    opened = probe(path)
    assert opened.validity is not None
    assert np.flatnonzero(opened.validity.valid).tolist() == kept
    np.testing.assert_array_equal(opened.frames[:][kept], frames[kept])
