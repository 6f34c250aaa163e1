"""The files between steps: what is written is read back, and other files are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurocine.core import CellTypes, InputError, Labels, Movie, Raster, RoiSet, Traces, Validity
from neurocine.io.result_files import (
    SCHEMA_VERSION,
    MovieWriter,
    Registration,
    Stamp,
    Summary,
    read_activity,
    read_celltypes,
    read_movie,
    read_registration,
    read_rois,
    read_stamp,
    read_summary,
    read_traces,
    settings_hash,
    write_activity,
    write_celltypes,
    write_rois,
    write_traces,
)

STAMP = Stamp(config_hash="c" * 64, source_sha256="5" * 64)
IDS = np.array([4, 0, 7])


def parts(movie: Movie) -> tuple[Summary, Registration]:
    random = np.random.default_rng(0)
    pictures = random.random((5, *movie.fov_shape)).astype(np.float32)
    series = random.random((3, movie.n_frames)).astype(np.float32)
    return Summary(*pictures[:4]), Registration(
        *series, series[0] > 0.9, pictures[4], pictures[3], {"crispness": 1.5}
    )


def write_movie(path: Path, movie: Movie, dtype: Any = None) -> None:
    with MovieWriter(path, movie, STAMP, dtype) as writer:
        for start, frames in movie.blocks(64 * 64 * 2 * 100):
            writer.write(start, frames)
        np.testing.assert_array_equal(writer.read(0, 2), movie.read(0, 2))
        writer.finish(*parts(movie))


def test_movie_with_rows_alone_without_data(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    validity = Validity(blobs[0].n_frames, rows=((3, 10, 20),))
    with MovieWriter(tmp_path / "movie.h5", blobs[0], STAMP) as writer:
        writer.write(0, blobs[0].read(0, blobs[0].n_frames))
        writer.finish(*parts(blobs[0]), validity)
    assert read_movie(tmp_path / "movie.h5").validity == validity


def test_movie(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    path = tmp_path / "movie.h5"
    write_movie(path, blobs[0])
    movie = read_movie(path)
    np.testing.assert_array_equal(movie.read(0, 300), blobs[0].read(0, 300))
    assert (movie.frame_rate_hz, movie.pixel_size_um, movie.indicator) == (10.0, 2.0, "GCaMP6s")
    assert movie.dtype == np.uint16
    assert isinstance(movie.frames, h5py.Dataset)
    summary, registration = parts(blobs[0])
    for name in ("mean", "max", "std", "correlation"):
        np.testing.assert_array_equal(getattr(read_summary(path), name), getattr(summary, name))
    read = read_registration(path)
    for name in ("y", "x", "correlation", "unregistered", "template"):
        np.testing.assert_array_equal(getattr(read, name), getattr(registration, name))
    assert read.metrics == {"crispness": 1.5}
    assert read_stamp(path) == STAMP


def test_movie_rounds_and_clips_to_its_type(tmp_path: Path) -> None:
    frames = np.array([-3.0, 0.4, 0.6, 254.7, 300.0, 7e9]).reshape(3, 1, 2)
    movie = Movie(frames, 1.0, 1.0)
    path = tmp_path / "movie.h5"
    with MovieWriter(path, movie, STAMP, np.uint8) as writer:
        writer.write(0, frames)
        writer.finish(*parts(movie))
    assert read_movie(path).read(0, 3).ravel().tolist() == [0, 0, 1, 255, 255, 255]


def test_movie_without_summary_never_appears(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    with pytest.raises(RuntimeError, match="finish"), MovieWriter(tmp_path / "m.h5", blobs[0], STAMP):
        pass
    with pytest.raises(KeyError), MovieWriter(tmp_path / "m.h5", blobs[0], STAMP):
        raise KeyError("a fault in a step")
    assert not list(tmp_path.iterdir())


def test_same_movie_same_bytes(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    write_movie(tmp_path / "a.h5", blobs[0])
    write_movie(tmp_path / "b.h5", blobs[0])
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_rois(tmp_path: Path) -> None:
    rois = RoiSet.from_pixels(
        (9, 8),
        [([1, 2], [3, 3], [0.5, 2.0]), ([8], [7], None), ([0], [0], None)],
        ids=IDS,
        engine=["suite2p", "", "caiman"],
        probability=[0.5, np.nan, 1.0],
        active_intervals=[[[0, 5], [9, 12]], np.empty((0, 2)), [[3, 4]]],
        active_probability=[0.25, 0.0, np.nan],
    )
    write_rois(tmp_path / "rois.h5", rois, STAMP)
    read = read_rois(tmp_path / "rois.h5")
    assert (read.fov_shape, read.engine) == (rois.fov_shape, rois.engine)
    for name in ("ids", "indptr", "y", "x", "weight", "probability", "active_probability"):
        np.testing.assert_array_equal(getattr(read, name), getattr(rois, name))
    assert [a.tolist() for a in read.active_intervals] == [[[0, 5], [9, 12]], [], [[3, 4]]]
    assert read_stamp(tmp_path / "rois.h5") == STAMP


def test_rois_of_earlier_versions_dont_say_how_active_they_are(tmp_path: Path) -> None:
    write_rois(tmp_path / "rois.h5", RoiSet.from_pixels((4, 5), [([1], [2], None)], active_probability=[1]))
    with h5py.File(tmp_path / "rois.h5", "r+") as file:
        del file["active_probability"]
    assert np.isnan(read_rois(tmp_path / "rois.h5").active_probability).tolist() == [True]


def test_traces(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random((4, 3, 20)).astype(np.float32)
    traces = Traces(IDS, 12.5, *values, values[0, :, 0])
    write_traces(tmp_path / "traces.h5", traces, STAMP)
    read = read_traces(tmp_path / "traces.h5")
    assert read.frame_rate_hz == 12.5
    for name in ("ids", "f", "fneu", "dff", "events", "snr"):
        np.testing.assert_array_equal(getattr(read, name), getattr(traces, name))
    assert read_stamp(tmp_path / "traces.h5") == STAMP


def test_activity(tmp_path: Path) -> None:
    probability = np.random.default_rng(0).random((3, 40)).astype(np.float32)
    raster = Raster(IDS, 10.0, probability, 0.6, ("pyramidal", "", "général"))
    write_activity(tmp_path / "activity.h5", raster, STAMP)
    read = read_activity(tmp_path / "activity.h5")
    np.testing.assert_array_equal(read.probability, probability)
    np.testing.assert_array_equal(read.active, probability > 0.6)
    assert (read.classifier, read.threshold, read.frame_rate_hz) == (raster.classifier, 0.6, 10.0)
    with h5py.File(tmp_path / "activity.h5") as file:
        np.testing.assert_array_equal(file["transients/onset"], raster.transients().onset)


def test_celltypes(tmp_path: Path) -> None:
    probability = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0, 0, 1]], np.float32)
    path = tmp_path / "celltypes.tsv"
    write_celltypes(path, CellTypes(IDS, probability), STAMP)
    read = read_celltypes(path)
    assert read.types == ("pyramidal", "interneuron", "noise")
    np.testing.assert_array_equal(read.ids, IDS)
    np.testing.assert_allclose(read.probability, probability, atol=1e-6)
    assert f"# source_sha256={'5' * 64}" in path.read_text()


def test_unknown_types_stay_unknown(tmp_path: Path) -> None:
    probability = np.array([[0.5, 0.4, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]], np.float32)
    path = tmp_path / "celltypes.tsv"
    write_celltypes(path, CellTypes(IDS, probability, clear=np.array([False, True, False])), STAMP)
    assert read_celltypes(path).types == ("unknown", "interneuron", "noise")


def test_labels_of_cells_are_kept_and_may_be_missing(tmp_path: Path) -> None:
    probability = np.full((3, 3), 1 / 3, np.float32)
    labels = Labels.of(np.float32([0.95, np.nan, 0.25]), "interneuron", 0.9)
    path = tmp_path / "celltypes.tsv"
    write_celltypes(path, CellTypes(IDS, probability, labels=labels), STAMP)
    read = read_celltypes(path)
    assert read.labels is not None
    assert read.labels.types == ("interneuron", "", "")
    np.testing.assert_allclose(read.labels.probability, [0.95, np.nan, 0.25], atol=1e-6)
    write_celltypes(path, CellTypes(IDS, probability), STAMP)
    assert read_celltypes(path).labels is None
    older = path.read_text().replace("\tlabelled\tlabel", "").replace("\t\t\n", "\n")
    path.write_text(older)
    assert read_celltypes(path).labels is None


@pytest.mark.parametrize(
    ("old", "new", "problem"), [("p_noise", "noise", "p_noise"), ("0.700000", "much", "other than a number")]
)
def test_celltypes_edited_by_hand(tmp_path: Path, old: str, new: str, problem: str) -> None:
    path = tmp_path / "celltypes.tsv"
    write_celltypes(path, CellTypes(IDS[:1], np.array([[0.7, 0.2, 0.1]], np.float32)))
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=problem):
        read_celltypes(path)


def test_nothing_found_is_a_valid_answer(tmp_path: Path) -> None:
    none = np.empty((0, 5), np.float32)
    ids = np.empty(0, np.int64)
    write_rois(tmp_path / "rois.h5", RoiSet.from_pixels((4, 5), []))
    write_traces(tmp_path / "traces.h5", Traces(ids, 1.0, none, none, none, none, none[:, 0]))
    write_activity(tmp_path / "activity.h5", Raster(ids, 1.0, none, 0.5, ()))
    write_celltypes(tmp_path / "celltypes.tsv", CellTypes(ids, np.empty((0, 3), np.float32)))
    assert len(read_rois(tmp_path / "rois.h5")) == 0
    assert read_traces(tmp_path / "traces.h5").n_frames == 5
    assert read_activity(tmp_path / "activity.h5").n_frames == 5
    assert read_celltypes(tmp_path / "celltypes.tsv").types == ()


READERS: list[Callable[[Path], Any]] = [
    read_movie,
    read_summary,
    read_registration,
    read_rois,
    read_traces,
    read_activity,
]


@pytest.mark.parametrize("read", [*READERS, read_celltypes])
def test_missing(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    with pytest.raises(InputError, match="doesn't exist"):
        read(tmp_path / "gone.h5")


@pytest.mark.parametrize("read", READERS)
def test_another_kind_newer_damaged_or_incomplete(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    path = tmp_path / "a.h5"
    path.write_text("not HDF5")
    with pytest.raises(InputError, match="isn't a whole HDF5 file"):
        read(path)
    with h5py.File(path, "w") as file:
        file.attrs["kind"] = "something else"
    with pytest.raises(InputError, match="'something else'"):
        read(path)
    kind = {"summary": "movie", "registration": "movie"}.get(name := read.__name__[5:], name)
    with h5py.File(path, "w") as file:
        file.attrs.update(kind=kind, schema_version=SCHEMA_VERSION + 1)
    with pytest.raises(InputError, match=f"layout {SCHEMA_VERSION + 1}"):
        read(path)
    with h5py.File(path, "w") as file:
        file.attrs.update(kind=kind, schema_version=SCHEMA_VERSION, fov_shape=(4, 4), frame_rate_hz=1.0)
    with pytest.raises(InputError, match="is missing"):
        read(path)


def test_attributes_that_are_missing(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    write_movie(tmp_path / "movie.h5", blobs[0])
    write_rois(tmp_path / "rois.h5", blobs[1])
    for name, attribute, read in (
        ("movie.h5", "frame_rate_hz", read_movie),
        ("rois.h5", "fov_shape", read_rois),
    ):
        with h5py.File(tmp_path / name, "a") as file:
            del file.attrs[attribute]
        with pytest.raises(InputError, match=f"{name}: {attribute}"):
            read(tmp_path / name)


def test_a_stamp_is_read_from_stamped_files_only(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="doesn't exist"):
        read_stamp(tmp_path / "gone.h5")
    with h5py.File(tmp_path / "a.h5", "w"):
        pass
    with pytest.raises(InputError, match="config_hash"):
        read_stamp(tmp_path / "a.h5")


def test_settings_hash_is_of_content_not_order() -> None:
    assert settings_hash({"a": 1, "b": {"c": 2.5}}) == settings_hash({"b": {"c": 2.5}, "a": 1})
    assert settings_hash({"a": 1}) != settings_hash({"a": 2})
