"""The scripts of the gallery, run as a user runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from neurocine.core import Movie, RoiSet
from neurocine.io.result_files import read_rois
from neurocine.simulation import simulate

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "examples" / "scripts"
PROGRAM = "from neurocine.cli import main; main()"


def run(*arguments: object, path: Path | None = None) -> str:
    """Run Python; return what it prints. `path` is a folder to import from."""
    paths = [str(path)] if path else []
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*paths, str(ROOT / "src")])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def tiff(blobs: tuple[Movie, RoiSet], tmp_path: Path) -> Path:
    """The movie of `blobs` as a TIFF file."""
    tifffile.imwrite(tmp_path / "movie.tif", blobs[0].read(0, blobs[0].n_frames))
    return tmp_path / "movie.tif"


def test_every_script_is_in_the_gallery() -> None:
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    shown = re.findall(r"literalinclude\} \.\./examples/scripts/(\S+)", page)
    scripts = [file for ending in ("py", "toml") for file in SCRIPTS.rglob(f"*.{ending}")]
    assert sorted(shown) == sorted(str(file.relative_to(SCRIPTS)) for file in scripts)


def test_steps_are_a_library(tiff: Path, blobs: tuple[Movie, RoiSet], tmp_path: Path) -> None:
    masks = [blobs[1].mask(index) for index in range(4)]
    labels = sum(label * mask.astype(np.uint16) for label, mask in enumerate(masks, start=1))
    tifffile.imwrite(tmp_path / "masks.tif", np.asarray(labels, dtype=np.uint16))
    said = run(SCRIPTS / "traces_of_masks.py", tiff, tmp_path / "masks.tif", tmp_path)
    assert said.startswith("4 ROIs, 300 frames; the clearest has an SNR of ")


def test_a_plugin_is_an_engine_that_can_be_compared(tiff: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    pip = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", site)
    run(*pip, SCRIPTS / "engine_plugin")
    sampling = ("--frame-rate", "10", "--pixel-size", "2", "--indicator", "GCaMP6s")
    run("-c", PROGRAM, "motion", tiff, "--engine", "none", *sampling, "--out", tmp_path / "movie.h5")
    call = ("segmentation", tmp_path / "movie.h5", "--engine", "bright-blobs", "--out", tmp_path / "rois.h5")
    run("-c", PROGRAM, *call, path=site)
    assert len(read_rois(tmp_path / "rois.h5")) == 4
    compared = (SCRIPTS / "two_engines.py", tmp_path / "movie.h5", "bright-blobs", "bright-blobs")
    said = run(*compared, path=site)
    assert said.startswith("bright-blobs: 4 ROIs\nbright-blobs: 4 ROIs\nfound by both: 4\nROI 0 is ROI 0")


@pytest.mark.slow
def test_a_network_is_adapted(tmp_path: Path) -> None:
    simulate("cortex-6s", 3, tmp_path / "labelled", n_frames=400, fov_px=64)
    said = run(SCRIPTS / "fine_tune.py", tmp_path / "out", tmp_path / "labelled")
    assert re.search(r"^before \{.*'.*': \d", said)
    assert (tmp_path / "out" / "weights.h5").is_file()


def test_results_become_a_figure(results_folder: Path, tmp_path: Path) -> None:
    run(SCRIPTS / "figure_of_activity.py", results_folder, tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as figure:
        assert figure.size == (1800, 800)
        assert figure.convert("L").getextrema()[0] < 100  # something is drawn
