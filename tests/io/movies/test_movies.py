"""Movies in every format: same frames, read lazily, and clear errors before work starts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pynwb import NWBHDF5IO, NWBFile
from pynwb.ophys import OpticalChannel, TwoPhotonSeries
from scipy.io import savemat

from neurocine.core import DamagedFile, InputError, InvalidFrames, Movie, Selection, UnknownFormat, Validity
from neurocine.io.movies import MOVIE_FORMATS, open_movie
from neurocine.io.movies.frames import Concatenated, LazyFrames, Native, Reordered, Selected, frames_of_files
from neurocine.io.result_files import MovieWriter, Registration, Stamp, Summary

T, Y, X = 7, 12, 10


@pytest.fixture
def frames() -> NDArray[np.int16]:
    return np.random.default_rng(3).integers(0, 3000, (T, Y, X)).astype(np.int16)


def write_hdf5(path: Path, frames: NDArray[Any]) -> Path:
    with h5py.File(path, "w") as file:
        file["recording/mov"] = frames
        file["trace"] = np.zeros(5)
    return path


def write_zarr(path: Path, frames: NDArray[Any]) -> Path:
    zarr.create_array(str(path), data=frames, chunks=(2, Y, X))
    return path


def write_zarr2(path: Path, frames: NDArray[Any]) -> Path:
    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    group.create_array("raw/mov", data=frames)
    return path


def write_npy(path: Path, frames: NDArray[Any]) -> Path:
    np.save(path, frames)
    return path


def write_tiff(path: Path, frames: NDArray[Any]) -> Path:
    tifffile.imwrite(path, frames, photometric="minisblack")
    return path


def write_suite2p(path: Path, frames: NDArray[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    frames.astype(np.int16).tofile(path)
    np.save(path.with_name("ops.npy"), {"Ly": Y, "Lx": X, "nframes": len(frames), "fs": 12.5})
    return path


def write_nwb(path: Path, frames: NDArray[Any], names: tuple[str, ...] = ("movie",), **more: Any) -> Path:
    nwb = NWBFile("session", "id", datetime(2020, 1, 1, tzinfo=UTC))
    plane = nwb.create_imaging_plane(
        name="plane",
        optical_channel=OpticalChannel(name="green", description="-", emission_lambda=520.0),
        description="-",
        device=nwb.create_device(name="microscope"),
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="V1",
        grid_spacing=[1.5e-6, 1.5e-6],
        grid_spacing_unit="meters",
    )
    for name in names:
        content = more or {"data": frames.swapaxes(1, 2), "unit": "counts"}
        rate = {} if "timestamps" in content else {"rate": 20.0}
        series = TwoPhotonSeries(name=name, imaging_plane=plane, **rate, **content)
        nwb.add_acquisition(series)
    with NWBHDF5IO(path, "w") as io:
        io.write(nwb)
    return path


WRITERS: dict[str, Callable[[Path, NDArray[Any]], Path]] = {
    "m.tif": write_tiff,
    "m.h5": write_hdf5,
    "m.nwb": write_nwb,
    "m.zarr": write_zarr,
    "old.zarr": write_zarr2,
    "data.bin": write_suite2p,
    "m.npy": write_npy,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_frames_lazily(
    tmp_path: Path, frames: NDArray[np.int16], name: str
) -> None:
    folder = tmp_path / "wärme 37 °C"
    folder.mkdir()
    path = WRITERS[name](folder / name, frames)
    known = {} if name == "m.nwb" else {"frame_rate_hz": 12.5, "pixel_size_um": 2.0}
    movie = open_movie(path, **known)  # type: ignore[arg-type]
    assert type(movie.frames) is not np.ndarray
    assert movie.frames.shape == (T, Y, X)
    assert movie.dtype == np.int16
    np.testing.assert_array_equal(movie.read(0, T), frames)
    np.testing.assert_array_equal(movie.frames[2:5], frames[2:5])
    assert str(path) in movie.source


def test_own_movie_file_tells_everything(tmp_path: Path, blobs: tuple[Movie, Any]) -> None:
    movie = blobs[0]
    picture = np.zeros(movie.fov_shape, np.float32)
    still = np.zeros(movie.n_frames, np.float32)
    path = tmp_path / "movie.h5"
    with MovieWriter(path, movie, Stamp()) as writer:
        for start, block in movie.blocks():
            writer.write(start, block)
        writer.finish(
            Summary(picture, picture, picture, picture),
            Registration(still, still, still, still > 0, picture, picture, {}),
        )
    opened = open_movie(path)
    assert (opened.frame_rate_hz, opened.pixel_size_um, opened.indicator) == (10.0, 2.0, "GCaMP6s")
    np.testing.assert_array_equal(opened.read(0, 300), movie.read(0, 300))


def test_movie_far_larger_than_memory_opens_and_reads_a_slice(tmp_path: Path) -> None:
    path = tmp_path / "huge.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("mov", (500_000, 512, 512), "uint16", fill_time="never")
        data[400_000:400_002, :4, :4] = 11
    movie = open_movie(path, frame_rate_hz=30, pixel_size_um=1)
    assert np.prod(movie.frames.shape) * 2 > 200e9
    block = movie.read(400_000, 400_004)
    assert block[:, 0, 0].tolist() == [11, 11, 0, 0]
    assert path.stat().st_blocks * 512 < 10e6  # the file is sparse


def test_nwb_tells_rate_size_and_indicator(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    movie = open_movie(write_nwb(tmp_path / "m.nwb", frames))
    assert movie.frame_rate_hz == 20.0
    assert movie.pixel_size_um == pytest.approx(1.5)
    assert movie.indicator == "GCaMP6f"


def test_nwb_with_planes(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    planes = np.stack([frames, frames[::-1], frames + 1], axis=-1)
    path = write_nwb(tmp_path / "m.nwb", planes)
    for plane in range(3):
        movie = open_movie(path, selection=Selection(plane=plane))
        assert movie.frame_rate_hz == 20.0
        np.testing.assert_array_equal(movie.read(1, 6), planes[1:6, ..., plane])
    with pytest.raises(InputError, match="plane: there are 3: 0 to 2"):
        open_movie(path)


def test_pictures_of_nwb_that_are_not_turned_are_known_by_their_dimension(
    tmp_path: Path, frames: NDArray[np.int16], caplog: pytest.LogCaptureFixture
) -> None:
    for name, data in (("schema", frames.swapaxes(1, 2)), ("turned", frames)):
        path = write_nwb(tmp_path / f"{name}.nwb", frames, data=data, unit="counts", dimension=[X, Y])
        np.testing.assert_array_equal(open_movie(path).frames[:], frames)
        assert ("its dimension is" in caplog.text) == (name == "turned")


def test_a_rate_of_nwb_that_contradicts_the_imaging_plane_is_doubted(
    tmp_path: Path, frames: NDArray[np.int16], caplog: pytest.LogCaptureFixture
) -> None:
    path = write_nwb(tmp_path / "m.nwb", frames)
    with h5py.File(path, "a") as file:
        file["general/optophysiology/plane/imaging_rate"] = 5.0
    assert open_movie(path).frame_rate_hz == 20
    assert "has 20 Hz, which is taken, but its imaging plane says 5 Hz" in caplog.text


def test_gaps_in_the_timestamps_of_nwb_are_named(
    tmp_path: Path, frames: NDArray[np.int16], caplog: pytest.LogCaptureFixture
) -> None:
    times = np.array([0, 1, 2, 6, 7, 8, 10]) / 20 + np.array([0, 3, -4, 2, 0, -5, 1]) / 1000 + 5
    stored = frames.swapaxes(1, 2)
    planes = np.stack([stored, stored + 1], axis=3)
    for name, data in (("one", stored), ("two", planes)):
        path = write_nwb(tmp_path / f"{name}.nwb", frames, data=data, unit="counts", timestamps=times)
        movie = open_movie(path, selection=Selection(plane=1 if name == "two" else None))
        np.testing.assert_array_equal(np.flatnonzero(movie.valid), [0, 1, 2, 6, 7, 8, 10])
        np.testing.assert_array_equal(movie.frames[:][movie.valid], frames + (name == "two"))
        assert {part.reason for part in (movie.validity or Validity(11)).invalid} == {"not recorded"}
        assert movie.frame_rate_hz == pytest.approx(20, rel=0.15)
        assert "numbers or times of frames: 3 after frame 2, 1 after frame 8 (4 in all)" in caplog.text
        caplog.clear()
        open_movie(path, selection=Selection(plane=1 if name == "two" else None, frames=(6, 8)))
        assert "missing" not in caplog.text


def test_a_frame_that_was_noted_late_is_no_gap(
    tmp_path: Path, frames: NDArray[np.int16], caplog: pytest.LogCaptureFixture
) -> None:
    times = np.array([0, 1, 2.7, 3, 4, 5, 6]) / 20
    path = write_nwb(tmp_path / "m.nwb", frames, data=frames.swapaxes(1, 2), unit="counts", timestamps=times)
    assert open_movie(path).n_frames == T
    assert "missing" not in caplog.text


def test_timestamps_of_nwb_that_go_back_are_named(
    tmp_path: Path, frames: NDArray[np.int16], caplog: pytest.LogCaptureFixture
) -> None:
    times = np.array([0, 0.05, 0.1, 0.02, 0.07, 0.12, 0.17])
    path = write_nwb(tmp_path / "m.nwb", frames, data=frames.swapaxes(1, 2), unit="counts", timestamps=times)
    assert open_movie(path, frame_rate_hz=20).n_frames == T
    assert "timestamps of movie go back after frame 2" in caplog.text


def test_nwb_with_external_frames_names_the_files(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    path = write_nwb(
        tmp_path / "m.nwb",
        frames,
        external_file=["raw/a.tif"],
        starting_frame=[0],
        format="external",
        num_samples=7,
    )
    with pytest.raises(InputError, match=r"raw/a\.tif"):
        open_movie(path)


def test_nwb_with_two_series_lists_them_and_takes_the_named_one(
    tmp_path: Path, frames: NDArray[np.int16]
) -> None:
    path = write_nwb(tmp_path / "m.nwb", frames, names=("green", "red"))
    with pytest.raises(InputError, match=r"green.*red"):
        open_movie(path)
    assert open_movie(path, selection=Selection(dataset="red")).n_frames == T


def test_hdf5_with_two_movies_lists_them_and_takes_the_named_one(
    tmp_path: Path, frames: NDArray[np.int16]
) -> None:
    path = tmp_path / "two.h5"
    with h5py.File(path, "w") as file:
        file["a/raw"], file["b"] = frames, frames + 1
        file["b"].attrs.update(fr=9.0, pixel_size_um=1.25, indicator="jGCaMP8m")
    with pytest.raises(InputError, match=r"a/raw \(7, 12, 10\), b \(7, 12, 10\)"):
        open_movie(path, frame_rate_hz=10, pixel_size_um=1)
    movie = open_movie(path, selection=Selection(dataset="/b"))
    assert (movie.frame_rate_hz, movie.pixel_size_um, movie.indicator) == (9.0, 1.25, "jGCaMP8m")
    assert movie.read(0, 1)[0, 0, 0] == frames[0, 0, 0] + 1
    with pytest.raises(InputError, match="'c' isn't in the file"):
        open_movie(path, selection=Selection(dataset="c"))


def test_hdf5_without_a_movie_lists_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "none.h5"
    with h5py.File(path, "w") as file:
        file["volume"] = np.zeros((2, 3, 4, 5))
    with pytest.raises(InputError, match=r"volume \(2, 3, 4, 5\)"):
        open_movie(path, frame_rate_hz=10, pixel_size_um=1)


def test_dataset_is_refused_where_there_are_none(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    with pytest.raises(InputError, match="TIFF files hold a single movie"):
        open_movie(write_tiff(tmp_path / "m.tif", frames), selection=Selection(dataset="x"))


def test_folder_of_tiffs_is_sorted_by_number(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    for i, number in enumerate((1, 2, 10)):
        write_tiff(tmp_path / f"run {number}.tif", frames[2 * i : 2 * i + 2])
    (tmp_path / "._run 1.tif").write_bytes(b"left by a Mac")
    movie = open_movie(tmp_path, frame_rate_hz=10, pixel_size_um=1)
    np.testing.assert_array_equal(movie.read(0, 6), frames[:6])


def test_one_file_a_frame(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    paths = [write_tiff(tmp_path / f"{i}.tif", frame) for i, frame in enumerate(frames)]
    movie = open_movie(paths, frame_rate_hz=10, pixel_size_um=1)
    np.testing.assert_array_equal(movie.read(1, 6), frames[1:6])
    assert "6 more" in movie.source


def test_suite2p_folder_of_version_1(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    path = write_suite2p(tmp_path / "plane0" / "data.bin", frames)
    (tmp_path / "plane0" / "ops.npy").unlink()
    np.save(tmp_path / "plane0" / "db.npy", {"Ly": Y, "Lx": X, "nframes": T})
    np.save(tmp_path / "plane0" / "settings.npy", {"fs": 8.0})
    movie = open_movie(path.parent, pixel_size_um=1)
    assert movie.frame_rate_hz == 8.0
    np.testing.assert_array_equal(movie.read(0, T), frames)


def test_suite2p_binary_cut_short(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    path = write_suite2p(tmp_path / "data.bin", frames)
    path.write_bytes(path.read_bytes()[: -2 * Y * X])
    with pytest.raises(InputError, match="there should be 7"):
        open_movie(path, pixel_size_um=1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"nframes": T - 2}, rf"Ly, Lx, nframes: there should be {T - 2} of .*nframes {T}\)"),
        ({"nframes": 2 * T}, rf"Ly, Lx, nframes: there should be 14 of .*nframes {T}\)"),
        ({"Lx": X // 2}, rf"Ly, Lx, nframes: .*{Y} x {X // 2} pixels.* 14 times one frame.*Lx {X} "),
        ({"Ly": Y - 1}, rf"Ly, Lx, nframes: .*{Y - 1} x {X} pixels.*Ly {Y}"),
        ({"Ly": X, "Lx": Y}, rf"Ly, Lx: are {X} and {Y}, but meanImg beside it has {Y} x {X} pixels"),
        ({"Ly": 0}, "Ly, Lx: neither"),
    ],
)  # fmt: skip
def test_settings_of_another_suite2p_binary(
    wrong: dict[str, int], message: str, tmp_path: Path, frames: NDArray[np.int16]
) -> None:
    path = write_suite2p(tmp_path / "data.bin", frames)
    right = {"Ly": Y, "Lx": X, "nframes": T, "fs": 10.0, "meanImg": frames.mean(axis=0)}
    np.save(tmp_path / "ops.npy", right)
    np.testing.assert_array_equal(open_movie(path, pixel_size_um=1).frames[:], frames)
    np.save(tmp_path / "ops.npy", right | wrong)
    with pytest.raises(InputError, match=message):
        open_movie(path, pixel_size_um=1)


def test_frames_that_suite2p_leaves_out_are_invalid(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    path = write_suite2p(tmp_path / "data.bin", frames)
    bad = np.isin(np.arange(T), (2, 3))
    np.save(tmp_path / "ops.npy", {"Ly": Y, "Lx": X, "nframes": T, "fs": 10.0, "badframes": bad})
    validity = open_movie(path, pixel_size_um=1).validity
    assert validity is not None
    np.testing.assert_array_equal(validity.valid, ~bad)
    assert {part.reason for part in validity.invalid} == {"bad by suite2p"}


def test_suite2p_binary_without_settings(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    path = write_suite2p(tmp_path / "data.bin", frames)
    (tmp_path / "ops.npy").unlink()
    with pytest.raises(InputError, match="Ly, Lx"):
        open_movie(path, frame_rate_hz=10, pixel_size_um=1)


def test_big_endian_movies_come_in_native_order(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    tifffile.imwrite(tmp_path / "m.tif", frames, byteorder=">", photometric="minisblack")
    np.save(tmp_path / "m.npy", frames.astype(">i2"))
    for name in ("m.tif", "m.npy"):
        movie = open_movie(tmp_path / name, frame_rate_hz=10, pixel_size_um=1)
        assert movie.dtype.isnative
        np.testing.assert_array_equal(movie.read(1, 4), frames[1:4])
        assert movie.read(1, 4).dtype.isnative


def test_what_user_and_file_say_must_agree(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    path = write_nwb(tmp_path / "m.nwb", frames)
    assert open_movie(path, frame_rate_hz=20.1).frame_rate_hz == 20.1
    with pytest.raises(InputError, match=r"30 in recordings\.tsv.*20 in the file.*--frame-rate"):
        open_movie(path, frame_rate_hz=30)
    with pytest.raises(InputError, match=r"pixel_size_um.*2 in.*1\.5 in.*--pixel-size"):
        open_movie(path, pixel_size_um=2)
    assert open_movie(path, indicator="GCaMP7f").indicator == "GCaMP7f"


@pytest.mark.parametrize(
    ("given", "option"),
    [({"pixel_size_um": 1.0}, "--frame-rate"), ({"frame_rate_hz": 1.0}, "--pixel-size")],
)
def test_unknown_rate_or_size_tells_how_to_give_it(
    tmp_path: Path, frames: NDArray[np.int16], given: dict[str, float], option: str
) -> None:
    path = write_npy(tmp_path / "m.npy", frames)
    with pytest.raises(InputError, match=rf"recordings\.tsv, or pass {option}"):
        open_movie(path, **given)  # type: ignore[arg-type]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.tif: file: doesn't exist"):
        open_movie(tmp_path / "gone.tif", frame_rate_hz=1, pixel_size_um=1)


@pytest.mark.parametrize("name", ["m.tif", "m.h5", "m.npy", "data.bin", "m.nwb"])
def test_empty_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(InputError, match="0 bytes"):
        open_movie(tmp_path / name, frame_rate_hz=1, pixel_size_um=1)


@pytest.mark.parametrize("name", ["m.tif", "m.h5", "m.npy", "m.nwb"])
def test_not_what_the_suffix_says(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"this is a letter, not a movie\n" * 9)
    with pytest.raises(InputError, match=f"{name}: file: isn't a whole"):
        open_movie(tmp_path / name, frame_rate_hz=1, pixel_size_um=1)


def test_folder_that_only_claims_to_be_zarr(tmp_path: Path) -> None:
    (tmp_path / "m.zarr").mkdir()
    with pytest.raises(InputError, match="isn't a readable Zarr"):
        open_movie(tmp_path / "m.zarr", frame_rate_hz=1, pixel_size_um=1)


def test_plain_hdf5_named_nwb(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    with pytest.raises(InputError, match="nwb_version"):
        open_movie(write_hdf5(tmp_path / "m.nwb", frames))


@pytest.mark.parametrize("name", ["m.h5", "m.npy", "m.nwb"])
def test_file_cut_short(tmp_path: Path, frames: NDArray[np.int16], name: str) -> None:
    path = WRITERS[name](tmp_path / name, frames)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=name):
        open_movie(path, frame_rate_hz=1, pixel_size_um=1)


def test_npy_with_objects_is_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.array([{"a": 1}, None], dtype=object))
    with pytest.raises(InputError, match=r"m\.npy"):
        open_movie(tmp_path / "m.npy", frame_rate_hz=1, pixel_size_um=1)


def test_unknown_suffix_lists_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "m.avi").write_bytes(b"RIFF")
    with pytest.raises(InputError) as caught:
        open_movie(tmp_path / "m.avi", frame_rate_hz=1, pixel_size_um=1)
    assert all(kind.name in str(caught.value) for kind in MOVIE_FORMATS)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("m.lif", "Bio-Formats.*LAS X"),
        ("m.oir", "as TIFF"),
        ("m.czi", "ZEN"),
        ("m.avi", "as the microscope wrote it"),
    ],
)
def test_formats_of_microscopes_that_are_not_read(tmp_path: Path, name: str, remedy: str) -> None:
    (tmp_path / name).write_bytes(bytes(4096))
    with pytest.raises(UnknownFormat, match=remedy):
        open_movie(tmp_path / name)


def test_a_folder_of_sima(tmp_path: Path) -> None:
    (tmp_path / "m.sima").mkdir()
    (tmp_path / "m.sima" / "dataset.pkl").write_bytes(b"x")
    with pytest.raises(UnknownFormat, match="export_frames"):
        open_movie(tmp_path / "m.sima")


def test_folder_without_movie(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds none of: .*TIFF files \(TIFF\)"):
        open_movie(tmp_path, frame_rate_hz=1, pixel_size_um=1)
    with pytest.raises(InputError, match="names no file"):
        open_movie([], frame_rate_hz=1, pixel_size_um=1)


def test_single_picture(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    with pytest.raises(InputError, match="needs at least 2"):
        open_movie(write_npy(tmp_path / "m.npy", frames[:1]), frame_rate_hz=1, pixel_size_um=1)


def write_mat(path: Path, frames: NDArray[Any]) -> Path:
    savemat(path, {"m": frames.transpose(1, 2, 0)})
    return path


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("m.npy", write_npy),
        ("m.h5", write_hdf5),
        ("m.mat", write_mat),
        ("m.zarr", lambda path, frames: zarr.save(str(path), frames) or path),
        ("m.nwb", write_nwb),
    ],
)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_no_frame_at_all_is_refused_in_every_format(
    name: str, write: Callable[[Path, NDArray[Any]], Path], tmp_path: Path
) -> None:
    path = write(tmp_path / name, np.zeros((0, 64, 48), np.uint16))
    with pytest.raises(
        DamagedFile, match=rf"{name}: frames: there are none: .*\(0, 64, 48\)\. The recording"
    ):
        open_movie(path, frame_rate_hz=1, pixel_size_um=1)


def test_files_that_do_not_fit_together(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    paths = [
        write_tiff(tmp_path / "a.tif", frames),
        write_tiff(tmp_path / "b.tif", frames[:, :8]),
        write_tiff(tmp_path / "c.tif", frames.astype(np.uint16)),
    ]
    with pytest.raises(InputError, match=r"b\.tif: frames: are \(8, 10\) int16.*\(12, 10\) int16"):
        open_movie(paths[:2], frame_rate_hz=1, pixel_size_um=1)
    with pytest.raises(InputError, match=r"c\.tif: frames: are \(12, 10\) uint16"):
        open_movie(paths[::2], frame_rate_hz=1, pixel_size_um=1)
    with pytest.raises(InputError, match="mix formats: NumPy, TIFF"):
        open_movie([paths[0], write_npy(tmp_path / "d.npy", frames)], frame_rate_hz=1, pixel_size_um=1)


_bound = st.none() | st.integers(-9, 9)


@settings(max_examples=60, deadline=None)
@given(start=_bound, stop=_bound, step=st.none() | st.integers(1, 3), row=st.integers(0, 3))
def test_lazy_frames_index_like_an_array(
    start: int | None, stop: int | None, step: int | None, row: int
) -> None:
    array = np.arange(7 * 4 * 3).reshape(7, 4, 3).astype(">i4")
    sources: list[LazyFrames] = [
        Concatenated([array[:3], array[3:4], array[4:]]),
        Native(array),
        Reordered(array.swapaxes(1, 2), "txy"),
        Reordered(array.transpose(1, 2, 0)[:, None], "y_xt"),
    ]
    key = slice(start, stop, step)
    for source in sources:
        assert len(source) == 7
        np.testing.assert_array_equal(source[key], array[key])
        np.testing.assert_array_equal(source[key, row, 1:], array[key, row, 1:])
        np.testing.assert_array_equal(source[-2], array[-2])


def test_lazy_frames_refuse_what_is_not_there() -> None:
    source = Native(np.zeros((3, 2, 2)))
    with pytest.raises(IndexError):
        source[3]
    with pytest.raises(IndexError, match="forwards"):
        source[::-1]


@pytest.mark.parametrize("write", [write_npy, write_hdf5])
@pytest.mark.parametrize("shape", [(160, 160, 300), (64, 96, 1000)])
def test_arrays_with_time_last_are_refused(
    tmp_path: Path, write: Callable[..., Path], shape: tuple[int, ...]
) -> None:
    path = write(tmp_path / ("m.npy" if write is write_npy else "m.h5"), np.zeros(shape, np.uint8))
    with pytest.raises(InputError, match=r"last axis looks like time\. Save the array as \(T, Y, X\)"):
        open_movie(path, frame_rate_hz=10, pixel_size_um=1)


@pytest.mark.parametrize("shape", [(3, 8, 40), (20, 20, 90), (500, 512, 796), (100, 64, 512), (60, 128, 256)])
def test_small_and_wide_movies_are_read(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = write_npy(tmp_path / "m.npy", np.zeros(shape, np.uint8))
    assert open_movie(path, frame_rate_hz=10, pixel_size_um=1).n_frames == shape[0]


def test_selected_frames_and_crop(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    path = write_npy(tmp_path / "m.npy", frames)
    part = Selection(frames=(2, 5), crop=((3, 9), (1, 4)))
    movie = open_movie(path, frame_rate_hz=10, pixel_size_um=1, selection=part)
    np.testing.assert_array_equal(movie.read(0, 4), frames[2:6, 3:10, 1:5])
    np.testing.assert_array_equal(movie.read(1, 3), frames[3:5, 3:10, 1:5])
    assert (movie.n_frames, movie.fov_shape) == (4, (7, 4))


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Selection(frames=(2, 7)), r"frames: frames 2 to 7 aren't all in the movie, which has 7"),
        (Selection(crop=((0, 12), (0, 3))), r"crop: rows 0 to 12 .* which has 12.*0 to 11"),
        (Selection(crop=((0, 3), (0, 10))), r"crop: columns 0 to 10 .* which has 10"),
    ],
)
def test_selection_outside_the_movie(
    part: Selection, message: str, tmp_path: Path, frames: NDArray[np.int16]
) -> None:
    path = write_npy(tmp_path / "m.npy", frames)
    with pytest.raises(InputError, match=message):
        open_movie(path, frame_rate_hz=10, pixel_size_um=1, selection=part)


def test_frames_of_each_file_of_a_selection(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    paths = [write_npy(tmp_path / f"{k}.npy", frames + k) for k in range(4)]
    given = {"frame_rate_hz": 10, "pixel_size_um": 1}
    whole = open_movie(paths, **given)  # type: ignore[arg-type]
    assert frames_of_files(whole.frames) == [range(0, 7), range(7, 14), range(14, 21), range(21, 28)]
    part = open_movie(paths, selection=Selection(frames=(9, 20)), **given)  # type: ignore[arg-type]
    assert [(held.start, held.stop) for held in frames_of_files(part.frames) if held] == [(0, 5), (5, 12)]
    assert [len(held) for held in frames_of_files(part.frames)] == [0, 5, 7, 0]
    every_third = Selected(whole.frames, range(1, 28, 3), range(Y), range(X))
    assert [len(held) for held in frames_of_files(every_third)] == [2, 3, 2, 2]


def test_override_replaces_the_metadata_of_a_file(
    tmp_path: Path, frames: NDArray[np.int16], caplog: pytest.LogCaptureFixture
) -> None:
    path = write_nwb(tmp_path / "m.nwb", frames)
    with pytest.raises(InputError, match=r"frame_rate_hz: is 30 in recordings.*set override"):
        open_movie(path, frame_rate_hz=30)
    movie = open_movie(path, frame_rate_hz=30, override=True)
    assert movie.frame_rate_hz == 30
    assert "frame_rate_hz is 30; the file says 20" in caplog.text


def test_validity_of_a_selection() -> None:
    validity = Validity(
        20, (InvalidFrames(3, 5, "blank"), InvalidFrames(12, 13, "noise")), ((8, 2, 6), (15, 8, 9))
    )
    part = validity.selected(range(4, 13), range(4, 8))
    assert part == Validity(9, (InvalidFrames(0, 1, "blank"), InvalidFrames(8, 8, "noise")), ((4, 0, 2),))
