"""Long stretches in the dark: a shutter that is closed for minutes, a laser that is off.

Frames that are compared with those around them tell short stretches alone. In the dark a frame has less light
than most, and shows no picture: its rows are alike. A laser turned down leaves a fainter picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from neurocine.core.movie import false_runs

#: Frames that are averaged, for noise not to look like a picture.
LONG = 25
#: In the dark, rows differ by less than this share of what they do in the brightest third of the frames.
FLAT = 0.1
#: A picture that is so correlated with the usual one, row by row, is only dim.
DIM_CORRELATION = 0.7


def in_the_dark(rows: NDArray[Any], fall: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which frames lie in a stretch of at least one and a half times `LONG` frames in the dark, (T,).

    Parameters
    ----------
    rows
        Median of each row, (T, Y).
    fall
        How much darker than usual a frame must be, as each frame tells it, (T,).
    """
    found = np.zeros(len(rows), dtype=bool)
    if len(rows) < 2 * LONG:
        return found
    level = np.median(rows, axis=1)
    bright = level >= np.quantile(level, 2 / 3)
    usual, picture = float(np.median(level[bright])), np.median(rows[bright], axis=0)
    unlit = level < usual - np.median(fall[bright])
    flat = uniform_filter1d(rows, LONG, axis=0, mode="nearest").std(axis=1) < FLAT * picture.std()
    for first, last in false_runs(~(flat & unlit)):
        own = rows[first : last + 1].mean(axis=0)
        dim = np.ptp(own) > 0 and np.corrcoef(own, picture)[0, 1] > DIM_CORRELATION
        # Where one picture follows another, few averages are as flat.
        if last - first >= LONG // 2 and not dim:
            start, stop = _grown(level, usual, first, last)
            found[start:stop] = True
    return found


def _grown(level: NDArray[Any], usual: float, first: int, last: int) -> tuple[int, int]:
    """Return start and stop of a dark stretch; frames near its ends were averaged with lit ones."""
    dark = float(np.median(level[first : last + 1]))
    before, after = level[max(0, first - LONG) : first][::-1], level[last + 1 : last + 1 + LONG]
    return first - _n_dark(before, dark, usual), last + 1 + _n_dark(after, dark, usual)


def _n_dark(levels: NDArray[Any], dark: float, usual: float) -> int:
    """Return how many frames next to a stretch of the level `dark` are nearer to that than to light."""
    if not len(levels):
        return 0
    lit = levels >= (dark + min(usual, float(levels.max()))) / 2
    return min(int(np.argmax(lit)), LONG // 2)
