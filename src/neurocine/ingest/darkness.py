"""Long stretches in the dark, or in light from outside: a closed shutter, a laser that is off, a lamp.

Frames that are compared with those around them tell short stretches alone. In the dark a frame has less light
than most, and shows no picture: its rows are alike. A laser turned down leaves a fainter picture. Light from
outside comes and goes at once, and is the same on all rows; a laser turned up brightens the picture itself.
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
#: Light from outside comes and goes by at least this share of its rise from one frame to the next.
AT_ONCE = 0.5
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


def in_outside_light(rows: NDArray[Any], rise: float, most: float) -> NDArray[np.bool_]:
    """Return which frames lie in a stretch of at least `LONG` frames in light from outside, (T,).

    Parameters
    ----------
    rows
        Median of each row, (T, Y).
    rise
        How much brighter than usual a frame must be.
    most
        Largest share of the frames that can be an exception.
    """
    found = np.zeros(len(rows), dtype=bool)
    level = np.median(rows, axis=1)
    usual = float(np.median(level))
    lit = level > usual + rise
    if not lit.any() or lit.mean() > most:
        return found
    picture = np.median(rows[~lit], axis=0)
    for first, last in false_runs(~lit):
        if last - first + 1 < LONG or first == 0 or last + 1 == len(rows):
            continue  # what doesn't end is a change that lasts
        own = rows[first : last + 1].mean(axis=0) - picture
        step = AT_ONCE * (float(np.median(level[first : last + 1])) - usual)
        at_once = level[first] - level[first - 1] > step and level[last] - level[last + 1] > step
        brighter = np.ptp(picture) > 0 and np.corrcoef(own, picture)[0, 1] > DIM_CORRELATION
        found[first : last + 1] = at_once and not brighter
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
