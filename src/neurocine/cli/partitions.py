"""What `neurocine check --profile` shows of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from neurocine.cluster.partitions import Asked, asked, offered, problems
from neurocine.cluster.profiles import read_profile
from neurocine.config import Config
from neurocine.core import Recording


def check_cluster(profile: Path, config: Config, recordings: Sequence[Recording]) -> None:
    """Show what the largest job of each rule asks for, and what of it the cluster can't give.

    Ends the command with exit code 1 if the workflow can't run on the cluster. What only training or a retry
    can't get is a note only.
    """
    content = read_profile(profile)
    if content.get("executor") != "slurm":
        typer.echo(f"Profile {profile.name} runs no job on SLURM: there is nothing to compare.")
        return
    jobs = asked(content, config, recordings)
    Console().print(_table(jobs))
    partitions = offered()
    if partitions is None:
        typer.echo("No SLURM here (no scontrol): compare on the cluster's login node.")
        return
    wrong = {job.rule: problems(job, partitions) for job in jobs}
    for job in jobs:
        for text in wrong[job.rule]:
            typer.echo(f"{'training' if job.training else 'problem'}: {text}", err=True)
    retries = int(content.get("retries") or 0)
    for job in asked(content, config, recordings, 1 + retries):
        for text in problems(job, partitions) if not wrong[job.rule] else ():
            typer.echo(f"note, after {retries} failed attempts: {text}", err=True)
    if any(wrong[job.rule] for job in jobs if not job.training):
        raise typer.Exit(1)
    names = ", ".join(partition.name for partition in partitions)
    typer.echo(f"The cluster's partitions ({names}) have room for every job of the workflow.")


def _table(jobs: Sequence[Asked]) -> Table:
    table = Table(title="What the largest job of each rule asks for at the first attempt")
    for column in ("rule", "recording", "partition"):
        table.add_column(column, no_wrap=column == "rule")
    for column in ("CPUs", "memory, GB", "minutes", "GPUs"):
        table.add_column(column, justify="right")
    for job in jobs:
        gpus = f"{job.gpus} x {job.gpu_model or 'any'}" if job.gpus else ""
        numbers = (str(job.cpus), f"{job.memory_mb / 1000:.1f}", str(job.runtime_min), gpus)
        table.add_row(job.rule, job.recording, job.partition, *numbers)
    return table
