"""The times at which frames were recorded: the rate, and which frames are missing between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Frames to both sides of a late one that may make up for it.
_NEAR = 2


def rate_of(times: NDArray[np.float64]) -> float | None:
    """Return frames per second by the `times` of frames in seconds, (T,); None if they don't rise."""
    interval = _interval(times)
    return 1 / interval if interval else None


def numbers_of(times: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """Return the number of each frame, from 1, where those that are missing between two times count.

    None if times don't rise.
    """
    interval = _interval(times)
    if not interval:
        return None
    steps = np.maximum(1, np.rint(np.diff(times) / interval)).astype(np.int64)
    for i in np.flatnonzero(steps > 1).tolist():
        # A frame that was only noted late is made up for by those after it.
        first, last = max(0, i - _NEAR), min(len(times) - 1, i + 1 + _NEAR)
        late = (times[last] - times[first]) / interval - (last - first)
        steps[i] = 1 + min(steps[i] - 1, max(0, round(float(late))))
    return np.concatenate([[1], 1 + np.cumsum(steps)])


def gaps_of(numbers: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return the frame before each gap in rising `numbers`, and how many are missing in it."""
    missing = np.diff(numbers) - 1
    return [(int(i), int(missing[i])) for i in np.flatnonzero(missing > 0)]


def _interval(times: NDArray[np.float64]) -> float | None:
    """Return the median of the seconds between frames; None if there is none, or times go back."""
    steps = np.diff(times)
    if not len(steps) or not np.isfinite(steps).all() or (steps < 0).any():
        return None
    interval = float(np.median(steps))
    return interval if interval > 0 else None
