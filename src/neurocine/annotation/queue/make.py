"""Which segments are labelled first, from a recording's results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from neurocine.annotation.journal import Subject
from neurocine.annotation.queue.doubts import CANDIDATE_SIGMA, doubts
from neurocine.annotation.queue.files import QUEUE, SCHEMA_VERSION, Queue, seconds_per_decision
from neurocine.annotation.queue.order import queue, segments
from neurocine.config import EvaluationSettings
from neurocine.contamination import false_transients
from neurocine.core import Raster
from neurocine.io.documents import write_json
from neurocine.io.results import RecordingResults
from neurocine.progress import Progress, silent
from neurocine.traces.transients import rises

#: Shorter segments can't be trained on: a network reads so many frames.
MIN_FRAMES = 100


@dataclass(frozen=True)
class Plan:
    """How a queue is made: for so many minutes, of segments of so many seconds."""

    minutes: float = 60.0
    segment_s: float = 20.0


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
