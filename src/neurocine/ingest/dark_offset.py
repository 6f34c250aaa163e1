"""The dark offset: the value that a pixel has without any light.

ΔF/F is relative to a brightness, which begins at the dark offset and not at 0: detectors add an offset, and
programs subtract backgrounds. It can be told from the noise of photons, whose variance is proportional to the
brightness (photon transfer; Janesick 2007, doi:10.1117/3.725073): where the variance of a pixel, as a
function of its mean, would be 0, there is no light. Noise of the detector moves this estimate down, never up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError, Movie
from neurocine.core.movie import false_runs
from neurocine.core.recording import Range

#: Pixels that are looked at, at most.
_MAX_PIXELS = 40_000
#: Pixels are put into so many groups of about the same brightness; with fewer pixels each, nothing is told.
_GROUPS, _MIN_PER_GROUP = 20, 20
#: Only this share of them, the darkest ones, where active cells and motion add little to the variance; and of
#: each group this quantile of the variance.
_DARK_SHARE, _QUANTILE = 0.8, 0.25
#: Least correlation of mean and variance over the groups.
_MIN_CORRELATION = 0.9
#: Their means must differ by this many standard errors: those of ΔF/F or of z-scores hardly do.
_MIN_SPREAD = 10.0
#: Fewest frames.
_MIN_FRAMES = 20
#: Values below 0 within this share of the typical brightness, or so many standard errors, are noise.
_TOLERANCE, _ERRORS = 0.05, 4.0
#: A dark offset that changes ΔF/F by more than this factor is worth a warning.
_MAX_FACTOR = 1.25


@dataclass(frozen=True)
class DarkOffset:
    """The dark offset of a movie, in its counts.

    Attributes
    ----------
    value
        What is subtracted from F.
    source
        Where it is from: ``assumed`` (0), ``noise`` or ``given``.
    estimate
        What the noise says; None if it says nothing.
    """

    value: float = 0.0
    source: str = "assumed"
    estimate: float | None = None


@dataclass(frozen=True)
class _Brightness:
    """The darkest and the median pixel by their means over time, the first's standard error, the estimate."""

    darkest: float
    typical: float
    error: float
    estimate: float | None


def find_dark_offset(
    movie: Movie, runs: Sequence[Range], given: float | None = None
) -> tuple[DarkOffset, str]:
    """Return the dark offset of `movie`, and what is doubtful about it in words (empty if nothing).

    It is what is `given`; else 0, unless pixels are darker than that on average: then what the noise says.

    Parameters
    ----------
    movie
        The raw movie.
    runs
        First and last frame (inclusive) of runs of successive frames to look at.
    given
        The dark offset by the user, in counts.

    Raises
    ------
    InputError
        If pixels lie below 0 on average, nothing is given, and the noise doesn't tell the offset.
    """
    seen = _brightness(movie, runs)
    if given is not None:
        return DarkOffset(given, "given", seen.estimate), _doubt_of_given(given, seen)
    lowest = max(_TOLERANCE * (seen.typical - seen.darkest), _ERRORS * seen.error)
    if seen.darkest >= -lowest:
        return DarkOffset(estimate=seen.estimate), _doubt_of_zero(seen)
    if seen.estimate is None:
        raise InputError(
            movie.source,
            "dark_offset",
            f"isn't 0, because pixels lie below 0 (means over time from {counts(seen.darkest)}, median "
            f"{counts(seen.typical)}), and the noise doesn't tell what it is",
            "Give the value of a pixel without light in the column dark_offset of the recordings table (or "
            "--dark-offset), or use the movie before anything was subtracted.",
        )
    return DarkOffset(seen.estimate, "noise", seen.estimate), (
        f"the dark offset isn't 0, because pixels lie below 0 (means over time from {counts(seen.darkest)}). "
        f"By the noise it is {counts(seen.estimate)}, which is subtracted from F. If you know better, set "
        "dark_offset in the table"
    )


