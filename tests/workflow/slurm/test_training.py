"""A training on the cluster: its node and GPUs, and a time limit that it outlives."""

from __future__ import annotations

import csv
import os
import re
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from neurocine.io.result_files.stamp import opened

pytestmark = [pytest.mark.slow, pytest.mark.slurm]

ONE_EACH = {"movies": {"paper": 1}, "held_out": 1, "n_frames": 250, "frame_rate_hz": 10, "pixel_size_um": 2}
TINY = {"epochs": 3, "steps_per_epoch": 1, "batch_size": 4, "validation_windows": 4}
#: The table of these recordings names their ROIs.
SETTINGS = {"segmentation": {"engine": "given"}, "training": {"simulation": ONE_EACH, "activity": TINY}}
WEIGHTS = "results/training/activity/weights.h5"


def epochs(folder: Path) -> list[dict[str, str]]:
    with (folder / WEIGHTS).with_name("curves.csv").open() as file:
        return list(csv.DictReader(file))


def processes_of(job: str, script: str) -> dict[int, dict[str, str]]:
    """Return the environment of each process of a SLURM job that runs a rule's script."""
    environments = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            values = (process / "environ").read_bytes().decode().split("\0")
            environment = dict(value.split("=", 1) for value in values if "=" in value)
            if environment.get("SLURM_JOB_ID") == job and script in (process / "cmdline").read_text():
                environments[int(process.name)] = environment
    return environments


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, on_cluster, write_light):
    """A training that hangs after its first epoch, runs into its time limit there, and is started again."""
    cluster = on_cluster(tmp_path_factory.mktemp("training"))
    write_light(cluster.project, 1)
    cluster.project.configure(SETTINGS)
    head = cluster.start(WEIGHTS)
    made = [(cluster.folder / WEIGHTS).with_name(name) for name in ("checkpoint.h5", "curves.csv")]
    cluster.lab.until(lambda: all(map(Path.exists, made)) or head.poll() is not None, 300)
    (job,) = (job for job in cluster.jobs() if job.rule == "train_activity")
    seen = processes_of(job.id, "training_train")
    for process in seen:
        os.kill(process, signal.SIGSTOP)
    before = epochs(cluster.folder)
    asked = cluster.lab.call("scontrol", "show", "job", job.id)
    shutil.copy(made[0], cluster.folder / "checkpoint.h5")
    # SLURM looks at time limits every 30 s.
    cluster.lab.call("scontrol", "update", f"JobId={job.id}", "EndTime=now+2")
    code = head.wait(900)
    assert code == 0, cluster.log_text()[-5000:]
    return cluster, asked, list(seen.values()), before


def test_training_has_four_v100_on_one_node_and_sees_them(trained) -> None:
    _, asked, environments, _ = trained
    assert "Partition=gpu" in asked
    assert "NumNodes=1 NumCPUs=16 " in asked
    assert re.search(r"TresPerJob=gres:gpu:v100:4", asked)
    assert environments
    assert {values["CUDA_VISIBLE_DEVICES"] for values in environments} == {"0,1,2,3"}


def test_past_its_time_limit_training_goes_on_from_the_checkpoint(trained) -> None:
    cluster, asked, _, before = trained
    jobs = [job for job in cluster.jobs() if job.rule == "train_activity"]
    assert [job.state for job in jobs] == ["TIMEOUT", "COMPLETED"]
    assert jobs[1].memory_mb == 2 * jobs[0].memory_mb
    (limit,) = re.findall(r"TimeLimit=(\d+):00:00", asked)
    assert jobs[1].minutes == 2 * 60 * int(limit)
    after = epochs(cluster.folder)
    assert 1 <= len(before) < len(after) == TINY["epochs"]
    # To the microsecond: these epochs weren't run again.
    assert after[: len(before)] == before


def test_the_weights_are_those_of_a_training_that_nobody_disturbed(
    trained, make_project, write_light
) -> None:
    cluster = trained[0]
    alone = make_project(cluster.folder.parent / f"{cluster.folder.name}-alone")
    write_light(alone, 1)
    alone.configure(SETTINGS)
    done = alone.snakemake(WEIGHTS)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (alone.folder / WEIGHTS).read_bytes() == (cluster.folder / WEIGHTS).read_bytes()
    with opened(cluster.folder / "checkpoint.h5", "checkpoint") as file:
        assert 1 <= file.attrs["epoch"] < TINY["epochs"]
