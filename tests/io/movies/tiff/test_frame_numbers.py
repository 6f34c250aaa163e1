"""ScanImage's numbers of frames: planes and channels stay apart where pages are missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from neurocine.core import InputError, InvalidFrames, Selection, Validity
from neurocine.io.movies import frames_of_files, n_frames_stored, open_movie
from neurocine.io.movies.tiff import frame_numbers

#: How ScanImage 2016 to 2024 describes a page; the oldest of these as JSON.
LINES = (
    "frameNumbers = {n}\nacquisitionNumbers = 1\nframeNumberAcquisition = {own}\n"
    "frameTimestamps_sec = {t:.9f}\nacqTriggerTimestamps_sec = -1\n"
)
JSON = '{{"FrameHeader": {{"frameNumbers": {n}, "frameNumberAcquisition": {own}}}}}'
OLD = "Frame Number =                {own}\nFrame Timestamp(s) =               {t:.9f}\nDC Overvoltage = 0\n"
ONE = "SI.hChannels.channelSave = 1\nSI.hRoiManager.scanFrameRate = 20\n"
CHANNELS = ONE.replace("= 1", "= [1;2]")
VOLUME = "SI.hFastZ.enable = true\nSI.hStackManager.numSlices = 4\nSI.hRoiManager.scanVolumeRate = 5\n"
PLANES, BOTH = ONE + VOLUME, CHANNELS + VOLUME
FLYBACK = PLANES.replace("= 5", "= 4") + "SI.hFastZ.numDiscardFlybackFrames = 1\n"


def write(
    path: Path,
    pages: Sequence[int],
    header: str,
    *,
    lines: str = LINES,
    averaged: int = 1,
    before: int = 0,
    start: float = 0,
) -> Path:
    """Write the `pages` of a recording, each of which holds its number in all pixels.

    `before` counts the frames of earlier acquisitions; `start` is when this one began, in seconds.
    """
    n_channels = 2 if "[1;2]" in header else 1
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for page in pages:
            own = (page // n_channels + 1) * averaged
            text = lines.format(n=own + before, own=own, t=start + own / 20, start=start)
            new = header if lines != OLD else None
            old = "".join(f"scanimage.{line}\n" for line in header.splitlines())
            writer.write(
                np.full((6, 8), page, np.int16), contiguous=False, metadata=None, software=new,
                description=text if new else text + old, photometric="minisblack",
            )  # fmt: skip
    return path


def read(paths: Path | list[Path], **chosen: Any) -> list[int | None]:
    """Return which pages are the frames of a channel and plane; None for those that are missing."""
    selection = Selection(**chosen)
    movie = open_movie(paths, frame_rate_hz=5, override=True, pixel_size_um=1, selection=selection)
    assert [int(movie.frames[i][0, 0]) for i in range(movie.n_frames)] == movie.frames[:, 0, 0].tolist()
    assert not movie.frames[:][~movie.valid].any()
    pages = movie.read(0, movie.n_frames)[:, 0, 0].tolist()
    return [int(page) if valid else None for page, valid in zip(pages, movie.valid, strict=True)]


@pytest.mark.parametrize("lines", [LINES, JSON, OLD])
def test_a_page_that_is_missing_leaves_planes_in_phase(
    lines: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pages = [i for i in range(40) if i != 17]  # plane 1 of volume 4
    path = write(tmp_path / "m.tif", pages, PLANES, lines=lines)
    for plane in range(4):
        expected = [v * 4 + plane if v != 4 else None for v in range(10)]
        assert read(path, plane=plane) == expected
    assert "by the files' own numbers or times of frames: 1 after frame 3 (1 in all)" in caplog.text
    assert "3 frames between others are left out: those of incomplete volumes" in caplog.text


def test_a_file_begun_and_ended_within_a_volume(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "m.tif", range(6, 38), FLYBACK)
    assert read(path, plane=2) == [12, 17, 22, 27, 32]
    assert "it begins within a volume: the first 4 frames are left out" in caplog.text
    assert "the last volume is incomplete and left out: 3 of 5 frames" in caplog.text
    assert "missing" not in caplog.text


def test_the_first_file_of_a_set_is_missing(tmp_path: Path) -> None:
    files = [write(tmp_path / f"m_{n:05d}.tif", range(n, n + 13), PLANES) for n in (13, 26, 39)]
    assert read(files, plane=3) == list(range(19, 52, 4))


def test_a_file_within_a_set_is_missing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = [write(tmp_path / f"m_{n:05d}.tif", range(n, n + 26), BOTH) for n in (0, 52, 78)]
    pages = read(files, channel="2", plane=1)
    # Volumes have 8 pages: those of pages 0 to 23 and from 56 on are whole.
    assert pages == [3, 11, 19, *[None] * 4, *range(59, 104, 8)]
    assert "4 after frame 2 (4 in all)" in caplog.text
    assert "frames after them have higher numbers than in the file" in caplog.text
    movie = open_movie(files, pixel_size_um=1, selection=Selection(channel="2", plane=1))
    assert frames_of_files(movie.frames) == [range(3), range(7, 10), range(10, 13)]
    part = Selection(channel="2", plane=1, frames=(2, 8))
    movie = open_movie(files, pixel_size_um=1, selection=part)
    assert frames_of_files(movie.frames) == [range(1), range(5, 7), range(7, 7)]
    assert movie.validity == Validity(7, (InvalidFrames(1, 4, "not recorded"),))
    assert n_frames_stored(movie.frames) == 13


def test_pages_of_one_channel_that_are_missing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "m.tif", [i for i in range(40) if i not in (10, 25)], CHANNELS)
    for channel in (0, 1):
        expected = [2 * frame + channel if frame not in (5, 12) else None for frame in range(20)]
        assert read(path, channel=str(channel + 1)) == expected
    assert "1 after frame 4, 1 after frame 11 (2 in all)" in caplog.text
    started = write(tmp_path / "n.tif", range(5, 21), CHANNELS)
    assert read(started, channel="1") == list(range(6, 20, 2))


def test_gaps_of_one_plane_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pages = [*range(7), *range(10, 20), *range(21, 40)]
    path = write(tmp_path / "m.tif", pages, ONE, averaged=3)
    assert read(path) == [page if page in pages else None for page in range(40)]
    assert "3 after frame 6, 1 after frame 19 (4 in all)" in caplog.text
    caplog.clear()
    assert read(path, frames=(10, 19)) == list(range(10, 20))
    assert "missing" not in caplog.text


def test_a_gap_longer_than_the_recording_is_shortened(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "m.tif", [*range(10), *range(1000, 1020)], ONE)
    # 2 s at 5 Hz, and a frame: no transient spans them.
    assert read(path) == [*range(10), *[None] * 11, *range(1000, 1020)]
    assert "990 after frame 9 (990 in all). These are too many" in caplog.text
    assert "times after it are too small" in caplog.text


def test_a_page_that_is_there_twice_is_read_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "m.tif", [*range(9), 8, *range(9, 20)], PLANES)
    assert read(path, plane=1) == list(range(1, 20, 4))
    assert "1 frames between others are left out" in caplog.text


def test_each_acquisition_begins_with_a_volume(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = [
        write(tmp_path / "m_00001.tif", range(18), PLANES),
        write(tmp_path / "m_00002.tif", range(16), PLANES, before=18),
    ]
    expected = [0, 4, 8, 12, 0, 4, 8, 12]
    assert read(files, plane=0) == expected
    assert "2 frames between others are left out" in caplog.text
    assert "missing" not in caplog.text


@pytest.mark.parametrize("lines", [LINES, LINES + "epoch = [2020,2,28,23,59,{start}]\n", OLD])
def test_pauses_between_acquisitions_are_counted(
    lines: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = [
        write(tmp_path / "m_00001.tif", range(20), PLANES, lines=lines),
        write(tmp_path / "m_00002.tif", range(16), PLANES, lines=lines, before=20, start=1.6),
        write(tmp_path / "m_00003.tif", range(16, 28), PLANES, lines=lines, before=20, start=1.6),
    ]
    # Five volumes take 1 s; the second acquisition begins .6 s later, or 2.2 s by date and time.
    n = 11 if "epoch" in lines else 3
    first, second = [0, 4, 8, 12, 16], [0, 4, 8, 12, 16, 20, 24]
    assert read(files, plane=0) == [*first, *[None] * n, *second]
    assert f"{n} after frame 4 ({n} in all)" in caplog.text


def test_times_that_begin_anew_tell_no_pause(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = [write(tmp_path / f"m_{i:05d}.tif", range(16), PLANES, before=16 * i) for i in range(2)]
    assert read(files, plane=1) == [1, 5, 9, 13, 1, 5, 9, 13]
    assert "missing" not in caplog.text


def test_numbers_that_count_nothing_are_ignored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    same = write(tmp_path / "same.tif", range(20), PLANES, lines="frameNumbers = 1\n")
    assert read(same, plane=1) == list(range(1, 20, 4))
    # What the user counts, counts.
    own = write(tmp_path / "own.tif", range(1, 21), CHANNELS)
    assert read(own, channel="1", n_channels=1) == list(range(1, 21))
    assert "frames are missing" not in caplog.text


def test_numbers_that_contradict_the_planes_are_an_error(tmp_path: Path) -> None:
    # Flyback frames that were counted, but neither stored nor in the header.
    pages = [page for page in range(60) if page % 5 < 4]
    path = write(tmp_path / "m.tif", pages, PLANES)
    with pytest.raises(
        InputError, match=r"channels and planes: are 4 planes .* only 3 of 15 volumes are whole"
    ):
        read(path, plane=1)
    # The remedy.
    assert read(path, plane=1, n_planes=4) == list(range(1, 60, 5))


def test_few_headers_are_read_where_nothing_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_read = 0
    begin = frame_numbers.begin_of_description

    def counted(tif: tifffile.TiffFile, offset: int) -> str:
        nonlocal n_read
        n_read += 1
        return begin(tif, offset)

    monkeypatch.setattr(frame_numbers, "begin_of_description", counted)
    path = write(tmp_path / "m.tif", range(400), BOTH)
    assert read(path, channel="1", plane=0) == list(range(0, 400, 8))
    assert n_read < 30


def test_nothing_of_a_volume_is_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="less than one volume"):
        read(write(tmp_path / "m.tif", range(3), PLANES), plane=1)
