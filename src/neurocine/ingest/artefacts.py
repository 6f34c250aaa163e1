"""Frames without data: the shutter closed, light from outside, a saturated or blanked detector.

Cells change some pixels, and fade slowly; an artefact changes whole rows, most often the whole picture, and
ends from one frame to the next. Each rule compares a frame with the frames around it, so that slow changes of
brightness and a dim or noisy recording as a whole are no artefacts. Nor are two planes or channels in turn.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_opening

from neurocine.core.movie import InvalidFrames, Validity, false_runs
from neurocine.ingest.darkness import in_outside_light, in_the_dark

#: Frames to both sides that a frame is compared with.
AROUND = 50
#: A frame is saturated if this share of its pixels has the highest value of the movie.
SATURATED_SHARE = 0.1
#: Brightness is off if it rises, or falls, by more than this share of the usual distance between the darkest
#: tenth of the pixels and their median, plus as many robust standard deviations.
MIN_RISE, MIN_FALL, MIN_DEVIATIONS = 1.0, 0.4, 10.0
#: What rises slowly and ends at once belongs to the artefact from this share of what is needed on.
FLANK_SHARE = 0.2
#: An artefact ends within one frame: brightness returns by at least this share of its change.
RETURN_SHARE = 0.5
#: A slow wave changes from most frames to the next by its slope, a lamp by more than as many times that.
STEADILY = 4.0
#: At the begin and the end of a movie a shutter may open and close slowly, in fewer frames than these.
OPENING = 10
#: Noise is off if it is this many times as large, or as small, as around.
NOISE_RATIO, NOISE_DEVIATIONS = 1.5, 6.0
#: A row whose noise is this many times smaller than around is blanked.
MIN_DIMMING = 3.0
#: A frame with more bad rows than this share of them is invalid as a whole.
MAX_BAD_ROWS = 0.3
#: In a narrower row, or a picture smaller than its square, a single cell may be most of the pixels.
MIN_WIDTH = 32
#: Fewest adjacent rows, and fewest frames, that brightness is judged by row.
MIN_ROWS, MIN_FRAMES = 3, 20
#: Pixels that give a row's median, and a frame's quantiles, nearly as well as all do.
ROW_PIXELS, FRAME_PIXELS = 128, 4096
#: Rows whose values span fewer counts on average may be of one value by chance.
MIN_RANGE = 8
#: Rows that are constant in more than this share of the frames are dark, not blanked.
OFTEN = 0.1
#: No rule may find more than this share of a recording to be an exception.
MOST = 1 / 3

Flags = NDArray[np.bool_]
Float64 = NDArray[np.float64]


class FrameStatistics:
    """What tells artefacts, gathered block by block from the raw frames."""

    def __init__(self) -> None:
        self._parts: dict[str, list[NDArray[Any]]] = {}
        self._range: Float64 = np.zeros(())
        self._last: NDArray[Any] | None = None
        self.width = 0

    def add(self, frames: NDArray[Any]) -> None:
        """Take in a block of successive frames (n, Y, X)."""
        flat = frames.reshape(len(frames), -1)
        some = flat[:, :: max(1, flat.shape[1] // FRAME_PIXELS)].astype(np.float64)
        low, middle = np.percentile(some, (10, 50), axis=1)
        # Second differences: the edges of cells, which are smooth, hardly count.
        change = np.abs(np.diff(frames.astype(np.float32), n=2, axis=2))
        highest, lowest = flat.max(axis=1), flat.min(axis=1)
        before = frames[:1] if self._last is None else self._last
        copied = (frames == np.concatenate([before, frames[:-1]])).all(axis=(1, 2))
        copied[0] &= self._last is not None
        extent = frames.max(axis=2).astype(np.float64) - frames.min(axis=2)
        of_rows = frames[:, :, :: max(1, frames.shape[2] // ROW_PIXELS)].astype(np.float32)
        dark, usual = np.percentile(of_rows, (10, 50), axis=2)
        found = {
            "spread": middle - low,
            "highest": highest,
            "lowest": lowest,
            "at_highest": (flat == highest[:, None]).mean(axis=1),
            "at_lowest": (flat == lowest[:, None]).mean(axis=1),
            "copied": copied,
            "rows": usual,
            "dark": dark,
            "noise": change.mean(axis=2) if change.size else extent,
            "constant": extent == 0,
        }
        for name, values in found.items():
            small = name in ("rows", "dark", "noise")
            self._parts.setdefault(name, []).append(values.astype(np.float32) if small else values)
        self._range = self._range + extent.sum(axis=0)
        self._last, self.width = frames[-1:].copy(), frames.shape[2]

    def of(self, name: str) -> NDArray[Any]:
        """Return a statistic of all frames so far: that of rows (T, Y), all others (T,)."""
        return np.concatenate(self._parts[name])

    def of_frames(self, kept: Flags) -> FrameStatistics:
        """Return those of the frames that are True in `kept` (T,)."""
        part = FrameStatistics()
        part._parts = {name: [self.of(name)[kept]] for name in self._parts}
        part._range, part.width = self._range * kept.mean(), self.width
        return part

    def blanked_rows(self) -> Flags:
        """Return which rows are of one value though they rarely are, (T, Y)."""
        constant = self.of("constant")
        return constant & ~(self._range / len(constant) < MIN_RANGE)


def find_artefacts(statistics: FrameStatistics) -> Validity:
    """Return the frames, and rows of frames, that hold no data.

    A frame is invalid if it is

    - *dark*: one of many that have less light than most and show no picture. All other frames are compared
      without these;
    - *saturated*: `SATURATED_SHARE` of its pixels has the movie's highest value (or lowest, if negative), and
      rarely before;
    - *blank*: all its pixels are alike;
    - a *copy* of the frame before;
    - *brightness*: the median of most rows differs from those around by more than cells could make, or light
      from outside comes for longer and goes;
    - *noise*: neighbouring pixels differ `NOISE_RATIO` times more, or less, than around;
    - *rows*: more than `MAX_BAD_ROWS` of its rows are of one value, or off in brightness; fewer are invalid
      rows of a valid frame.
    """
    rows, spread = statistics.of("rows"), statistics.of("spread")
    dark = in_the_dark(rows, MIN_FALL * spread)
    usual = ~dark
    usual[usual] = ~in_outside_light(rows[usual], MIN_RISE * float(np.median(spread[usual])), MOST)
    if usual.all():
        return _artefacts(statistics)
    blank = statistics.of("highest") == statistics.of("lowest")
    found = Validity.of(~(dark & blank), "blank") | Validity.of(~dark, "dark")
    found |= Validity.of(usual | dark, "brightness")
    return found | _artefacts(statistics.of_frames(usual)).placed(np.flatnonzero(usual), len(dark))


def _artefacts(statistics: FrameStatistics) -> Validity:
    """Return the validity of frames as `find_artefacts` does, but for long stretches in the dark."""
    blank = statistics.of("highest") == statistics.of("lowest")
    bad_rows, brightness = _rows_off(statistics)
    few_rows = bad_rows.any(axis=1) & (bad_rows.mean(axis=1) <= MAX_BAD_ROWS)
    reasons = {
        # A stripe of a tenth of the rows is no reason to lose the others.
        "saturated": _saturated(statistics) & ~few_rows,
        "blank": blank,
        "copy of the frame before": statistics.of("copied") & ~blank,
        "brightness": brightness,
        "noise": _noise_off(np.median(statistics.of("noise"), axis=1)),
        "rows": bad_rows.mean(axis=1) > MAX_BAD_ROWS,
    }
    for name, flags in reasons.items():
        if flags.mean() > MOST and name not in ("saturated", "blank"):
            # Most of a recording can't be the exception.
            reasons[name] = np.zeros_like(flags)
    if not reasons["rows"].any():
        bad_rows = bad_rows & (bad_rows.mean(axis=1, keepdims=True) <= MAX_BAD_ROWS)
    invalid = np.logical_or.reduce(list(reasons.values()))
    frames = [
        InvalidFrames(first, last, _reason(reasons, first, last)) for first, last in false_runs(~invalid)
    ]
    rows = [
        (int(frame), first, last)
        for frame in np.flatnonzero(bad_rows.any(axis=1) & ~invalid)
        for first, last in false_runs(~bad_rows[frame])
    ]
    return Validity(len(blank), tuple(frames), tuple(rows))


def _saturated(statistics: FrameStatistics) -> Flags:
    """Return in which frames much of the picture has the highest value, or a negative lowest one, (T,)."""
    highest, lowest = statistics.of("highest"), statistics.of("lowest")
    saturated = np.zeros(len(highest), dtype=bool)
    for edge, share in (
        (highest == highest.max(), statistics.of("at_highest")),
        ((lowest == lowest.min()) & (lowest < 0) & (highest > lowest), statistics.of("at_lowest")),
    ):
        at_edge = np.where(edge, share, 0)
        saturated |= (at_edge >= SATURATED_SHARE) & (at_edge >= 10 * np.median(at_edge))
    # Of a few photons, or of pixels without noise, many have the highest value by chance.
    return np.asarray(saturated & (highest.max() - np.median(lowest) >= MIN_RANGE))


def _rows_off(statistics: FrameStatistics) -> tuple[Flags, Flags]:
    """Return which rows are bad, (T, Y), and which frames are off in brightness as a whole, (T,)."""
    spread = float(np.median(statistics.of("spread")))
    light = partial(_off, rise=MIN_RISE * spread, fall=MIN_FALL * spread)
    rows, blanked = statistics.of("rows"), statistics.blanked_rows()
    border = _border(blanked) & (rows <= np.median(rows, axis=0))
    change = _change(rows, border)
    n_frames, n_rows = rows.shape
    off = np.zeros_like(blanked)
    if statistics.width >= MIN_WIDTH and n_frames >= MIN_FRAMES:
        noise = _change(_logarithm(statistics.of("noise")))
        for row in range(n_rows):
            off[:, row] = light(change[:, row], rows[:, row])
            off[:, row] |= _off(noise[:, row], None, np.inf, np.log(MIN_DIMMING), NOISE_DEVIATIONS)
    # A lone row may be off by chance, or by motion at the edge of a registered picture.
    off = binary_opening(off, np.ones((1, MIN_ROWS)))
    bad = (blanked | off) & ~border
    if n_frames < MIN_FRAMES or statistics.width * n_rows < MIN_WIDTH**2:
        return bad, np.zeros(n_frames, dtype=bool)
    few = bad & (bad.mean(axis=1, keepdims=True) <= MAX_BAD_ROWS)
    # In dark pixels light from outside stands out most.
    whole = [
        light(np.nanmedian(np.where(few, np.nan, _change(values, border)), axis=1), np.median(values, axis=1))
        for values in (rows, statistics.of("dark"))
    ]
    return bad, whole[0] | whole[1]


def _border(constant: Flags) -> Flags:
    """Return the rows that are constant for another reason, (T, Y): dark ones, borders of a registration."""
    top = np.logical_and.accumulate(constant, axis=1)
    bottom = np.logical_and.accumulate(constant[:, ::-1], axis=1)[:, ::-1]
    edges = top | bottom
    often = constant[~constant.all(axis=1)].mean(axis=0) > OFTEN
    return np.asarray((edges | often & constant) & ~constant.all(axis=1, keepdims=True))


def _change(rows: NDArray[Any], border: Flags | None = None) -> Float64:
    """Return a value of each row, (T, Y), relative to the median of up to `AROUND` frames to both sides.

    Even and odd frames are compared among themselves, for they may be two planes or channels. Rows of a
    `border` (T, Y) are as usual.
    """
    if border is not None and border.any():
        rows = np.where(border, np.median(rows, axis=0), rows)
    change = np.empty(rows.shape)
    for parity in (0, 1):
        own = rows[parity::2]
        if not len(own):
            continue
        size = min(AROUND, len(own))
        step = max(1, size // 10)
        first = np.clip(np.arange(0, len(own), step) - size // 2, 0, len(own) - size)
        # An even number of frames: that of two planes in turn is between both, and neither is an exception.
        usual = np.array([np.median(own[start : start + size // 2 * 2 or 1], axis=0) for start in first])
        place = np.arange(len(own)) // step
        before, after = (own - usual[np.minimum(at, len(first) - 1)] for at in (place, place + 1))
        # Of two medians the closer one: just before brightness changes for good, that of the frames before.
        change[parity::2] = np.where(np.abs(before) <= np.abs(after), before, after)
    return change


def _off(
    change: Float64,
    level: Float64 | None,
    rise: float,
    fall: float,
    deviations: float = MIN_DEVIATIONS,
) -> Flags:
    """Return where a value, relative to that around, (T,), rises or falls by more than cells could make.

    If its `level` (T,) is given, what changes little from frame to frame there, as a slow wave, is left.
    """
    noise = deviations * 1.4826 * float(np.median(np.abs(change)))
    needed = np.where(change > 0, rise, fall) + noise
    off = np.zeros(len(change), dtype=bool)
    for first, last in false_runs(np.abs(change) <= needed):
        after = change[last + 1] if last + 1 < len(change) else 0.0
        # Light goes off at once; what fades is calcium. At the end of the movie, where nothing tells how it
        # goes off, it must have come at once.
        at_end = first > 0 and last + 1 == len(change)
        edge = change[first] - change[first - 1] if at_end else change[last] - after
        least = RETURN_SHARE * abs(change[first if at_end else last])
        after_edge = first if at_end else last + 1
        at_once = abs(edge) > least and (level is None or _is_step(level, after_edge, least))
        if not at_once and not _is_shutter(change, first, last):
            continue
        start = first
        if first and abs(change[first] - change[first - 1]) <= RETURN_SHARE * abs(change[first]):
            while start and change[start - 1] * np.sign(change[first]) > FLANK_SHARE * needed[first]:
                start -= 1
        off[start : last + 1] = True
    return off


def _is_step(level: Float64, after: int, least: float) -> bool:
    """Return whether a level changes by `least` at the frame `after`, and by more than it steadily does."""
    if after >= len(level):
        return True
    near = level[max(0, after - 1) : after + 2]
    step = np.abs(near[1:] - near[0]).max(initial=0.0)
    around = level[max(0, after - OPENING) : after + OPENING]
    # Planes in turn, or a flash in every second or third frame, change from each frame to the next.
    steadily = min(np.median(np.abs(around[n:] - around[:-n])) for n in (1, 2, 3))
    return bool(step > max(least, STEADILY * steadily))


def _is_shutter(change: Float64, first: int, last: int) -> bool:
    """Return whether a few frames at an end of the movie are darker, and those next to them no more."""
    inner, outer = (OPENING, 0) if first == 0 else (-1 - OPENING, -1)
    at_an_end = first == 0 or last + 1 == len(change)
    few = last - first < OPENING < len(change)
    return bool(at_an_end and few and change[outer] < 0 and change[inner] > FLANK_SHARE * change[outer])


def _noise_off(noise: Float64) -> Flags:
    change = _change(_logarithm(noise[:, None]))[:, 0]
    return _off(change, None, np.log(NOISE_RATIO), np.log(NOISE_RATIO), NOISE_DEVIATIONS)


def _logarithm(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.log(np.maximum(values, 1e-6)))


def _reason(reasons: dict[str, Flags], first: int, last: int) -> str:
    return next(name for name, flags in reasons.items() if flags[first : last + 1].any())
