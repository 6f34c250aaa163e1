"""Between a movie's sampling and a model's: frame rate and pixel size.

A network learned what a transient and a soma look like at one frame rate and one pixel size, so movies are
brought to those: averaged over area or time where the model's grid is coarser, interpolated linearly where it
is finer. The paper has no such step: its movies were all near 10 Hz and 2 µm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocine.core import Movie, RoiSet
from neurocine.core.movie import BLOCK_BYTES
from neurocine.networks.cells.normalisation import Normalisation, Statistics, StatisticsSum, statistics

#: Ratios this close to 1 count as 1: the networks tolerate more, and resampling blurs.
TOLERANCE = 0.1

Float32 = NDArray[np.float32]


def resampling_matrix(n: int, ratio: float) -> sparse.csr_array:
    """Return the matrix (ceil(n * ratio), n) that resamples n samples to `ratio` times as many.

    Rows sum to 1, so constants stay. Below 1 each row averages the span of its sample; above 1 it
    interpolates linearly at its sample's centre; at 1 it is the identity.
    """
    if ratio == 1:
        return sparse.eye_array(n, dtype=np.float32, format="csr")
    m = max(1, ceil(n * ratio - 1e-9))
    if ratio < 1:
        edges = np.minimum(np.arange(m + 1) / ratio, n)
        first = np.floor(edges[:-1]).astype(np.int64)
        columns = first[:, None] + np.arange(ceil(1 / ratio) + 1)
        weights = np.minimum(columns + 1, edges[1:, None]) - np.maximum(columns, edges[:-1, None])
    else:
        centre = np.clip((np.arange(m) + 0.5) / ratio - 0.5, 0, n - 1)
        first = np.minimum(np.floor(centre).astype(np.int64), max(0, n - 2))
        columns = first[:, None] + np.arange(2)
        weights = np.stack([1 - (centre - first), centre - first], axis=1)
    weights = np.where(columns < n, np.clip(weights, 0, None), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    rows = np.broadcast_to(np.arange(m)[:, None], columns.shape)
    keep = weights > 0
    return sparse.csr_array((weights[keep].astype(np.float32), (rows[keep], columns[keep])), shape=(m, n))


@dataclass(frozen=True)
class Grid:
    """A model's sampling of one movie.

    Attributes
    ----------
    movie_frames, movie_shape
        Frames and field of view (Y, X) of the movie.
    time_ratio, space_ratio
        Model frames per movie frame, and model pixels per movie pixel along an axis.
    """

    movie_frames: int
    movie_shape: tuple[int, int]
    time_ratio: float = 1.0
    space_ratio: float = 1.0

    @classmethod
    def of(cls, movie: Movie, frame_rate_hz: float, pixel_size_um: float) -> Grid:
        """Return the sampling of `movie` by a model of this frame rate and pixel size."""
        ratios = (frame_rate_hz / movie.frame_rate_hz, movie.pixel_size_um / pixel_size_um)
        time, space = (1.0 if abs(ratio - 1) <= TOLERANCE else ratio for ratio in ratios)
        return cls(movie.n_frames, movie.fov_shape, time, space)

    @cached_property
    def _axes(self) -> tuple[sparse.csr_array, sparse.csr_array, sparse.csr_array]:
        """Resampling matrices of time, rows and columns."""
        height, width = self.movie_shape
        return (
            resampling_matrix(self.movie_frames, self.time_ratio),
            resampling_matrix(height, self.space_ratio),
            resampling_matrix(width, self.space_ratio),
        )

    @property
    def measuring(self) -> Grid:
        """The grid without frames between the movie's own, whose noise would be that of two, and shared."""
        return replace(self, time_ratio=min(self.time_ratio, 1.0))

    @property
    def n_frames(self) -> int:
        """Frames on the model's grid."""
        return int(self._axes[0].shape[0])

    @property
    def fov_shape(self) -> tuple[int, int]:
        """Field of view (Y, X) in the model's pixels."""
        return int(self._axes[1].shape[0]), int(self._axes[2].shape[0])

    def read(self, movie: Movie, start: int, stop: int) -> Float32:
        """Return the model frames ``start:stop`` of `movie`, (stop - start, Y', X') float32, in counts."""
        time, rows, columns = self._axes
        part = time[start:stop]
        first, last = int(part.indices.min()), int(part.indices.max()) + 1
        frames = movie.read(first, last).astype(np.float32)
        if self.time_ratio != 1:
            frames = (part[:, first:last] @ frames.reshape(last - first, -1)).reshape(-1, *self.movie_shape)
        if self.space_ratio != 1:
            frames = np.moveaxis(frames, 1, 0)  # (Y, T, X)
            height, count, width = frames.shape
            frames = (rows @ frames.reshape(height, -1)).reshape(-1, count, width)
            frames = (columns @ frames.reshape(-1, width).T).T.reshape(-1, count, columns.shape[0])
            frames = np.ascontiguousarray(np.moveaxis(frames, 0, 1))
        return frames

    def valid(self, movie: Movie) -> NDArray[np.bool_]:
        """Return which model frames are made, at least half, of frames that hold data; all if none are."""
        valid = np.asarray(self._axes[0] @ movie.valid.astype(np.float32) >= 0.5)
        return valid if valid.any() else np.ones_like(valid)

    def block_frames(self, block_bytes: int = BLOCK_BYTES) -> int:
        """Return how many model frames fit in `block_bytes`, on the finer of both grids."""
        model, movie = self.fov_shape, self.movie_shape
        pixels = max(model[0] * model[1], movie[0] * movie[1] / self.time_ratio)
        fitting = max(1, int(block_bytes / (4 * pixels)))
        return fitting if fitting < 64 else fitting // 64 * 64

    def blocks(self, movie: Movie, step: int | None = None) -> Iterator[tuple[int, Float32]]:
        """Yield ``(start, frames)`` over all model frames, `step` at a time."""
        step = step or self.block_frames()
        for start in range(0, self.n_frames, step):
            yield start, self.read(movie, start, min(start + step, self.n_frames))

    def rois(self, rois: RoiSet) -> RoiSet:
        """Return `rois` on the model's pixels: those at least half covered, and at the very least one."""
        if self.space_ratio == 1:
            return rois
        _, rows, columns = self._axes
        cover = (rois.matrix() @ sparse.kron(rows, columns).T).tocsr()
        pixels = []
        for i in range(len(rois)):
            part = slice(cover.indptr[i], cover.indptr[i + 1])
            place, share = cover.indices[part], cover.data[part]
            place = np.sort(place[share >= min(0.5, share.max())])
            pixels.append((*np.divmod(place, self.fov_shape[1]), None))
        return RoiSet.from_pixels(
            self.fov_shape,
            pixels,
            engine=rois.engine,
            ids=rois.ids,
            probability=rois.probability,
            active_intervals=rois.active_intervals,
            active_probability=rois.active_probability,
            labelled=rois.labelled,
            source=rois.source,
        )

    def to_movie(self, values: Float32) -> Float32:
        """Return `values` (N, model frames) interpolated to the movie's frames, (N, T) float32."""
        if self.time_ratio == 1:
            return values
        centres = (np.arange(self.n_frames) + 0.5) / self.time_ratio - 0.5
        frames = np.arange(self.movie_frames)
        back = np.empty((len(values), self.movie_frames), dtype=np.float32)
        for row, value in zip(back, values, strict=True):
            row[:] = np.interp(frames, centres, value)
        return back


