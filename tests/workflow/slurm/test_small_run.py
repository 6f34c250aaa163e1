"""The whole workflow by ``snakemake --profile slurm`` on a real SLURM, and what its jobs asked for."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from neurocine.steps import BY_NAME

pytestmark = [pytest.mark.slow, pytest.mark.slurm]

ROW = {"recording": "crop", "frame_rate_hz": "30", "pixel_size_um": "1.2", "indicator": "GCaMP6s"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, on_cluster, make_crop):
    """A project on the crop, run on the cluster."""
    cluster = on_cluster(tmp_path_factory.mktemp("slurm") / "mouse größe µ")
    movie = make_crop(cluster.folder / "raw" / "größe.tif")
    cluster.project.table({**ROW, "movie": str(movie)})
    code = cluster.run()
    assert code == 0, cluster.log_text()[-6000:]
    return cluster


def test_everything_is_there(cluster) -> None:
    folder = cluster.project.results / "crop"
    assert (folder / "activity" / "activity.h5").is_file()
    assert (folder / "export" / "recording.nwb").is_file()
    assert "crop" in (cluster.project.results / "index.html").read_text()
    assert {job.state for job in cluster.jobs()} == {"COMPLETED"}


def test_every_job_gets_what_its_message_says(cluster) -> None:
    shown = re.findall(r"\[partition (\w+), (\d+) MB, (\d+) min\]", cluster.log_text())
    jobs = cluster.jobs()
    got = [(job.partition, str(job.memory_mb), str(job.minutes)) for job in jobs]
    assert Counter(got) == Counter(shown)
    assert len({asked for _, *asked_for in got for asked in asked_for}) > 4
    assert {job.partition for job in jobs} == {"cpu"}


def test_every_job_gets_the_cpus_of_its_rule(cluster) -> None:
    jobs = cluster.jobs()
    assert {job.rule for job in jobs} >= {"ingest", "motion", "activity", "report_index"}
    assert {job.rule: job.cpus for job in jobs} == {job.rule: BY_NAME[job.rule].threads for job in jobs}
