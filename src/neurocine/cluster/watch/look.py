"""A run as it stands: its journal, put together with SLURM's queue, the jobs' logs and the head's process."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from neurocine.cluster.watch.durations import seconds_left
from neurocine.cluster.watch.journal import latest_journal, read_journal
from neurocine.cluster.watch.state import Job, Run, run_of
from neurocine.core import InputError

#: Of a log only so much of its end is read, in bytes.
TAIL_BYTES = 32768
#: SLURM doesn't answer at once when it is busy.
SQUEUE_S = 20.0

_TIME_LEFT = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ \S+ \S+: (.+): (\d+) of (\d+), (\d+) s left$")


@dataclass(frozen=True)
class Progress:
    """How far a job says it is: `done` of `total` of what `label` names, and the seconds left for that."""

    label: str
    done: int
    total: int
    seconds: float


@dataclass(frozen=True)
class Status:
    """A run as it stands.

    Attributes
    ----------
    run
        Its jobs.
    head
        ``runs``, ``ended``, ``died``, or ``elsewhere``: on another host, where nobody can look.
    progress
        How far running jobs say they are, by id.
    tails
        The last lines of the logs of jobs that failed, by id.
    left_s
        Seconds until all is done, as far as can be told; None: not at all.
    """

    run: Run
    head: str
    progress: dict[str, Progress]
    tails: dict[str, list[str]]
    left_s: float | None


def look(folder: Path, n_lines: int = 8) -> Status:
    """Return how the latest run in a working folder stands.

    Parameters
    ----------
    folder
        Where Snakemake was started.
    n_lines
        Lines of a failed job's log.

    Raises
    ------
    InputError
        If there was no run in `folder`.
    """
    journal = latest_journal(folder)
    if journal is None:
        raise InputError(
            folder,
            "run",
            "nothing was run here yet",
            "Start one: neurocine run; or name another folder: --in.",
        )
    run = run_of(read_journal(journal))
    if run.slurm is not None and run.ended is None:
        ask_slurm(run)
    progress = {}
    for job in run.of("running"):
        found = progress_of(folder, job)
        if found is not None:
            progress[job.id] = found
    tails = {job.id: last_lines(folder, job.log, n_lines) for job in run.of("failed")}
    left = {job: one.seconds for job, one in progress.items()}
    return Status(run, _head(run), progress, tails, seconds_left(run, folder, left))


def ask_slurm(run: Run) -> None:
    """Note which of a run's jobs SLURM hasn't started, if it can be asked."""
    if shutil.which("squeue") is None:
        return
    command = ["squeue", "--noheader", "--array", f"--name={run.slurm}", "--format=%i|%T|%r"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=SQUEUE_S, check=False).stdout
    except subprocess.TimeoutExpired:
        return
    found = dict(line.strip().split("|", 1) for line in answer.splitlines() if line.count("|") >= 2)
    for job in run.of("running"):
        state, _, reason = found.get(job.slurm or "", "").partition("|")
        if state in ("PENDING", "CONFIGURING"):
            job.state, job.waits_for = "queued", reason


def progress_of(folder: Path, job: Job) -> Progress | None:
    """Return how far a job says it is in the rule's log, in its present attempt."""
    for line in reversed(_tail(folder, job.log[:1])):
        if found := _TIME_LEFT.match(line):
            said = datetime.fromisoformat(found[1]).timestamp()
            if said < job.since - 1:
                return None
            left = max(0.0, float(found[5]) - (time.time() - said))
            return Progress(found[2], int(found[3]), int(found[4]), left)
    return None


def last_lines(folder: Path, logs: list[str], n: int) -> list[str]:
    """Return the last `n` lines of the first of `logs` that has any, without what would steer a terminal."""
    for log in logs:
        lines = [line for line in _tail(folder, [log]) if line.strip()]
        if lines:
            return lines[-n:]
    return []


def _tail(folder: Path, logs: list[str]) -> list[str]:
    """Return the whole lines at the end of the logs that are there."""
    lines = []
    for log in logs:
        try:
            with (folder / log).open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - TAIL_BYTES))
                text = file.read(TAIL_BYTES).decode(errors="replace")
        except OSError:  # not written yet, or cleared away
            continue
        lines += [printable(line) for line in text.splitlines()[size > TAIL_BYTES :]]
    return lines


def printable(text: str) -> str:
    """Return `text` with a space for all that doesn't print."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


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