@dataclass(frozen=True)
class ModelMovie:
    """A movie as a model sees it: on the model's grid, normalised."""

    movie: Movie
    grid: Grid
    statistics: Statistics

    @classmethod
    def of(cls, movie: Movie, grid: Grid, normalisation: Normalisation) -> ModelMovie:
        """Return `movie` on `grid`, its statistics gathered in one pass.

        Raises
        ------
        InputError
            If all pixels are alike, or one isn't a finite number.
        """
        blocks = (frames for _, frames in grid.measuring.blocks(movie))
        valid = grid.measuring.valid(movie)
        return cls(movie, grid, statistics(blocks, normalisation, movie.source, valid))

    @classmethod
    def with_traces(
        cls, movie: Movie, grid: Grid, rois: RoiSet, normalisation: Normalisation
    ) -> tuple[ModelMovie, NDArray[np.float64]]:
        """Return what `of` does, and the mean of each ROI's pixels (N, model frames): one reading gives both.

        Parameters
        ----------
        rois
            ROIs on `grid` (`Grid.rois`).
        """
        measuring = grid.measuring
        valid = measuring.valid(movie)
        gathered = StatisticsSum(normalisation)
        traces = np.empty((len(rois), measuring.n_frames))
        matrix, areas = rois.matrix(), rois.areas()[:, None]
        for start, frames in measuring.blocks(movie):
            gathered.add(frames, valid[start : start + len(frames)])
            traces[:, start : start + len(frames)] = (matrix @ frames.reshape(len(frames), -1).T) / areas
        if grid.time_ratio > 1:
            traces = (resampling_matrix(movie.n_frames, grid.time_ratio) @ traces.T).T
        return cls(movie, grid, gathered.result(movie.source)), traces

    def read(self, start: int, stop: int) -> Float32:
        """Return the model frames ``start:stop``, (stop - start, Y', X') float32, normalised."""
        return self.statistics.normalise(self.grid.read(self.movie, start, stop))
