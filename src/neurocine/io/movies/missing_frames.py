"""Frames that weren't recorded, or were lost: they count as frames without data, so that time is right."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from neurocine.core import FrameSource, Validity
from neurocine.core.movie import LONGEST_SPAN_S
from neurocine.core.recording import Range
from neurocine.io.movies.frames import Selected, Spread

logger = logging.getLogger(__name__)

#: Why such frames hold no data.
REASON = "not recorded"
#: Most frames that may be missing, relative to those that are stored; longer pauses are shortened.
MOST_SHARE = 1.0
#: Gaps that a message lists.
_MAX_NAMED = 5

#: A gap: the frame before it, and how many are missing in it.
Gap = tuple[int, int]


def shortened(gaps: Sequence[Gap], n_stored: int, frame_rate_hz: float) -> list[Gap]:
    """Return how many frames without data stand for each gap: all that are missing, if these aren't too many.

    Of more than `MOST_SHARE` of the `n_stored` frames, only as many in each gap as no transient spans.
    """
    if sum(n for _, n in gaps) <= MOST_SHARE * n_stored:
        return list(gaps)
    most = int(np.ceil(LONGEST_SPAN_S * frame_rate_hz)) + 1
    return [(frame, min(n, most)) for frame, n in gaps]


def with_missing(
    frames: FrameSource, validity: Validity | None, times: range, gaps: Sequence[Gap]
) -> tuple[FrameSource, Validity, range]:
    """Return the frames `times` of a movie with those that are missing in `gaps`, as frames without data.

    Parameters
    ----------
    frames, validity
        The frames of all channels and planes, and which of them hold data; None: all.
    times
        Which of them are of one channel and plane.
    gaps
        Where frames are missing, counted among `times`, and how many.

    Returns
    -------
    frames, validity, times
        As before, those that are missing among them.
    """
    if times != range(frames.shape[0]):
        rows, columns = range(frames.shape[1]), range(frames.shape[2])
        frames = Selected(frames, times, rows, columns)
        validity = None if validity is None else validity.selected(times, rows)
    steps = np.ones(len(times), dtype=np.int64)
    for frame, n in gaps:
        steps[frame + 1] += n
    places = np.cumsum(steps) - 1
    n_frames = int(places[-1]) + 1
    stored = np.zeros(n_frames, dtype=bool)
    stored[places] = True
    known = Validity.of(stored, REASON)
    if validity is not None:
        known |= validity.placed(places, n_frames)
    return Spread(frames, places, n_frames), known, range(n_frames)


def warn_of_missing(name: str, gaps: Sequence[Gap], counted: Sequence[Gap], frames: Range | None) -> None:
    """Warn of `gaps` within the `frames` that are used; `counted` are those that stand for each gap."""
    first, last = frames or (0, np.inf)
    named, too_many, before = [], False, 0
    for (frame, n), (_, n_counted) in zip(gaps, counted, strict=True):
        start = frame + before
        if first <= start + n_counted and start < last:
            named.append((start, n))
            too_many |= n_counted < n
        before += n_counted
    if not named:
        return
    listed = ", ".join(f"{n:,} after frame {frame}" for frame, n in named[:_MAX_NAMED])
    more = f" and {len(named) - _MAX_NAMED} more gaps" if len(named) > _MAX_NAMED else ""
    meaning = (
        "These are too many: fewer frames without data stand for them, so that no transient goes on across a "
        "gap, but times after it are too small. Make a recording of each part (column frames)"
        if too_many
        else "They count as frames without data, so that time is right, and frames after them have higher "
        "numbers than in the file. If a file is missing, copy it"
    )
    logger.warning(
        "%s: frames are missing, by the files' own numbers or times of frames: %s%s (%d in all). %s",
        name, listed, more, sum(n for _, n in named), meaning,
    )  # fmt: skip
