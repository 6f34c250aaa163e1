"""Assemblies planted in a movie, found by the whole workflow from its pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neurocine.assemblies import recovery
from neurocine.cli.app import app
from neurocine.io.result_files import read_assemblies, read_rois, read_truth
from neurocine.simulation import PRESETS, PlantedAssemblies, simulate

pytestmark = pytest.mark.slow

LOCAL = str(Path(__file__).parents[2] / "profiles" / "local")
QUICK = {"starts": 5, "max_clusters": 6, "surrogates": 20, "cluster_surrogates": 20, "surrogate_starts": 3}


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two assemblies, 10 events a minute each, in 150 s of a small field: many events for a short movie."""
    preset = replace(
        PRESETS["ca1-development"],
        fov_shape=(80, 80),
        density=(0.5, 0.5),
        assemblies=PlantedAssemblies(n=2, share=0.8, per_min=10.0, participation=(0.9, 1.0)),
    )
    return simulate(preset, 7, tmp_path_factory.mktemp("movie"), n_frames=1500, split="test")


def test_planted_assemblies_are_found_from_the_movie(movie: Path, project) -> None:
    row = {"recording": "planted", "movie": str(movie / "movie.h5"), "rois": str(movie / "rois.h5")}
    project.table(row)
    project.configure(
        {
            "motion": {"engine": "none"},
            "segmentation": {"engine": "given"},
            "active": {"mode": "off"},
            "activity": {"backend": "openvino"},
            "assemblies": {"find": True, **QUICK},
        }
    )
    target = project.results / "planted"
    run = project.snakemake("--profile", LOCAL, "results/planted/report/report.html")
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    assemblies = read_assemblies(target / "assemblies" / "assemblies.h5")
    assert (target / "assemblies" / "assemblies.png").read_bytes().startswith(b"\x89PNG")
    assert "Cell assemblies" in (target / "report" / "report.html").read_text()
    assert np.isin(assemblies.ids, read_rois(movie / "rois.h5").ids).all()
    planted = recovery(assemblies, read_truth(movie / "truth.h5"))
    # In so short a movie about half of their cells are found, in the right assembly.
    assert (planted.n_first, planted.n_second, len(planted.matched)) == (2, 2, 2)
    assert sum(row.common for row in planted.matched) >= 15
    assert sum(row.only_second for row in planted.matched) <= 3
    assert planted.adjusted_rand > 0.1

    command = ["assemblies", str(target / "activity" / "activity.h5"), "--out", str(target / "again.h5")]
    run_again = CliRunner().invoke(app, [*command, "--truth", str(movie / "truth.h5")])
    assert "2 planted" in run_again.output, run_again.output
