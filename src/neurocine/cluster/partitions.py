"""What jobs will ask for, compared with what a SLURM cluster's partitions offer."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurocine.cluster.resources import (
    Work,
    activity_jobs,
    costs_with,
    engines_of,
    size_bytes,
    within_gpus,
    work_of,
)
from neurocine.config import Config
from neurocine.core import InputError, Recording
from neurocine.steps import BY_NAME, STEPS, Step


@dataclass(frozen=True)
class Node:
    """One node: its processors, memory, GPUs by model (empty if the model is unknown) and partitions."""

    name: str
    cpus: int
    memory_mb: int
    gpus: Mapping[str, int]
    partitions: tuple[str, ...]


@dataclass(frozen=True)
class Partition:
    """One partition: its longest run time (None: no limit), and the accounts that may use it (None: all)."""

    name: str
    max_min: int | None
    accounts: tuple[str, ...] | None
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Asked:
    """What the largest job of a rule asks for, and its `recording`, if it works on one."""

    rule: str
    recording: str
    partition: str
    account: str
    cpus: int
    memory_mb: int
    runtime_min: int
    gpus: int
    gpu_model: str

    @property
    def training(self) -> bool:
        """Whether the job trains a network: nothing asks for it but `snakemake train` and the like."""
        return BY_NAME[self.rule].target == "train"


def asked(
    profile: Mapping[str, Any], config: Config, recordings: Sequence[Recording], attempt: int = 1
) -> list[Asked]:
    """Return what each rule asks for in a project: the most memory and time of any of its jobs."""
    costs = costs_with(engines_of(config), rounds=config.controls.rounds)
    works = {r.name: work_of(r.movie, Path(config.results) / r.name) for r in recordings}
    jobs = {r.name: activity_jobs(size_bytes(r.movie), config.cluster.activity_gb) for r in recordings}
    truth = any(recording.ground_truth for recording in recordings)
    largest = []
    for step in STEPS:
        if not config.wants(step) or step.target not in ("all", "train", "evaluation" if truth else "all"):
            continue
        cost = costs[step.name]
        needs = {
            name: (cost.memory_mb(part, attempt), cost.runtime_min(part, attempt))
            for name, work in (works if step.per_recording else {"": Work()}).items()
            for part in [work.share(jobs[name]) if step.name == "activity" else work]
        }
        memory, minutes = (max(need[i] for need in needs.values()) for i in (0, 1))
        name = max(needs, key=lambda name: needs[name])
        largest.append(_asked(step, name, memory, minutes, profile, config))
    return largest


def _asked(
    step: Step, recording: str, memory: int, minutes: int, profile: Mapping[str, Any], config: Config
) -> Asked:
    """Return what a rule asks for, with what the profile sets for it."""
    own = within_gpus((profile.get("set-resources") or {}).get(step.name) or {}, config.cluster.gpus)
    resources = {**(profile.get("default-resources") or {}), **own}
    # A profile's number goes before ours; an expression is Snakemake's to evaluate.
    numbers = [own.get(name) for name in ("mem_mb", "runtime")]
    memory, minutes = (
        n if isinstance(n, int) else ours for n, ours in zip(numbers, (memory, minutes), strict=True)
    )
    gpus = int(resources.get("gpu") or 0)
    return Asked(
        rule=step.name,
        recording=recording,
        partition=str(resources.get("slurm_partition") or ""),
        account=str(resources.get("slurm_account") or ""),
        cpus=int((profile.get("set-threads") or {}).get(step.name) or step.threads),
        memory_mb=memory,
        runtime_min=minutes,
        gpus=gpus,
        gpu_model=str(resources.get("gpu_model") or "") if gpus else "",
    )


def offered(scontrol: Callable[[str], str] | None = None) -> tuple[Partition, ...] | None:
    """Return the cluster's partitions; None where there is no SLURM.

    Parameters
    ----------
    scontrol
        What gives the output of ``scontrol show KIND --oneliner``; the program of that name unless given.

    Raises
    ------
    InputError
        If SLURM is there but doesn't answer.
    """
    if scontrol is None:
        if shutil.which("scontrol") is None:
            return None
        scontrol = _scontrol
    nodes = [_node(fields) for fields in _records(scontrol("node"), "NodeName")]
    return tuple(_partition(fields, nodes) for fields in _records(scontrol("partition"), "PartitionName"))


def _scontrol(kind: str) -> str:
    try:
        command = ["scontrol", "show", kind, "--oneliner"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    except (subprocess.SubprocessError, OSError) as error:
        answer = str(getattr(error, "stderr", None) or error).strip()
        raise InputError("scontrol", kind, answer, "Ask again when SLURM's controller answers.") from error


def _records(text: str, first: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each line ``first=name key=value ...``."""
    for line in text.splitlines():
        if line.startswith(f"{first}="):
            yield dict(re.findall(r"(\w+)=(\S*)", line))


