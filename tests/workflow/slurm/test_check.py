"""What jobs ask for against what a real SLURM says that it has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slurm

PROGRAM = "from neurocine.cli import main; main()"


def check(on_cluster, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, "check", "--config", "config/config.yaml", *arguments]
    return subprocess.run(
        command, cwd=on_cluster.folder, env=on_cluster.lab.env, capture_output=True, text=True, check=False
    )


def test_the_shipped_profile_fits_the_cluster(on_cluster, tmp_path: Path, example_tiff: Path) -> None:
    cluster = on_cluster(tmp_path / "project")
    row = {"recording": "m", "movie": str(example_tiff), "frame_rate_hz": "30", "pixel_size_um": "1.2"}
    cluster.project.table({**row, "indicator": "GCaMP6s"})
    cluster.project.configure({})
    done = check(cluster, "--profile", "slurm")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The cluster's partitions (cpu, gpu) have room for every job of the workflow." in done.stdout
    assert "problem:" not in done.stderr
    assert "note, after 2 failed attempts: calibrate_stneuronet: asks for 48000 MB" in done.stderr
    own = tmp_path / "own"
    own.mkdir()
    text = Path(__file__).parents[3].joinpath("profiles", "slurm", "config.yaml").read_text()
    (own / "config.yaml").write_text(
        text.replace("gpu: 4", "gpu: 8").replace("partition: cpu", "partition: x")
    )
    done = check(cluster, "--profile", str(own))
    assert done.returncode == 1
    assert "problem: motion (m): there is no partition 'x'. Set slurm_partition" in done.stderr
    assert (
        "training: train_activity: asks for 8 x v100 on one node; those of gpu have 4 x v100" in done.stderr
    )
