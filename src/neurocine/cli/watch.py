"""Watch a run of the workflow."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from neurocine.cluster.watch.run import Job, JobState
from neurocine.cluster.watch.status import RunStatus, printable, read_status

#: Rows per table that fit on a screen.
ROWS = 12


def add_to(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(rich_help_panel="Projects")(watch)


def watch(
    folder: Annotated[Path, typer.Option("--in", help="Folder in which the workflow was started.")] = Path(),
    once: Annotated[bool, typer.Option("--once", help="Print the status once and exit.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the status once as JSON and exit.")] = False,
    every: Annotated[float, typer.Option(min=0.5, help="Seconds between updates.")] = 3.0,
) -> None:
    """Show the jobs that run, wait or failed, and the time left, on this computer or on SLURM.

    It reads files that the workflow writes, and SLURM's queue. It ends with the run, or with Ctrl-C.

    Examples: `neurocine watch`, `neurocine watch --once`, `neurocine watch --json`
    """
    status = read_status(folder)
    if as_json:
        typer.echo(json.dumps(to_json(status), indent=2))
        return
    if once:
        Console().print(render(status))
        return
    with Live(render(status), auto_refresh=False) as screen:
        while status.head in ("runs", "elsewhere"):
            try:
                time.sleep(every)
            except KeyboardInterrupt:
                return
            status = read_status(folder)
            screen.update(render(status), refresh=True)


def to_json(status: RunStatus) -> dict[str, Any]:
    """Return a status as values that JSON can hold."""
    run = status.run
    states: tuple[JobState, ...] = ("running", "queued", "done", "failed")
    jobs = [
        {**asdict(job), "progress": asdict(status.progress[job.id]) if job.id in status.progress else None}
        | ({"log_tail": status.tails[job.id]} if job.id in status.tails else {})
        for job in run.jobs.values()
    ]
    return {
        "head": {"state": status.head, "host": run.host, "pid": run.pid},
        "slurm": run.slurm,
        "started": run.started, "heard": run.heard, "ended": run.ended,
        "total": run.total,
        "counts": {**{state: len(run.of(state)) for state in states}, "waiting": sum(run.waiting.values())},
        "waiting": run.waiting,
        "left_s": status.left_s,
        "errors": run.errors,
        "jobs": jobs,
    }  # fmt: skip


def render(status: RunStatus) -> RenderableType:
    """Return a status for printing; names that users chose are never read as markup."""
    run = status.run
    parts: list[RenderableType] = [_summary(status), *_head(status)]
    if run.ended is None:
        title = "Running" if status.head != "died" else "Running when Snakemake died"
        parts += _table(title, run.of("running"), lambda job: _progress(status, job))
        parts += _table("In SLURM's queue", run.of("queued"), lambda job: job.waits_for or "")
        if run.waiting:
            waits = ", ".join(f"{rule} {n}" for rule, n in list(run.waiting.items())[:ROWS])
            parts.append(Text(f"Waiting: {printable(waits)}"))
    for job in run.of("failed")[:ROWS]:
        parts += _failed(job, status.tails.get(job.id, []))
    more = len(run.of("failed")) - ROWS
    if more > 0:
        parts.append(Text(f"{more} more failed; --json shows all.", style="red"))
    if not any(status.tails.values()):
        parts += [Text(printable(error), style="red") for error in run.errors]
    return Group(*parts)


def _summary(status: RunStatus) -> Text:
    run = status.run
    text = f"{len(run.of('done'))} of {run.total} jobs done"
    for state in ("running", "queued", "failed"):
        if run.of(state):
            text += f", {len(run.of(state))} {state}"
    if run.waiting:
        text += f", {sum(run.waiting.values())} waiting"
    end = run.ended if run.ended is not None else run.heard if status.head == "died" else time.time()
    took = _format_duration(end - run.started)
    text += f"; {took} so far" if run.ended is None else f"; took {took}"
    if status.left_s is not None and status.head != "died":
        text += f", at least {_format_duration(status.left_s)} left"
    return Text(text, style="bold")


def _head(status: RunStatus) -> list[Text]:
    run, silent_for = status.run, _format_duration(time.time() - status.run.heard)
    if status.head == "elsewhere":
        return [Text(f"Snakemake runs on {printable(run.host)}; its last message is {silent_for} old.")]
    if status.head != "died":
        return []
    text = f"Snakemake (process {run.pid}) was killed or crashed; its last message is {silent_for} old. "
    if run.slurm is not None:
        text += f"Its jobs may still run; to end them: scancel --name {printable(run.slurm)}. "
    return [Text(text + "To continue: neurocine run --unlock, then neurocine run.", style="red")]


def _table(title: str, jobs: list[Job], last: Any) -> list[RenderableType]:
    if not jobs:
        return []
    table = Table("job", "for", "", title=title, title_justify="left", box=None, pad_edge=False)
    now = time.time()
    for job in jobs[:ROWS]:
        slurm = f" (SLURM {job.slurm})" if job.slurm else ""
        attempt = f", attempt {job.attempts}" if job.attempts > 1 else ""
        table.add_row(
            Text(printable(job.name + slurm + attempt)),
            Text(_format_duration(now - job.since)),
            Text(printable(last(job))),
        )
    parts: list[RenderableType] = [table]
    if len(jobs) > ROWS:
        parts.append(Text(f"and {len(jobs) - ROWS} more"))
    return parts


def _progress(status: RunStatus, job: Job) -> str:
    report = status.progress.get(job.id)
    if report is None:
        return ""
    return f"{report.label}: {report.done} of {report.total}, {_format_duration(report.seconds)} left"


def _failed(job: Job, tail: list[str]) -> list[RenderableType]:
    text = f"Failed: {job.name}" + (f", attempt {job.attempts}" if job.attempts > 1 else "")
    if job.problem and job.problem != "None":
        text += f": {job.problem}"
    lines = [Text(printable(text), style="red"), *(Text(f"  {line}") for line in tail)]
    return [*lines, Text(printable(f"  log: {', '.join(job.log) or 'none'}"), style="dim")]


def _format_duration(seconds: float) -> str:
    """Return a duration such as 12 s, 3:05 min or 2:14:00 h."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60}:{whole % 60:02d} min" if whole < 3600 else f"{timedelta(seconds=whole)} h"
