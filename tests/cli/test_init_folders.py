"""`neurocine init` on folders as labs have them: which movies become rows, and how they are named."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from neurocine.config import load_recordings
from neurocine.core import InputError
from neurocine.new_project import InitReport, init_project

TABLE = Path("config/recordings.tsv")


def movie(path: Path, n_frames: int = 3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = np.arange(n_frames * 64, dtype=np.uint16).reshape(n_frames, 8, 8)
    tifffile.imwrite(path, frames, photometric="minisblack")
    return path


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(report: InitReport) -> dict[str, str]:
    return dict(report.added)


def test_movies_that_lie_too_deep_are_named(lab: Path) -> None:
    movie(Path("data/a.tif"))
    movie(Path("data/day1/rec1/b.tif"))
    movie(Path("data/day2/c.tif"))
    movie(Path("data/day2/References/d.tif"))
    Path("data/notes/old").mkdir(parents=True)
    report = init_project(Path("data"), Path())
    assert rows(report) == {"a": "data/a.tif", "c": "data/day2/c.tif"}
    assert report.skipped == ("data/day1/rec1: lies too deep. Run init for data/day1, too",)


def test_single_pages_and_chunks_are_one_recording_each_also_beside_other_files(lab: Path) -> None:
    for number in range(1, 4):
        movie(Path(f"data/mouse_{number:05d}.tif"))
        movie(Path(f"data/day 1/img{number:06d}.ome.tif"), 1)
        movie(Path(f"data/day2/file_00001_{number:05d}.tif"))
        movie(Path(f"data/day2/file_00002_{number:05d}.tif"))
    movie(Path("data/alone.tif"))
    movie(Path("data/day2/µ größe.tif"))
    report = init_project(Path("data"), Path())
    assert rows(report) == {
        "alone": "data/alone.tif",
        "mouse": "data/mouse_[0-9][0-9][0-9][0-9][0-9].tif",
        "day_1": "data/day 1",
        "file_00001": "data/day2/file_00001_[0-9][0-9][0-9][0-9][0-9].tif",
        "file_00002": "data/day2/file_00002_[0-9][0-9][0-9][0-9][0-9].tif",
        "µ_größe": "data/day2/µ größe.tif",
    }
    frames = [len(r.movie) for r in load_recordings(TABLE)]
    assert frames == [1, 3, 3, 3, 1, 1]
    assert report.skipped == ()
    assert init_project(Path("data"), Path()).added == ()


def test_what_is_no_movie_is_left_alone_and_one_bad_file_left_out(lab: Path) -> None:
    good = movie(Path("data/good.tif"))
    for name in (
        "._good.tif",
        ".hidden.tif",
        "Thumbs.db",
        ".DS_Store",
        "__MACOSX/._good.tif",
        "@eaDir/good.tif",
    ):
        path = Path("data", name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    Path("data/empty").mkdir()
    Path("data/bad.tif").write_bytes(b"no TIFF")
    Path("data/nothing.tif").touch()
    Path("data/lost.tif").symlink_to("gone.tif")
    movie(Path("data/picture.tif"), 1)
    Path("data/link.tif").symlink_to(movie(Path("elsewhere/real.tif")).resolve())
    report = init_project(Path("data"), Path())
    assert rows(report) == {"good": str(good), "link": "data/link.tif"}
    assert [reason.split(":")[0] for reason in report.skipped] == [
        f"data/{name}.tif" for name in ("bad", "lost", "nothing", "picture")
    ]


def test_a_folder_that_may_not_be_opened_is_left_out(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    movie(Path("data/good.tif"))
    movie(Path("data/secret/m.tif"))
    iterdir = Path.iterdir

    def denied(path: Path) -> object:
        if path.name == "secret":
            raise PermissionError(13, "Permission denied", str(path))
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", denied)
    report = init_project(Path("data"), Path())
    assert rows(report) == {"good": "data/good.tif"}
    assert report.skipped == ("[Errno 13] Permission denied: 'data/secret'",)


def test_a_folder_without_any_movie_is_named(lab: Path) -> None:
    Path("data/empty").mkdir(parents=True)
    with pytest.raises(InputError, match="data: folder: holds no movie"):
        init_project(Path("data"), Path())
    Path("data/bad.tif").write_bytes(b"no TIFF")
    with pytest.raises(InputError, match=r"no movie can be read: data/bad\.tif"):
        init_project(Path("data"), Path())
    assert not Path("config").exists()


def test_recordings_that_may_be_parts_of_one_are_told(lab: Path) -> None:
    for number in range(1, 12):
        movie(Path(f"data/day[1]/file_{number}.tif"))
    movie(Path("data/mouse1.tif"))
    movie(Path("data/mouse2.tif"))
    report = init_project(Path("data"), Path())
    assert len(report.added) == 13
    assert report.notes == (
        "file_1.tif to file_11.tif became 11 recordings. If they are parts of one, make one row of them, "
        "with the movie data/day[[]1]/file_[0-9]*.tif",
    )


def test_a_file_of_several_movies_is_a_row_whose_dataset_is_open(lab: Path) -> None:
    Path("data").mkdir()
    with h5py.File("data/two.h5", "w") as file:
        for name in ("green", "red"):
            file[name] = np.zeros((40, 8, 9), dtype=np.uint16)
    report = init_project(Path("data"), Path())
    assert rows(report) == {"two": "data/two.h5"}
    (note,) = report.notes
    assert "green (40, 8, 9), red (40, 8, 9). Choose one by its name: column dataset" in note
    (recording,) = load_recordings(TABLE)
    assert recording.selection.dataset is None


def test_a_single_file_is_a_movie_too(lab: Path) -> None:
    movie(Path("data/a.tif"))
    movie(Path("data/b.tif"))
    assert rows(init_project(Path("data/a.tif"), Path())) == {"a": "data/a.tif"}


@pytest.mark.parametrize("project", ["project", "deep/er/project", "linked"])
def test_relative_paths_are_those_of_the_project(
    project: str, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    movie(Path("data/m.tif"))
    movie(Path("data/[x]/n_0001.tif"))
    movie(Path("data/[x]/n_0002.tif"))
    movie(Path("data/[x]/other.tif"))
    Path("far/away/place").mkdir(parents=True)
    Path("linked").symlink_to("far/away/place")
    for _ in range(2):  # the second call knows the movies
        init_project(Path("data"), Path(project))
    absolute = init_project(lab / "data", lab / "absolute")
    assert rows(absolute)["m"] == str(lab / "data" / "m.tif")
    monkeypatch.chdir(project)
    recordings = load_recordings(TABLE)
    assert [recording.name for recording in recordings] == ["m", "n", "other"]
    assert recordings[0].movie[0].samefile(lab / "data" / "m.tif")
    assert not recordings[0].movie[0].is_absolute()
    assert [path.name for path in recordings[1].movie] == ["n_0001.tif", "n_0002.tif"]


@pytest.mark.parametrize(
    "name", ["logs", "con", "evaluation", "-m.", "n" * 200, "e\N{COMBINING ACUTE ACCENT}", "a b"]
)
def test_every_name_of_a_file_gives_a_name_of_a_recording(name: str, lab: Path) -> None:
    movie(Path("data", f"{name}.tif"))
    movie(Path("data/day", f"{name}.tif"))
    init_project(Path("data"), Path())
    first, second = load_recordings(TABLE)
    assert second.name == f"{first.name}_2"


@pytest.mark.parametrize("name", ["m\t1.tif", "m\n1.tif"])
def test_a_name_that_no_table_can_hold_is_left_out(name: str, lab: Path) -> None:
    movie(Path("data/good.tif"))
    movie(Path("data", name))
    report = init_project(Path("data"), Path())
    assert rows(report) == {"good": "data/good.tif"}
    assert len(report.skipped) == 1
    assert len(load_recordings(TABLE)) == 1


EDITS = {
    "sorted": lambda text: "\n".join([text.splitlines()[0], *reversed(text.splitlines()[1:])]),
    "with comments": lambda text: f"# ours\n\n{text}# the end\n",
    "one left out": lambda text: text.replace("\nb\t", "\n#b\t"),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "BOM": lambda text: f"\N{ZERO WIDTH NO-BREAK SPACE}{text}",
    "no end": lambda text: text.rstrip("\n"),
    "few columns": lambda text: "\n".join("\t".join(line.split("\t")[:2]) for line in text.splitlines()),
    "other columns first": lambda text: "\n".join(
        "\t".join(reversed(line.split("\t")[:4])) for line in text.splitlines()
    ),
    "renamed": lambda text: text.replace("\na\t", "\nmouse 7\t".replace(" ", "_")),
    "absolute": lambda text: text.replace("data/", f"{Path.cwd()}/data/"),
    "a glob": lambda text: text.replace("data/a.tif", "data/[a].tif"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_second_call_adds_new_movies_only_and_keeps_what_was_edited(edit: str, lab: Path) -> None:
    for name in "ab":
        movie(Path(f"data/{name}.tif"))
    for number in (1, 2):
        movie(Path(f"data/day/m_{number:04d}.tif"))
    init_project(Path("data"), Path())
    edited = EDITS[edit](TABLE.read_text(encoding="utf-8")).encode("utf-8")
    TABLE.write_bytes(edited)
    assert init_project(Path("data"), Path()).added == ()
    assert TABLE.read_bytes() == edited
    shutil.copy("data/a.tif", "data/new.tif")
    assert rows(init_project(Path("data"), Path())) == {"new": "data/new.tif"}
    assert TABLE.read_bytes().startswith(edited)
    assert load_recordings(TABLE)[-1].movie == (Path("data/new.tif"),)


@pytest.mark.parametrize("text", ["", "# ours\n\n"])
def test_a_table_without_a_header_gets_one(text: str, lab: Path) -> None:
    movie(Path("data/a.tif"))
    TABLE.parent.mkdir()
    TABLE.write_text(text)
    assert rows(init_project(Path("data"), Path())) == {"a": "data/a.tif"}
    assert TABLE.read_text().startswith(f"{text}recording\tmovie\t")
    assert len(load_recordings(TABLE)) == 1


def test_a_table_of_another_kind_stops_init_with_the_remedy(lab: Path) -> None:
    movie(Path("data/a.tif"))
    init_project(Path("data"), Path())
    TABLE.write_text(TABLE.read_text().replace("\t", ";"))
    movie(Path("data/b.tif"))
    with pytest.raises(InputError, match="Separate columns by tabs"):
        init_project(Path("data"), Path())


def test_files_of_channels_are_one_recording(lab: Path) -> None:
    for colour in ("green", "red"):
        for number in range(1, 4):
            movie(Path(f"data/pages/img_{colour}_{number:04d}.tif"), 1)
            movie(Path(f"data/beside/img_{colour}_{number:04d}.tif"))
        movie(Path(f"data/mouse1_{colour}.tif"))
        movie(Path(f"data/mouse2 {colour}.tif"))
    for number in (1, 2):
        movie(Path(f"data/trial_ch{number}.tif"))
        movie(Path(f"data/slice_{number}.tif"))
        movie(Path(f"data/picture_ch{number}.tif"), 1)
    movie(Path("data/beside/green hill.tif"))
    report = init_project(Path("data"), Path())
    assert rows(report) == {
        "mouse1": "data/mouse1*.tif",
        "mouse2": "data/mouse2*.tif",
        "slice_1": "data/slice_1.tif",
        "slice_2": "data/slice_2.tif",
        "trial": "data/trial*.tif",
        "green_hill": "data/beside/green hill.tif",
        "img": "data/beside/img*_[0-9][0-9][0-9][0-9].tif",
        "pages": "data/pages",
    }
    assert [note.partition(": name")[0] for note in report.notes] == [
        "data/mouse1*.tif: 2 channels (green, red)",
        "data/mouse2*.tif: 2 channels (green, red)",
        "data/trial*.tif: 2 channels (1, 2)",
        "data/beside/img*_[0-9][0-9][0-9][0-9].tif: 2 channels (green, red)",
        "data/pages: 2 channels (green, red)",
    ]
    assert [problem.partition(":")[0] for problem in report.skipped] == ["data/picture*.tif"]
    assert [len(row.movie) for row in load_recordings(TABLE)] == [2, 2, 1, 1, 2, 1, 6, 1]
    assert init_project(Path("data"), Path()).added == ()


def test_a_channel_that_lacks_a_file_is_named(lab: Path) -> None:
    for name in ("img_green_0001", "img_green_0002", "img_red_0001"):
        movie(Path(f"data/{name}.tif"))
    movie(Path("data/other.tif"))
    report = init_project(Path("data"), Path())
    assert rows(report) == {"other": "data/other.tif"}
    (problem,) = report.skipped
    assert "not as many for each: 2 of green, 1 of red" in problem


def test_the_files_of_a_stack_of_micro_manager_are_one_recording(lab: Path) -> None:
    for name in ("rec_MMStack_Pos0", "rec_MMStack_Pos0_1", "rec_MMStack_Pos0_10", "rec_MMStack_Pos01"):
        movie(Path(f"data/both/{name}.ome.tif"))
    for name in ("rec_MMStack_Pos0", "rec_MMStack_Pos0_1"):
        movie(Path(f"data/alone/{name}.ome.tif"))
    report = init_project(Path("data"), Path())
    assert rows(report) == {
        "alone": "data/alone",
        "rec_MMStack_Pos0": "data/both/rec_MMStack_Pos0[_.]*",
        "rec_MMStack_Pos01.ome": "data/both/rec_MMStack_Pos01.ome.tif",
    }
    assert [len(row.movie) for row in load_recordings(TABLE)] == [1, 3, 1]
