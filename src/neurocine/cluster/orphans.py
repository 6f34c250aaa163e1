"""Jobs of SLURM that an earlier run left behind in a project's folder."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from neurocine.core import InputError

#: Between fields: no path, and no recording's name, holds it.
_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class ClusterJob:
    """A job of SLURM that waits or runs: its number, and the rule (and recording) that it is for."""

    id: str
    what: str


def jobs_at_work(folder: Path) -> list[ClusterJob]:
    """Return the user's jobs that Snakemake submitted from `folder` and that haven't ended.

    Raises
    ------
    InputError
        If SLURM doesn't answer.
    """
    command = ["squeue", "--me", "-h", "-r", "-o", _SEPARATOR.join(["%i", "%k", "%Z"])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        message = getattr(error, "stderr", None) or str(error)
        raise InputError(
            "SLURM", "squeue", f"doesn't answer ({message.strip()})", "Is this a node that submits jobs?"
        ) from error
    rows = [line.split(_SEPARATOR) for line in done.stdout.splitlines()]
    # Snakemake's own jobs have such comments; the run itself, if it is a job, doesn't.
    return [
        ClusterJob(number, re.sub(r"^(rule|group)_", "", comment).replace("_wildcards_", " of "))
        for number, comment, place in rows
        if comment.startswith(("rule_", "group_")) and Path(place).resolve() == folder.resolve()
    ]


def refuse_orphans(folder: Path) -> None:
    """Raise `InputError` if jobs of an earlier run still work in `folder`.

    A run that was killed leaves its jobs behind. What they make counts for the next run, if that starts after
    they ended; at the same time, both would make the same files.
    """
    orphans = jobs_at_work(folder)
    if orphans:
        shown = ", ".join(f"{job.id} ({job.what})" for job in orphans[:5])
        more = f" and {len(orphans) - 5} more" if len(orphans) > 5 else ""
        numbers = " ".join(dict.fromkeys(job.id.split("_")[0] for job in orphans))
        raise InputError(
            folder,
            "jobs",
            f"of an earlier run still work here: SLURM's {shown}{more}",
            f"Start again when they have ended (what they make counts), or end them: scancel {numbers}",
        )
