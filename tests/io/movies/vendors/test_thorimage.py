"""ThorImage's raw files, with the settings as versions 3.2 to 4.4 write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.core import DamagedFile, FileMissing, InputError, Selection
from neurocine.io.movies import find_movies, open_movie, probe
from neurocine.io.movies.vendors.thorimage import read_settings

EXPERIMENT = """<?xml version="1.0"?>
<ThorImageExperiment>
  <Software version="4.0.2020.2171" />
  <Wavelengths nyquistExWavelengthNM="488" nyquistEmWavelengthNM="488">
    {wavelengths}
    <ChannelEnable Set="{channels}" />
  </Wavelengths>
  <ZStage name="ThorZPiezo" steps="{steps}" stepSizeUM="10" enable="1" />
  <Timelapse timepoints="5" intervalSec="{interval}" triggerMode="0" />
  <LSM pixelX="12" pixelY="8" averageMode="{average}" averageNum="4" {size} frameRate="30" />
  <Streaming enable="{stream}" frames="5" rawData="1" zFastEnable="{fast}" flybackFrames="2" />
  <RawData onlyEnabledChannels="{enabled}" />
</ThorImageExperiment>
"""


def write_settings(folder: Path, **changed: object) -> Path:
    defaults: dict[str, object] = {
        "channels": 1, "steps": 3, "interval": 0, "average": 0, "stream": 1, "fast": 0, "enabled": 1,
        "size": 'pixelSizeUM="0.523" widthUM="6.276" heightUM="4.184"',
        "wavelengths": '<Wavelength name="ChanA"/>',
    }  # fmt: skip
    (folder / "Experiment.xml").write_text(EXPERIMENT.format(**defaults | changed), encoding="utf-8")
    return folder / "Experiment.xml"


@pytest.fixture
def frames() -> NDArray[np.uint16]:
    return np.random.default_rng(0).integers(0, 9000, (5, 8, 12)).astype(np.uint16)


def test_file_and_folder_are_one_movie(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    folder = tmp_path / "mouse_001"
    folder.mkdir()
    write_settings(folder)
    frames.tofile(folder / "Image_0001_0001.raw")
    (folder / "ROIMask.raw").write_bytes(bytes(192))
    for path in (folder, folder / "Image_0001_0001.raw"):
        movie = open_movie(path)
        assert (movie.frame_rate_hz, movie.pixel_size_um) == (30, pytest.approx(0.523))
        np.testing.assert_array_equal(movie.read(0, 5), frames)
    assert find_movies(tmp_path) == [folder]


def test_settings_of_another_size_are_doubted(
    tmp_path: Path, frames: NDArray[np.uint16], caplog: pytest.LogCaptureFixture
) -> None:
    write_settings(tmp_path)
    np.concatenate([frames, frames]).tofile(tmp_path / "Image_0001_0001.raw")
    assert open_movie(tmp_path).n_frames == 10
    assert "it holds 10 frames of 8 x 12 pixels, but Experiment.xml says 5" in caplog.text


def test_several_regions_are_not_one_movie(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    write_settings(tmp_path)
    for region in (1, 2):
        frames.tofile(tmp_path / f"Image_0001_000{region}.raw")
    with pytest.raises(InputError, match=r"regions: there are 2: Image_0001_0001\.raw, Image_0001_0002\.raw"):
        probe(tmp_path)
    assert probe(tmp_path / "Image_0001_0002.raw").frames.shape == (5, 8, 12)


def test_channels_alternate(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    write_settings(tmp_path, channels=5)
    both = np.stack([frames, frames[::-1]], axis=1)
    both.tofile(tmp_path / "Image_0001_0001.raw")
    for channel, expected in (("A", frames), ("ChanC", frames[::-1])):
        movie = open_movie(tmp_path, selection=Selection(channel=channel))
        assert movie.frame_rate_hz == 30
        np.testing.assert_array_equal(movie.read(0, 5), expected)
    with pytest.raises(InputError, match="channel: there are 2: A, C"):
        open_movie(tmp_path)


@pytest.mark.parametrize("stored", [0, 2])
def test_planes_and_flyback(tmp_path: Path, stored: int) -> None:
    write_settings(tmp_path, fast=1)
    volumes = np.random.default_rng(0).integers(0, 99, (5, 3 + stored, 8, 12)).astype(np.uint16)
    volumes.tofile(tmp_path / "Image_0001_0001.raw")
    for plane in range(3):
        movie = open_movie(tmp_path, selection=Selection(plane=plane))
        assert movie.frame_rate_hz == 6  # 30 frames a second, 5 in a volume
        np.testing.assert_array_equal(movie.read(0, 5), volumes[:, plane])


def test_a_recording_that_was_stopped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_settings(tmp_path, fast=1)
    pages = np.random.default_rng(0).integers(0, 99, (13, 8, 12)).astype(np.uint16)
    pages.tofile(tmp_path / "Image_0001_0001.raw")
    movie = open_movie(tmp_path, selection=Selection(plane=2))
    np.testing.assert_array_equal(movie.read(0, 2), pages[2:10:5])
    assert "left out: 3 of 5 frames" in caplog.text


@pytest.mark.parametrize(
    ("changed", "channels", "planes", "rate"),
    [
        ({}, 1, 1, 30),
        ({"channels": 5}, 2, 1, 30),
        ({"channels": 5, "enabled": 0}, 4, 1, 30),
        ({"channels": 4, "enabled": 0}, 1, 1, 30),
        ({"fast": 1}, 1, 3, 30),
        ({"average": 1}, 1, 1, 7.5),
        ({"stream": 0, "interval": 2, "fast": 1}, 1, 1, 0.5),
        ({"stream": 0}, 1, 1, None),
    ],
)
def test_settings(
    tmp_path: Path, changed: dict[str, object], channels: int, planes: int, rate: float | None
) -> None:
    settings = read_settings(write_settings(tmp_path, **changed))
    assert settings.fov_shape == (8, 12)
    assert (settings.n_channels, settings.n_planes, settings.frame_rate_hz) == (channels, planes, rate)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ('pixelSizeUM="0.5"', 0.5),
        # Version 4.4 writes the size of the camera's pixels there.
        ('pixelSizeUM="2.93" pixelWidthUM="0.17" pixelHeightUM="0.17"', 0.17),
        ('pixelSizeUM="0.5" widthUM="12" heightUM="4"', None),
        ("", None),
    ],
)
def test_pixel_size(tmp_path: Path, size: str, expected: float | None) -> None:
    assert read_settings(write_settings(tmp_path, size=size)).pixel_size_um == expected


def test_what_does_not_fit_is_named(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    path = tmp_path / "Image_0001_0001.raw"
    frames.tofile(path)
    with pytest.raises(FileMissing, match=r"Experiment\.xml: file: with the settings isn't there"):
        probe(path)
    (tmp_path / "Experiment.xml").write_text("<ThorImageExperiment/>")
    with pytest.raises(InputError, match="LSM: doesn't give pixelX and pixelY"):
        probe(path)
    (tmp_path / "Experiment.xml").write_text("<Thor")
    with pytest.raises(DamagedFile, match="isn't readable XML"):
        probe(path)
    write_settings(tmp_path)
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(DamagedFile, match=r"is 958 bytes, but Experiment\.xml says 1 channel"):
        probe(path)
