"""What an earlier run has left alive, or locked, in a project's folder on this computer."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from neurocine.cluster.interruption import GRACE_S, below, cancel_on_slurm, running
from neurocine.cluster.watch.journal import latest_journal, read_journal
from neurocine.cluster.watch.run import Run, replay
from neurocine.core import InputError

#: Snakemake's locks in the working folder.
LOCKS = Path(".snakemake") / "locks"


def living(folder: Path) -> list[psutil.Process]:
    """Return the processes of earlier runs that work in `folder`, Snakemake itself first.

    Seen are the user's own processes on this computer, without this one and those that it descends from.
    """
    own = {psutil.Process(), *psutil.Process().parents()}
    found = []
    for process in psutil.process_iter(["cwd", "cmdline"]):
        here = process.info["cwd"] == str(folder.resolve())
        if here and process not in own and _of_a_run(process.info["cmdline"] or [""]):
            found.append(process)
    return sorted(found, key=lambda process: process.create_time())


def _of_a_run(words: Sequence[str]) -> bool:
    """Return whether a command line is Snakemake's, or that of a rule's script: no editor of its files."""
    known = ("neurocine.cluster.head", "snakemake")
    return "python" in Path(words[0]).name.lower() and any(
        word in known or Path(word).name in known or ".snakemake/scripts/" in word for word in words[1:]
    )


def refuse_second_run(folder: Path, *, unlocking: bool = False) -> None:
    """Raise `InputError` if an earlier run still works in `folder`, or has left it locked.

    Two runs would write the same files, and removing the lock of a run that lives lets Snakemake delete
    what that run is writing.

    Parameters
    ----------
    folder
        The working folder.
    unlocking
        Whether a lock is going to be removed: then only a run that lives is refused.

    Raises
    ------
    InputError
        With the processes, or the host, of that run, and how to go on.
    """
    processes = living(folder)
    if processes:
        numbers = ", ".join(str(process.pid) for process in processes[:8])
        began = datetime.fromtimestamp(processes[0].create_time()).strftime("%Y-%m-%d %H:%M")
        raise InputError(
            folder,
            "run",
            f"an earlier run, of {began}, is still at work here (processes {numbers})",
            "Watch it: neurocine watch; or end it: neurocine stop.",
        )
    if unlocking or not any((folder / LOCKS).glob("*")):
        return
    run = _latest(folder)
    elsewhere = run is not None and run.ended is None and run.host != socket.gethostname()
    raise InputError(
        folder,
        "lock",
        f"is left by a run on {run.host} (process {run.pid}) that hasn't said that it ended"
        if run is not None and elsewhere
        else "is left by a run that was killed",
        f"{'If that run is dead: ' if elsewhere else ''}neurocine run --unlock, then the same command again.",
    )


def stop(folder: Path) -> list[int]:
    """End the processes of earlier runs in `folder`, and their jobs on SLURM; return their numbers.

    Snakemake is interrupted, so that it removes its lock, and its jobs are asked to end; what hasn't ended
    after `GRACE_S` seconds is killed.
    """
    seen = living(folder)
    processes = list(dict.fromkeys([*seen, *(child for process in seen for child in below(process.pid))]))
    heads = [process for process in seen if process.ppid() not in {other.pid for other in processes}]
    for head in heads:
        with suppress(psutil.NoSuchProcess):
            head.send_signal(signal.SIGINT)
    end = time.monotonic() + GRACE_S
    while (left := running(processes)) and time.monotonic() < end:
        for process in left:
            with suppress(psutil.NoSuchProcess):
                if process not in heads:
                    process.terminate()
        time.sleep(0.2)
    for process in running(processes):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    for head in heads:
        cancel_on_slurm(folder, head.pid, ())
    return [process.pid for process in processes]


def _latest(folder: Path) -> Run | None:
    journal = latest_journal(folder)
    return None if journal is None else replay(read_journal(journal))


def dry(arguments: Sequence[str]) -> bool:
    """Return whether Snakemake's `arguments` ask for a dry run, which needs no lock."""
    return any(word in ("-n", "--dry-run", "--dryrun") for word in arguments)
