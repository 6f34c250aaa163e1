"""Scanbox's files, with the settings as versions 1 to 3 write them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import savemat

from neurocine.core import DamagedFile, FileMissing, InputError, Selection
from neurocine.io.movies import find_movies, open_movie, probe
from neurocine.io.movies.vendors.scanbox import read_settings

#: As in a recording of version 3, one way.
INFO: dict[str, Any] = {
    "resfreq": 8000,
    "recordsPerBuffer": 512,
    "channels": -1,
    "chan": {"nchan": 1, "save": np.array([1, 0, 0, 0], np.uint8)},
    "scanbox_version": 3,
    "scanmode": 1,
    "sz": np.array([512, 796], np.uint16),
    "dxcal": 1.5,
    "dycal": 1.5,
    "volscan": 0,
    "etl_table": np.zeros((0, 0)),
    "otparam": np.array([0.0, 0.0, np.nan]),
    "config": {"magnification": 2, "lines": 512},
}


def write_info(path: Path, **changed: Any) -> Path:
    savemat(path, {"info": {**INFO, **changed}})
    return path


@pytest.fixture
def frames() -> NDArray[np.uint16]:
    return np.random.default_rng(0).integers(0, 9000, (5, 8, 12)).astype(np.uint16)


def write(folder: Path, frames: NDArray[np.uint16], **changed: Any) -> Path:
    write_info(folder / "m.mat", sz=np.array(frames.shape[1:3], np.uint16), **changed)
    (65535 - frames).tofile(folder / "m.sbx")
    return folder / "m.sbx"


def test_light_is_bright(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    movie = open_movie(write(tmp_path, frames))
    assert (movie.frame_rate_hz, movie.pixel_size_um) == (15.625, 1.5)
    np.testing.assert_array_equal(movie.read(1, 4), frames[1:4])


def test_channels_alternate_from_pixel_to_pixel(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    green, red = frames, frames[::-1] // 2
    both = np.stack([green, red], axis=-1)
    path = write(tmp_path, both, chan={"nchan": 2})
    for channel, expected in (("1", green), ("2", red)):
        movie = open_movie(path, selection=Selection(channel=channel))
        assert movie.frame_rate_hz == 15.625
        np.testing.assert_array_equal(movie.read(0, 5), expected)
    with pytest.raises(InputError, match="channel: there are 2: 1, 2"):
        open_movie(path)


def test_planes_alternate_from_frame_to_frame(
    tmp_path: Path, frames: NDArray[np.uint16], caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path, frames, volscan=1, otparam=np.array([0, 0, 2]))
    movie = open_movie(path, selection=Selection(plane=1))
    assert movie.frame_rate_hz == 15.625 / 2
    np.testing.assert_array_equal(movie.read(0, 2), frames[1:4:2])
    assert "the last volume is incomplete and left out: 1 of 2 frames" in caplog.text


@pytest.mark.parametrize(
    ("changed", "shape", "rate", "channels", "planes"),
    [
        ({}, (512, 796), 15.625, 1, 1),
        ({"recordsPerBuffer": 256, "scanmode": 0}, (512, 796), 31.25, 1, 1),
        (
            {"volscan": 1, "otparam": np.array([0, 0, 4]), "etl_table": np.ones((4, 5))},
            (512, 796),
            15.625,
            1,
            4,
        ),
        ({"volscan": 1, "otwave": np.arange(3.0)}, (512, 796), 15.625, 1, 3),
        ({"chan": {"nchan": 2}}, (512, 796), 15.625, 2, 1),
    ],
)
def test_settings(
    tmp_path: Path, changed: dict[str, Any], shape: tuple[int, int], rate: float, channels: int, planes: int
) -> None:
    settings = read_settings(write_info(tmp_path / "m.mat", **changed))
    assert settings.fov_shape == shape
    assert settings.frame_rate_hz == rate
    assert (settings.n_channels, settings.n_planes) == (channels, planes)


@pytest.mark.parametrize(("code", "channels"), [(1, 2), (2, 1), (3, 1)])
def test_version_1_gives_neither_size_nor_number_of_channels(
    tmp_path: Path, code: int, channels: int
) -> None:
    info = {"resfreq": 7930, "recordsPerBuffer": 256, "scanmode": 0, "channels": code}
    savemat(tmp_path / "m.mat", {"info": info})
    settings = read_settings(tmp_path / "m.mat")
    assert (settings.fov_shape, settings.n_channels) == ((512, 796), channels)


def test_pixels_that_are_not_square_give_no_size(
    tmp_path: Path, frames: NDArray[np.uint16], caplog: pytest.LogCaptureFixture
) -> None:
    assert probe(write(tmp_path, frames, dycal=1.6)).pixel_size_um is None
    assert "aren't square" in caplog.text


def test_settings_are_missing(tmp_path: Path) -> None:
    (tmp_path / "m.sbx").write_bytes(bytes(100))
    with pytest.raises(FileMissing, match=r"m\.mat: file: with the settings isn't there"):
        probe(tmp_path / "m.sbx")


def test_settings_of_another_file(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    path = write(tmp_path, frames)
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(DamagedFile, match=r"is 958 bytes.*8 x 12 pixels, which take 192 bytes"):
        probe(path)
    savemat(tmp_path / "m.mat", {"other": 1})
    with pytest.raises(InputError, match="info: isn't a struct"):
        probe(path)


def test_the_settings_are_no_movie(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    write(tmp_path, frames)
    with pytest.raises(InputError, match=r"is the header of a Scanbox file\. Give m\.sbx"):
        probe(tmp_path / "m.mat")


def test_the_settings_are_not_listed_as_a_movie(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    path = write(tmp_path, frames)
    savemat(tmp_path / "other.mat", {"movie": frames})
    assert find_movies(tmp_path) == [path, tmp_path / "other.mat"]


def test_deeply_nested_settings_are_refused(tmp_path: Path) -> None:
    # Cells in cells: each a type, a size, flags, dimensions, an empty name. SciPy's stack would overflow.
    cell = struct.pack("<12IQ", 14, 2**20, 6, 8, 1, 0, 5, 8, 1, 1, 1, 0, 0)[:48]
    header = b"MATLAB 5.0".ljust(124) + struct.pack("<HH", 0x100, 0x4D49)
    (tmp_path / "m.mat").write_bytes(header + 20_000 * cell)
    with pytest.raises(InputError, match="holds more than 2000 arrays"):
        read_settings(tmp_path / "m.mat")
