"""A run of the workflow and its jobs, rebuilt from the events of its journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from neurocine.cluster.watch.journal import Event

#: queued: submitted to SLURM, which hasn't started it.
JobState = Literal["running", "queued", "done", "failed"]


@dataclass
class Job:
    """One job that Snakemake has started.

    Attributes
    ----------
    id
        Snakemake's number of the job.
    rule, wildcards, message
        The rule, its wildcards and its message.
    log
        The rule's own log first, then SLURM's.
    benchmark
        File that will hold its run time; None: none.
    state
        ``failed`` also while it waits for its next attempt.
    since
        Start of this state, in seconds of the Unix epoch.
    attempts
        Number of times it was started.
    slurm
        SLURM's id; None: it runs on the host of Snakemake.
    problem
        Why it failed, in Snakemake's or SLURM's words.
    waits_for
        Why SLURM hasn't started it, in SLURM's words.
    """

    id: str
    rule: str
    wildcards: dict[str, str]
    message: str | None
    log: list[str]
    benchmark: str | None
    since: float
    state: JobState = "running"
    attempts: int = 1
    slurm: str | None = None
    problem: str | None = None
    waits_for: str | None = None

    @property
    def name(self) -> str:
        """Rule and wildcards."""
        return " ".join([self.rule, *self.wildcards.values()])


@dataclass
class Run:
    """A run of the workflow, as its journal records it.

    Attributes
    ----------
    pid, born, host
        Process id of Snakemake, its start in seconds of the Unix epoch, and its host.
    slurm
        Name of its jobs in SLURM's queue; None: they don't run on SLURM.
    plan
        Number of jobs per rule.
    jobs
        The jobs that were started, by id.
    errors
        Errors other than failed jobs.
    started, heard, ended
        When Snakemake started, last logged an event, and ended; None: it hasn't ended.
    """

    pid: int = 0
    born: float = 0.0
    host: str = ""
    slurm: str | None = None
    plan: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    started: float = 0.0
    heard: float = 0.0
    ended: float | None = None
    _total: int = 0
    _groups: dict[str, list[str]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Number of all jobs; a checkpoint can add jobs to the plan."""
        return max(self._total, sum(self.plan.values()))

    def of(self, state: JobState) -> list[Job]:
        """Return the jobs in `state`."""
        return [job for job in self.jobs.values() if job.state == state]

    @property
    def waiting(self) -> dict[str, int]:
        """Number of jobs per rule that were not started yet."""
        started = Counter(job.rule for job in self.jobs.values())
        return {rule: n - started[rule] for rule, n in self.plan.items() if n > started[rule]}


def replay(events: Iterable[Event]) -> Run:
    """Return the run after all `events` of its journal."""
    run = Run()
    for event in events:
        run.heard = event["time"]
        _apply(run, event)
    return run


def _apply(run: Run, event: Event) -> None:
    match event["event"]:
        case "start":
            run.pid, run.born, run.host = event["pid"], event["born"], event["host"]
            run.started = event["time"]
        case "plan":
            run.plan = event["rules"]
        case "slurm":
            run.slurm = event["run"]
        case "job":
            _start_job(run, event)
        case "group":
            for uuid in event["jobs"]:
                run._groups[uuid] = list(event["jobs"].values())
        case "submitted":
            for job in (run.jobs.get(i) for i in run._groups.get(event["job"], [event["job"]])):
                if job is not None:
                    job.slurm = event["slurm"]
                    job.log = [*job.log, *filter(None, [event["log"]])]
        case "done" | "failed" if event["job"] in run.jobs:
            job = run.jobs[event["job"]]
            job.state, job.since = event["event"], event["time"]
            if job.state == "failed":
                job.log, job.problem = event["log"] or job.log, event["message"]
        case "progress":
            run._total = event["total"]
        case "error":
            run.errors.append(event["message"])
        case "end":
            run.ended = event["time"]


def _start_job(run: Run, event: Event) -> None:
    previous = run.jobs.get(event["job"])
    run.jobs[event["job"]] = Job(
        id=event["job"],
        rule=event["rule"],
        wildcards=event["wildcards"],
        message=event["message"],
        log=event["log"],
        benchmark=event["benchmark"],
        since=event["time"],
        attempts=1 if previous is None else previous.attempts + 1,
        problem=None if previous is None else previous.problem,
    )
