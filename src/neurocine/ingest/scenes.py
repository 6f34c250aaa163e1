"""A picture that changes from one frame to the next: several fields of view, planes or channels in a row.

Recordings that were joined although they show different cells, and channels stored one after the other, have
such a change. Registration follows a shift, so pictures are compared at all shifts; slow drift is no change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from neurocine.core import Movie

#: Pictures that are compared, spread over the movie, and frames that give each.
PICTURES, FRAMES = 8, 24
#: Two halves of the frames of a picture must be as alike as this, to tell anything.
LEAST_ALIKE = 0.5
#: Pictures of other cells are less alike than the halves of each, by this factor.
OTHER = 0.4
#: Structure wider than this share of the picture, such as uneven light, doesn't count.
WIDE = 1 / 4
#: Pictures are compared at about so many pixels along each edge.
EDGE = 128

Picture = NDArray[np.float64]


def scene_doubt(movie: Movie) -> str:
    """Return what to say of a movie whose picture changes for another; empty if it doesn't."""
    if movie.n_frames < 2 * FRAMES or min(movie.fov_shape) < FRAMES:
        return ""
    n_pictures = min(PICTURES, movie.n_frames // FRAMES)
    starts = np.rint(np.linspace(0, movie.n_frames - FRAMES, n_pictures)).astype(int).tolist()
    pictures = [_halves(movie, start) for start in starts]
    for i in range(n_pictures - 1):
        if _differ(pictures[i], pictures[i + 1]):
            frame = _place(movie, starts[i], starts[i + 1], pictures[i], pictures[i + 1])
            if frame is not None:
                return (
                    f"the picture changes at about frame {frame}: frames before and after show other cells, "
                    "as of another field of view, plane or channel. If so, make a recording of each part "
                    "(column frames)"
                )
    return ""


def _place(movie: Movie, first: int, last: int, before: Picture, after: Picture) -> int | None:
    """Return the frame at which one picture follows the other, None if that takes longer than a picture."""
    while last - first > FRAMES:
        middle = (first + last) // 2
        between = _halves(movie, middle)
        if _alike(between.sum(axis=0), before.sum(axis=0)) >= _alike(between.sum(axis=0), after.sum(axis=0)):
            first, before = middle, between
        else:
            last, after = middle, between
    # The two may overlap by now: those beside them don't.
    first, last = max(0, first - FRAMES), min(movie.n_frames - FRAMES, last + FRAMES)
    return (first + last + FRAMES) // 2 if _differ(_halves(movie, first), _halves(movie, last)) else None


def _differ(one: Picture, other: Picture) -> bool:
    """Return whether two pictures, in halves (2, Y, X), show other cells."""
    known = min(_alike(*one), _alike(*other))
    return known > LEAST_ALIKE and _alike(one.sum(axis=0), other.sum(axis=0)) < OTHER * known


def _halves(movie: Movie, start: int) -> Picture:
    """Return the medians of even and of odd frames from `start` on without wide structure, (2, Y, X)."""
    frames = movie.read(start, start + FRAMES).astype(np.float64)
    block = max(1, min(frames.shape[1:]) // EDGE)
    height, width = (n // block * block for n in frames.shape[1:])
    small = frames[:, :height, :width].reshape(len(frames), height // block, block, width // block, block)
    small = small.mean(axis=(2, 4))
    halves = np.stack([np.median(small[0::2], axis=0), np.median(small[1::2], axis=0)])
    return np.asarray(halves - uniform_filter(halves, (0, *(int(WIDE * n) | 1 for n in halves.shape[1:]))))


def _alike(one: Picture, other: Picture) -> float:
    """Return the correlation of two pictures (Y, X) at the shift at which it is highest."""
    spectra = [np.fft.rfft2(picture - picture.mean()) for picture in (one, other)]
    scale = np.sqrt(one.var() * other.var()) * one.size
    if scale == 0:
        return 0.0
    return float(np.fft.irfft2(spectra[0] * np.conj(spectra[1]), s=one.shape).max() / scale)
