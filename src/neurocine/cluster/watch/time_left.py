"""The time a run still takes, from the progress of its jobs and the run times of earlier jobs."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from statistics import median

from neurocine.cluster.watch.journal import JOURNALS, read_journal
from neurocine.cluster.watch.run import Job, Run

#: Latest runs, and latest jobs per rule, whose run times count.
RUNS, JOBS = 10, 20


def seconds_left(run: Run, folder: Path, reported: dict[str, float]) -> float | None:
    """Return a lower bound of the seconds until all jobs of a run are done.

    It assumes that as many jobs run at a time as now. A rule without a finished job counts as 0 s.

    Parameters
    ----------
    run
        The run.
    folder
        Its working folder.
    reported
        Seconds left that running jobs report, by id.

    Returns
    -------
    float or None
        None if the run has ended or nothing is known.
    """
    if run.ended is not None:
        return None
    usual = usual_seconds(folder)
    running = [_job_seconds_left(job, usual, reported) for job in run.of("running")]
    pending = [usual.get(job.rule) for job in (*run.of("queued"), *run.of("failed"))]
    for rule, n in run.waiting.items():
        pending += [usual.get(rule)] * n
    known = [seconds for seconds in (*running, *pending) if seconds is not None]
    if not known:
        return None
    longest = max((seconds for seconds in running if seconds is not None), default=0.0)
    return max(longest, sum(known) / max(1, len(running)))


def usual_seconds(folder: Path) -> dict[str, float]:
    """Return the median run time of each rule's latest jobs, in this run of `folder` and earlier ones."""
    benchmarks: dict[str, list[str]] = {}
    for journal in sorted((folder / JOURNALS).glob("*.jsonl"))[-RUNS:]:
        for event in read_journal(journal):
            if event["event"] == "job" and event["benchmark"]:
                benchmarks.setdefault(event["rule"], []).append(event["benchmark"])
    medians = {}
    for rule, names in benchmarks.items():
        latest = list(dict.fromkeys(reversed(names)))
        seconds = [s for s in (_run_time(folder / name) for name in latest[: 2 * JOBS]) if s is not None]
        if seconds:
            medians[rule] = median(seconds[:JOBS])
    return medians


def _run_time(benchmark: Path) -> float | None:
    """Return the seconds in one of Snakemake's benchmark files, or None if it is missing or incomplete."""
    try:
        with benchmark.open(encoding="utf-8") as file:
            return float(list(csv.DictReader(file, delimiter="\t"))[-1]["s"])
    except (OSError, IndexError, KeyError, TypeError, ValueError):
        return None


def _job_seconds_left(job: Job, usual: dict[str, float], reported: dict[str, float]) -> float | None:
    if job.id in reported:
        return reported[job.id]
    if job.rule not in usual:
        return None
    return max(0.0, usual[job.rule] - (time.time() - job.since))
