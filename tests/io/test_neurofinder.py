"""Data sets of Neurofinder: read lazily, written whole, and refused with a reason where they aren't whole."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from typer.testing import CliRunner

from neurocine.cli.app import app
from neurocine.core import InputError, Movie, RoiSet
from neurocine.ingest import ingest
from neurocine.io.movies import find_movies, neurofinder, open_movie, tiff
from neurocine.io.neurofinder import write_neurofinder
from neurocine.io.result_files import write_rois
from neurocine.io.rois import open_rois
from neurocine.new_project import init_project

T, Y, X = 12, 9, 14

#: As the published data sets have it.
INFO = {
    "id": "an229716_2013_12_01_fov_04002",
    "lab": "Svoboda Lab",
    "contributors": ["Simon Peron"],
    "animal-state": "Awake head-fixed",
    "indicator": "GCaMP6s",
    "region": "vS1",
    "depth-microns": 196,
    "pixels-per-micron": 1.25,
    "rate-hz": 7,
    "dimensions": [Y, X, T],
}


@pytest.fixture
def frames() -> NDArray[np.uint16]:
    return np.random.default_rng(5).integers(0, 4096, (T, Y, X)).astype(np.uint16)


@pytest.fixture
def dataset(tmp_path: Path, frames: NDArray[np.uint16]) -> Path:
    """A data set as Neurofinder publishes them, with two overlapping regions."""
    folder = tmp_path / "neurofinder.00.00"
    (folder / "images").mkdir(parents=True)
    (folder / "regions").mkdir()
    for i, frame in enumerate(frames):
        tifffile.imwrite(folder / "images" / f"image{i:05d}.tiff", frame)
    (folder / "info.json").write_text(json.dumps(INFO))
    regions = [{"coordinates": [[1, 2], [1, 3]]}, {"coordinates": [[1, 3], [8, 13]]}]
    (folder / "regions" / "regions.json").write_text(json.dumps(regions))
    (folder / "example.py").write_text("raise SystemExit")
    return folder


def test_data_set_is_a_movie(dataset: Path, frames: NDArray[np.uint16]) -> None:
    movie = open_movie(dataset)
    assert (movie.frame_rate_hz, movie.pixel_size_um, movie.indicator) == (7.0, 0.8, "GCaMP6s")
    assert (movie.n_frames, movie.fov_shape, movie.dtype) == (T, (Y, X), np.uint16)
    np.testing.assert_array_equal(movie.read(0, T), frames)
    np.testing.assert_array_equal(movie.frames[3:5], frames[3:5])
    assert movie.source == str(dataset)
    assert find_movies(dataset.parent) == [dataset]


def test_data_sets_become_rows_of_a_project(dataset: Path, tmp_path: Path) -> None:
    shutil.copytree(dataset, dataset.parent / "neurofinder.00.01")
    table = init_project(dataset.parent, tmp_path / "project").table
    header, *rows = (line.split("\t") for line in table.read_text().splitlines())
    names = ("neurofinder.00.00", "neurofinder.00.01")
    columns = ("recording", "movie", "frame_rate_hz", "pixel_size_um", "indicator")
    shown = [[row[header.index(column)] for column in columns] for row in rows]
    assert shown == [[name, str(dataset.parent / name), "7.0", "0.8", "GCaMP6s"] for name in names]


def test_only_asked_frames_are_opened(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    movie = open_movie(dataset)
    opened: list[str] = []
    read = tiff.read
    monkeypatch.setattr(neurofinder.tiff, "read", lambda file: opened.append(file.name) or read(file))
    movie.read(4, 6)
    assert opened == ["image00004.tiff", "image00005.tiff"]


def test_ingest_takes_it(dataset: Path) -> None:
    source = ingest([dataset])
    assert (source.format, source.shape) == ("Neurofinder", (T, Y, X))


def test_regions_of_the_data_set(dataset: Path) -> None:
    for path in (dataset, dataset / "regions" / "regions.json"):
        rois = open_rois(path)
        assert rois.fov_shape == (Y, X)
        assert rois.ids.tolist() == [0, 1]
        assert [rois.pixels(i)[:2] for i in (0, 1)][1][0].tolist() == [1, 8]
    with pytest.raises(InputError, match=r"fov_shape.*\(9, 14\).*\(14, 9\)"):
        open_rois(dataset, fov_shape=(X, Y))


def test_numbers_of_regions_become_ids(tmp_path: Path) -> None:
    path = tmp_path / "regions.json"
    for numbers, ids in (([9000, 7], [9000, 7]), ([3, 3], [0, 1]), (["a", 4], [0, 1]), ([True, 4], [0, 1])):
        path.write_text(json.dumps([{"id": i, "coordinates": [[0, 0]]} for i in numbers]))
        assert open_rois(path, fov_shape=(2, 2)).ids.tolist() == ids


def test_round_trip_by_command(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    movie, rois = blobs
    numbered = RoiSet.from_pixels(
        rois.fov_shape, [rois.pixels(i) for i in range(4)], ids=[5, 2, 11, 0], engine="truth"
    )
    write_neurofinder(tmp_path / "first", movie, numbered, {"lab": "ours", "rate-hz": 1})
    write_rois(tmp_path / "rois.h5", numbered)
    arguments = ["convert", str(tmp_path / "rois.h5"), str(tmp_path / "second")]
    done = CliRunner().invoke(app, [*arguments, "--movie", str(tmp_path / "first")])
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "first" / "info.json").read_text())["lab"] == "ours"
    for folder in ("first", "second"):
        again, regions = open_movie(tmp_path / folder), open_rois(tmp_path / folder)
        assert (again.frame_rate_hz, again.pixel_size_um, again.indicator) == (10.0, 2.0, "GCaMP6s")
        assert again.dtype == movie.dtype
        np.testing.assert_array_equal(again.read(0, again.n_frames), movie.read(0, movie.n_frames))
        assert regions.ids.tolist() == [5, 2, 11, 0]
        assert (regions.matrix() != rois.matrix()).nnz == 0
    names = sorted(path.name for path in (tmp_path / "second").rglob("*.tiff"))
    assert (names[0], len(names)) == ("image00000.tiff", movie.n_frames)
    converted = CliRunner().invoke(app, ["convert", str(tmp_path / "first"), str(tmp_path / "back.h5")])
    assert converted.exit_code == 0
    assert open_rois(tmp_path / "back.h5").ids.tolist() == [5, 2, 11, 0]


def test_folder_appears_whole_or_not_at_all(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    movie, rois = blobs

    def breaks(label: str, done: int, total: int) -> None:
        assert not (tmp_path / "d").exists()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_neurofinder(tmp_path / "d", movie, rois, progress=breaks)
    assert list(tmp_path.iterdir()) == []
    write_neurofinder(tmp_path / "d", movie)
    assert not (tmp_path / "d" / "regions").exists()
    with pytest.raises(InputError, match="is there already"):
        write_neurofinder(tmp_path / "d", movie, rois)
    other = RoiSet.from_masks(np.ones((1, 3, 3)))
    with pytest.raises(InputError, match=r"fov_shape.*\(3, 3\).*\(64, 64\)"):
        write_neurofinder(tmp_path / "e", movie, other)


def info_with(**changes: Any) -> Callable[[Path], object]:
    return lambda folder: (folder / "info.json").write_text(json.dumps({**INFO, **changes}))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "images" / "image00004.tiff").unlink(), r"images: 1 are missing.*number 4\."),
        (lambda f: (f / "images" / "image00011.tiff").unlink(), r"dimensions.*\[9, 14, 12\].*11 of 9 x 14"),
        (lambda f: (f / "images" / "image4.tif").write_bytes(b"x"), r"image00004\.tiff and image4\.tif are"),
        (
            lambda f: tifffile.imwrite(f / "images" / "image00007.tiff", np.zeros((Y, X + 1), np.uint16)),
            r"image00007\.tiff: picture: has shape \(1, 9, 15\).*expected \(1, 9, 14\)",
        ),
        (
            lambda f: tifffile.imwrite(
                f / "images" / "image00007.tiff", np.zeros((2, Y, X), np.uint16), photometric="minisblack"
            ),
            r"image00007\.tiff: picture: has shape \(2, 9, 14\)",
        ),
        (
            lambda f: (f / "images" / "image00003.tiff").write_bytes(
                (f / "images" / "image00003.tiff").read_bytes()[:-50]
            ),
            r"image00003\.tiff: file",
        ),
        (lambda f: [file.unlink() for file in (f / "images").iterdir()], "there are no numbered TIFF"),
        (lambda f: (f / "info.json").write_text("{"), r"info\.json: content: isn't JSON"),
        (lambda f: (f / "info.json").write_text("[]"), r"info\.json: content: is a list"),
        (
            info_with(dimensions=[X + 1, Y, T]),
            r"dimensions: is \[15, 9, 12\] but the images are 12 of 9 x 14",
        ),
        (info_with(dimensions="9x14"), r"dimensions: is '9x14'"),
        (info_with(**{"rate-hz": None}), "frame_rate_hz: is not in the file"),
        (info_with(**{"pixels-per-micron": 0}), "pixel_size_um: is not in the file"),
    ],
)
def test_data_sets_that_are_not_whole(dataset: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(dataset)
    with pytest.raises(InputError, match=message):
        open_movie(dataset)


def test_damage_behind_the_right_size_is_found_when_read(dataset: Path) -> None:
    file = dataset / "images" / "image00008.tiff"
    file.write_bytes(b"\0" * file.stat().st_size)
    movie = open_movie(dataset)
    with pytest.raises(InputError, match=r"image00008\.tiff: file: isn't a whole TIFF"):
        movie.read(0, T)


def test_more_images_than_told_are_used(dataset: Path, caplog: pytest.LogCaptureFixture) -> None:
    info_with(dimensions=[X, Y, T - 2])(dataset)
    with caplog.at_level(logging.WARNING):
        assert open_movie(dataset).n_frames == T
    assert "dimensions give 10 frames, there are 12 images" in caplog.text
