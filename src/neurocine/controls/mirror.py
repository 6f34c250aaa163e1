"""The mirrored movie, a negative control: each pixel reflected about its baseline.

A rise of calcium becomes a fall and can't be seen; noise, motion and flickering vessels can. Dombeck et al.
(2007, Neuron 56:43) took negative-going transients as false ones in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.controls.light import Light
from neurocine.core import Movie
from neurocine.progress import Progress, silent

#: A pixel's baseline is the running median, over so many, of its medians in stretches of so many seconds.
STRETCH_S, MEDIAN_OF = 5.0, 7
#: Frames that are mirrored at a time, a multiple of the movie file's chunks.
BLOCK_FRAMES = 256


def baseline(
    movie: Movie, light: Light, progress: Progress = silent
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the middles (K,) of stretches of 5 s, in frames, and each pixel's baseline there, (K, Y, X).

    The baseline is in the units of `Light.stabilised`. One stretch of frames is in memory at a time.
    """
    length = max(3, round(STRETCH_S * movie.frame_rate_hz))
    edges = np.linspace(0, movie.n_frames, max(1, movie.n_frames // length) + 1).astype(int)
    medians = np.empty((len(edges) - 1, *movie.fov_shape), dtype=np.float32)
    for k, (start, stop) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        medians[k] = np.median(movie.read(start, stop), axis=0)
        progress("baseline", stop, movie.n_frames)
    middles = (edges[:-1] + edges[1:] - 1) / 2
    return middles, ndimage.median_filter(light.stabilised(medians), (MEDIAN_OF, 1, 1), mode="nearest")


def mirrored(
    movie: Movie, light: Light, progress: Progress = silent
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield ``(start, frames)`` of the mirrored movie, block by block, in counts.

    With y the variance-stabilised counts of a pixel and b its baseline, it becomes 2b - y.
    """
    middles, base = baseline(movie, light, progress)
    for start in range(0, movie.n_frames, BLOCK_FRAMES):
        stop = min(start + BLOCK_FRAMES, movie.n_frames)
        stabilised = light.stabilised(movie.read(start, stop).astype(np.float32))
        for i, frame in enumerate(range(start, stop)):
            stabilised[i] = 2 * _between(middles, base, frame) - stabilised[i]
        progress("mirror", stop, movie.n_frames)
        yield start, light.counts(stabilised)


def _between(middles: NDArray[np.float64], base: NDArray[np.float32], frame: int) -> NDArray[np.float32]:
    """Return the baseline (Y, X) in a frame, linear between the middles of stretches."""
    after = int(np.searchsorted(middles, frame))
    if after in (0, len(middles)):
        return np.asarray(base[min(after, len(base) - 1)])
    share = np.float32((frame - middles[after - 1]) / (middles[after] - middles[after - 1]))
    return np.asarray((1 - share) * base[after - 1] + share * base[after])
