"""Frames of several channels or planes that alternate in a movie, though its file doesn't say so.

Frames of one channel and plane are more alike the closer they are in time. Where every n-th frame is much
more like the first than those between, the frames are of n channels or planes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurocine.core import Movie
from neurocine.ingest.pixels import sample_runs

#: Frames that are compared, and in how long runs.
MOST_FRAMES, RUN = 320, 80
#: The most channels and planes that are looked for.
MOST_PERIOD = 20
#: Frames of the same channel differ by less than this share of the difference to those between.
MAX_RATIO = 0.5
#: Pictures are reduced to about this many pixels along each edge, which lowers their noise.
EDGE = 48


def alternation(movie: Movie) -> int | None:
    """Return how many channels and planes seem to alternate in `movie`; None if there is one."""
    most = max(2, min(MOST_FRAMES, movie.block_frames()))
    runs = [movie.read(first, last + 1) for first, last in sample_runs(movie.n_frames, most, RUN)]
    distances = _distances([_reduced(frames) for frames in runs])
    for period in range(2, len(distances) + 1):
        between = distances[: period - 1].min()
        if distances[period - 1] < MAX_RATIO * between:
            return period
    return None


def alternation_warning(n: int) -> str:
    """Return what to say of a movie in which `n` channels and planes seem to alternate."""
    return (
        f"every {_ordinal(n)} frame is alike, and those between aren't: frames of {n} channels or planes "
        f"seem to alternate. If so, choose one: channel 1/{n} to {n}/{n}, or plane 0/{n} to {n - 1}/{n}"
    )


def _reduced(frames: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return the means of square blocks of pixels, (T, pixels)."""
    n_frames, height, width = frames.shape
    block = max(1, min(height, width) // EDGE)
    kept = frames[:, : height // block * block, : width // block * block].astype(np.float64)
    small = kept.reshape(n_frames, height // block, block, width // block, block).mean(axis=(2, 4))
    return np.asarray(small.reshape(n_frames, -1))


def _distances(runs: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the typical mean squared difference of frames 1, 2 and more frames apart."""
    longest = min(MOST_PERIOD, *(len(run) // 3 for run in runs)) if runs else 0
    return np.array(
        [
            np.median(np.concatenate([((run[lag:] - run[:-lag]) ** 2).mean(axis=1) for run in runs]))
            for lag in range(1, longest + 1)
        ]
    )


def _ordinal(n: int) -> str:
    return {2: "second", 3: "third"}.get(n, f"{n}th")
