"""The recordings table is checked row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurocine.config import check_rois, load_recordings
from neurocine.core import InputError, Recording, Selection

HEADER = (
    "recording",
    "movie",
    "frame_rate_hz",
    "pixel_size_um",
    "indicator",
    "rois",
    "ground_truth",
    "split",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a.tif", "b_2.tif", "b_10.tif", "größe in µm.tif", "odd[1].tif"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def table(folder: Path, *rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> Path:
    path = folder / "recordings.tsv"
    filled = [row + ("",) * (len(header) - len(row)) for row in rows]
    path.write_text("\n".join("\t".join(row) for row in [header, *filled]) + "\n", encoding="utf-8")
    return path


def test_full_and_sparse_rows(folder: Path) -> None:
    (folder / "rois.h5").write_bytes(b"x")
    full, sparse = load_recordings(
        table(folder, ("m1", "a.tif", "30", "0.8", "GCaMP6s", "rois.h5", "", "test"), ("m2", "a.tif"))
    )
    assert (full.frame_rate_hz, full.pixel_size_um, full.indicator, full.split) == (
        30,
        0.8,
        "GCaMP6s",
        "test",
    )
    assert full.rois == Path("rois.h5")
    assert sparse.frame_rate_hz is None
    assert sparse.rois is None


def test_decimal_commas_get_their_remedy(folder: Path) -> None:
    with pytest.raises(InputError, match=r"frame_rate_hz is '30,5'.*Write numbers with a decimal point"):
        load_recordings(table(folder, ("m1", "a.tif", "30,5", "0.8")))
    with pytest.raises(InputError, match=r"frame_rate_hz is '30 Hz'.*Correct the cell"):
        load_recordings(table(folder, ("m1", "a.tif", "30 Hz", "0.8")))


def test_glob_names_files_in_order_of_their_numbers(folder: Path) -> None:
    (recording,) = load_recordings(table(folder, ("m", "b_*.tif")))
    assert [path.name for path in recording.movie] == ["b_2.tif", "b_10.tif"]


def test_glob_over_folders_goes_by_folder_first(folder: Path) -> None:
    names = ["day1/file_2.tif", "day1/file_10.tif", "day2/file_1.tif", "day10/file_1.tif"]
    for name in reversed(names):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    (recording,) = load_recordings(table(folder, ("m", "day*/*.tif")))
    assert [path.as_posix() for path in recording.movie] == names


@pytest.mark.parametrize("name", ["größe in µm.tif", "odd[1].tif"])
def test_odd_file_names_are_taken_as_they_are(folder: Path, name: str) -> None:
    (recording,) = load_recordings(table(folder, ("m", name)))
    assert recording.movie == (Path(name),)


def test_comment_lines_are_skipped(folder: Path) -> None:
    path = table(folder, ("m", "a.tif"))
    path.write_text("# our mice\n" + path.read_text())
    assert len(load_recordings(path)) == 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("m", "a.tif"), ("M", "a.tif")], r"line 3: recording: 'M' is also the name on line 2"),
        ([("m", "none.tif")], r"line 2: movie: nothing is there"),
        ([("m", "")], r"line 2: movie"),
        ([("m/../x", "a.tif")], r"line 2: recording"),
        ([("training", "a.tif")], r"line 2: recording.*reserved"),
        ([("<script>", "a.tif")], r"line 2: recording"),
        ([("m", "a.tif", "fast")], r"line 2: frame_rate_hz.*'fast'"),
        ([("m", "a.tif", "nan")], r"line 2: frame_rate_hz"),
        ([("m", "a.tif", "-3")], r"line 2: frame_rate_hz.*greater than 0"),
        ([("m", "a.tif", "", "", "", "gone.h5")], r"line 2: rois: 'gone\.h5' doesn't exist"),
        ([("m", "a.tif", "", "", "", "", "", "tests")], r"line 2: split.*'train', 'validation' or 'test'"),
        ([("m", "a.tif", "", "", "", "", "", "", "more")], r"line 2: columns.*more cells"),
        ([], r"rows: there are none"),
    ],
)
def test_a_wrong_row_is_named(folder: Path, rows: list[tuple[str, ...]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_recordings(table(folder, *rows))


def test_unknown_column_is_named(folder: Path) -> None:
    with pytest.raises(InputError, match="unknown key framerate"):
        load_recordings(table(folder, ("m", "a.tif", "3"), header=("recording", "movie", "framerate")))


@pytest.mark.parametrize("separator", [",", ";"])
def test_other_separators_are_named_with_the_header(folder: Path, separator: str) -> None:
    path = table(folder, ("m", "a.tif"))
    path.write_text(path.read_text().replace("\t", separator))
    with pytest.raises(InputError, match=f"'recording{separator}movie.*Separate columns by tabs"):
        load_recordings(path)


@pytest.mark.parametrize("pattern", ["m{1}.tif", "m{*.tif"])
def test_braces_in_the_name_of_a_movie(folder: Path, pattern: str) -> None:
    (folder / "m{1}.tif").write_bytes(b"x")
    (recording,) = load_recordings(table(folder, ("m", pattern)))
    assert recording.movie == (Path("m{1}.tif"),)


def test_dataset_of_a_movie(folder: Path) -> None:
    (recording,) = load_recordings(
        table(folder, ("m", "a.tif", "red"), header=("recording", "movie", "dataset"))
    )
    assert recording.selection == Selection(dataset="red")


def test_channels_and_planes(folder: Path) -> None:
    header = ("recording", "movie", "channel", "plane")
    cells = [("2", "0"), ("green", ""), (" 1 / 2 ", "3/4"), ("", "")]
    rows = [(f"m{i}", "a.tif", *row) for i, row in enumerate(cells)]
    selections = [row.selection for row in load_recordings(table(folder, *rows, header=header))]
    assert selections == [
        Selection(channel="2", plane=0),
        Selection(channel="green"),
        Selection(channel="1", n_channels=2, plane=3, n_planes=4),
        Selection(),
    ]


def test_selected_frames_crop_and_override(folder: Path) -> None:
    header = ("recording", "movie", "frames", "crop", "override")
    rows = (("m1", "a.tif", "100-8999", "8-503, 12-499", "true"), ("m2", "a.tif", "", "", ""))
    one, two = load_recordings(table(folder, *rows, header=header))
    assert one.selection == Selection(frames=(100, 8999), crop=((8, 503), (12, 499)))
    assert one.override
    assert two.selection == Selection()
    assert not two.override


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("frames", "5-9, 12-30", "frames: .*isn't one range such as 100-8999"),
        ("frames", "9-5", "frames: '9-5' ends before it begins"),
        ("crop", "8-503", "crop: .*isn't a range of rows and one of columns"),
        ("channel", "0/2", "channel: '0/2' isn't one of 1/2 to 2/2"),
        ("plane", "4/4", "plane: '4/4' isn't one of 0/4 to 3/4"),
        ("plane", "first", "plane: 'first' isn't the number of a plane, such as 0"),
        ("override", "perhaps", "override: override is 'perhaps'"),
    ],
)
def test_selections_that_cannot_be_read_are_named(folder: Path, column: str, cell: str, message: str) -> None:
    path = table(folder, ("m", "a.tif", cell), header=("recording", "movie", column))
    with pytest.raises(InputError, match=f"line 2: {message}"):
        load_recordings(path)


@pytest.mark.parametrize("column", ["rois", "ground_truth"])
def test_one_of_several_sets_of_rois_is_named_after_the_file(folder: Path, column: str) -> None:
    (folder / "a.nwb").write_bytes(b"x")
    (folder / "b#2.nwb").write_bytes(b"x")
    rows = [("1", "a.tif"), ("2", "a.tif"), ("3", "a.tif"), ("4", "a.tif")]
    names = ["a.nwb#rois/plane1", "b#2.nwb", "b#2.nwb#x", "a.nwb"]
    header = ("recording", "movie", column)
    path = table(folder, *((*row, name) for row, name in zip(rows, names, strict=True)), header=header)
    assert [str(getattr(recording, column)) for recording in load_recordings(path)] == names
    for name in ("gone.nwb#x", "b#3.nwb", "#x"):
        with pytest.raises(InputError, match=rf"line 2: {column}: '{name}' doesn't exist"):
            load_recordings(table(folder, ("1", "a.tif", name), header=header))


@pytest.mark.parametrize(
    ("rois", "engine", "problem"),
    [
        (
            "a.tif",
            "suite2p",
            r"t\.tsv: rois: recording 'm' names 'a\.tif', which the engine 'suite2p'.*or empty",
        ),
        (None, "given", r"t\.tsv: rois: recording 'm' has none, but .* is 'given'.*or choose another"),
        ("a.tif", "given", ""),
        (None, "suite2p", ""),
    ],
)
def test_rois_and_the_engine_fit_together(rois: str | None, engine: str, problem: str) -> None:
    recording = Recording("m", (Path("m.tif"),), rois=None if rois is None else Path(rois))
    if not problem:
        check_rois("t.tsv", recording, engine)
        return
    with pytest.raises(InputError, match=problem):
        check_rois("t.tsv", recording, engine)


def test_missing_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neurocine init"):
        load_recordings(tmp_path / "none.tsv")


def test_bad_frames_are_ranges_or_a_file_of_them(folder: Path) -> None:
    (folder / "bad.txt").write_text("# photostimulation\n500\n120-130\n7\t9\n")
    header = ("recording", "movie", "bad_frames")
    rows = (("m1", "a.tif", "500, 120-130; 7-9"), ("m2", "a.tif", "bad.txt"), ("m3", "a.tif", ""))
    one, two, three = load_recordings(table(folder, *rows, header=header))
    assert one.bad_frames == two.bad_frames == ((7, 9), (120, 130), (500, 500))
    assert three.bad_frames == ()


@pytest.mark.parametrize("cell", ["120:130", "none.txt", "30-20", "-5"])
def test_bad_frames_that_cannot_be_read_are_named(folder: Path, cell: str) -> None:
    path = table(folder, ("m", "a.tif", cell), header=("recording", "movie", "bad_frames"))
    with pytest.raises(InputError, match=r"line 2: bad_frames: .*Give ranges such as 120-130"):
        load_recordings(path)
