"""Frames without data: the shutter closed, light from outside, a saturated or blanked detector.

Cells change some pixels, and fade slowly; an artefact changes the whole picture, or whole rows, from one
frame to the next. Each rule compares a frame with the frames around it, so that slow changes of
brightness and a dim or noisy recording as a whole are no artefacts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from neurocine.core.movie import InvalidFrames, Validity, false_runs

#: Frames to both sides that a frame is compared with.
AROUND = 50
#: A frame is saturated if this share of its pixels has the highest value of its type.
SATURATED_SHARE = 0.1
#: A frame's brightness is off if its darkest tenth or its median changes by more than this share of the usual
#: distance between the two, plus as many robust standard deviations.
MIN_CHANGE, MIN_DEVIATIONS = 1.0, 10.0
#: An artefact ends within one frame: brightness returns by at least this share of its change.
RETURN_SHARE = 0.5
#: Noise is off if it is this many times as large, or as small, as around.
NOISE_RATIO = 2.0
#: A frame with more bad rows than this share of them is invalid as a whole.
MAX_BAD_ROWS = 0.3
#: Rows whose values span fewer counts on average may be of one value by chance.
MIN_RANGE = 8
#: Rows that are constant in more than this share of the frames are dark, not blanked.
OFTEN = 0.1
#: No rule may find more than this share of a recording to be an exception.
MOST = 1 / 3


class FrameStatistics:
    """What tells artefacts, gathered block by block from the raw frames."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.float64]] = []
        self._constant: list[NDArray[np.bool_]] = []
        self._range: NDArray[np.float64] = np.zeros(())

    def add(self, frames: NDArray[Any]) -> None:
        """Take in a block of successive frames (n, Y, X)."""
        flat = frames.reshape(len(frames), -1)
        # Every few pixels give the same quantiles at a fraction of the time.
        some = flat[:, :: max(1, flat.shape[1] // 4096)].astype(np.float64)
        low, middle = np.percentile(some, (10, 50), axis=1)
        change = np.diff(frames[:, ::4].astype(np.float64), axis=2)
        noise = np.median(np.abs(change), axis=(1, 2))
        saturated = np.zeros(len(frames))
        if frames.dtype.kind in "iu":
            saturated = (flat == np.iinfo(frames.dtype).max).mean(axis=1)
        blank = (flat.min(axis=1) == flat.max(axis=1)).astype(np.float64)
        self._parts.append(np.stack([low, middle, noise, saturated, blank]))
        extent = frames.max(axis=2).astype(np.float64) - frames.min(axis=2)
        self._constant.append(extent == 0)
        self._range = self._range + extent.sum(axis=0)

    def result(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the statistics (5, T), and which rows are of one value though they rarely are, (T, Y)."""
        constant = np.concatenate(self._constant)
        usually_flat = self._range / len(constant) < MIN_RANGE
        return np.concatenate(self._parts, axis=1), constant & ~usually_flat


def find_artefacts(statistics: FrameStatistics) -> Validity:
    """Return the frames, and rows of frames, that hold no data.

    A frame is invalid if it is

    - *saturated*: `SATURATED_SHARE` of its pixels has the highest value of the pixel type, and rarely before;
    - *blank*: all its pixels are alike;
    - *brightness*: its darkest tenth or its median differ from those around by more than cells could make;
    - *noise*: neighbouring pixels differ `NOISE_RATIO` times more, or less, than around;
    - *rows*: more than `MAX_BAD_ROWS` of its rows are of one value; fewer are invalid rows of a valid frame.
    """
    (low, middle, noise, saturated, blank), constant = statistics.result()
    reasons = {
        "saturated": (saturated >= SATURATED_SHARE) & (saturated >= 10 * np.median(saturated)),
        "blank": blank > 0,
        "brightness": _brightness_off(low, middle),
        "noise": _noise_off(noise),
    }
    bad_rows = constant & ~_border(constant)
    reasons["rows"] = bad_rows.mean(axis=1) > MAX_BAD_ROWS
    invalid = np.logical_or.reduce(list(reasons.values()))
    if invalid.mean() > MOST:
        # Most of a recording can't be the exception.
        invalid = reasons["blank"] | reasons["saturated"]
        reasons = {name: reasons[name] for name in ("saturated", "blank")}
    frames = [
        InvalidFrames(first, last, _reason(reasons, first, last)) for first, last in false_runs(~invalid)
    ]
    rows = [
        (int(frame), first, last)
        for frame in np.flatnonzero(bad_rows.any(axis=1) & ~invalid)
        for first, last in false_runs(~bad_rows[frame])
    ]
    return Validity(len(low), tuple(frames), tuple(rows))


def _border(constant: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the rows that are constant for another reason, (T, Y): dark ones, borders of a registration."""
    top = np.logical_and.accumulate(constant, axis=1)
    bottom = np.logical_and.accumulate(constant[:, ::-1], axis=1)[:, ::-1]
    edges = top | bottom
    often = constant[~constant.all(axis=1)].mean(axis=0) > OFTEN
    return np.asarray((edges | often) & ~constant.all(axis=1, keepdims=True))


def _around(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the running median over `AROUND` frames to both sides."""
    size = min(2 * AROUND + 1, len(values) // 2 * 2 + 1)
    return np.asarray(median_filter(values, size=size, mode="nearest"))


def _brightness_off(low: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.bool_]:
    spread = np.median(middle - low)
    off = np.zeros(len(low), dtype=bool)
    for values in (low, middle):
        change = values - _around(values)
        deviation = 1.4826 * np.median(np.abs(change))
        for first, last in false_runs(np.abs(change) <= MIN_CHANGE * spread + MIN_DEVIATIONS * deviation):
            # Light goes off at once; what fades is calcium.
            back = change[last] - change[last + 1] if last + 1 < len(change) else change[last]
            off[first : last + 1] |= abs(back) > RETURN_SHARE * abs(change[last])
    return off


def _noise_off(noise: NDArray[np.float64]) -> NDArray[np.bool_]:
    usual = np.maximum(_around(noise), 1e-12)
    ratio = np.log(np.maximum(noise, 1e-12) / usual)
    deviation = 1.4826 * np.median(np.abs(ratio))
    return np.asarray(np.abs(ratio) > np.log(NOISE_RATIO) + MIN_DEVIATIONS * deviation)


def _reason(reasons: dict[str, NDArray[np.bool_]], first: int, last: int) -> str:
    return next(name for name, flags in reasons.items() if flags[first : last + 1].any())
