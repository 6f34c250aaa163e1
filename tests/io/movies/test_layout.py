"""Channels and planes: which frames are whose, whatever files they lie in."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from neurocine.core import InputError, Selection
from neurocine.ingest import ingest, read_source, write_source
from neurocine.io.movies import frames_of_files, open_movie
from neurocine.io.movies.frames import Concatenated, LazyFrames
from neurocine.io.movies.layout import Layout, chosen_times

FRAMES: NDArray[np.uint16] = np.random.default_rng(5).integers(0, 4000, (24, 6, 5)).astype(np.uint16)
GIVEN: dict[str, Any] = {"frame_rate_hz": 10.0, "pixel_size_um": 1.0}


def split_files(folder: Path, *lengths: int) -> list[Path]:
    """Write FRAMES one after the other into files of so many pages."""
    files, start = [], 0
    for i, n in enumerate(lengths):
        files.append(folder / f"m_{i:05d}.tif")
        tifffile.imwrite(files[-1], FRAMES[start : start + n], photometric="minisblack", metadata=None)
        start += n
    return files


def test_frames_of_a_channel_and_plane_by_hand() -> None:
    layout = Layout(("1", "2"), n_planes=3, n_flyback=1)
    # Volume of 8: C1Z0 C2Z0 C1Z1 C2Z1 C1Z2 C2Z2 fly fly
    assert list(layout.times(24, 1, 2)) == [5, 13, 21]
    assert list(Layout(("1", "2"), 3, order="ZCT").times(12, 1, 2)) == [5, 11]
    assert list(Layout(("1", "2"), 3, order="TCZ").times(12, 1, 2)) == [10, 11]
    assert list(Layout(("1", "2"), 3, order="CTZ").times(12, 1, 2)) == [9, 11]


def test_alternating_frames_are_told_apart_by_the_user(tmp_path: Path) -> None:
    files = split_files(tmp_path, 7, 5, 12)  # volumes go on in the next file
    for channel in (1, 2):
        for plane in (0, 1, 2):
            chosen = Selection(channel=str(channel), n_channels=2, plane=plane, n_planes=3)
            movie = open_movie(files, **GIVEN, selection=chosen)
            expected = FRAMES[2 * plane + channel - 1 :: 6]
            np.testing.assert_array_equal(movie.read(0, movie.n_frames), expected)
            np.testing.assert_array_equal(movie.read(1, 3), expected[1:3])


def test_channels_arent_told_apart_after_a_file_that_is_missing(tmp_path: Path) -> None:
    files = split_files(tmp_path, 7, 5, 4, 8)
    chosen = Selection(channel="1", n_channels=2)
    with pytest.raises(
        InputError, match=r"00002\.tif: channels and planes: files between it and m_00000.tif"
    ):
        open_movie([files[0], *files[2:]], **GIVEN, selection=chosen)
    files = split_files(tmp_path, 8, 4, 12)
    movie = open_movie([files[0], files[2]], **GIVEN, selection=chosen)
    np.testing.assert_array_equal(movie.frames[:], np.concatenate([FRAMES[:8:2], FRAMES[12::2]]))


def test_frames_and_crop_count_within_the_channel(tmp_path: Path) -> None:
    files = split_files(tmp_path, 7, 5, 12)
    chosen = Selection(channel="2", n_channels=2, frames=(2, 8), crop=((1, 3), (0, 2)))
    record = ingest(files, **GIVEN, selection=chosen, bad_frames=[(3, 3)])
    np.testing.assert_array_equal(record.open().frames[0:7], FRAMES[1::2][2:9, 1:4, :3])
    # Pages 5 to 17 are frames 2 to 8: one in the first file, three in each other.
    held = [(file.first_frame, file.last_frame) for file in record.files]
    assert held == [(0, 0), (1, 3), (4, 6)]
    assert [part.first for part in record.invalid if part.reason == "named by the user"] == [1]
    write_source(tmp_path / "source.json", record)
    assert read_source(tmp_path / "source.json") == record


def test_the_rate_of_alternating_planes_is_that_of_volumes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tifffile.imwrite(
        tmp_path / "m.tif", FRAMES, imagej=True, metadata={"axes": "TYX", "finterval": 0.05, "unit": "um"}
    )
    chosen = Selection(plane=1, n_planes=4)
    assert open_movie(tmp_path / "m.tif", pixel_size_um=1, selection=chosen).frame_rate_hz == 5
    assert "frame rate, 20 Hz, is taken for that of all 4 planes together: 5 Hz for each" in caplog.text
    # What the warning says, if it is wrong.
    for given in (5, 20):
        movie = open_movie(tmp_path / "m.tif", frame_rate_hz=given, pixel_size_um=1, selection=chosen)
        assert movie.frame_rate_hz == given
    with pytest.raises(InputError, match=r"frame_rate_hz: is 10 in .* but 5 in the file"):
        open_movie(tmp_path / "m.tif", frame_rate_hz=10, pixel_size_um=1, selection=chosen)
    both = Selection(channel="1", n_channels=2)
    assert open_movie(tmp_path / "m.tif", pixel_size_um=1, selection=both).frame_rate_hz == 20


@pytest.mark.parametrize(("increment", "rate"), [(0.2, 5), (0.05, 5), (None, 5)])
def test_a_rate_of_volumes_in_ome_stays(
    increment: float | None, rate: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of 24 pages recorded 50 ms apart, the planes of six volumes that the file knows nothing of."""
    planes = "".join(f'<Plane TheC="0" TheZ="0" TheT="{t}" DeltaT="{t / 20}"/>' for t in range(24))
    known = "" if increment is None else f'TimeIncrement="{increment}"'
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="5" SizeY="6" SizeC="1" SizeZ="1" '
        f'SizeT="24" {known}><TiffData/>{planes}</Pixels></Image></OME>'
    )
    tifffile.imwrite(tmp_path / "m.tif", FRAMES, description=xml, metadata=None, photometric="minisblack")
    movie = open_movie(tmp_path / "m.tif", pixel_size_um=1, selection=Selection(plane=1, n_planes=4))
    assert movie.frame_rate_hz == pytest.approx(rate)
    assert ("taken for that of all" in caplog.text) == (increment != 0.2)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (Selection(), r"channel: there are 2: 1, 2\. Choose one: column channel .*--channel"),
        (Selection(channel="3", plane=0), r"channel: '3' isn't there, but 1, 2"),
        (Selection(channel="1"), r"plane: there are 3: 0 to 2\. Choose one: column plane .*--plane"),
        (Selection(channel="1", plane=3), r"plane: 3 isn't there, but 0 to 2"),
    ],
)
def test_a_choice_that_is_missing_or_wrong_lists_what_is_there(
    chosen: Selection, message: str, tmp_path: Path
) -> None:
    stored = FRAMES.reshape(4, 3, 2, 6, 5)
    tifffile.imwrite(tmp_path / "m.tif", stored, imagej=True, metadata={"axes": "TZCYX"})
    with pytest.raises(InputError, match=message):
        open_movie(tmp_path / "m.tif", **GIVEN, selection=chosen)


