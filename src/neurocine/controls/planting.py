"""Planted cells, a positive control: known cells laid into a real movie.

Outlines and recorded neurons are those of the simulator's test split, which no network was trained on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocine.controls.light import Light
from neurocine.core import Movie, RoiSet
from neurocine.progress import Progress, silent

#: Frames that are made at a time: a multiple of the movie file's chunks, and the same for the same noise.
BLOCK_FRAMES = 256
#: Pixels around a cell's picture into which motion may take it.
MARGIN = 3


@dataclass(frozen=True, eq=False)
class Planted:
    """N cells planted into a movie of T frames, M transients in all.

    Attributes
    ----------
    rois
        Their outlines; the ids are 0 to N - 1.
    pictures
        For each cell the top-left corner of its picture and the picture (h, w), of mean 1 in its outline.
    resting
        Resting brightness, (N,), photons a pixel and frame.
    dff
        Noise-free ΔF/F, (N, T) float32; 0 in silent cells.
    roi_id, onset, peak
        Cell, first and last frame (inclusive) of each transient, (M,) int64.
    dprime
        How detectable each transient is where the cell lies, (M,).
    """

    rois: RoiSet
    pictures: tuple[tuple[tuple[int, int], NDArray[np.float32]], ...]
    resting: NDArray[np.float64]
    dff: NDArray[np.float32]
    roi_id: NDArray[np.int64]
    onset: NDArray[np.int64]
    peak: NDArray[np.int64]
    dprime: NDArray[np.float64]

    @property
    def silent(self) -> NDArray[np.bool_]:
        """Which cells have no transient, (N,)."""
        return ~np.isin(self.rois.ids, self.roi_id)

    @property
    def raster(self) -> NDArray[np.bool_]:
        """True from onset to peak of each transient, (N, T)."""
        raster = np.zeros(self.dff.shape, dtype=bool)
        for cell, first, last in zip(self.roi_id, self.onset, self.peak, strict=True):
            raster[cell, first : last + 1] = True
        return raster


def planted_movie(
    movie: Movie,
    cells: Planted,
    light: Light,
    motion: tuple[NDArray[np.float64], NDArray[np.float32]],
    seed: int,
    progress: Progress = silent,
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield ``(start, frames)`` of `movie` with `cells` in it, block by block, in counts.

    Parameters
    ----------
    movie
        Registered movie.
    cells
        What is added; photons are drawn as Poisson.
    light
        Gain and noise of the movie.
    motion
        Rows (K,) and the displacement there in each frame, (T, K, 2), of `residual_motion`: each cell moves
        as its rows do.
    seed
        Of the photons.
    """
    paths = [_path(motion, corner[0] + picture.shape[0] / 2) for corner, picture in cells.pictures]
    for start in range(0, movie.n_frames, BLOCK_FRAMES):
        stop = min(start + BLOCK_FRAMES, movie.n_frames)
        frames = movie.read(start, stop).astype(np.float32)
        for i, (corner, picture) in enumerate(cells.pictures):
            rng = np.random.default_rng((seed, start, i))
            shining = cells.resting[i] * (1 + cells.dff[i, start:stop])
            photons = shifted(picture, paths[i][start:stop]) * shining[:, None, None].astype(np.float32)
            _add(frames, (corner[0] - MARGIN, corner[1] - MARGIN), light.drawn(photons, rng))
        progress("planting", stop, movie.n_frames)
        yield start, frames


def shifted(picture: NDArray[np.float32], displacement: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return `picture` (h, w) displaced by (down, right) pixels, (n, 2), with a margin: (n, h + 6, w + 6)."""
    padded = np.pad(picture, MARGIN + 1).astype(np.float32)
    height, width = picture.shape[0] + 2 * MARGIN, picture.shape[1] + 2 * MARGIN
    back = 1 - displacement  # from a pixel of the result to one of `padded`
    whole = np.floor(back).astype(np.intp)
    share = (back - whole).astype(np.float32)[:, :, None, None]
    rows = np.clip(whole[:, 0, None] + np.arange(height + 1), 0, padded.shape[0] - 1)
    columns = np.clip(whole[:, 1, None] + np.arange(width + 1), 0, padded.shape[1] - 1)
    around = padded[rows[:, :, None], columns[:, None, :]]
    upper = around[:, :-1] * (1 - share[:, 0]) + around[:, 1:] * share[:, 0]
    return np.asarray(upper[:, :, :-1] * (1 - share[:, 1]) + upper[:, :, 1:] * share[:, 1])


def _path(motion: tuple[NDArray[np.float64], NDArray[np.float32]], row: float) -> NDArray[np.float64]:
    """Return how a cell at `row` is displaced in each frame, (T, 2), between the bands of `motion`."""
    rows, moved = motion
    place = float(np.interp(row, rows, np.arange(len(rows))))
    low = int(place)
    high = min(low + 1, len(rows) - 1)
    return np.asarray((1 - (place - low)) * moved[:, low] + (place - low) * moved[:, high], dtype=np.float64)


def _add(frames: NDArray[np.float32], corner: tuple[int, int], light: NDArray[np.float32]) -> None:
    """Add the part of `light` (n, h, w), from `corner` on, that lies in the field to `frames` (n, Y, X)."""
    (y, x), (h, w) = corner, light.shape[1:]
    top, left = max(0, y), max(0, x)
    bottom, right = min(y + h, frames.shape[1]), min(x + w, frames.shape[2])
    if bottom > top and right > left:
        frames[:, top:bottom, left:right] += light[:, top - y : bottom - y, left - x : right - x]
