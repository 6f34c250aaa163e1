"""Movies averaged over time, for engines that use correlations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurocine.core import Movie
from neurocine.progress import Progress

#: Fewest bins; a short movie is binned less.
MIN_BINS = 50


def bin_frames(movie: Movie, seconds: float) -> int:
    """Return the frames of a bin of about `seconds`; fewer if there were less than `MIN_BINS` bins."""
    return max(1, min(round(seconds * movie.frame_rate_hz), movie.n_frames // MIN_BINS))


def averaged(movie: Movie, size: int, progress: Progress) -> NDArray[np.float32]:
    """Return `movie` averaged over successive bins of `size` frames, (bins, Y, X) float32.

    Frames that don't fill the last bin are left out.
    """
    sums = np.zeros((movie.n_frames // size, *movie.fov_shape), dtype=np.float32)
    for start, frames in movie.blocks():
        for i in range(start // size, min(-(-(start + len(frames)) // size), len(sums))):
            part = frames[max(i * size - start, 0) : (i + 1) * size - start]
            sums[i] += part.sum(axis=0, dtype=np.float64).astype(np.float32)
        progress("segmentation", start + len(frames), movie.n_frames)
    sums /= size
    return sums
