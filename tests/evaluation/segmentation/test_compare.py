"""Several engines against the same neurons: figures, files, pictures and the command."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neurocine.cli.app import app
from neurocine.config import EvaluationSettings
from neurocine.core import InputError
from neurocine.evaluation import ActivityCase
from neurocine.evaluation.segmentation.gallery import MAX_EXAMPLES, picture
from neurocine.evaluation.segmentation.segmentation_cases import open_segmentation_case, segmentation_cases
from neurocine.evaluation.segmentation.segmentation_comparison import (
    SegmentationComparison,
    compare_segmentations,
)
from neurocine.evaluation.segmentation.segmentation_figures import draw_segmentation
from neurocine.evaluation.segmentation.segmentation_report import write_segmentation
from neurocine.io.result_files import write_rois
from neurocine.io.rois import save_rois

SETTINGS = EvaluationSettings()


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def simulated(tmp_path: Path, folders: tuple[Path, ...], cases: list[ActivityCase]) -> Path:
    """A folder of recordings, ROIs of two engines beside each: ours finds three, theirs one and the noise."""
    base = tmp_path / "simulated"
    for case, folder in zip(cases, folders, strict=True):
        shutil.copytree(folder, base / folder.name)
        write_rois(base / folder.name / "ours.h5", case.true_rois.select([0, 2, 3]))
        write_rois(base / folder.name / "theirs.h5", case.true_rois.select([2, 4]))
    return base


@pytest.fixture
def comparison(simulated: Path) -> SegmentationComparison:
    paths = {name: simulated / "{}" / f"{name}.h5" for name in ("ours", "theirs")}
    return compare_segmentations(segmentation_cases(simulated, paths), SETTINGS)


def test_figures(comparison: SegmentationComparison) -> None:
    values = json.loads(json.dumps(comparison.as_dict()))
    assert [row["name"] for row in values["recordings"]] == ["1", "2", "3"]
    assert {row["n_positive"] for row in values["recordings"]} == {4}
    ours, theirs = (values["methods"][name]["visible"]["iou"] for name in ("ours", "theirs"))
    assert ours["recall"] == {"mean": 0.75, "sd": 0}
    assert ours["precision"]["mean"] == 1
    assert (theirs["recall"]["mean"], theirs["precision"]["mean"]) == (0.25, 0.5)
    assert values["found_by"] == [
        {"baseline": "theirs", "both": 3, "main_only": 6, "baseline_only": 0, "neither": 3}
    ]
    assert "n_found" not in values


def test_tests_between_methods(comparison: SegmentationComparison) -> None:
    rows = comparison.comparisons()
    over = {(row["over"], row["criterion"], row["rule"], row["metric"]): row for row in rows}
    f1 = over["recordings", "visible", "containment", "f1"]
    assert (f1["n_first"], f1["n_second"], f1["effect"]) == (3, 3, 1)
    recall = over["neurons", "visible", "containment", "recall"]
    assert (recall["n_first"], recall["difference"]) == (12, 0.5)
    assert 0 < recall["p"] < 0.05
    assert over["neurons", "visible", "containment", "psnr"]["n_second"] == 3


def test_recall_by_psnr_counts_every_neuron_once(comparison: SegmentationComparison) -> None:
    rows = comparison.by_psnr()
    assert rows is not None
    assert sum(row["neurons"] for row in rows) == 12
    n_found = sum(row["neurons"] * (row["recall"]["ours"] or 0) for row in rows)
    assert n_found == pytest.approx(9)
    without = replace(comparison, recordings=tuple(replace(r, psnr=None) for r in comparison.recordings))
    assert without.by_psnr() is None
    assert not any(row["metric"] == "psnr" for row in without.comparisons())


def test_what_is_drawn(simulated: Path) -> None:
    paths = {name: simulated / "1" / f"{name}.h5" for name in ("ours", "theirs")}
    case = open_segmentation_case("one", simulated / "1", paths)
    drawn = picture(case, SETTINGS)
    sizes = {outcome: len(rois) for outcome, rois in drawn.rois["theirs"].items()}
    assert sizes == {"found": 1, "missed": 3, "false": 1, "doubtful": 0}
    assert drawn.rois["theirs"]["false"].ids.tolist() == [4]
    missed = drawn.examples["theirs"]["missed"]
    assert len(missed) == MAX_EXAMPLES
    assert [one.psnr for one in missed] == sorted((one.psnr for one in missed), reverse=True)
    assert missed[0].trace.shape == (case.movie.n_frames,)
    pictures = draw_segmentation(compare_segmentations([case], SETTINGS), [drawn])
    assert set(pictures) == {"psnr", "masks/one", "examples/one/ours", "examples/one/theirs"}
    assert all(data.startswith(b"\x89PNG") for data in pictures.values())
    again = draw_segmentation(compare_segmentations([case], SETTINGS), [picture(case, SETTINGS)])
    assert again == pictures


def test_without_a_movie(tmp_path: Path, cases: list[ActivityCase]) -> None:
    rois = cases[0].true_rois
    save_rois(tmp_path / "truth.json", rois)
    save_rois(tmp_path / "found.h5", rois.select([0, 1]))
    (case,) = segmentation_cases(tmp_path / "truth.json", {"found": tmp_path / "found.h5"})
    comparison = compare_segmentations([case], SETTINGS)
    drawn = picture(case, SETTINGS)
    write_segmentation(comparison, tmp_path / "s.json", page=tmp_path / "s.html", pictured=[drawn])
    values = json.loads((tmp_path / "s.json").read_text())
    assert values["recall_by_psnr"] is None
    assert values["iou"]["recall"] == 0.4
    assert "Recall by PSNR" not in (tmp_path / "s.html").read_text()


def test_command(tmp_path: Path, simulated: Path) -> None:
    output = run(
        "evaluate", "segmentation", simulated / "{}" / "ours.h5", simulated, "--name", "ours",
        "--also", f"theirs={simulated / '{}' / 'theirs.h5'}", "--json", tmp_path / "s.json",
        "--table", tmp_path / "s.tsv", "--page", tmp_path / "s.html", "--pictures", tmp_path / "pictures",
    )  # fmt: skip
    assert "12 neurons" in output
    with (tmp_path / "s.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == 3 * 2 * 2 * 2
    assert {row["false"] for row in rows if row["method"] == "theirs"} == {"1"}
    page = (tmp_path / "s.html").read_text()
    assert "ours against the others" in page
    assert len(re.findall("<img src=.data:image/png", page)) == 1 + 3 * 3
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert (tmp_path / "pictures" / "masks" / "1.png").is_file()


def test_command_on_one_recording_keeps_its_keys(tmp_path: Path, simulated: Path) -> None:
    run(
        "evaluate",
        "segmentation",
        simulated / "1" / "ours.h5",
        simulated / "1",
        "--json",
        tmp_path / "s.json",
    )
    values = json.loads((tmp_path / "s.json").read_text())
    assert (values["n_found"], values["n_true"], values["min_iou"]) == (3, 4, 0.5)
    assert values["iou"]["matched"] == values["containment"]["matched"] == 3


def test_graders_command(tmp_path: Path, cases: list[ActivityCase]) -> None:
    for side, kept in (("truth", [0, 1, 2]), ("grader", [0, 1])):
        (tmp_path / side).mkdir()
        save_rois(tmp_path / side / f"{side}_12.h5", cases[0].true_rois.select(kept))
    output = run(
        "evaluate", "graders", tmp_path / "truth", tmp_path / "grader", "--json", tmp_path / "g.json"
    )
    assert "0.800" in output
    assert json.loads((tmp_path / "g.json").read_text())["iou"]["f1"] == {"mean": 0.8, "sd": None}


def test_bad_input(tmp_path: Path, simulated: Path, comparison: SegmentationComparison) -> None:
    ours, out = simulated / "1" / "ours.h5", ("--json", tmp_path / "s.json")
    with pytest.raises(InputError, match="names one file"):
        run("evaluate", "segmentation", ours, simulated, *out)
    for also in ("theirs", "=x.h5", f"found={ours}"):
        with pytest.raises(InputError, match="--also"):
            run("evaluate", "segmentation", ours, simulated / "1", "--also", also, *out)
    with pytest.raises(InputError, match="there is none"):
        compare_segmentations([], SETTINGS)
    cases = [
        open_segmentation_case(str(n), simulated / str(n), {name: ours})
        for n, name in ((1, "ours"), (2, "theirs"))
    ]
    with pytest.raises(InputError, match="methods"):
        compare_segmentations(cases, SETTINGS)
    write_rois(simulated / "2" / "rois.h5", cases[0].true_rois.select(np.arange(3)))
    with pytest.raises(InputError, match="ids"):
        open_segmentation_case("2", simulated / "2", {"ours": ours})
