"""The workflow's rule evaluate_segmentation."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from neurocine.config import EvaluationSettings
from neurocine.core import RoiSet, Selection
from neurocine.evaluation import ActivityCase
from neurocine.evaluation.segmentation.segmentation_cases import open_segmentation_case, open_truth
from neurocine.io.movies import open_movie
from neurocine.io.result_files import write_rois
from neurocine.io.rois import save_rois
from neurocine.workflow import watched

ROOT = Path(__file__).parents[3]


def test_script(tmp_path: Path, folders: tuple[Path, ...], cases: list[ActivityCase]) -> None:
    # One recording with truth.h5, one with contours alone.
    write_rois(tmp_path / "engine.h5", cases[0].true_rois.select([0, 2]))
    write_rois(tmp_path / "active.h5", cases[0].true_rois.select([0, 2, 3]))
    save_rois(tmp_path / "regions.json", cases[1].true_rois)
    job = SimpleNamespace(
        input=SimpleNamespace(
            movies=[str(folder / "movie.h5") for folder in folders[:2]],
            rois=[str(tmp_path / "engine.h5")] * 2,
            active=[str(tmp_path / "active.h5")] * 2,
        ),
        output=SimpleNamespace(
            **{name: str(tmp_path / "out" / name) for name in ("json", "table", "page", "pictures")}
        ),
        params=SimpleNamespace(
            truth=watched([folders[0] / "truth.h5", tmp_path / "regions.json"]),
            names=["known", "marked"],
            engine="suite2p",
            mode="union",
            settings=EvaluationSettings().model_dump(),
            all_recordings=True,
        ),
    )
    script = runpy.run_path(str(ROOT / "workflow_scripts" / "evaluation_segmentation.py"))
    script["main"](job)
    values = json.loads((tmp_path / "out" / "json").read_text())
    assert list(values["methods"]) == ["active_union", "suite2p"]
    recall = [row["methods"]["suite2p"]["visible"]["iou"]["recall"] for row in values["recordings"]]
    # Noise is no neuron where that is known.
    assert recall == [2 / 4, 2 / 5]
    assert "so these are all with truth" in (tmp_path / "out" / "page").read_text()
    assert (tmp_path / "out" / "pictures" / "examples" / "marked" / "suite2p.png").is_file()


def test_truth_of_the_whole_picture_by_its_name_in_the_file(
    tmp_path: Path, folders: tuple[Path, ...], cases: list[ActivityCase]
) -> None:
    whole, (height, width) = cases[1].true_rois, cases[1].true_rois.fov_shape
    crop = Selection(crop=((4, height - 3), (2, width - 5)))
    movie = open_movie(folders[1] / "movie.h5", selection=crop)
    masks = np.array([whole.mask(i) for i in range(len(whole))])
    np.savez(tmp_path / "drawn.npz", mine=masks, theirs=masks[:1])
    part = masks[:, 4 : height - 2, 2 : width - 4]
    assert part.any(axis=(1, 2)).all()
    write_rois(tmp_path / "found.h5", RoiSet.from_masks(part))
    case = open_segmentation_case(
        "m", tmp_path / "drawn.npz#mine", {"found": tmp_path / "found.h5"}, movie=movie
    )
    assert len(case.true_rois) == len(masks)
    for i, mask in enumerate(part):
        np.testing.assert_array_equal(case.true_rois.mask(i), mask)
    true_rois, _ = open_truth(tmp_path / "drawn.npz#theirs", movie)
    np.testing.assert_array_equal(true_rois.mask(0), part[0])


def test_dry_run(tmp_path: Path, folders: tuple[Path, ...], cases: list[ActivityCase]) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "models").mkdir(parents=True)
    (checkout / "models" / "registry.yaml").touch()
    for name in ("Snakefile", "rules", "workflow_scripts", "envs", "src"):
        (checkout / name).symlink_to(ROOT / name)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("active:\n  mode: union\n")
    masks = np.array([cases[1].true_rois.mask(i) for i in range(2)])
    np.savez(tmp_path / "drawn.npz", mine=masks, theirs=masks)
    rows = [
        "recording\tmovie\tground_truth\tsplit",
        f"marked\t{folders[1] / 'movie.h5'}\t{tmp_path / 'drawn.npz'}#mine\t",
        f"other\t{folders[2] / 'movie.h5'}\t\t",
    ]
    (tmp_path / "config" / "recordings.tsv").write_text("\n".join(rows) + "\n")
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        str(checkout / "Snakefile"),
        "-n",
        "evaluation",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = {name: int(n) for name, n in re.findall(r"^(\w+) +(\d+)$", done.stdout, flags=re.MULTILINE)}
    assert jobs["evaluate_segmentation"] == jobs["segmentation"] == 1
    assert "evaluate_activity" not in jobs
    assert jobs["active"] == 1