def test_the_users_numbers_count_where_the_file_says_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As of a plane or channel that was cut out with the header kept, or of flyback that isn't in it."""
    metadata = {"axes": "TZCYX", "finterval": 0.2, "unit": "um"}
    tifffile.imwrite(tmp_path / "m.tif", FRAMES.reshape(4, 3, 2, 6, 5), imagej=True, metadata=metadata)
    for chosen, expected in (
        (Selection(channel="1", n_channels=1, plane=0, n_planes=1), FRAMES),
        (Selection(channel="2", n_channels=2, plane=0, n_planes=1), FRAMES[1::2]),
        (Selection(channel="2", plane=3, n_planes=4), FRAMES[7::8]),
        (Selection(channel="4", n_channels=4, plane=1), FRAMES[7::12]),
    ):
        movie = open_movie(tmp_path / "m.tif", pixel_size_um=1, selection=chosen)
        np.testing.assert_array_equal(movie.frames[:], expected)
        assert movie.frame_rate_hz == 5
    assert "plane is one of 4, as given; the file says 2 channels (1, 2), 3 planes (0 to 2)" in caplog.text


def test_a_channel_of_a_file_that_says_nothing_of_channels(tmp_path: Path) -> None:
    (file,) = split_files(tmp_path, 24)
    with pytest.raises(InputError, match=r"'2' isn't known.*give 1/2 for the first of the two"):
        open_movie(file, **GIVEN, selection=Selection(channel="2"))
    with pytest.raises(InputError, match=r"plane: 1 isn't there, but only 0.*give 0/4"):
        open_movie(file, **GIVEN, selection=Selection(plane=1))


