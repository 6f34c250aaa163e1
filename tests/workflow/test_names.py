"""Files whose names hold what Snakemake replaces, ``{word}`` and ``<word>``, are inputs as all others."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from neurocine.io.result_files import read_rois
from neurocine.workflow import inputs_of, paths_of, watched

#: Movies by recording: a file, a glob and a folder.
MOVIES = {
    "file": ("raw/m{1}_{x}.tif", ["m{1}_{x}.tif"]),
    "glob": ("raw/g{recording}/*.tif", ["g{recording}/m{1}_1.tif", "g{recording}/m{1}_2.tif"]),
    "folder": ("raw/f<results>", ["f<results>/1.tif", "f<results>/2.tif"]),
}
TARGETS = [f"results/{name}/segmentation/rois.h5" for name in MOVIES]
EVALUATION = "results/evaluation/segmentation.json"


def test_only_names_without_placeholders_are_inputs(tmp_path: Path) -> None:
    odd = tmp_path / "m{x}.tif"
    odd.touch()
    os.utime(odd, ns=(0, 7))
    paths = [Path("plain {} {.tif"), odd, Path("<results>.tif")]
    assert inputs_of(paths) == ["plain {} {.tif"]
    assert watched(paths) == [("plain {} {.tif", 0), (str(odd), 7), ("<results>.tif", 0)]
    assert paths_of(watched(paths)) == paths


def test_of_a_set_of_rois_the_file_is_watched(tmp_path: Path) -> None:
    plain, odd = tmp_path / "rois #1.npz", tmp_path / "{rois}.npz"
    for file in (plain, odd):
        file.touch()
        os.utime(file, ns=(7, 7))
    paths = [Path(f"{file}#left") for file in (plain, odd)]
    assert inputs_of(paths) == [str(plain)]
    assert watched(paths) == [(str(paths[0]), 0), (str(paths[1]), 7)]


@pytest.fixture
def odd(project: Any) -> Any:
    """A project whose files all have such names."""
    masks = np.zeros((32, 32), dtype=np.uint16)
    masks[4:10, 4:10], masks[20:26, 20:26] = 1, 2
    raw = project.folder / "raw"
    for number, (_, files) in enumerate(MOVIES.values()):
        for file in files:
            (raw / file).parent.mkdir(parents=True, exist_ok=True)
            frames = np.random.default_rng(number).normal(300, 20, (120, 32, 32)) + 100 * (masks > 0)
            tifffile.imwrite(raw / file, frames.astype(np.uint16))
    tifffile.imwrite(raw / "rois{x}.tif", masks)
    (raw / "bad{x}.txt").write_text("3-5\n")
    project.table(
        *(
            {
                "recording": name, "movie": movie, "rois": "raw/rois{x}.tif", "bad_frames": "raw/bad{x}.txt",
                "ground_truth": "raw/rois{x}.tif", "frame_rate_hz": "10", "pixel_size_um": "2",
            }
            for name, (movie, _) in MOVIES.items()
        )
    )  # fmt: skip
    project.configure(
        {"motion": {"engine": "none"}, "segmentation": {"engine": "given"}, "active": {"mode": "off"}}
    )
    return project


@pytest.mark.slow
def test_from_movies_to_evaluation(odd: Any) -> None:
    done = odd.snakemake(*TARGETS, EVALUATION)
    assert done.returncode == 0, done.stderr
    for name, (_, files) in MOVIES.items():
        source = json.loads((odd.results / name / "ingest" / "source.json").read_text())
        assert [file["path"] for file in source["files"]] == [f"raw/{file}" for file in files]
        assert source["shape"][0] == 120 * len(files)
        assert len(read_rois(odd.results / name / "segmentation" / "rois.h5")) == 2
    assert (odd.folder / EVALUATION).is_file()
    assert "Nothing to be done" in odd.snakemake("-n", *TARGETS, EVALUATION).stdout
    os.utime(odd.folder / "raw" / "m{1}_{x}.tif")
    changed = odd.snakemake("-n", *TARGETS).stdout
    assert "results/file/ingest/source.json" in changed
    assert "results/glob/ingest/source.json" not in changed
