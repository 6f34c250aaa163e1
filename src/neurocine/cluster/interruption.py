"""Run Snakemake so that Ctrl-C, or the end of the terminal, leaves neither jobs nor locks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil  # type: ignore[import-untyped]

from neurocine.cluster.watch.journal import JOURNALS, read_journal

#: What a terminal, a supervisor and a closed connection send.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds between looks at the processes.
POLL_S = 0.1
#: Seconds that a job has for its end, before it is killed.
GRACE_S = 10.0
#: Seconds after which Snakemake without jobs is interrupted again: it may wait minutes for SLURM.
IDLE_S = 3.0
#: Seconds after which Snakemake without jobs is killed, for it is stuck.
STUCK_S = 30.0
#: Seconds within which SLURM should have ended the jobs that were cancelled.
CANCEL_S = 60.0


def run_snakemake(arguments: Sequence[str], folder: Path) -> int:
    """Run Snakemake in `folder` and return its exit code.

    At the first signal (SIGINT, SIGTERM or SIGHUP, to this process or its group) Snakemake is interrupted and
    its jobs are ended, those on SLURM too; at the second they are killed. Returns when no process is left.

    Returns
    -------
    int
        128 + n if signal n ended the run; negative if Snakemake was killed, so that its locks are left.
    """
    received: list[int] = []
    with _signals_in(received):
        # A session of its own: the terminal's Ctrl-C comes here alone. A job that it reached in an import
        # would show its traceback.
        head = subprocess.Popen(
            [sys.executable, "-m", "neurocine.cluster.head", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            # Else a `random.py` in the user's folder would be imported for Python's own.
            env=os.environ | {"PYTHONSAFEPATH": "1"},
        )
        while not received and head.poll() is None:
            time.sleep(POLL_S)
        if not received:
            return head.wait()
        say("Stopping, and ending the running jobs. Ctrl-C again kills them.")
        _stop(head, received)
        cancel_on_slurm(folder, head.pid, received)
    return min(head.returncode, 0) or 128 + received[0]


def say(text: str) -> None:
    """Write a line to standard error, unless the terminal is gone."""
    with suppress(OSError):
        # The terminal shows ^C at the begin of a line.
        sys.stderr.write(f"\r{text}\n" if sys.stderr.isatty() else f"{text}\n")
        sys.stderr.flush()


@contextmanager
def _signals_in(received: list[int]) -> Iterator[None]:
    """Append the signals that arrive to `received`; those that the shell had ignored stay so (nohup)."""

    def receive(signum: int, frame: FrameType | None) -> None:
        received.append(signum)

    before = {s: signal.getsignal(s) for s in SIGNALS if signal.getsignal(s) is not signal.SIG_IGN}
    for signum in before:
        signal.signal(signum, receive)
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _stop(head: subprocess.Popen[bytes], received: Sequence[int]) -> None:
    """Interrupt Snakemake and end its jobs, until all have ended."""
    asked: dict[psutil.Process, float] = {}
    head.send_signal(signal.SIGINT)
    time.sleep(POLL_S)  # so that it knows why its jobs end, before the first does
    passed_on, busy = 1, time.monotonic()
    while head.poll() is None or running(asked):
        now = time.monotonic()
        if now > busy + STUCK_S:
            head.kill()
        elif len(received) > passed_on or now > busy + IDLE_S:
            passed_on = len(received)
            head.send_signal(signal.SIGINT)
        # Jobs that Snakemake starts meanwhile, too, and those whose parent has gone; parents first, because a
        # shell reports the end of its child.
        for process in dict.fromkeys([*below(head.pid), *running(asked)]):
            busy = now
            with suppress(psutil.NoSuchProcess):
                if len(received) > 1 or now > asked.setdefault(process, now) + GRACE_S:
                    process.kill()
                elif asked[process] == now:
                    process.terminate()
        time.sleep(POLL_S)


def below(pid: int) -> list[psutil.Process]:
    """Return the processes that `pid` and its children started, also those in sessions of their own."""
    try:
        return running(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def running(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Return those of `processes` that haven't ended."""
    running = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                running.append(process)
    return running


def cancel_on_slurm(folder: Path, pid: int, received: Sequence[int]) -> None:
    """Cancel the SLURM jobs of the Snakemake that was the process `pid`, and wait for their end.

    Snakemake cancels those that it knows of: none while it asks SLURM about them, and not one that it is just
    submitting.
    """
    runs = [
        event["run"]
        for journal in (folder / JOURNALS).glob(f"*-{pid}.jsonl")
        for event in read_journal(journal)
        if event["event"] == "slurm"
    ]
    end = time.monotonic() + CANCEL_S
    while runs and (jobs := _slurm_jobs(runs)):
        if time.monotonic() > end or len(received) > 2:
            say(f"SLURM hasn't ended these jobs yet: {' '.join(jobs)}")
            return
        subprocess.run(["scancel", *jobs], check=False, capture_output=True)
        time.sleep(1)


def _slurm_jobs(runs: Sequence[str]) -> list[str]:
    """Return the numbers of the jobs of Snakemake's `runs` that wait or run."""
    command = ["squeue", "--me", "-h", "-o", "%i", "--name", ",".join(runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        say(f"SLURM doesn't say whether its jobs ended ({done.stderr.strip()}): see `squeue --me`")
    return done.stdout.split()
