"""The command line: files in, files out, errors without a traceback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import yaml
from typer.testing import CliRunner

from neurocine.cli import main
from neurocine.cli.app import app
from neurocine.config import Config, load_config, load_recordings
from neurocine.core import InputError
from neurocine.core.truth import Truth
from neurocine.io.result_files import read_movie, read_rois, read_traces, write_rois
from neurocine.io.result_files.truth import write_truth
from neurocine.project import check_models

STEPS = ("motion", "segmentation", "active", "traces", "celltype", "activity")
COMMANDS = ("init", "check", "run", "convert", "simulate", "train", "export", "report", *STEPS)


OFF = {"active": {"mode": "off"}}


def run(*arguments: str | Path) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def tiff(tmp_path: Path, blobs) -> Path:
    movie, _ = blobs
    path = tmp_path / "raw movies" / "größe 1.tif"
    path.parent.mkdir()
    tifffile.imwrite(path, movie.read(0, 120))
    return path


@pytest.fixture
def labels(tmp_path: Path, blobs) -> Path:
    _, rois = blobs
    image = np.zeros(rois.fov_shape, dtype=np.uint16)
    for i in range(len(rois)):
        image[rois.mask(i)] = i + 1
    tifffile.imwrite(tmp_path / "labels.tif", image)
    return tmp_path / "labels.tif"


def test_help_of_every_command_has_an_example() -> None:
    for name in COMMANDS:
        assert "neurocine " in run(name, "--help").split("Example")[1]
    assert "Usage" in run("models", "--help")


def test_from_tiff_to_traces_without_snakemake(tmp_path: Path, tiff: Path, labels: Path) -> None:
    out = tmp_path / "out"
    sampling = ("--frame-rate", "10", "--pixel-size", "2", "--indicator", "GCaMP6s")
    run("motion", tiff, "--engine", "none", *sampling, "--out", out / "movie.h5")
    assert read_movie(out / "movie.h5").n_frames == 120
    run("segmentation", out / "movie.h5", "--engine", "given", "--rois", labels, "--out", out / "rois.h5")
    assert read_rois(out / "rois.h5").ids.tolist() == [1, 2, 3, 4]
    run("active", out / "movie.h5", out / "rois.h5", "--mode", "off", "--out", out / "active.h5")
    assert read_rois(out / "active.h5").ids.tolist() == [1, 2, 3, 4]
    run("traces", out / "movie.h5", out / "active.h5", "--out", out / "traces.h5")
    assert read_traces(out / "traces.h5").f.shape == (4, 120)


def test_rois_of_the_whole_picture_move_with_a_cropped_movie(
    tmp_path: Path, tiff: Path, labels: Path, blobs
) -> None:
    sampling = ("--frame-rate", "10", "--pixel-size", "2", "--engine", "none")
    cropped, again = tmp_path / "movie.h5", tmp_path / "again.h5"
    run("motion", tiff, *sampling, "--crop", "8-55,4-63", "--out", cropped)
    # Cropped once more: rows 10-39 of 8-55 are 18-47 of the whole picture.
    run("motion", cropped, "--engine", "none", "--crop", "10-39,2-41", "--out", again)
    for movie, rows, columns in ((cropped, (8, 55), (4, 63)), (again, (18, 47), (6, 45))):
        out = tmp_path / "rois.h5"
        run("segmentation", movie, "--engine", "given", "--rois", labels, "--out", out)
        found, (_, whole) = read_rois(out), blobs
        assert len(found)
        for i, roi in enumerate(found.ids):
            expected = whole.mask(int(roi) - 1)[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1]
            np.testing.assert_array_equal(found.mask(i), expected)


def test_convert(tmp_path: Path, labels: Path) -> None:
    run("convert", labels, tmp_path / "rois.h5")
    run("convert", tmp_path / "rois.h5", tmp_path / "regions.json")
    run("convert", tmp_path / "regions.json", tmp_path / "back.h5", "--fov", "64", "64")
    np.testing.assert_array_equal(
        read_rois(tmp_path / "back.h5").areas(), read_rois(tmp_path / "rois.h5").areas()
    )


def test_simulate_is_seeded(tmp_path: Path) -> None:
    for folder, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        run("simulate", "--preset", "paper", "--seed", seed, "--frames", "120", "--out", tmp_path / folder)
    a, b, c = ((tmp_path / name / "movie.h5").read_bytes() for name in "abc")
    assert a == b != c


def test_init_writes_a_project_that_can_be_loaded(
    tmp_path: Path, tiff: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tiff.parent / "notes.txt").write_text("no movie")
    run("init", tiff.parent, "--in", tmp_path / "project")
    assert load_config(tmp_path / "project" / "config" / "config.yaml") == Config()
    monkeypatch.chdir(tmp_path / "project")
    (recording,) = load_recordings(Path("config/recordings.tsv"))
    assert recording.name == "größe_1"
    assert recording.movie[0].samefile(tiff)


def test_init_again_adds_new_movies_and_keeps_edited_rows(
    tmp_path: Path, tiff: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("init", tiff.parent)
    table = Path("config/recordings.tsv")
    edited = table.read_text(encoding="utf-8").replace("größe_1", "mouse_7")
    table.write_text(edited, encoding="utf-8")
    Path("config/config.yaml").write_text("motion: {engine: none}\n")
    shutil.copy(tiff, tiff.with_name("new.tif"))
    tiff.with_name("bad.tif").write_bytes(b"no TIFF")
    chunks = tiff.parent / "day1"
    chunks.mkdir()
    for number in (1, 2):
        shutil.copy(tiff, chunks / f"m_{number:05d}.tif")
    shown = CliRunner().invoke(app, ["init", str(tiff.parent)], catch_exceptions=False)
    assert "left out" in shown.output
    assert "bad.tif" in shown.output
    assert table.read_text(encoding="utf-8").startswith(edited)
    assert [recording.name for recording in load_recordings(table)] == ["mouse_7", "new", "day1"]
    assert Path("config/config.yaml").read_text() == "motion: {engine: none}\n"
    before = table.read_bytes()
    run("init", tiff.parent)
    assert table.read_bytes() == before
    run("init", tiff.parent, "--force")
    assert "größe_1" in table.read_text(encoding="utf-8")


def test_check_knows_when_a_movie_is_too_short_for_the_network(
    tmp_path: Path, tiff: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("active: {mode: 'off'}\n")
    # 120 frames at 30 Hz are 4 s; a window is 10 s.
    rows = ["recording\tmovie\tframe_rate_hz\tpixel_size_um", f"short\t{tiff}\t30\t2"]
    (tmp_path / "config" / "recordings.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for command in (["check"], ["run"]):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 1
        assert "fewer than the window of 100" in " ".join(done.output.split())
        assert ("120 frames of 64 x 64 pixels" in done.output) == (command == ["check"])
    assert not (tmp_path / "results").exists()


def test_check_knows_when_results_cannot_be_written(tmp_path: Path, tiff: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"recordings": "r.tsv", "results": f"{tiff}/x"}))
    (tmp_path / "r.tsv").write_text(f"recording\tmovie\nm\t{tiff}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"results.*can't be written to"):
        run("check", "--config", "config.yaml")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"segmentation": {"stneuronet": {"model": "magic"}}}, "model 'magic': isn't in the registry"),
        (
            {"active": {"mode": "union"}, "segmentation": {"stneuronet": {"model": "celltype"}}},
            "for celltype",
        ),
        (OFF | {"activity": {"model": "celltype"}}, "model 'celltype': is a model for celltype"),
        (OFF | {"celltype": {"model": "magic"}}, "model 'magic': isn't in the registry"),
    ],
)
def test_check_knows_models_that_cannot_be_used(
    tmp_path: Path, tiff: Path, monkeypatch, config: dict, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"recordings": "r.tsv", **config}))
    (tmp_path / "r.tsv").write_text(f"recording\tmovie\nm\t{tiff}\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        run("check", "--config", "config.yaml")


def test_a_network_that_is_not_run_needs_no_model(tmp_path: Path) -> None:
    segmentation = {"engine": "suite2p", "stneuronet": {"model": "magic"}}
    check_models(Config.model_validate(OFF | {"segmentation": segmentation}))


def test_check_names_every_problem_and_shows_costs(tmp_path: Path, tiff: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"recordings": "recordings.tsv", **OFF}))
    rows = ["recording\tmovie\tframe_rate_hz\tpixel_size_um", f"good\t{tiff}\t10\t2", f"bad\t{tiff}\t\t2"]
    (tmp_path / "recordings.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["check", "--config", "config.yaml"])
    assert done.exit_code == 1
    shown = done.output.split("\nbad\n")
    assert "problem" in shown[1]
    assert "frame_rate_hz" in shown[1]
    assert shown[0].startswith("good\n  files")
    assert "problem" not in shown[0]
    (tmp_path / "recordings.tsv").write_text("\n".join(rows[:2]) + "\n", encoding="utf-8")
    assert "no problem found" in run("check", "--config", "config.yaml")


def test_check_shows_what_was_understood_and_each_doubt_with_its_recording(
    tmp_path: Path, tiff: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"recordings": "r.tsv", **OFF}))
    for number in (1, 2, 4):
        shutil.copy(tiff, tiff.with_name(f"m_{number:05d}.tif"))
    rows = [
        "recording\tmovie\tframe_rate_hz\tpixel_size_um\tcrop",
        f"part\t{tiff}\t10\t2\t0-31,0-47",
        f"gap\t{tiff.with_name('m_*.tif')}\t10\t2\t",
    ]
    (tmp_path / "r.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    part, gap = run("check", "--config", "config.yaml").split("\ngap\n")
    for line in (
        "120 frames of 32 x 48 pixels (height x width), uint16",
        "10 Hz, 12.0 s",
        "2 µm per pixel, 64 x 96 µm",
        "rows 0-31, columns 0-47",
        "none, in 120 frames",
    ):
        assert line in part
    assert "warning" not in part
    assert "3 (TIFF), from m_00001.tif to m_00004.tif" in gap
    assert "360 frames" in gap
    assert "m_00004.tif follows m_00002.tif: 1 file(s) between" in " ".join(gap.split())
    assert max(map(len, part.splitlines())) < 80
    assert "2 recording(s), no problem found, warnings about 1: read them" in gap
    found = json.loads(run("check", "--config", "config.yaml", "--json"))
    assert [one["recording"] for one in found] == ["part", "gap"]
    assert found[0]["movie"]["shape"] == [120, 32, 48]
    assert found[0]["warnings"] == []
    copies, between = sorted(found[1]["warnings"], key=lambda text: "between" in text)
    assert "1 file(s) between" in between
    assert "this looks like a copy" in copies  # the test made them so


def test_check_knows_rois_that_the_engine_would_ignore(
    tmp_path: Path, tiff: Path, labels: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"recordings": "r.tsv", **OFF}))
    rows = ["recording\tmovie\tframe_rate_hz\tpixel_size_um\trois", f"mine\t{tiff}\t10\t2\t{labels}"]
    (tmp_path / "r.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["check", "--config", "config.yaml"])
    assert done.exit_code == 1
    shown = " ".join(done.output.split())
    assert f"r.tsv: rois: recording 'mine' names '{labels}', which the engine 'stneuronet'" in shown
    (tmp_path / "config.yaml").write_text(
        yaml.safe_dump({"recordings": "r.tsv", **OFF, "segmentation": {"engine": "given"}})
    )
    shown = run("check", "--config", "config.yaml")
    assert "no problem found" in shown
    assert "your ROIs     4" in shown
    (tmp_path / "r.tsv").write_text("\n".join(rows).replace(str(labels), "") + "\n", encoding="utf-8")
    with_none = CliRunner().invoke(app, ["check", "--config", "config.yaml"])
    assert with_none.exit_code == 1
    assert "r.tsv: rois: recording 'mine' has none" in with_none.output


def test_check_knows_truth_of_another_movie(tmp_path: Path, tiff: Path, blobs, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"recordings": "r.tsv", **OFF}))
    masks = np.array([blobs[1].mask(i) for i in range(len(blobs[1]))])
    np.savez(tmp_path / "drawn.npz", first=masks, second=masks[:, :, :60])
    write_rois(tmp_path / "rois.h5", blobs[1])
    nothing, none = np.zeros(len(masks), bool), np.empty(0, np.int64)
    truth = Truth(
        ids=blobs[1].ids,
        cell_types=("",) * len(masks),
        is_target=nothing,
        raster=np.zeros((len(masks), 120), bool),
        roi_id=none,
        onset=none,
        peak=none,
    )
    write_truth(tmp_path / "truth.h5", truth)

    def checked(truth: str, frames: str = "", crop: str = "") -> str:
        header = "recording\tmovie\tframe_rate_hz\tpixel_size_um\tframes\tcrop\tground_truth"
        (tmp_path / "r.tsv").write_text(f"{header}\nm\t{tiff}\t10\t2\t{frames}\t{crop}\t{truth}\n")
        done = CliRunner().invoke(app, ["check", "--config", "config.yaml"])
        shown = " ".join(done.output.split())
        assert done.exit_code == ("no problem found" not in shown)
        return shown

    # The truth of ROIs moves with the crop, that of activity is of the recording as it is used.
    for truth_of_it in (("drawn.npz#first",), ("drawn.npz#first", "", "0-49,0-59"), (str(tmp_path),)):
        assert "no problem found" in checked(*truth_of_it)
    assert "several could be meant: first, second" in checked("drawn.npz")
    assert "is (64, 60) (height, width) in the file, but (64, 64)" in checked("drawn.npz#second")
    for part in (("0-109", ""), ("", "0-49,0-59")):
        shown = checked(str(tmp_path), *part)
        assert "ground_truth: is that of 120 frames of 64 x 64 pixels, but the recording has" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["motion", "gone.tif", "--out", "m.h5"], "gone.tif"),
        (
            ["motion", "{tiff}", "--engine", "magic", "--out", "m.h5"],
            "choose one of suite2p, caiman, cinac, neurocine, none",
        ),
        (["motion", "{tiff}", "--out", "m.h5"], "--frame-rate"),
        (["convert", "gone.h5", "regions.json"], "gone.h5"),
        (["report", "nowhere", "--config", "none.yaml"], "none.yaml"),
        (["motion", "{tiff}", "--out", "{tiff}/m.h5"], "can't be written to"),
        (["simulate", "--out", "{tiff}/1"], "can't be written to"),
    ],
)
def test_mistakes_end_with_one_line(
    arguments: list[str], message: str, tiff: Path, monkeypatch, capsys, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["neurocine", *(a.format(tiff=tiff) for a in arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "m.h5").exists()


def test_motion_takes_the_named_dataset(tmp_path: Path, blobs) -> None:
    movie, _ = blobs
    with h5py.File(tmp_path / "two.h5", "w") as file:
        file["red"], file["green"] = np.ones((30, 8, 8), np.uint8), movie.read(0, 120)
    options = ("--engine", "none", "--frame-rate", "10", "--pixel-size", "2", "--indicator", "GCaMP6s")
    run("motion", tmp_path / "two.h5", "--dataset", "green", *options, "--out", tmp_path / "movie.h5")
    assert read_movie(tmp_path / "movie.h5").n_frames == 120


def test_run_names_the_profiles_that_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"slrum: profile: isn't there\. Choose one of local, slurm"):
        run("run", "--no-check", "--profile", "slrum")


def test_without_a_config_run_names_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"config\.yaml: file: doesn't exist.*neurocine init MOVIES"):
        run("run")


def test_run_starts_nothing_where_an_earlier_run_left_a_lock_and_stop_finds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    locks = tmp_path / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").touch()
    with pytest.raises(InputError, match=r"lock: is left by a run that was killed.*neurocine run --unlock"):
        run("run")
    assert "No run is at work here" in run("stop")
