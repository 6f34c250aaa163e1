"""Many recordings: as an array of jobs, and with several steps of a recording in one job."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.slurm]

N = 4
BAD = "m001"


@pytest.fixture
def many(tmp_path: Path, on_cluster, write_light):
    cluster = on_cluster(tmp_path)
    write_light(cluster.project, N)
    return cluster


def test_recordings_can_be_an_array(many) -> None:
    targets = [f"results/m{index:03d}/ingest/source.json" for index in range(N)]
    assert many.run("--slurm-array-jobs", "ingest", *targets) == 0, many.log_text()
    assert all((many.folder / target).is_file() for target in targets)
    jobs = many.jobs()
    assert [job.state for job in jobs] == ["COMPLETED"] * N
    (array,) = {job.id.split("_")[0] for job in jobs}
    assert [job.id for job in jobs] == [f"{array}_{index}" for index in range(1, N + 1)]


def test_steps_of_a_recording_can_be_one_job_and_a_bad_one_stays_alone(many) -> None:
    movie = many.folder / "raw" / f"{BAD}.tif"
    movie.write_bytes(movie.read_bytes()[:60_000])
    targets = {f"m{index:03d}": f"results/m{index:03d}/motion/movie.h5" for index in range(N)}
    assert many.run("-n", *targets.values()) == 0
    asked = re.findall(r"(?:of|Registering) (m\d+) \[.*?(\d+) MB, (\d+) min\]", many.log_text())
    groups = ("--groups", "ingest=intake", "motion=intake", "--retries", "0")
    assert many.run(*groups, *targets.values()) == 1
    jobs = many.jobs()
    assert sorted(job.state for job in jobs) == ["COMPLETED"] * (N - 1) + ["FAILED"]
    # One after the other: the larger memory, the sum of the times.
    wanted = []
    for name in targets:
        steps = [(int(memory), int(minutes)) for of, memory, minutes in asked if of == name]
        assert len(steps) == 2
        wanted.append((max(memory for memory, _ in steps), sum(minutes for _, minutes in steps)))
    assert sorted((job.memory_mb, job.minutes) for job in jobs) == sorted(wanted)
    done = {name for name, target in targets.items() if (many.folder / target).is_file()}
    assert done == set(targets) - {BAD}
