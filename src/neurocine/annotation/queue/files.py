"""``annotations/<recording>/queue.json``: what `neurocine annotate` offers, the same to everybody."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from neurocine.annotation.actions import Edit
from neurocine.annotation.journal import SUFFIX, Subject, read_journal
from neurocine.annotation.queue.order import Stop
from neurocine.core import InputError

QUEUE = "queue.json"
#: Seconds of a decision before anybody has made many.
SECONDS_PER_DECISION = 4.0
#: So many decisions tell how long one takes.
MANY_DECISIONS = 20
SCHEMA_VERSION = 1


class Queue(BaseModel):
    """The file: what the segments are of, and the segments."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int
    recording: str
    movie_sha256: str
    rois_sha256: str
    seconds_per_decision: float
    stops: list[Stop]


def read_queue(folder: Path, subject: Subject) -> list[Stop]:
    """Return the stops of a recording's queue; none if there is no queue.

    Raises
    ------
    InputError
        If the file is damaged, or of another movie or other ROIs.
    """
    path, remedy = folder / QUEUE, "Make it again with `neurocine queue`, or delete it."
    if not path.is_file():
        return []
    try:
        read = Queue.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        what = f"line {error.errors()[0]['loc']}" if isinstance(error, ValidationError) else "file"
        raise InputError(path, what, "isn't that of a queue", remedy) from error
    for what in ("movie_sha256", "rois_sha256"):
        if getattr(read, what) != getattr(subject, what):
            raise InputError(path, what, "isn't that of the results", remedy)
    return read.stops


def seconds_per_decision(folder: Path) -> float:
    """Return the median time of a decision by all who labelled, once there are enough."""
    times = [
        action.took_ms / 1000
        for path in sorted(folder.glob(f"*{SUFFIX}"))
        for action in read_journal(path)[1]
        if isinstance(action, Edit)
        and action.took_ms
        and (action.transients or action.rejected or action.doubtful)
    ]
    return float(np.median(times)) if len(times) >= MANY_DECISIONS else SECONDS_PER_DECISION
