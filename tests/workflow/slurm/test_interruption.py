"""Ctrl-C on a run whose jobs are SLURM's: they are cancelled, and the next run goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.slurm]

REPEATS = int(os.environ.get("NEUROCINE_FAULT_REPEATS", "1"))
PROGRAM = "import sys; sys.argv[0] = 'neurocine'; from neurocine.cli import main; main()"
MOTION = ("results/m000/motion/movie.h5", "results/m001/motion/movie.h5")
WAITING = {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING"}


@pytest.fixture
def two(tmp_path, on_cluster, write_light):
    """Two recordings on the cluster."""
    cluster = on_cluster(tmp_path)
    write_light(cluster.project, 2)
    return cluster


def started(cluster, *arguments: str) -> subprocess.Popen[str]:
    """Start ``neurocine run --profile slurm`` in the project's folder."""
    command = [sys.executable, "-c", PROGRAM, "run", "--profile", "slurm", *MOTION, *arguments]
    with (cluster.folder / "screen").open("w") as screen:
        return subprocess.Popen(
            command, cwd=cluster.folder, env=cluster.lab.env, stdout=screen, stderr=screen, text=True
        )


def check_nothing_is_left(cluster) -> None:
    screen = (cluster.folder / "screen").read_text()
    assert not [job for job in cluster.jobs() if job.state in WAITING], screen
    assert not list((cluster.folder / ".snakemake").glob("locks/*"))
    assert "Traceback" not in screen
    assert screen.splitlines()[-1] == (
        f"Stopped; what is finished is kept. To go on: neurocine run --profile slurm {' '.join(MOTION)}"
    )


@pytest.mark.parametrize("state", ["PENDING", "RUNNING"])
def test_jobs_are_cancelled_and_the_next_run_goes_on(state: str, two) -> None:
    nodes = ("NodeName=cpu1,cpu2", "State=DRAIN", "Reason=test")
    if state == "PENDING":
        two.lab.call("scontrol", "update", *nodes)
    try:
        run = started(two)
        # On a busy machine one job may be done before the other starts.
        two.lab.until(lambda: state in [job.state for job in two.jobs()], 240)
        run.send_signal(signal.SIGINT)
        assert run.wait(180) == 130
    finally:
        if state == "PENDING":
            two.lab.call("scontrol", "update", nodes[0], "State=RESUME")
    check_nothing_is_left(two)
    assert "CANCELLED" in {job.state for job in two.jobs()} <= {"CANCELLED", "COMPLETED"}
    assert two.run(*MOTION) == 0, two.log_text()


@pytest.mark.parametrize("seed", range(REPEATS))
def test_at_any_moment_no_job_is_left(seed: int, two) -> None:
    run = started(two)
    two.lab.until((two.folder / ".snakemake" / "neurocine").is_dir)  # it has a plan
    time.sleep(random.Random(seed).uniform(0, 8))  # jobs are submitted, wait, run, and are asked about
    run.send_signal(signal.SIGTERM)
    assert run.wait(180) == 143
    check_nothing_is_left(two)
