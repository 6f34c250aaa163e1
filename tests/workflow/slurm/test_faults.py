"""What clusters do to jobs: each fault ends with the same files, byte for byte, as a run without it.

``NEUROCINE_FAULT_REPEATS=20 pytest tests/workflow/slurm -k killed_at`` kills 20 runs instead of one, each at
moments of its own.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from subprocess import TimeoutExpired

import pytest
from slurmlab import MEMORY_CGROUPS, SlurmLab

pytestmark = [pytest.mark.slow, pytest.mark.slurm]

REPEATS = int(os.environ.get("NEUROCINE_FAULT_REPEATS", "1"))
STEPS = ("motion/movie.h5", "segmentation/rois.h5")
MOTION = "results/m000/motion/movie.h5"
ACTIVE = {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING"}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, make_project, write_light) -> Path:
    """The results that an undisturbed run of two recordings leaves, here on one computer."""
    project = make_project(tmp_path_factory.mktemp("undisturbed"))
    write_light(project, 2)
    done = project.snakemake(*targets(2))
    assert done.returncode == 0, done.stderr[-3000:]
    return project.results  # type: ignore[no-any-return]


@pytest.fixture
def light(tmp_path: Path, on_cluster, write_light):
    """One recording on the cluster."""
    cluster = on_cluster(tmp_path)
    write_light(cluster.project, 1)
    return cluster


def targets(n: int) -> list[str]:
    return [f"results/m{index:03d}/segmentation/rois.h5" for index in range(n)]


def same(results: Path, undisturbed: Path, names: list[str]) -> bool:
    return all((results / name).read_bytes() == (undisturbed / name).read_bytes() for name in names)


def wait_for(cluster, rule: str, state: str = "RUNNING") -> str:
    """Wait until a job of `rule` is in `state`; return its number."""

    def ids() -> list[str]:
        return [job.id for job in cluster.jobs() if job.rule == rule and job.state == state]

    cluster.lab.until(lambda: bool(ids()), 300)
    return ids()[0]


def scripts_of(job: str) -> list[int]:
    """Return the processes that run the script of a SLURM job, if it has begun."""
    processes = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            program, script, *_ = [*(process / "cmdline").read_text().split("\0"), "", ""]
            mine = f"SLURM_JOB_ID={job}\0" in (process / "environ").read_text(errors="replace")
            if mine and "python" in program and "/.snakemake/scripts/" in script:
                processes.append(int(process.name))
    return processes


def hold_script(cluster, rule: str) -> int:
    """Wait for the script of a job of `rule`, stop it (SIGSTOP) and return its process."""
    job = wait_for(cluster, rule)
    cluster.lab.until(lambda: bool(scripts_of(job)), 300)
    (process,) = scripts_of(job)
    os.kill(process, signal.SIGSTOP)
    return process


def check_out_of_memory(cluster, undisturbed: Path, state: str, expected: str) -> None:
    # Not even Snakemake fits into 60 MB.
    code = cluster.run(MOTION, "--set-resources", "motion:mem_mb=60 + 740 * (attempt - 1)")
    assert code == 0, cluster.log_text()
    jobs = [job for job in cluster.jobs() if job.rule == "motion"]
    assert [(job.state, job.memory_mb) for job in jobs] == [(state, 60), ("COMPLETED", 800)]
    (log,) = (cluster.folder / "logs" / "slurm").rglob("*.log")
    assert expected in log.read_text()
    assert same(cluster.project.results, undisturbed, ["m000/motion/movie.h5"])


def test_out_of_memory_is_tried_again_with_more(light, undisturbed: Path) -> None:
    check_out_of_memory(light, undisturbed, "FAILED", "exceeded memory limit")


def test_out_of_memory_by_the_kernel_is_too(light, undisturbed: Path) -> None:
    if not os.access(MEMORY_CGROUPS, os.W_OK):
        pytest.skip(f"no cgroups can be made in {MEMORY_CGROUPS}")
    with SlurmLab(cgroups=True) as limited:
        check_out_of_memory(replace(light, lab=limited), undisturbed, "OUT_OF_MEMORY", "oom-kill event")


def test_a_cancelled_job_is_tried_again(light, undisturbed: Path) -> None:
    head = light.start(MOTION)
    light.lab.call("scancel", wait_for(light, "motion"))
    assert head.wait(900) == 0, light.log_text()
    assert [job.state for job in light.jobs() if job.rule == "motion"] == ["CANCELLED", "COMPLETED"]
    assert same(light.project.results, undisturbed, ["m000/motion/movie.h5"])


def test_slurmctld_down_for_25_seconds_loses_nothing(light, undisturbed: Path) -> None:
    head = light.start(MOTION)
    worker = hold_script(light, "motion")
    light.lab.stop_controller()
    time.sleep(12)
    os.kill(worker, signal.SIGCONT)  # the job ends while nobody can be notified
    time.sleep(13)
    assert head.poll() is None
    light.lab.start_controller()
    assert head.wait(900) == 0, light.log_text()
    assert [(job.rule, job.state) for job in light.jobs()] == [
        ("ingest", "COMPLETED"),
        ("motion", "COMPLETED"),
    ]
    assert same(light.project.results, undisturbed, ["m000/motion/movie.h5"])


def test_a_worker_killed_while_it_writes_leaves_no_half_file(tmp_path: Path, on_cluster, write_light) -> None:
    cluster = on_cluster(tmp_path)
    write_light(cluster.project, 1, size=192, n_frames=1000)
    head = cluster.start(MOTION)
    folder = (cluster.folder / MOTION).parent
    job = wait_for(cluster, "motion")
    cluster.lab.until(lambda: any(folder.glob(".movie.*.part.h5")), 300)
    (worker,) = scripts_of(job)
    os.kill(worker, signal.SIGKILL)
    cluster.lab.until(lambda: not Path(f"/proc/{worker}").exists())
    assert not (cluster.folder / MOTION).exists()
    assert head.wait(900) == 0, cluster.log_text()
    assert [job.state for job in cluster.jobs() if job.rule == "motion"] == ["FAILED", "COMPLETED"]
    assert [path.name for path in folder.iterdir()] == ["movie.h5"]


def test_nothing_starts_beside_the_jobs_of_a_dead_head(light, undisturbed: Path) -> None:
    head = light.start(MOTION)
    worker = hold_script(light, "motion")
    head.kill()
    head.wait()
    assert light.run("--unlock") == 0
    assert light.run(MOTION) == 1
    number = wait_for(light, "motion")
    assert f"still work here: SLURM's {number} (motion of m000)" in light.log_text()
    assert f"scancel {number}" in light.log_text()
    os.kill(worker, signal.SIGCONT)
    wait_for(light, "motion", "COMPLETED")
    # What the dead head's job made counts.
    assert light.run(MOTION) == 0
    assert "Nothing to be done" in light.log_text()
    assert [job.state for job in light.jobs()] == ["COMPLETED"] * 2
    assert same(light.project.results, undisturbed, ["m000/motion/movie.h5"])


@pytest.mark.parametrize("seed", range(REPEATS))
def test_a_head_killed_at_any_moment(seed: int, tmp_path: Path, on_cluster, write_light, undisturbed) -> None:
    cluster = on_cluster(tmp_path)
    write_light(cluster.project, 2)
    moments = random.Random(seed)
    for _ in range(2):
        head = cluster.start(*targets(2))
        with suppress(TimeoutExpired):
            head.wait(moments.uniform(1, 30))
        head.kill()
        head.wait()
        cluster.lab.until(lambda: not any(job.state in ACTIVE for job in cluster.jobs()), 300)
        assert cluster.run("--unlock") == 0
    assert cluster.run(*targets(2)) == 0, cluster.log_text()
    jobs = cluster.jobs()
    assert {job.state for job in jobs} == {"COMPLETED"}
    twice = {rule: n for rule, n in Counter(job.comment for job in jobs).items() if n > 1}
    assert not twice
    names = [f"m{index:03d}/{step}" for index in range(2) for step in STEPS]
    assert same(cluster.project.results, undisturbed, names)
    assert not list(cluster.project.results.rglob("*.part*"))
