"""Names of numbered files: their order, gaps and copies."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import tifffile

from neurocine.io.movies import natural_key, open_movie
from neurocine.io.movies.names import sequence_problems


def files(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 9)
    return paths


def test_folders_come_before_names() -> None:
    ordered = ["a/day2/m_9.tif", "a/day2/m_10.tif", "a/day10/m_1.tif", "b/m_0.tif"]
    assert sorted(map(Path, reversed(ordered)), key=natural_key) == [Path(name) for name in ordered]


@pytest.mark.parametrize(
    "names",
    [
        ["m.tif"],
        ["m_9.tif", "m_10.tif"],
        ["s1_00001.tif", "s1_00002.tif", "s3_00001.tif", "s3_00002.tif"],
        ["d1/m_00001.tif", "d2/m_00003.tif"],
        ["m_20240101_101500.tif", "m_20240101_103000.tif"],  # times of day
        ["m_0.tif", "m_500.tif", "m_1000.tif"],  # first frames
        ["m (1).tif", "m (2).tif"],  # renamed together
        ["m.tif", "m_0001.tif", "m@0002.tif"],  # the first without a number
        ["m_1.tif", "M_2.TIFF"],
        ["day1/base_1.tif", "day2/stimulus_1.tif"],
    ],
)
def test_whole_sequences_are_silent(tmp_path: Path, names: list[str]) -> None:
    assert sequence_problems(files(tmp_path, *names)) == []


@pytest.mark.parametrize("names", [["m_00001.tif", "m_00003.tif"], ["m_1_ch2.tif", "m_3_ch2.tif"]])
def test_gap_names_the_files_around_it(tmp_path: Path, names: list[str]) -> None:
    (problem,) = sequence_problems(files(tmp_path, *names))
    assert all(name in problem for name in names)
    assert "1 file(s) between them are missing. Copy" in problem


@pytest.mark.parametrize("copy", ["m (1).tif", "m copy.tif", "m copy 2.tif", "m - Copy.tif", "Copy of m.tif"])
def test_copies_are_named(tmp_path: Path, copy: str) -> None:
    paths = files(tmp_path, copy, "m.tif")
    (problem,) = sequence_problems(paths)
    assert f"{copy} (of m.tif)" in problem
    assert "Move copies out" in problem
    paths[0].write_bytes(b"of another size")
    assert "looks like a copy" not in "".join(sequence_problems(paths))


def test_copies_under_a_name_of_their_own_and_links_are_named(tmp_path: Path) -> None:
    paths = files(tmp_path, "m_0001.tif", "m_0002.tif", "m_0003.tif")
    paths[0].write_bytes(b"pixels of a frame")
    paths[1].write_bytes(b"pixels of another")
    paths[2].write_bytes(b"pixels of a frame")
    (tmp_path / "m_0004.tif").symlink_to(paths[1])
    (problem,) = sequence_problems([*paths, tmp_path / "m_0004.tif"])
    assert "m_0003.tif (of m_0001.tif), m_0004.tif (of m_0002.tif): this looks like a copy" in problem


@pytest.mark.parametrize("other", ["AVG_m.tif", "m_reg_0001.tif", "stimulus.tif"])
def test_files_that_are_named_otherwise_are_doubted(tmp_path: Path, other: str) -> None:
    (problem,) = sequence_problems(files(tmp_path, "m_0001.tif", "m_0002.tif", other))
    assert f"m_0001.tif, {other} are named differently" in problem


def test_opening_a_movie_warns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in (1, 3):
        tifffile.imwrite(tmp_path / f"m_{number}.tif", np.ones((3, 8, 8), np.uint8), photometric="minisblack")
    with caplog.at_level(logging.WARNING):
        assert open_movie(tmp_path, frame_rate_hz=1, pixel_size_um=1).n_frames == 6
    assert "m_3.tif follows m_1.tif" in caplog.text
