"""Commands for movies with several channels and planes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from neurocine.cli.app import app
from neurocine.config import load_recordings
from neurocine.core import Selection
from neurocine.io.movies import open_movie

FRAMES = np.random.default_rng(5).integers(0, 4000, (6, 3, 2, 8, 9)).astype(np.uint16)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "movies").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "movies"


def init(folder: Path) -> str:
    done = CliRunner().invoke(app, ["init", str(folder)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def write_hyperstack(path: Path) -> None:
    metadata = {"axes": "TZCYX", "finterval": 0.2, "unit": "um"}
    tifffile.imwrite(path, FRAMES, imagej=True, resolution=(1, 1), metadata=metadata)


def test_each_plane_is_a_row_and_channels_are_named(folder: Path) -> None:
    write_hyperstack(folder / "m.tif")
    output = init(folder)
    assert "m.tif: 3 planes, one row for each" in output
    assert "m.tif: 2 channels (1, 2): name the one that shows activity in the column channel" in output
    assert "3 new row(s)" in output
    rows = load_recordings(Path("config/recordings.tsv"))
    assert [(row.name, row.selection) for row in rows] == [
        (f"m_plane{plane}", Selection(plane=plane)) for plane in range(3)
    ]
    assert {row.frame_rate_hz for row in rows} == {5}
    movie = open_movie(rows[1].movie, selection=Selection(channel="2", plane=1))
    np.testing.assert_array_equal(movie.read(0, 6), FRAMES[:, 1, 1])


def test_planes_are_added_to_a_table_without_a_column_for_them(folder: Path) -> None:
    tifffile.imwrite(folder / "old.tif", FRAMES[:, 0, 0], imagej=True, metadata={"axes": "TYX"})
    Path("config").mkdir()
    Path("config/recordings.tsv").write_text(f"# mine\nrecording\tmovie\nold\t{folder / 'old.tif'}\n")
    write_hyperstack(folder / "m.tif")
    init(folder)
    rows = load_recordings(Path("config/recordings.tsv"))
    assert [(row.name, row.selection.plane) for row in rows] == [
        ("old", None), ("m_plane0", 0), ("m_plane1", 1), ("m_plane2", 2)
    ]  # fmt: skip
    assert Path("config/recordings.tsv").read_text().startswith("# mine\n")


@pytest.mark.parametrize(
    "names",
    [
        "TSeries-1_Cycle00001_Ch{c}_{t:06d}.ome.tif",
        "Chan{letter}_001_001_001_{t:04d}.tif",
    ],
)
def test_a_folder_of_a_microscope_is_one_recording(folder: Path, names: str) -> None:
    inside = folder / "day1"
    inside.mkdir()
    for c in (1, 2):
        for t in range(1, 4):
            name = names.format(c=c, letter="AB"[c - 1], t=t)
            tifffile.imwrite(inside / name, FRAMES[t, 0, c - 1], metadata=None)
    tifffile.imwrite(inside / "ChanA_Preview.tif", FRAMES[0, 0, 0, :4, :4], metadata=None)
    output = init(folder)
    assert "day1: 2 channels (" in output
    (row,) = load_recordings(Path("config/recordings.tsv"))
    assert (row.name, row.movie) == ("day1", (inside,))


def test_motion_takes_the_channel_and_plane_of_its_options(folder: Path) -> None:
    write_hyperstack(folder / "m.tif")
    options = ["--engine", "none", "--channel", "2", "--plane", "1", "--out", "movie.h5"]
    done = CliRunner().invoke(app, ["motion", str(folder / "m.tif"), *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(open_movie(Path("movie.h5")).read(0, 6), FRAMES[:, 1, 1])
    options[3] = "3/2"
    done = CliRunner().invoke(app, ["motion", str(folder / "m.tif"), *options])
    assert "'3/2' isn't one of 1/2 to 2/2" in str(done.exception)
