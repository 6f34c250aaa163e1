"""The status of a run: its journal, SLURM's queue, the logs of its jobs and the process of Snakemake."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from neurocine.cluster.watch.journal import latest_journal, read_journal
from neurocine.cluster.watch.run import Job, Run, replay
from neurocine.cluster.watch.time_left import seconds_left
from neurocine.core import InputError

#: Bytes read at the end of a log.
TAIL_BYTES = 32768
#: Seconds to wait for squeue; a busy SLURM is slow to answer.
SQUEUE_S = 20.0

_TIME_LEFT = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ \S+ \S+: (.+): (\d+) of (\d+), (\d+) s left$")


@dataclass(frozen=True)
class JobProgress:
    """The progress that a job reports: `done` of `total` of what `label` names, and the seconds left."""

    label: str
    done: int
    total: int
    seconds: float


@dataclass(frozen=True)
class RunStatus:
    """The status of a run.

    Attributes
    ----------
    run
        The run with its jobs.
    head
        Snakemake itself: ``runs``, ``ended``, ``died``, or ``elsewhere``: on another host, where its process
        can't be seen.
    progress
        The progress that running jobs report, by id.
    tails
        The last lines of the logs of failed jobs, by id.
    left_s
        Lower bound of the seconds until all jobs are done; None: unknown.
    """

    run: Run
    head: str
    progress: dict[str, JobProgress]
    tails: dict[str, list[str]]
    left_s: float | None


def read_status(folder: Path, n_lines: int = 8) -> RunStatus:
    """Return the status of the latest run in a working folder.

    Parameters
    ----------
    folder
        The folder in which Snakemake was started.
    n_lines
        Number of lines of a failed job's log.

    Raises
    ------
    InputError
        If `folder` has no journal.
    """
    journal = latest_journal(folder)
    if journal is None:
        raise InputError(
            folder,
            "run",
            "nothing was run here yet",
            "Start a run: neurocine run; or name another folder: --in FOLDER.",
        )
    run = replay(read_journal(journal))
    if run.slurm is not None and run.ended is None:
        ask_slurm(run)
    progress = {job.id: report for job in run.of("running") if (report := progress_of(folder, job))}
    tails = {job.id: last_lines(folder, job.log, n_lines) for job in run.of("failed")}
    reported = {job: report.seconds for job, report in progress.items()}
    return RunStatus(run, _head(run), progress, tails, seconds_left(run, folder, reported))


def ask_slurm(run: Run) -> None:
    """Mark the jobs of a run that SLURM hasn't started as queued, if squeue answers."""
    if shutil.which("squeue") is None:
        return
    command = ["squeue", "--noheader", "--array", f"--name={run.slurm}", "--format=%i|%T|%r"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=SQUEUE_S, check=False).stdout
    except subprocess.TimeoutExpired:
        return
    states = dict(line.strip().split("|", 1) for line in answer.splitlines() if line.count("|") >= 2)
    for job in run.of("running"):
        state, _, reason = states.get(job.slurm or "", "").partition("|")
        if state in ("PENDING", "CONFIGURING"):
            job.state, job.waits_for = "queued", reason


def progress_of(folder: Path, job: Job) -> JobProgress | None:
    """Return the progress that a job last reported in its log, in its current attempt."""
    for line in reversed(_tail(folder / job.log[0]) if job.log else []):
        if match := _TIME_LEFT.match(line):
            logged = datetime.fromisoformat(match[1]).timestamp()
            if logged < job.since - 1:
                return None
            left = max(0.0, float(match[5]) - (time.time() - logged))
            return JobProgress(match[2], int(match[3]), int(match[4]), left)
    return None


def last_lines(folder: Path, logs: list[str], n: int) -> list[str]:
    """Return the last `n` lines of the first of `logs` that isn't empty, safe to print in a terminal."""
    for log in logs:
        lines = [line for line in _tail(folder / log) if line.strip()]
        if lines:
            return lines[-n:]
    return []


def _tail(log: Path) -> list[str]:
    """Return the complete lines at the end of a log; none if it can't be read."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_BYTES))
            text = file.read(TAIL_BYTES).decode(errors="replace")
    except OSError:  # not written yet, or deleted
        return []
    return [printable(line) for line in text.splitlines()[size > TAIL_BYTES :]]


def printable(text: str) -> str:
    """Return `text` with a space in place of each character that can't be printed."""
    return "".join(character if character.isprintable() else " " for character in text)


def _head(run: Run) -> str:
    if run.ended is not None:
        return "ended"
    if run.host != socket.gethostname():
        return "elsewhere"
    import psutil  # type: ignore[import-untyped]

    try:
        born = psutil.Process(run.pid).create_time()
    except psutil.Error:
        return "died"
    return "runs" if abs(born - run.born) < 1 else "died"
