"""A movie moved by known shifts, and how far a registration is from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from neurocine.core import FrameSource, Movie

#: Slow motion: its standard deviation in µm, and the time in which it forgets, s.
DRIFT_UM, DRIFT_S = 2.5, 20.0
#: Jerks: so many a minute, of a size up to so much in µm, that last so long, s.
JERKS_PER_MIN, JERK_UM, JERK_S = 4.0, 8.0, 0.5


@dataclass(frozen=True)
class RegistrationError:
    """Distance between the shifts that a registration found and those that are true, in pixels.

    The mean is taken out of both, for any frame may be the one that the others are brought to.

    Attributes
    ----------
    rms
        Root mean square over frames.
    median, p95
        Of the distance in each frame.
    moved
        Root mean square of the true shifts: what no registration would have.
    """

    rms: float
    median: float
    p95: float
    moved: float


class ShiftedFrames:
    """Frames whose content is moved by whole pixels; what comes in at an edge repeats it.

    Parameters
    ----------
    frames
        (T, Y, X).
    shifts
        Rows and columns that each frame's content is moved by, (T, 2) int64; positive is down and right.
    """

    def __init__(self, frames: FrameSource, shifts: NDArray[np.int64]) -> None:
        self._frames, self._shifts = frames, shifts

    @property
    def shape(self) -> tuple[int, ...]:
        """(T, Y, X)."""
        return tuple(self._frames.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Pixel type."""
        return np.dtype(self._frames.dtype)

    def __getitem__(self, key: slice, /) -> NDArray[Any]:
        """Return frames `start:stop`, moved."""
        frames = np.asarray(self._frames[key])
        rows, columns = np.arange(frames.shape[1]), np.arange(frames.shape[2])
        moved = np.empty_like(frames)
        for out, frame, (down, right) in zip(moved, frames, self._shifts[key].tolist(), strict=True):
            y = np.clip(rows - down, 0, len(rows) - 1)
            out[:] = frame[y][:, np.clip(columns - right, 0, len(columns) - 1)]
        return moved


def add_motion(movie: Movie, seed: int) -> tuple[Movie, NDArray[np.int64]]:
    """Return `movie` with drift and jerks, and by how many pixels each frame's content was moved, (T, 2).

    Parameters
    ----------
    movie
        Of T frames.
    seed
        The same gives the same motion.
    """
    rng = np.random.default_rng(seed)
    shape, rate = (movie.n_frames, 2), movie.frame_rate_hz
    # White noise, smoothed: a slow drift of a known spread.
    drift = gaussian_filter1d(rng.standard_normal(shape), DRIFT_S * rate / 2, axis=0, mode="wrap")
    drift *= DRIFT_UM / max(float(drift.std()), 1e-9)
    jerks = np.zeros(shape)
    for _ in range(rng.poisson(JERKS_PER_MIN * movie.n_frames / rate / 60)):
        start = int(rng.integers(movie.n_frames))
        jerks[start : start + max(1, round(JERK_S * rate))] = rng.uniform(-JERK_UM, JERK_UM, 2)
    shifts = np.rint((drift + jerks) / movie.pixel_size_um).astype(np.int64)
    frames = ShiftedFrames(movie.frames, shifts)
    return replace(movie, frames=frames, source=f"{movie.source}, moved"), shifts


def registration_error(
    found: NDArray[np.floating[Any]], true: NDArray[np.floating[Any]]
) -> RegistrationError:
    """Return how far shifts `found` are from `true` ones, (T, 2) each, pixels."""
    off = found - true
    distance = np.linalg.norm(off - off.mean(axis=0), axis=1)
    moves = np.linalg.norm(true - true.mean(axis=0), axis=1)
    return RegistrationError(
        rms=_rms(distance),
        median=float(np.median(distance)),
        p95=float(np.percentile(distance, 95)),
        moved=_rms(moves),
    )


def _rms(distance: NDArray[np.floating[Any]]) -> float:
    return float(np.sqrt(np.mean(np.square(distance))))
