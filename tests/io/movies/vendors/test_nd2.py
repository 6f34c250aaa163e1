"""Nikon's files: order of time, planes and channels, rate and pixel size, and what isn't read."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from nd2files import write_nd2
from numpy.typing import NDArray

from neurocine.core import DamagedFile, InputError, ReaderMissing, Selection
from neurocine.io.movies import open_movie, probe


@pytest.fixture
def frames() -> NDArray[np.uint16]:
    return np.random.default_rng(0).integers(0, 4000, (12, 2, 8, 10)).astype(np.uint16)


def test_one_channel_of_one_plane(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    movie = open_movie(write_nd2(tmp_path / "m.nd2", frames[:, :1], [("T", 12)]))
    assert (movie.frame_rate_hz, movie.pixel_size_um) == (20, 1.2)
    np.testing.assert_array_equal(movie.read(3, 9), frames[3:9, 0])


@pytest.mark.parametrize(("loops", "step"), [((("T", 4), ("Z", 3)), 3), ((("Z", 3), ("T", 4)), 1)])
def test_channels_and_planes(
    tmp_path: Path, frames: NDArray[np.uint16], loops: list[tuple[str, int]], step: int
) -> None:
    times = 25.0 * np.arange(12)
    path = write_nd2(tmp_path / "m.nd2", frames, loops, channels=("green", "red"), times_ms=times)
    volumes = frames.reshape(4, 3, 2, 8, 10) if step == 3 else frames.reshape(3, 4, 2, 8, 10).swapaxes(0, 1)
    for plane in range(3):
        for channel, name in enumerate(("green", "red")):
            movie = open_movie(path, selection=Selection(channel=name, plane=plane))
            assert movie.frame_rate_hz == pytest.approx(40 / step)  # from the times, not from the period
            np.testing.assert_array_equal(movie.read(0, 4), volumes[:, plane, channel])
    with pytest.raises(InputError, match=r"channel: there are 2: 1 \(green\), 2 \(red\)"):
        open_movie(path)


@pytest.mark.parametrize("n_planes", [1, 2])
def test_times_tell_the_rate_and_frames_that_are_missing(
    tmp_path: Path, frames: NDArray[np.uint16], n_planes: int, caplog: pytest.LogCaptureFixture
) -> None:
    n_times = 12 // n_planes
    starts = 51 * (np.arange(n_times) + np.where(np.arange(n_times) > 3, 2, 0))
    times = (starts[:, None] + 20 * np.arange(n_planes)).ravel()
    loops = [("T", n_times), ("Z", n_planes)][:n_planes]
    path = write_nd2(tmp_path / "m.nd2", frames, loops, channels=("green", "red"), times_ms=times)
    movie = open_movie(path, selection=Selection(channel="red", plane=n_planes - 1))
    assert movie.frame_rate_hz == pytest.approx(1000 / 51)
    np.testing.assert_array_equal(np.flatnonzero(~movie.valid), [4, 5])
    stored = movie.frames[:][movie.valid]
    np.testing.assert_array_equal(stored, frames.reshape(n_times, n_planes, 2, 8, 10)[:, n_planes - 1, 1])
    assert "20 Hz were planned, but by their times frames were recorded at 19.6078 Hz" in caplog.text
    assert "2 after frame 3 (2 in all)" in caplog.text
    caplog.clear()
    open_movie(write_nd2(path, frames[:, :1], [("T", 12)], times_ms=50.1 * np.arange(12)))
    assert caplog.text == ""


def test_an_experiment_that_was_stopped(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    path = write_nd2(tmp_path / "m.nd2", frames[:11, :1], [("T", 400), ("Z", 3)])
    movie = open_movie(path, selection=Selection(plane=2))
    np.testing.assert_array_equal(movie.read(0, 3), frames[2:11:3, 0])


def test_without_calibration_there_is_no_pixel_size(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    path = write_nd2(tmp_path / "m.nd2", frames[:, :1], [("T", 12)], pixel_size_um=None)
    assert probe(path).pixel_size_um is None


def test_what_is_not_read_is_named(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    path = write_nd2(tmp_path / "m.nd2", frames[:, :1], [("P", 2), ("T", 6)])
    with pytest.raises(InputError, match=r"axes: more than time \(T\) and planes \(Z\): P=2, T=6"):
        probe(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DamagedFile, match=r"m\.nd2: file: isn't a whole Nikon movie"):
        probe(path)
    write_nd2(path, frames[:, :1], [("T", 12)], uiHeight=2**20, uiSequenceCount=12)
    with pytest.raises(DamagedFile, match="declares"):
        probe(path)


def test_without_the_package_the_error_says_how_to_install_it(
    tmp_path: Path, frames: NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_nd2(tmp_path / "m.nd2", frames[:, :1], [("T", 12)])
    monkeypatch.setitem(sys.modules, "nd2", None)
    with pytest.raises(ReaderMissing, match=r"pip install 'neurocine\[formats\]'"):
        probe(path)
