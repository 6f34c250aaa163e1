"""Frames of several channels or planes that alternate in a movie, though its file doesn't say so.

Frames of one channel and plane are more alike the closer they are in time. Where every n-th frame is much
more like the first than those between, the frames are of n channels or planes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurocine.core import Movie
from neurocine.ingest.pixels import sample_runs
from neurocine.io.movies.frames import Selected

#: Frames that are compared, and in how long runs.
MOST_FRAMES, RUN = 320, 80
#: The most channels and planes that are looked for.
MOST_PERIOD = 20
#: Frames of the same channel differ by less than this share of the difference to those between.
MAX_RATIO = 0.5
#: Frames of another channel or plane differ from these by more than those of the same do, divided by this.
LIKE_RATIO = 0.95
#: Pictures are reduced to about this many pixels along each edge, which lowers their noise.
EDGE = 48


def alternation(movie: Movie) -> int | None:
    """Return how many channels and planes seem to alternate in `movie`; None if there is one."""
    distances = _distances(movie)
    for period in range(2, len(distances) + 1):
        if distances[period - 1] < MAX_RATIO * distances[: period - 1].min():
            return period
    return None


def alternation_doubt(movie: Movie) -> str | None:
    """Return what to say of frames that alternate in a movie, or don't though only every n-th is read."""
    n = alternation(movie)
    if n is not None:
        return (
            f"every {_ordinal(n)} frame is alike, and those between aren't: frames of {n} channels or planes "
            f"seem to alternate. If so, choose one: channel 1/{n} to {n}/{n}, or plane 0/{n} to {n - 1}/{n}"
        )
    if not isinstance(movie.frames, Selected) or movie.frames.times.step == 1:
        return None
    n = movie.frames.times.step
    if _are_copies(movie.frames):
        return None
    distances = _distances(replace(movie, frames=movie.frames.source, validity=None))
    if len(distances) < n or distances[n - 1] < LIKE_RATIO * distances[: n - 1].max():
        return None
    return (
        f"every {_ordinal(n)} frame is read, but those between are as alike: the file may hold one channel "
        "of one plane, with the header of another file. If so, give channel 1/1 and plane 0/1"
    )


def _are_copies(frames: Selected) -> bool:
    """Return whether the frame after each that is read is stored a second time."""
    after = [time for time in frames.times[:8] if time + 1 < frames.source.shape[0]]
    return bool(after) and all(
        np.array_equal(frames.source[time : time + 1], frames.source[time + 1 : time + 2]) for time in after
    )


def _reduced(frames: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return the means of square blocks of pixels, (T, pixels)."""
    n_frames, height, width = frames.shape
    block = max(1, min(height, width) // EDGE)
    kept = frames[:, : height // block * block, : width // block * block].astype(np.float64)
    small = kept.reshape(n_frames, height // block, block, width // block, block).mean(axis=(2, 4))
    return np.asarray(small.reshape(n_frames, -1))


def _distances(movie: Movie) -> NDArray[np.float64]:
    """Return the typical mean squared difference of frames 1, 2 and more frames apart."""
    most = max(2, min(MOST_FRAMES, movie.block_frames()))
    parts = [movie.read(first, last + 1) for first, last in sample_runs(movie.n_frames, most, RUN)]
    runs = [_reduced(frames) for frames in parts]
    longest = min(MOST_PERIOD, *(len(run) // 3 for run in runs)) if runs else 0
    return np.array(
        [
            np.median(np.concatenate([((run[lag:] - run[:-lag]) ** 2).mean(axis=1) for run in runs]))
            for lag in range(1, longest + 1)
        ]
    )


def _ordinal(n: int) -> str:
    return {2: "second", 3: "third"}.get(n, f"{n}th")
