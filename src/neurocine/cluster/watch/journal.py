"""The journal of a run: events of its jobs, as Snakemake logs them, one JSON object per line."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

#: Folder of the journals in the working folder; sorted by name, the latest is last.
JOURNALS = Path(".snakemake") / "neurocine"
Event = dict[str, Any]

_SUBMITTED = re.compile(r"Job (\S+) has been submitted with SLURM jobid (\S+) \(log: (.*)\)\.$")
_ARRAY = re.compile(r"Submitted array job with Snakemake IDs ([\d,]+) and SLURM job ID (\d+)\..* are (\d+)-")
_RUN_ID = re.compile(r"SLURM run ID: (\S+)$")


class Journal(logging.Handler):
    """Write the journal of this run, once it has a plan: a run with nothing to do leaves none.

    Parameters
    ----------
    folder
        The working folder.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder / JOURNALS
        self._file: Any = None
        self._early: list[Event] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Write the events in `record`, if there are any."""
        try:
            for event in _events(record):
                self._write({"time": record.created, **event})
        except OSError:
            self.handleError(record)  # a full disk must not end the run

    def _write(self, event: Event) -> None:
        if self._file is None:
            if event["event"] != "plan":
                self._early.append(event)
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            name = datetime.now().strftime("%Y-%m-%dT%H%M%S.%f") + f"-{os.getpid()}.jsonl"
            self._file = (self._folder / name).open("a", encoding="utf-8")
            self._line({"event": "start", "time": time.time(), "host": socket.gethostname(), **_process()})
            for early in self._early:
                self._line(early)
        self._line(event)

    def _line(self, event: Event) -> None:
        self._file.write(json.dumps(event) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Write that Snakemake has ended, which a killed one doesn't."""
        if self._file is not None:
            self._line({"event": "end", "time": time.time()})
            self._file.close()
            self._file = None
        super().close()


def keep_journal(workflow: Any) -> None:
    """Keep the journal of a run; called in the Snakefile. Dry runs and the Snakemake of a job keep none.

    Parameters
    ----------
    workflow
        The `workflow` object of a Snakefile.
    """
    if workflow.is_main_process and not workflow.output_settings.dryrun:
        from snakemake.logging import logger

        logger.addHandler(Journal(Path.cwd()))


def read_journal(path: Path) -> list[Event]:
    """Return the events in a journal, without a line that is still being written."""
    events = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                event = json.loads(line)
            except json.JSONDecodeError:
                continue
            if isinstance(event, dict) and {"event", "time"} <= event.keys():
                events.append(event)
    return events


def latest_journal(folder: Path) -> Path | None:
    """Return the journal of the latest run in `folder`, or None if there was none."""
    return max((folder / JOURNALS).glob("*.jsonl"), default=None, key=lambda path: path.name)


def _process() -> Event:
    import psutil  # type: ignore[import-untyped]

    process = psutil.Process()
    return {"pid": process.pid, "born": process.create_time()}


def _events(record: logging.LogRecord) -> Iterator[Event]:
    """Yield the events in a log record of Snakemake."""
    r: Any = record
    match str(getattr(record, "event", None)):
        case "run_info":
            yield {"event": "plan", "rules": {k: v for k, v in r.stats.items() if k != "total"}}
        case "job_info":
            yield {
                "event": "job", "job": str(r.jobid), "rule": r.rule_name, "message": r.rule_msg,
                "wildcards": {k: str(v) for k, v in r.wildcards.items()},
                "log": [str(path) for path in r.log], "benchmark": r.benchmark and str(r.benchmark),
            }  # fmt: skip
        case "group_info":
            yield {"event": "group", "jobs": {job.uuid(): str(job.jobid) for job in r.jobs}}
        case "job_finished":
            yield {"event": "done", "job": str(r.job_id)}
        case "job_error":
            yield {
                "event": "failed", "job": str(r.jobid), "rule": r.rule_name, "message": r.rule_msg,
                "log": [str(path) for path in r.log],
            }  # fmt: skip
        case "progress":
            yield {"event": "progress", "done": r.done, "total": r.total}
        case "error":
            yield {"event": "error", "message": record.getMessage()}
        case "None":
            yield from _slurm_events(record.getMessage())


def _slurm_events(text: str) -> Iterator[Event]:
    """Yield the events in a message of Snakemake's SLURM plugin, which logs them as text alone."""
    if match := _RUN_ID.search(text):
        yield {"event": "slurm", "run": match[1]}
    if match := _SUBMITTED.search(text):
        yield {"event": "submitted", "job": match[1], "slurm": match[2], "log": match[3]}
    if match := _ARRAY.search(text):
        for index, job in enumerate(match[1].split(","), start=int(match[3])):
            yield {"event": "submitted", "job": job, "slurm": f"{match[2]}_{index}", "log": None}