def counts(value: float) -> str:
    """Return a pixel value with four digits, or all before the point."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _doubt_of_zero(seen: _Brightness) -> str:
    if seen.estimate is None or seen.typical <= 0:
        return ""
    factor = seen.typical / (seen.typical - seen.estimate)
    if 1 / _MAX_FACTOR <= factor <= _MAX_FACTOR:
        return ""
    how = f"{factor:.2g} times too small" if factor > 1 else f"{1 / factor:.2g} times too large"
    return (
        f"the dark offset is taken to be 0, but by the noise it is {counts(seen.estimate)} (median pixel "
        f"{counts(seen.typical)}): ΔF/F would be {how}. If that fits your detector, set dark_offset to "
        f"{counts(seen.estimate)} in the table; set it to 0 if you know that it is"
    )


def _doubt_of_given(given: float, seen: _Brightness) -> str:
    if given <= seen.darkest + _ERRORS * seen.error:
        return ""
    return (
        f"dark_offset is {counts(given)}, but pixels are darker than that on average (from "
        f"{counts(seen.darkest)}). Correct it in the table"
    )


def _brightness(movie: Movie, runs: Sequence[Range]) -> _Brightness:
    total: NDArray[np.float64] = np.zeros(())
    squares: NDArray[np.float64] = np.zeros(())
    alone: NDArray[np.float64] = np.zeros(())
    n_frames = n_pairs = 0
    for frames in _frames(movie, runs):
        change = np.diff(frames, axis=0)
        total = total + frames.sum(axis=0)
        squares = squares + (change**2).sum(axis=0)
        alone = alone + (_against_neighbours(change) ** 2).sum(axis=0)
        n_frames, n_pairs = n_frames + len(frames), n_pairs + len(change)
    mean, variance = total / n_frames, squares / max(2 * n_pairs, 1)
    darkest, typical = np.percentile(mean, (0.1, 50))
    error = float(np.sqrt(np.median(variance) / n_frames))
    # Still pixels, such as borders without data, tell nothing.
    moving = variance > 0
    if moving.any():
        darkest, typical = np.percentile(mean[moving], (0.1, 50))
    amid = moving[:, 1:-1] & moving[:, :-2] & moving[:, 2:]
    few = n_pairs < _MIN_FRAMES or amid.sum() < _GROUPS * _MIN_PER_GROUP
    # Where variance is proportional to brightness, `alone` is to this mean.
    light = (mean[:, 1:-1] + (mean[:, :-2] + mean[:, 2:]) / 4) / 1.5
    estimate = None if few else _without_noise(light[amid], alone[amid] / (2 * 1.5 * n_pairs), error)
    return _Brightness(float(darkest), float(typical), error, estimate)


def _against_neighbours(change: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `change` (n, Y, X) less the mean of the pixels to the left and to the right, (n, Y, X - 2).

    What cells and neuropil do from one frame to the next, which is much in slow movies, they do to neighbours
    alike; their noise is their own.
    """
    return np.asarray(change[:, :, 1:-1] - (change[:, :, :-2] + change[:, :, 2:]) / 2)


def _frames(movie: Movie, runs: Sequence[Range]) -> Iterator[NDArray[np.float64]]:
    """Yield some rows (n, Y, X) of valid, successive frames."""
    height, width = movie.fov_shape
    every = -(-height * width // _MAX_PIXELS)
    for first, last in runs:
        frames = movie.read(first, last + 1)[:, ::every]
        for start, stop in false_runs(~movie.valid[first : last + 1]):
            yield frames[start : stop + 1].astype(np.float64)


def _without_noise(mean: NDArray[Any], variance: NDArray[Any], error: float) -> float | None:
    """Return the mean at which the variance would be 0, None if they aren't proportional.

    `error` is the standard error of a mean.
    """
    edges = np.quantile(mean, np.linspace(0, _DARK_SHARE, _GROUPS + 1))
    group = np.searchsorted(edges, mean, side="right") - 1
    groups = [group == i for i in range(_GROUPS) if (group == i).any()]
    x = np.array([np.median(mean[members]) for members in groups])
    y = np.array([np.quantile(variance[members], _QUANTILE) for members in groups])
    first, second = np.triu_indices(len(x), 1)
    apart = x[second] > x[first]
    if np.ptp(x) <= _MIN_SPREAD * error or np.ptp(y) == 0 or np.corrcoef(x, y)[0, 1] < _MIN_CORRELATION:
        return None
    slope = np.median((y[second] - y[first])[apart] / (x[second] - x[first])[apart])  # Theil and Sen
    if slope <= 0:
        return None
    return float(min(np.median(x - y / slope), x[0]))
