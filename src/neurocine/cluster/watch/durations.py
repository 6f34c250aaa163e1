"""How long a run will go on: what its jobs say, and what jobs of the same rule took."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from statistics import median

from neurocine.cluster.watch.journal import JOURNALS, read_journal
from neurocine.cluster.watch.state import Job, Run

#: Runs before this one, and jobs of a rule, that are looked at.
RUNS, JOBS = 10, 20


def seconds_left(run: Run, folder: Path, told: dict[str, float]) -> float | None:
    """Return the seconds until all of a run's jobs are done.

    Jobs are taken to go on side by side as now. What can't be told, because no job of its rule has ended
    yet, counts nothing: the run takes at least so long.

    Parameters
    ----------
    run
        The run.
    folder
        Its working folder.
    told
        What running jobs say of themselves, by id.

    Returns
    -------
    float or None
        None if the run has ended or nothing can be told.
    """
    if run.ended is not None:
        return None
    usual = usual_seconds(folder)
    running = [_left(job, usual, told) for job in run.of("running")]
    to_come = [usual.get(job.rule) for job in (*run.of("queued"), *run.of("failed"))]
    for rule, n in run.waiting.items():
        to_come += [usual.get(rule)] * n
    known = [seconds for seconds in (*running, *to_come) if seconds is not None]
    if not known:
        return None
    longest = max((seconds for seconds in running if seconds is not None), default=0.0)
    return max(longest, sum(known) / max(1, len(running)))


def usual_seconds(folder: Path) -> dict[str, float]:
    """Return the median run time of each rule's latest jobs, in this run of `folder` and those before."""
    benchmarks: dict[str, list[str]] = {}
    for journal in sorted((folder / JOURNALS).glob("*.jsonl"))[-RUNS:]:
        for event in read_journal(journal):
            if event["event"] == "job" and event["benchmark"]:
                benchmarks.setdefault(event["rule"], []).append(event["benchmark"])
    found = {}
    for rule, names in benchmarks.items():
        latest = list(dict.fromkeys(reversed(names)))
        seconds = [s for s in (_seconds(folder / name) for name in latest[: 2 * JOBS]) if s is not None]
        if seconds:
            found[rule] = median(seconds[:JOBS])
    return found


def _seconds(benchmark: Path) -> float | None:
    """Return the run time in one of Snakemake's benchmark files, or None if it isn't whole or not there."""
    try:
        with benchmark.open(encoding="utf-8") as file:
            return float(list(csv.DictReader(file, delimiter="\t"))[-1]["s"])
    except (OSError, IndexError, KeyError, TypeError, ValueError):
        return None


def _left(job: Job, usual: dict[str, float], told: dict[str, float]) -> float | None:
    if job.id in told:
        return told[job.id]
    if job.rule not in usual:
        return None
    return max(0.0, usual[job.rule] - (time.time() - job.since))
