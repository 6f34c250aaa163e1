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

from neurocine.cluster.watch.look import Status, look, printable
from neurocine.cluster.watch.state import Job, JobState

#: Rows of each table that a screen has room for.
ROWS = 12


def add_to(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(rich_help_panel="Projects")(watch)


def watch(
    folder: Annotated[Path, typer.Option("--in", help="Folder in which the workflow was started.")] = Path(),
    once: Annotated[bool, typer.Option("--once", help="Show it once and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Show it once, as JSON.")] = False,
    every: Annotated[float, typer.Option(min=0.5, help="Seconds between looks.")] = 3.0,
) -> None:
    """Show what runs, what waits, what failed and why, and the time left: here or on SLURM.

    Reads files that the workflow writes, and SLURM's queue; ends with the run, or with Ctrl-C.

    Examples: `neurocine watch`, `neurocine watch --once`, `neurocine watch --json`
    """
    status = look(folder)
    if as_json:
        typer.echo(json.dumps(as_plain(status), indent=2))
        return
    if once:
        Console().print(drawn(status))
        return
    with Live(drawn(status), auto_refresh=False) as screen:
        while status.head in ("runs", "elsewhere"):
            try:
                time.sleep(every)
            except KeyboardInterrupt:
                return
            status = look(folder)
            screen.update(drawn(status), refresh=True)


def as_plain(status: Status) -> dict[str, Any]:
    """Return a status as plain values, for JSON."""
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


def drawn(status: Status) -> RenderableType:
    """Return a status to be printed; what users named is shown as it is, never taken for markup."""
    run = status.run
    parts: list[RenderableType] = [_summary(status), *_head(status)]
    if run.ended is None:
        title = "Running" if status.head != "died" else "Running when Snakemake was last heard of"
        parts += _table(title, run.of("running"), lambda job: _doing(status, job))
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


def _summary(status: Status) -> Text:
    run = status.run
    text = f"{len(run.of('done'))} of {run.total} jobs done"
    for state in ("running", "queued", "failed"):
        if run.of(state):
            text += f", {len(run.of(state))} {state}"
    if run.waiting:
        text += f", {sum(run.waiting.values())} waiting"
    end = run.ended if run.ended is not None else run.heard if status.head == "died" else time.time()
    text += (
        f"; {_span(end - run.started)} so far" if run.ended is None else f"; took {_span(end - run.started)}"
    )
    if status.left_s is not None and status.head != "died":
        text += f", at least {_span(status.left_s)} left"
    return Text(text, style="bold")


def _head(status: Status) -> list[Text]:
    run, said = status.run, _span(time.time() - status.run.heard)
    if status.head == "elsewhere":
        return [Text(f"Snakemake runs on {printable(run.host)} and last said something {said} ago.")]
    if status.head != "died":
        return []
    text = f"Snakemake (process {run.pid}) is gone without an end; it last said something {said} ago. "
    if run.slurm is not None:
        text += f"Its jobs may still run: scancel --name {printable(run.slurm)}. "
    return [Text(text + "Then: neurocine run --unlock, and neurocine run.", style="red")]


def _table(title: str, jobs: list[Job], last: Any) -> list[RenderableType]:
    if not jobs:
        return []
    table = Table("job", "for", "", title=title, title_justify="left", box=None, pad_edge=False)
    now = time.time()
    for job in jobs[:ROWS]:
        slurm = f" (SLURM {job.slurm})" if job.slurm else ""
        again = f", attempt {job.attempts}" if job.attempts > 1 else ""
        table.add_row(
            Text(printable(job.name + slurm + again)),
            Text(_span(now - job.since)),
            Text(printable(last(job))),
        )
    parts: list[RenderableType] = [table]
    if len(jobs) > ROWS:
        parts.append(Text(f"and {len(jobs) - ROWS} more"))
    return parts


def _doing(status: Status, job: Job) -> str:
    one = status.progress.get(job.id)
    return "" if one is None else f"{one.label}: {one.done} of {one.total}, {_span(one.seconds)} left"


def _failed(job: Job, tail: list[str]) -> list[RenderableType]:
    text = f"Failed: {job.name}" + (f", attempt {job.attempts}" if job.attempts > 1 else "")
    if job.problem and job.problem != "None":
        text += f": {job.problem}"
    lines = [Text(printable(text), style="red"), *(Text(f"  {line}") for line in tail)]
    return [*lines, Text(printable(f"  log: {', '.join(job.log) or 'none'}"), style="dim")]


def _span(seconds: float) -> str:
    """Return a time span as people read it: 12 s, 3:05 min or 2:14:00 h."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60}:{whole % 60:02d} min" if whole < 3600 else f"{timedelta(seconds=whole)} h"