def _node(fields: Mapping[str, str]) -> Node:
    gpus: dict[str, int] = {}
    for model, count in re.findall(r"\bgpu(?::([^:,()]+))??(?::(\d+))", fields.get("Gres", "")):
        gpus[model] = gpus.get(model, 0) + int(count)
    partitions = tuple(filter(None, fields.get("Partitions", "").split(",")))
    return Node(fields["NodeName"], int(fields["CPUTot"]), int(fields["RealMemory"]), gpus, partitions)


def _partition(fields: Mapping[str, str], nodes: Iterable[Node]) -> Partition:
    name, accounts = fields["PartitionName"], fields.get("AllowAccounts", "ALL")
    return Partition(
        name,
        minutes(fields.get("MaxTime", "UNLIMITED")),
        None if accounts == "ALL" else tuple(accounts.split(",")),
        tuple(node for node in nodes if name in node.partitions),
    )


def minutes(text: str) -> int | None:
    """Return SLURM's ``[days-]hours:minutes:seconds`` in minutes; None if there is no limit."""
    match = re.fullmatch(r"(?:(\d+)-)?(\d+):(\d+):(\d+)", text)
    if match is None:
        return None
    days, hours, mins, _ = (int(part or 0) for part in match.groups())
    return (days * 24 + hours) * 60 + mins


def problems(job: Asked, partitions: Sequence[Partition]) -> list[str]:
    """Return what keeps a job from ever starting, each with its remedy."""
    by_name = {partition.name: partition for partition in partitions}
    where = f"{job.rule}{f' ({job.recording})' if job.recording else ''}"
    if job.partition not in by_name:
        return [
            f"{where}: there is no partition {job.partition!r}. Set slurm_partition in the profile to one of "
            f"{', '.join(by_name) or 'those that the cluster gets'}"
            + ("; or, without GPUs, cluster.gpus to 0 in the config." if job.gpus else ".")
        ]
    partition = by_name[job.partition]
    unmet = []
    if partition.accounts is not None and job.account not in partition.accounts:
        unmet.append(
            f"{job.account or 'no account'} may not use partition {partition.name}. Set slurm_account in the "
            f"profile to one of {', '.join(partition.accounts)}."
        )
    if partition.max_min is not None and job.runtime_min > partition.max_min:
        unmet.append(
            f"asks for {job.runtime_min} min, partition {partition.name} gives {partition.max_min} at most. "
            "Choose one with more in the profile (set-resources), or a shorter runtime there."
        )
    return [f"{where}: {text}" for text in (*unmet, *_unmet(job, partition))]


def _unmet(job: Asked, partition: Partition) -> Iterator[str]:
    """Yield what no node of the partition has."""
    nodes, remedy = partition.nodes, "Choose a partition that has it in the profile (set-resources)"
    if not nodes:
        yield f"partition {partition.name} has no nodes. {remedy}."
        return
    memory, cpus = max(node.memory_mb for node in nodes), max(node.cpus for node in nodes)
    if job.memory_mb > memory:
        yield f"asks for {job.memory_mb} MB, the largest node of {partition.name} has {memory}. {remedy}."
    if job.cpus > cpus:
        yield (
            f"asks for {job.cpus} CPUs, the largest node of {partition.name} has {cpus}. Set fewer with "
            "set-threads in the profile."
        )
    kinds = [node.gpus for node in nodes]
    has = [kind.get(job.gpu_model, 0) if job.gpu_model else sum(kind.values()) for kind in kinds]
    if job.gpus > max(has):
        there = ", ".join(sorted({f"{n} x {model or 'GPU'}" for kind in kinds for model, n in kind.items()}))
        yield (
            f"asks for {job.gpus} x {job.gpu_model or 'GPU'} on one node; those of {partition.name} have "
            f"{there or 'none'}. Set gpu and gpu_model in the profile, or cluster.gpus in the config."
        )
        return
    together = [
        node
        for node, gpus in zip(nodes, has, strict=True)
        if node.memory_mb >= job.memory_mb and node.cpus >= job.cpus and gpus >= job.gpus
    ]
    if not together and job.memory_mb <= memory and job.cpus <= cpus:
        yield (
            f"no node of {partition.name} has {job.cpus} CPUs, {job.memory_mb} MB and {job.gpus} GPUs at "
            f"once. {remedy}."
        )
