"""Arrays of other axes than (T, Y, X): MATLAB's, SIMA's, time as last axis, axes of length 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr
from numpy.typing import NDArray
from scipy.io import savemat

from neurocine.core import DamagedFile, InputError, Selection
from neurocine.io.movies import open_movie, probe
from neurocine.io.movies.arrays import axes, matlab

T, Y, X = 7, 12, 10


@pytest.fixture
def frames() -> NDArray[np.uint16]:
    return np.random.default_rng(3).integers(0, 3000, (T, Y, X)).astype(np.uint16)


def cells(n_frames: int, height: int, width: int) -> NDArray[np.uint16]:
    """Return noisy frames that show the same picture again and again."""
    random = np.random.default_rng(1)
    picture = random.integers(100, 900, (height, width))
    return (picture + random.integers(0, 300, (n_frames, height, width))).astype(np.uint16)


def write_v73(path: Path, matlab_array: NDArray[Any], name: str = "movie") -> Path:
    """Write an array as ``save -v7.3`` does: a block before the file, axes from the last to the first."""
    with h5py.File(path, "w", userblock_size=512) as file:
        data = file.create_dataset(name, data=matlab_array.T)
        data.attrs["MATLAB_class"] = np.bytes_("uint16")
        file["#refs#/a"] = np.zeros((3, 3, 3))
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    return path


@pytest.mark.parametrize("suffix", [".mat", ".h5"])
def test_matlab_73_shows_rows_as_rows(tmp_path: Path, frames: NDArray[np.uint16], suffix: str) -> None:
    path = write_v73(tmp_path / f"m{suffix}", np.moveaxis(frames, 0, -1))
    np.testing.assert_array_equal(probe(path).frames[:], frames)


@pytest.mark.parametrize("compressed", [True, False])
def test_matlab_7_shows_rows_as_rows(tmp_path: Path, frames: NDArray[np.uint16], compressed: bool) -> None:
    variables = {"movie": np.moveaxis(frames, 0, -1), "info": {"rate": 30.0}, "mean": frames.mean(0)}
    savemat(tmp_path / "m.mat", variables, do_compression=compressed)
    opened = probe(tmp_path / "m.mat").frames
    assert opened.dtype == np.uint16
    np.testing.assert_array_equal(opened[:], frames)


def test_one_of_several_variables_is_named(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    turned = np.moveaxis(frames, 0, -1)
    savemat(tmp_path / "m.mat", {"green": turned, "red": turned + 1})
    with pytest.raises(InputError, match=r"variable: several.*green \(7, 10, 12\), red"):
        probe(tmp_path / "m.mat")
    movie = open_movie(
        tmp_path / "m.mat", frame_rate_hz=10, pixel_size_um=1, selection=Selection(dataset="red")
    )
    np.testing.assert_array_equal(movie.read(0, T), frames + 1)


def test_matlab_with_time_first_is_read_or_refused(tmp_path: Path) -> None:
    movie = cells(200, 24, 20)
    path = write_v73(tmp_path / "m.mat", movie)
    np.testing.assert_array_equal(probe(path).frames[50:60], movie[50:60])
    noise = np.random.default_rng(0).integers(0, 9, (200, 20, 20)).astype(np.uint16)
    with pytest.raises(InputError, match=r"first axis looks like time.*permute\(movie, \[2 3 1\]\)"):
        axes.as_frames(path, np.zeros_like(noise).T, matlab=True)


def test_a_large_array_of_an_old_version_is_refused(
    tmp_path: Path, frames: NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
    savemat(tmp_path / "m.mat", {"movie": np.moveaxis(frames, 0, -1)})
    monkeypatch.setattr(matlab, "MOST_BYTES", frames.nbytes - 1)
    with pytest.raises(InputError, match=r"movie: takes 1,680 bytes.*-v7\.3"):
        probe(tmp_path / "m.mat")


def test_matlab_file_that_declares_more_than_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "m.mat"
    savemat(path, {"movie": np.zeros((40, 50, 60), np.uint16)})
    content = path.read_bytes()
    at = content.index(np.array([40, 50, 60], "<i4").tobytes())
    path.write_bytes(content[:at] + np.array([40000, 50000, 60], "<i4").tobytes() + content[at + 12 :])
    with pytest.raises(DamagedFile, match="declares 240,000,000,000 bytes"):
        probe(path)


def test_damaged_matlab_file(tmp_path: Path) -> None:
    (tmp_path / "m.mat").write_bytes(bytes(4096))
    with pytest.raises(DamagedFile, match=r"m\.mat: file: isn't a whole MATLAB file"):
        probe(tmp_path / "m.mat")


def write_labelled(path: Path, array: NDArray[Any], labels: str) -> Path:
    with h5py.File(path, "w") as file:
        data = file.create_dataset("imaging", data=array)
        for i, label in enumerate(labels):
            data.dims[i].label = label
    return path


def test_sima_labels_its_axes(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    path = write_labelled(tmp_path / "s.h5", frames[:, None, :, :, None], "tzyxc")
    np.testing.assert_array_equal(probe(path).frames[2:5], frames[2:5])
    path = write_labelled(tmp_path / "t.h5", frames.transpose(2, 0, 1), "xty")
    np.testing.assert_array_equal(probe(path).frames[2:5], frames[2:5])


@pytest.mark.parametrize("order", ["tzyxc", "ctzyx", "zxyct"])
def test_labelled_channels_and_planes(tmp_path: Path, order: str) -> None:
    array = np.random.default_rng(0).integers(0, 99, (5, 3, 6, 7, 2)).astype(np.uint8)
    turned = array.transpose(["tzyxc".index(axis) for axis in order])
    path = write_labelled(tmp_path / "s.h5", turned, order)
    for plane in range(3):
        for channel in (0, 1):
            chosen = Selection(channel=str(channel + 1), plane=plane)
            movie = open_movie(path, frame_rate_hz=3, pixel_size_um=1, selection=chosen)
            np.testing.assert_array_equal(movie.read(0, 5), array[:, plane, :, :, channel])
            np.testing.assert_array_equal(movie.read(2, 3), array[2:3, plane, :, :, channel])
    pictures = np.stack([probe(path).frames[i] for i in range(30)])
    np.testing.assert_array_equal(probe(path).frames[3:27:2], pictures[3:27:2])


@pytest.mark.parametrize("version", [2, 3])
def test_zarr_labels_its_axes(tmp_path: Path, version: int) -> None:
    array = np.random.default_rng(0).integers(0, 99, (5, 2, 3, 6, 7)).astype(np.uint8)
    path = tmp_path / "m.zarr"
    names = ["t", "c", "z", "y", "x"]
    if version == 2:
        group = zarr.open_group(str(path), mode="w", zarr_format=2)
        group.create_array("0", data=array).attrs["_ARRAY_DIMENSIONS"] = names
    else:
        zarr.create_array(str(path), data=array, dimension_names=names)
    chosen = Selection(channel="2", plane=1)
    movie = open_movie(path, frame_rate_hz=3, pixel_size_um=1, selection=chosen)
    np.testing.assert_array_equal(movie.read(1, 5), array[1:5, 1, 1])


def test_sima_names_its_channels(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    path = write_labelled(tmp_path / "s.h5", np.stack([frames, frames + 1], axis=-1)[:, None], "tzyxc")
    with h5py.File(path, "a") as file:
        file["imaging"].attrs["channel_names"] = np.array([b"GCaMP", b"tdTomato"])
    red = open_movie(path, frame_rate_hz=3, pixel_size_um=1, selection=Selection(channel="tdTomato"))
    np.testing.assert_array_equal(red.read(0, T), frames + 1)


def test_more_axes_need_labels(tmp_path: Path, frames: NDArray[np.uint16]) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["movie"] = np.stack([frames, frames], axis=1)
    chosen = Selection(dataset="movie")
    with pytest.raises(InputError, match=r"axes: \(7, 2, 12, 10\) has more than time.*dims\[0\]\.label"):
        open_movie(tmp_path / "m.h5", frame_rate_hz=1, pixel_size_um=1, selection=chosen)


@pytest.mark.parametrize(
    "shape", [(T, 1, Y, X), (T, Y, X, 1), (1, T, Y, X), (T, 1, Y, X, 1), (1, 1, T, Y, X)]
)
def test_axes_of_length_1_are_left_out(
    tmp_path: Path, frames: NDArray[np.uint16], shape: tuple[int, ...]
) -> None:
    np.save(tmp_path / "m.npy", frames.reshape(shape))
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["movie"] = frames.reshape(shape)
    zarr.create_array(str(tmp_path / "m.zarr"), data=frames.reshape(shape))
    for name in ("m.npy", "m.h5", "m.zarr"):
        np.testing.assert_array_equal(probe(tmp_path / name).frames[1:4], frames[1:4])


@pytest.mark.parametrize("shape", [(160, 48, 48), (60, 24, 30)])  # the shape looks like it, and doesn't
@pytest.mark.parametrize("kind", ["npy", "h5"])
def test_time_as_last_axis_is_seen_in_the_values(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, shape: tuple[int, ...], kind: str
) -> None:
    movie = cells(*shape)
    turned = np.ascontiguousarray(np.moveaxis(movie, 0, -1))
    path = tmp_path / f"m.{kind}"
    if kind == "npy":
        np.save(path, turned)
    else:
        with h5py.File(path, "w") as file:
            file["movie"] = turned
    np.testing.assert_array_equal(probe(path).frames[20:25], movie[20:25])
    assert "the last axis of" in caplog.text
    caplog.clear()
    np.save(tmp_path / "right.npy", movie)
    np.testing.assert_array_equal(probe(tmp_path / "right.npy").frames[:], movie)
    assert caplog.text == ""


def test_flicker_is_not_taken_for_time(tmp_path: Path) -> None:
    light = np.random.default_rng(2).integers(0, 20000, 80)
    movie = cells(80, 24, 30) // 10 + light[:, None, None]
    movie[40] = 65535
    np.save(tmp_path / "m.npy", movie.astype(np.uint16))
    assert probe(tmp_path / "m.npy").frames.shape == (80, 24, 30)


def test_a_large_array_with_time_last_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(axes, "MOST_TIME_LAST", 1000)
    turned = np.moveaxis(cells(160, 48, 48), 0, -1)
    np.save(tmp_path / "m.npy", np.ascontiguousarray(turned))
    with pytest.raises(InputError, match="looks like time"):
        probe(tmp_path / "m.npy")
    # In Fortran's order, each frame lies in one piece.
    np.save(tmp_path / "f.npy", np.asfortranarray(turned))
    assert probe(tmp_path / "f.npy").frames.shape == (160, 48, 48)
