"""The benchmark, small, with an engine that is added to a copy of the checkout: one file, one line."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]

TOY = '''\
"""What is much brighter than the rest, in the mean picture."""

import numpy as np
from scipy.ndimage import gaussian_filter, label

from neurocine.core import RoiSet


def find(request):
    """Return bright pieces."""
    movie, settings = request.movie, request.settings
    mean = movie.read(0, movie.n_frames).mean(axis=0)
    clear = mean - gaussian_filter(mean, 8)
    pieces, n = label(clear > settings.threshold_scaling * clear.std())
    masks = [pieces == i for i in range(1, n + 1) if (pieces == i).sum() > 20]
    return RoiSet.from_masks(np.array(masks).reshape(-1, *mean.shape), engine="toy")
'''
ENTRY = '        "toy": EngineEntry("neurocine.segmentation.toy_engine", "core"),\n'
CONFIG = {
    "engines": {"caiman": {"python": "/nowhere/<script>"}},
    "comparison": {
        "simulation": {"movies": {"cortex-6s": 1}, "training": 2, "n_frames": 300},
        "motion": {"none": {"engine": "none"}, "cinac": {"engine": "cinac"}},
        "segmentation": {"stneuronet": {}, "toy": {"threshold_scaling": [1.5, 500.0]}, "caiman": {}},
        "activity": ["neurocine", "oasis", "zscore"],
    },
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the workflow is made of, with the engine added."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("rules", "src", "workflow_scripts", "models", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", folder)
    package = folder / "src" / "neurocine"
    (package / "segmentation" / "toy_engine.py").write_text(TOY)
    registry = package / "config" / "engines.py"
    begin = 'SEGMENTATION_ENGINES = EngineTable(\n    "neurocine.segmentation_engines",\n    {\n'
    text = registry.read_text()
    assert text.count(begin) == 1
    registry.write_text(text.replace(begin, begin + ENTRY))
    return folder


def snakemake(checkout: Path, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(checkout / "Snakefile"), "--cores", "2"]
    return subprocess.run(
        [*command, *arguments], cwd=project, capture_output=True, text=True, timeout=900, check=False
    )


@pytest.fixture(scope="module")
def done(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which the benchmark was run; its folder of results."""
    project = tmp_path_factory.mktemp("project")
    (project / "config").mkdir()
    (project / "config" / "config.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False))
    (project / "config" / "recordings.tsv").write_text(
        "recording\tmovie\tframe_rate_hz\tpixel_size_um\n"
        f"mouse\t{ROOT / 'examples' / 'mouse_v1' / 'mouse_v1.tif'}\t30\t1.2\n"
    )
    run = snakemake(checkout, project, "benchmark")
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-5000:]
    return project / "results" / "comparison"


@pytest.mark.slow
def test_an_engine_of_one_file_and_one_line_is_tuned_and_compared(done: Path) -> None:
    comparison = json.loads((done / "comparison.json").read_text())
    assert list(comparison["tuned"]) == ["stneuronet", "toy"]
    # At 500 standard deviations nothing is found.
    assert comparison["tuned"]["toy"]["point"] == {"threshold_scaling": 1.5}
    assert len(comparison["tuned"]["toy"]["left_out"]) == 2
    rows = {row["method"]: row for row in comparison["segmentation"]["by_dataset"]}
    assert list(rows) == ["stneuronet", "toy"]
    assert 0 < rows["toy"]["visible"]["containment"]["f1"]["mean"] < 1
    for row in rows.values():
        assert row["wall_s"] > 0
        assert row["peak_mb"] > 50
        assert row["frames_per_s"] == pytest.approx(300 / row["wall_s"])


@pytest.mark.slow
def test_an_engine_that_is_not_there_is_said_to_be_left_out(done: Path) -> None:
    comparison = json.loads((done / "comparison.json").read_text())
    assert comparison["left_out"] == {
        "segmentation: caiman": "engines.caiman.python names /nowhere/<script>, which can't be run."
    }
    page = (done / "comparison.html").read_text()
    assert "Left out" in page
    assert "/nowhere/&lt;script&gt;" in page
    assert "<script>" not in page


@pytest.mark.slow
def test_activity_and_registration_are_compared_too(done: Path) -> None:
    comparison = json.loads((done / "comparison.json").read_text())
    assert [row["method"] for row in comparison["activity"]["by_dataset"]] == ["neurocine", "oasis", "zscore"]
    assert all(row["visible"]["cells"] > 3 for row in comparison["activity"]["by_dataset"])
    assert comparison["activity"]["training_recordings"] == [
        "validation-cortex-6s-0902",
        "validation-cortex-6s-0903",
    ]
    errors = {row["method"]: row["rms"] for row in comparison["registration"]}
    assert errors["cinac"] < 0.5 * errors["none"]


@pytest.mark.slow
def test_one_table_has_a_row_a_task_method_and_recording(done: Path) -> None:
    with (done / "comparison.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    tasks = [row["task"] for row in rows]
    assert [tasks.count(task) for task in ("segmentation", "activity", "registration")] == [2, 3, 2]
    assert {row["recording"] for row in rows} == {"test-cortex-6s-0901"}
    summary = (done / "comparison.md").read_text()
    assert "| cortex-6s (1) | toy |" in summary
    for name in ("segmentation.html", "activity.html", "pictures/segmentation_scores.png"):
        assert (done / name).stat().st_size > 1000


@pytest.mark.slow
def test_a_second_call_does_nothing_and_another_grid_tries_only_what_is_new(
    done: Path, checkout: Path
) -> None:
    project = done.parents[1]
    assert "Nothing to be done" in snakemake(checkout, project, "-n", "benchmark").stdout
    changed = {**CONFIG, "comparison": {**CONFIG["comparison"]}}
    changed["comparison"]["segmentation"] = {**CONFIG["comparison"]["segmentation"], "toy": {}}
    config = project / "config" / "config.yaml"
    before = config.read_text()
    config.write_text(yaml.safe_dump(changed, sort_keys=False))
    plan = snakemake(checkout, project, "-n", "benchmark").stdout
    config.write_text(before)
    assert "Trying settings of toy" in plan
    assert "Trying settings of stneuronet" not in plan
    assert "Registering" not in plan
