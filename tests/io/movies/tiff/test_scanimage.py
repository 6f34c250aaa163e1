"""ScanImage's headers, versions 3 to 2024: channels, planes, flyback and rates."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from neurocine.core import InputError, Selection
from neurocine.io.movies import open_movie
from neurocine.io.movies.layout import Layout
from neurocine.io.movies.tiff import headers, scanimage

#: Lines of a header that ScanImage 5.0 wrote (two channels, five frames averaged).
VERSION_5 = """Frame Number =                5
Frame Timestamp(s) =               0.133179812
DC Overvoltage = 0
scanimage.SI5.VERSION_MAJOR = 5
scanimage.SI5.acqNumAveragedFrames = 5
scanimage.SI5.acqNumFrames = 3000
scanimage.SI5.channelOffsets = [19 243 0 0]
scanimage.SI5.channelsDisplay = [1;2]
scanimage.SI5.channelsInputRange = {[-1 1] [-1 1] [-1 1] [-1 1]}
scanimage.SI5.channelsSave = [1;2]
scanimage.SI5.fastZDiscardFlybackFrames = false
scanimage.SI5.fastZEnable = false
scanimage.SI5.fastZNumDiscardFrames = 0
scanimage.SI5.fastZNumVolumes = 1
scanimage.SI5.fastZPeriod = []
scanimage.SI5.linesPerFrame = 512
scanimage.SI5.scanFramePeriod = 0.0334177
scanimage.SI5.stackNumSlices = 1
scanimage.SI5.userFunctionsCfg = <nonscalar struct/object>
scanimage.SI5.zoomFactor = 3
"""

VERSION_3 = "\r".join(
    [
        "state.configName='512x512'",
        "state.software.version=3.8",
        "state.acq.numberOfChannelsSave=2",
        "state.acq.savingChannel1=1",
        "state.acq.savingChannel2=0",
        "state.acq.savingChannel3=1",
        "state.acq.savingChannel4=0",
        "state.acq.numberOfFrames=200",
        "state.acq.numberOfZSlices=1",
        "state.acq.numAvgFramesSave=2",
        "state.acq.frameRate=31.25",
    ]
)


def si4(**more: str) -> str:
    """Return a header of ScanImage 4; a value of ``""`` leaves a line out."""
    lines = {
        "acqNumAveragedFrames": "1",
        "acqNumFrames": "10000",
        "channelsSave": "[1;2]",
        "fastZEnable": "0",
        "stackNumSlices": "1",
        "scanFrameRate": "30.5",
    } | more
    return "".join(f"scanimage.SI4.{key} = {value}\n" for key, value in lines.items() if value)


def si(prefix: str = "", **more: str) -> str:
    """Return a header of ScanImage 2015 to 2024; ``hFastZ__enable`` stands for ``hFastZ.enable``."""
    lines = {"hChannels.channelSave": "1", "hRoiManager.scanFrameRate": "30", "hFastZ.enable": "false"}
    lines |= {key.replace("__", "."): value for key, value in more.items()}
    return "".join(f"{prefix}SI.{key} = {value}\n" for key, value in lines.items())


FAST = {"hFastZ__enable": "true", "hRoiManager__scanVolumeRate": "6", "hStackManager__numSlices": "4"}

CASES: dict[str, tuple[str, Layout, float | None]] = {
    "3.8": (VERSION_3, Layout(("1", "3")), 31.25 / 2),
    "4": (si4(), Layout(("1", "2")), 30.5),
    "4, period of volumes that are switched off": (
        si4(fastZEnable="false", fastZPeriod="0.1", acqNumAveragedFrames="5"), Layout(("1", "2")), 6.1
    ),
    "3.8, number of averaged frames that are switched off": (
        f"{VERSION_3}\rstate.acq.averaging=0", Layout(("1", "3")), 31.25
    ),
    "4, period": (si4(scanFrameRate="", scanFramePeriod="0.02"), Layout(("1", "2")), 50),
    "4, volumes": (
        si4(fastZEnable="1", stackNumSlices="4", fastZNumDiscardFrames="1", fastZPeriod="0.2"),
        Layout(("1", "2"), 4, 1),
        5,
    ),
    "4, volumes without their rate": (
        si4(fastZEnable="1", stackNumSlices="5", channelsSave="1"), Layout(("1",), 5), 6.1
    ),
    "5.0": (VERSION_5, Layout(("1", "2")), 1 / 0.0334177 / 5),
    "2015": (si("scanimage.", hChannels__channelSave="[1;4]", hFastZ__enable="0"), Layout(("1", "4")), 30),
    "2015, volumes": (
        si("scanimage.", **FAST, hStackManager__slicesPerAcq="4", hStackManager__zs="[0 10 20 30]",
           hFastZ__numFramesPerVolume="5", hFastZ__numDiscardFlybackFrames="1"),
        Layout(("1",), 4, 1), 6,
    ),
    "2016, volumes": (
        si(**FAST | {"hStackManager__numSlices": "11"}, hStackManager__zs="[0 10 20 30]",
           hFastZ__numFramesPerVolume="5", hFastZ__discardFlybackFrames="true"),
        Layout(("1",), 4, 1), 6,
    ),
    "2020, one plane": (
        si(hStackManager__enable="false", hStackManager__numSlices="11", hStackManager__actualNumSlices="1",
           hStackManager__framesPerSlice="Inf", hRoiManager__scanVolumeRate="30",
           hScan2D__logAverageFactor="3", hChannels__channelName="{'Channel 1' 'Channel 2'}"),
        Layout(("1",)), 10,
    ),
    "2020, leftover slices": (
        si(hStackManager__enable="false", hStackManager__numSlices="11"), Layout(("1",)), 30
    ),
    "2022, volumes": (
        si(**FAST | {"hFastZ__enable": "false"}, hStackManager__enable="true",
           hStackManager__stackMode="'fast'",
           hStackManager__actualNumSlices="3", hStackManager__framesPerSlice="1",
           hStackManager__numFramesPerVolume="3", hStackManager__numFramesPerVolumeWithFlyback="5",
           hChannels__channelSave="[1 2]", hChannels__channelName="{'green' 'red'}"),
        Layout(("1 (green)", "2 (red)"), 3, 2), 6,
    ),
    "2022, volumes without flyback": (
        si(**FAST, hStackManager__enable="true", hStackManager__actualNumSlices="5",
           hStackManager__numFramesPerVolume="5", hStackManager__numFramesPerVolumeWithFlyback="5",
           hFastZ__numDiscardFlybackFrames="1"),
        Layout(("1",), 5), 6,
    ),
    "2022, slow stack": (
        si(hStackManager__enable="true", hStackManager__stackMode="'slow'", hStackManager__numSlices="3",
           hStackManager__framesPerSlice="100", hScan2D__logAverageFactor="2"),
        Layout(("1",), 3, order="CTZ", n_times=50), 15,
    ),
    "2016, slow stack of single frames": (
        si(hStackManager__numSlices="3", hStackManager__framesPerSlice="1"), Layout(("1",), 3), None
    ),
}  # fmt: skip


@pytest.mark.parametrize("version", CASES)
def test_channels_planes_and_rate_of_every_version(version: str) -> None:
    text, layout, rate = CASES[version]
    settings = scanimage.parse(text)
    assert scanimage.layout("m", settings) == layout
    assert scanimage.rate("m", settings)[0] == (None if rate is None else pytest.approx(rate))


def test_frames_in_succession_within_volumes_are_refused() -> None:
    header = si(**FAST, hStackManager__enable="true", hStackManager__actualNumSlices="4",
                hStackManager__numFramesPerVolume="40")  # fmt: skip
    with pytest.raises(InputError, match="frames per slice: each volume holds 10 frames of a plane"):
        scanimage.layout("m", scanimage.parse(header))


def test_rates_that_contradict_the_planes_are_named(caplog: pytest.LogCaptureFixture) -> None:
    scanimage.layout("m", scanimage.parse(si(**FAST)))
    assert "says 4 planes and 0 flyback frames, but its rates say 5 frames in each volume" in caplog.text


def write(
    path: Path, frames: NDArray[Any], header: str, *, bigtiff: bool = True, first_page: int = 0
) -> Path:
    """Write a page per frame: the header into the Software tag (from 2016), else into each description.

    Numbers of frames begin as those of the page `first_page` of the recording.
    """
    software = header if header.startswith("SI.") else None
    n_channels = len(scanimage.channels(scanimage.parse(header)))
    with tifffile.TiffWriter(path, bigtiff=bigtiff) as writer:
        for page, frame in enumerate(frames, first_page):
            description = f"frameNumbers = {page // n_channels + 1}" if software else header
            writer.write(
                frame, contiguous=False, metadata=None, software=software, description=description,
                photometric="minisblack",
            )  # fmt: skip
    return path


@pytest.fixture
def frames() -> NDArray[np.int16]:
    return np.random.default_rng(3).integers(-100, 900, (40, 12, 10)).astype(np.int16)


def test_headers_of_different_lengths(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    path = tmp_path / "m.tif"
    with tifffile.TiffWriter(path) as writer:
        for i, frame in enumerate(frames):
            text = f"frameNumbers = {i + 1:04d}\nI2CData = {{{'x' * 480 * (i == 20)}}}"
            writer.write(
                frame, contiguous=False, metadata=None, software=si(), description=text,
                photometric="minisblack",
            )  # fmt: skip
    with tifffile.TiffFile(path) as tif:
        assert (tif.is_scanimage, len(tif.pages)) == (True, 40)  # by chance tifffile's count is right
    np.testing.assert_array_equal(open_movie(path, pixel_size_um=1).read(0, 40), frames)


@pytest.mark.parametrize(
    "corners",
    ["[-15 -30;15 -30;15 30;-15 30]", "[30 -15;30 15;-30 15;-30 -15]", "[0 0;18 24;-30 60;-48 36]"],
)
def test_the_field_of_view_may_be_turned(
    corners: str, tmp_path: Path, frames: NDArray[np.int16], caplog: pytest.LogCaptureFixture
) -> None:
    size = {"hRoiManager__pixelsPerLine": "5", "hRoiManager__linesPerFrame": "10"}
    header = si(hRoiManager__imagingFovUm=corners, **size)
    assert open_movie(write(tmp_path / "m.tif", frames[:, :10, :5], header)).pixel_size_um == 6
    assert not caplog.text
    # Pixels joined by another program, or rows and columns cut off.
    assert open_movie(write(tmp_path / "n.tif", frames[:, :5, :2], header)).pixel_size_um == 6
    assert "have 5 x 2 pixels, but by the header 10 x 5" in caplog.text
    assert "if pixels were joined, it has 15 µm" in caplog.text


@pytest.mark.parametrize("version", ["3.8", "4", "5.0", "2015"])
def test_all_frames_of_old_versions_are_read(version: str, tmp_path: Path, frames: NDArray[np.int16]) -> None:
    path = write(tmp_path / "m.tif", frames, CASES[version][0], bigtiff=False)
    with tifffile.TiffFile(path) as tif:
        expected = 39 if tif.is_scanimage else 40
        assert len(tif.pages) == expected  # tifffile's own count misses one
    first, second = CASES[version][1].channels
    for start, channel in enumerate((first, second)):
        movie = open_movie(path, pixel_size_um=1, selection=Selection(channel=channel))
        np.testing.assert_array_equal(movie.read(0, 20), frames[start::2])
    assert movie.frame_rate_hz == pytest.approx(CASES[version][2])


def test_old_files_beyond_32_bits_are_read_to_the_end(
    tmp_path: Path, frames: NDArray[np.int16], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "m.tif", frames, si4(channelsSave="1"), bigtiff=False)
    monkeypatch.setattr(headers, "MOST_CLASSIC_BYTES", 1000)
    movie = open_movie(path, pixel_size_um=1)
    np.testing.assert_array_equal(movie.read(0, 40), frames)
    np.testing.assert_array_equal(movie.frames[3:30:4], frames[3:30:4])


def test_flyback_frames_are_left_out(
    tmp_path: Path, frames: NDArray[np.int16], caplog: pytest.LogCaptureFixture
) -> None:
    header = CASES["2016, volumes"][0]
    starts = range(0, 39, 13)
    parts = [write(tmp_path / f"m_{n}.tif", frames[n : n + 13], header, first_page=n) for n in starts]
    with caplog.at_level(logging.INFO):
        movie = open_movie(parts, pixel_size_um=1, selection=Selection(plane=2))
    np.testing.assert_array_equal(movie.read(0, 8), frames[2:39:5])
    assert movie.frame_rate_hz == 6
    assert "1 of 5 frames in each volume is flyback and is left out" in caplog.text
    with pytest.raises(InputError, match="plane: 4 isn't there, but 0 to 3"):
        open_movie(parts, pixel_size_um=1, selection=Selection(plane=4))


def test_flyback_that_isnt_stored(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    kept = {"hFastZ__discardFlybackFrames": "false", "hFastZ__numDiscardFlybackFrames": "1"}
    three = {"hFastZ__enable": "true", "hStackManager__numSlices": "3", "hRoiManager__scanVolumeRate": "10"}
    path = write(tmp_path / "m.tif", frames[:36], si(**three, **kept))
    movie = open_movie(path, pixel_size_um=1, selection=Selection(plane=1))
    np.testing.assert_array_equal(movie.read(0, 12), frames[1:36:3])
    # What the user counts, counts: no flyback, whatever the header says.
    wrong = {"hFastZ__numDiscardFlybackFrames": "1"}
    other = write(tmp_path / "n.tif", frames[:36], si(**three, **wrong))
    given = open_movie(other, pixel_size_um=1, selection=Selection(plane=1, n_planes=3))
    np.testing.assert_array_equal(given.read(0, 12), frames[1:36:3])


def test_one_channel_of_one_whatever_its_name(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    path = write(tmp_path / "m.tif", frames[:9], si(hChannels__channelSave="2"))
    movie = open_movie(path, pixel_size_um=1, selection=Selection(channel="1", n_channels=1))
    np.testing.assert_array_equal(movie.read(0, 9), frames[:9])


def test_planes_of_a_slow_stack_go_on_in_the_next_file(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    header = si(hStackManager__enable="true", hStackManager__stackMode="'slow'",
                hStackManager__numSlices="4", hStackManager__framesPerSlice="10")  # fmt: skip
    parts = [write(tmp_path / f"m_{n}.tif", frames[n : n + 20], header, first_page=n) for n in (0, 20)]
    movie = open_movie(parts, pixel_size_um=1, selection=Selection(plane=2))
    np.testing.assert_array_equal(movie.read(0, 10), frames[20:30])
    assert movie.frame_rate_hz == 30


def test_a_plane_cut_out_of_a_volume_has_the_rate_of_volumes(
    tmp_path: Path, frames: NDArray[np.int16], caplog: pytest.LogCaptureFixture
) -> None:
    header = si(hStackManager__enable="false", hRoiManager__scanVolumeRate="7.5")
    path = write(tmp_path / "m.tif", frames, header)
    movie = open_movie(path, pixel_size_um=1)
    assert (movie.n_frames, movie.frame_rate_hz) == (40, 7.5)
    assert "taken for one of 4 planes, at 7.5 Hz" in caplog.text
    alternating = open_movie(path, pixel_size_um=1, selection=Selection(plane=3, n_planes=4))
    assert (alternating.n_frames, alternating.frame_rate_hz) == (10, 7.5)


def test_a_channel_has_its_number_and_its_name(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    path = write(tmp_path / "m.tif", frames, CASES["2022, volumes"][0])
    for channel in ("2", "red", "2 (red)"):
        movie = open_movie(path, pixel_size_um=1, selection=Selection(channel=channel, plane=1))
        np.testing.assert_array_equal(movie.read(0, 4), frames[3::10])
    with pytest.raises(InputError, match=r"channel: there are 2: 1 \(green\), 2 \(red\)"):
        open_movie(path, pixel_size_um=1, selection=Selection(plane=1))