def test_channels_are_known_by_their_names() -> None:
    layout = Layout(("Ch1", "green"))
    for name in ("1", "ch1", "Channel 1", "Ch1"):
        assert chosen_times("m", layout, Selection(channel=name), 6) == range(0, 6, 2)
    assert chosen_times("m", layout, Selection(channel="Green"), 6) == range(1, 6, 2)


def test_an_incomplete_volume_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    layout = Layout(n_planes=4, n_flyback=1)
    assert list(chosen_times("m", layout, Selection(plane=1), 14)) == [1, 6, 11]  # only flyback is missing
    assert not caplog.text
    with caplog.at_level(logging.INFO):
        assert list(chosen_times("m", layout, Selection(plane=1), 12)) == [1, 6]
    assert "the last volume is incomplete and left out: 2 of 5 frames" in caplog.text
    assert "1 of 5 frames in each volume is flyback and is left out" in caplog.text
    with pytest.raises(InputError, match="aren't whole volumes"):
        chosen_times("m", Layout(("1", "2"), order="TCZ"), Selection(channel="1"), 7)
    with pytest.raises(InputError, match="less than one volume"):
        chosen_times("m", layout, Selection(plane=3), 2)


class Counted(LazyFrames):
    """Frames that note which of them were read."""

    def __init__(self, frames: NDArray[Any]) -> None:
        super().__init__(frames.shape, frames.dtype)
        self.frames, self.read = frames, list[int]()

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return self._read_every(range(start, stop))

    def _read_every(self, times: range) -> NDArray[Any]:
        self.read += times
        return self.frames[times.start : times.stop : times.step]


def test_only_the_frames_of_the_channel_are_read() -> None:
    parts = [Counted(FRAMES[:7]), Counted(FRAMES[7:8]), Counted(FRAMES[8:])]
    frames = Concatenated(parts)
    np.testing.assert_array_equal(frames[2:23:5], FRAMES[2:23:5])
    assert [part.read for part in parts] == [[2], [0], [4, 9, 14]]


def test_pages_of_other_channels_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tifffile.imwrite(tmp_path / "m.tif", FRAMES, compression="zlib", photometric="minisblack", metadata=None)
    decoded: list[int] = []
    asarray = tifffile.TiffFile.asarray

    def spied(self: tifffile.TiffFile, key: list[int], **more: Any) -> NDArray[Any]:
        decoded.extend(key)
        return asarray(self, key=key, **more)

    monkeypatch.setattr(tifffile.TiffFile, "asarray", spied)
    movie = open_movie(tmp_path / "m.tif", **GIVEN, selection=Selection(channel="2", n_channels=3))
    np.testing.assert_array_equal(movie.read(2, 5), FRAMES[1::3][2:5])
    assert decoded == [7, 10, 13]


def test_frames_of_files_in_an_order_with_time_first(tmp_path: Path) -> None:
    for name in "ab":
        tifffile.imwrite(
            tmp_path / f"{name}.tif", FRAMES.reshape(2, 12, 6, 5), ome=True, metadata={"axes": "CTYX"}
        )
    movie = open_movie(
        [tmp_path / "a.tif", tmp_path / "b.tif"], **GIVEN, selection=Selection(channel="2", frames=(3, 14))
    )
    assert frames_of_files(movie.frames) == [range(9), range(9, 12)]
    np.testing.assert_array_equal(movie.read(0, 12), np.concatenate([FRAMES[15:], FRAMES[12:15]]))
