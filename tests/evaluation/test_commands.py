"""neurocine evaluate, and the workflow's rule."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neurocine.cli.app import app
from neurocine.core import InputError
from neurocine.evaluation import ActivityCase
from neurocine.io.result_files import write_activity, write_rois
from neurocine.io.rois import save_rois

ROOT = Path(__file__).parents[2]


def run(*arguments: str | Path) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def activity(tmp_path: Path, cases: list[ActivityCase], judged) -> Path:
    raster = judged(cases[0], cases[0].truth.raster).rasters["neurocine"]
    write_activity(tmp_path / "activity.h5", raster)
    return tmp_path / "activity.h5"


def test_segmentation(tmp_path: Path, folders: tuple[Path, ...], cases: list[ActivityCase]) -> None:
    save_rois(tmp_path / "regions.json", cases[0].rois.select([0, 2, 3]))
    output = run(
        "evaluate", "segmentation", tmp_path / "regions.json", folders[0] / "rois.h5",
        "--json", tmp_path / "s.json", "--fov", 48, 48,
    )  # fmt: skip
    assert "3 ROIs against 5 true ones" in output
    values = json.loads((tmp_path / "s.json").read_text())
    assert set(values) == {"n_found", "n_true", "min_iou", "iou", "containment"}
    expected = {"recall": 0.6, "precision": 1.0, "f1": 0.75, "matched": 3, "mean_iou": 1.0}
    assert values["iou"] == pytest.approx(expected)


def test_either_file_may_tell_the_field_of_view(
    tmp_path: Path, folders: tuple[Path, ...], cases: list[ActivityCase]
) -> None:
    regions, native = tmp_path / "regions.json", folders[0] / "rois.h5"
    save_rois(regions, cases[0].rois)
    for pred, truth in ((regions, native), (native, regions)):
        run("evaluate", "segmentation", pred, truth, "--json", tmp_path / "s.json")
        assert json.loads((tmp_path / "s.json").read_text())["containment"]["f1"] == 1
    with pytest.raises(InputError, match="fov_shape"):
        run("evaluate", "segmentation", regions, regions, "--json", tmp_path / "s.json")


def test_activity_on_the_truths_own_contours(
    tmp_path: Path, folders: tuple[Path, ...], activity: Path
) -> None:
    output = run(
        "evaluate", "activity", activity, folders[0], "--json", tmp_path / "a.json",
        "--train", folders[1], "--train", folders[2], "--table", tmp_path / "a.tsv",
    )  # fmt: skip
    assert re.search(r"neurocine.*100\.0.*100\.0.*100\.0.*100\.0.*given", output)
    values = json.loads((tmp_path / "a.json").read_text())
    assert set(values) == {
        "schema_version", "note", "recordings", "training_recordings", "main_method",
        "criteria", "skipped_methods", "cell_types",
    }  # fmt: skip
    assert list(values["criteria"]) == ["visible", "all"]
    for criterion in values["criteria"].values():
        assert set(criterion) == {
            "min_dprime", "n_active", "n_neurons", "n_transients", "n_doubtful",
            "methods", "comparisons", "overlap_test",
        }  # fmt: skip
    methods = values["criteria"]["visible"]["methods"]
    own = methods["neurocine"]
    assert set(own) == {
        "threshold", "signal", "threshold_chosen_on", "active", "neurons", "by", "sensitivity_by_dprime",
    }  # fmt: skip
    assert set(own["by"]) == {"overlap", "snr", "cell_type"}
    assert own["active"]["f1"]["median"] == 1
    assert methods["oasis"]["threshold_chosen_on"] == "train"
    assert (tmp_path / "a.tsv").is_file()


def test_activity_of_a_results_folder(
    tmp_path: Path, folders: tuple[Path, ...], cases: list[ActivityCase], judged
) -> None:
    results = tmp_path / "mouse"
    picked = cases[0].rois.select([2, 3])
    write_rois(results / "active" / "rois.h5", picked)
    raster = judged(cases[0], cases[0].truth.raster).rasters["neurocine"]
    half = type(raster)(picked.ids, 10.0, raster.probability[2:4], 0.5, ("made",) * 2)
    write_activity(results / "activity" / "activity.h5", half)
    run("evaluate", "activity", results, folders[0], "--json", tmp_path / "a.json")
    values = json.loads((tmp_path / "a.json").read_text())
    assert values["recordings"][0]["name"] == "mouse"
    visible = values["criteria"]["visible"]
    assert (visible["n_active"], values["recordings"][0]["matched"]) == (2, 2)
    assert visible["methods"]["neurocine"]["active"]["f1"]["median"] == 1


def test_wrong_input_is_told(tmp_path: Path, folders: tuple[Path, ...], activity: Path, cases) -> None:
    out = ("--json", tmp_path / "a.json")
    with pytest.raises(InputError, match=r"no folder with truth\.h5"):
        run("evaluate", "activity", activity, tmp_path, *out)
    with pytest.raises(InputError, match=r"activity/activity\.h5: file: doesn't exist"):
        run("evaluate", "activity", folders[1], folders[0], *out)
    write_rois(tmp_path / "two.h5", cases[0].rois.select([0, 1]))
    with pytest.raises(InputError, match="5 against 2 ROIs"):
        run("evaluate", "activity", activity, folders[0], "--rois", tmp_path / "two.h5", *out)
    with pytest.raises(InputError, match="doesn't exist"):
        run("evaluate", "segmentation", tmp_path / "none.h5", folders[0] / "rois.h5", *out)
    assert not (tmp_path / "a.json").exists()


def test_help_has_an_example() -> None:
    for name in ("segmentation", "activity"):
        assert "Example" in run("evaluate", name, "--help")


def test_the_rule_takes_the_recordings_with_truth(tmp_path: Path, folders: tuple[Path, ...]) -> None:
    # A checkout that has models, whether or not this one does.
    checkout = tmp_path / "checkout"
    (checkout / "models").mkdir(parents=True)
    (checkout / "models" / "registry.yaml").touch()
    for name in ("Snakefile", "rules", "workflow_scripts", "envs", "src"):
        (checkout / name).symlink_to(ROOT / name)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("{}")
    rows = ["recording\tmovie\tground_truth\tsplit"]
    for name, folder, truth, split in (
        ("learn", folders[0], folders[0], "train"),
        ("judge", folders[1], folders[1], "test"),
        ("other", folders[2], "", ""),
    ):
        rows.append(f"{name}\t{folder / 'movie.h5'}\t{truth}\t{split}")
    table = tmp_path / "config" / "recordings.tsv"
    table.write_text("\n".join(rows) + "\n")

    def jobs(*wanted: str) -> dict[str, int]:
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            str(checkout / "Snakefile"),
            "-n",
            *wanted,
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return {name: int(n) for name, n in re.findall(r"^(\w+) +(\d+)$", done.stdout, flags=re.MULTILINE)}

    jobs_by_rule = jobs("evaluation")
    assert jobs_by_rule["evaluate_activity"] == 1
    steps = ("motion", "segmentation", "active", "activity", "celltype")
    assert [jobs_by_rule[step] for step in steps] == [2, 2, 2, 1, 1]
    assert jobs()["evaluate_activity"] == 1
    table.write_text("\n".join([rows[0], rows[3]]) + "\n")
    assert "evaluate_activity" not in jobs()
