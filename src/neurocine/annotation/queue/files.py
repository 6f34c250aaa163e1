"""``annotations/<recording>/queue.json``: what `neurocine annotate` offers, the same to everybody."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from neurocine.annotation.actions import Edit
from neurocine.annotation.journal import SUFFIX, Subject, read_journal
from neurocine.annotation.queue.doubts import CANDIDATE_SIGMA, doubts
from neurocine.annotation.queue.order import Stop, queue, segments
from neurocine.config import EvaluationSettings
from neurocine.core import InputError, Raster
from neurocine.evaluation.activity.overlap import false_transients
from neurocine.io.documents import write_json
from neurocine.io.results import RecordingResults
from neurocine.progress import Progress, silent
from neurocine.traces.transients import rises

QUEUE = "queue.json"
#: Shorter segments can't be trained on: a network reads so many frames.
MIN_FRAMES = 100
#: Seconds of a decision before anybody has made many.
SECONDS_PER_DECISION = 4.0
#: So many decisions tell how long one takes.
MANY_DECISIONS = 20
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Plan:
    """How a queue is made: for so many minutes, of segments of so many seconds."""

    minutes: float = 60.0
    segment_s: float = 20.0


class Queue(BaseModel):
    """The file: what the segments are of, and the segments."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int
    recording: str
    movie_sha256: str
    rois_sha256: str
    seconds_per_decision: float
    stops: list[Stop]


def make_queue(
    results: RecordingResults,
    subject: Subject,
    folder: Path,
    plan: Plan,
    settings: EvaluationSettings,
    *,
    also: Sequence[Raster] = (),
    progress: Progress = silent,
) -> Queue:
    """Write the queue of a recording, and return it.

    Parameters
    ----------
    results, subject
        The recording, and its checksums.
    folder
        ``annotations/<recording>``: the journals there tell how long a decision takes.
    plan
        How it is made.
    settings
        When cells overlap, and when a transient is a neighbour's.
    also
        Activity by other models.
    progress
        Called with the number of frames read.
    """
    movie, rois, f = results.movie, results.rois, results.traces.f
    false = false_transients(
        movie,
        rois,
        f,
        min_overlap=settings.min_overlap,
        above=settings.neighbour_correlation,
        below=settings.own_correlation,
        progress=progress,
    )
    begin = np.zeros(f.shape, dtype=np.int64)
    for row, trace in enumerate(f):
        begin[row, [onset for onset, _ in rises(trace, CANDIDATE_SIGMA)]] = 1
    per_decision = seconds_per_decision(folder)
    length = max(round(plan.segment_s * movie.frame_rate_hz), MIN_FRAMES)
    found = doubts(results, also, false)
    stops = segments(rois.ids, movie.n_frames, length, found, begin, per_decision)
    made = Queue(
        schema_version=SCHEMA_VERSION,
        recording=results.name,
        movie_sha256=subject.movie_sha256,
        rois_sha256=subject.rois_sha256,
        seconds_per_decision=per_decision,
        stops=queue(stops, plan.minutes, crc32(results.name.encode())),
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / QUEUE, {**made.model_dump(), "stops": [asdict(stop) for stop in made.stops]})
    return made


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
