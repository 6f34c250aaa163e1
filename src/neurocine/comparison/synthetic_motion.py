"""Synthetic motion for a movie, and the error of a registration's shifts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from neurocine.core import FrameSource, Movie

#: Drift: standard deviation in µm, and correlation time in s.
DRIFT_UM, DRIFT_S = 2.5, 20.0
#: Jerks: number per minute, largest size in µm, and duration in s.
JERKS_PER_MIN, JERK_UM, JERK_S = 4.0, 8.0, 0.5


@dataclass(frozen=True)
class RegistrationError:
    """Distance between the shifts of a registration and the true ones, in pixels.

    The mean is subtracted from both, since any frame may serve as the reference.

    Attributes
    ----------
    rms
        Root mean square over frames.
    median, p95
        Median and 95th percentile of the distance per frame.
    moved
        Root mean square of the true shifts: the error without registration.
    """

    rms: float
    median: float
    p95: float
    moved: float


class ShiftedFrames:
    """Frames whose content is shifted by whole pixels; pixels at the edge are repeated.

    Parameters
    ----------
    frames
        (T, Y, X).
    shifts
        Shift of each frame's content in rows and columns, (T, 2) int64; positive is down and right.
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
        """Return the shifted frames `start:stop`."""
        frames = np.asarray(self._frames[key])
        rows, columns = np.arange(frames.shape[1]), np.arange(frames.shape[2])
        moved = np.empty_like(frames)
        for out, frame, (down, right) in zip(moved, frames, self._shifts[key].tolist(), strict=True):
            y = np.clip(rows - down, 0, len(rows) - 1)
            out[:] = frame[y][:, np.clip(columns - right, 0, len(columns) - 1)]
        return moved


def add_motion(movie: Movie, seed: int) -> tuple[Movie, NDArray[np.int64]]:
    """Return `movie` with drift and jerks, and the shift of each frame's content in pixels, (T, 2).

    Parameters
    ----------
    movie
        Movie of T frames.
    seed
        Seed of the random numbers; equal seeds give equal motion.
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
    estimated: NDArray[np.floating[Any]], true: NDArray[np.floating[Any]]
) -> RegistrationError:
    """Return the error of `estimated` shifts, (T, 2) like the `true` ones, in pixels."""
    off = estimated - true
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
