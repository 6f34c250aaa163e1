"""Transients in a cell's trace that its overlapping neighbour causes.

DeepCINAC, section 2.6 ("Detection of overlap activity"), after Gauthier et al. (2018): the mean picture of
the movie during a putative transient (transient profile) is compared, inside each of two overlapping masks,
with the mean picture of that cell's largest transients (source profile). If it resembles the neighbour's
source profile and not the cell's own, the cell's transient is false.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocine.core import InputError, Movie, RoiSet
from neurocine.core.matching import overlaps
from neurocine.progress import Progress, silent
from neurocine.traces.profiles import profile_weights


@dataclass(frozen=True, eq=False)
class FalseTransients:
    """M putative transients that an overlapping neighbour causes, and the pairs that were tested.

    Attributes
    ----------
    roi, neighbour
        Positions of the cell and of the neighbour that causes it, (M,) int64.
    onset, peak
        First and last frame, both inclusive, (M,) int64.
    own_correlation, neighbour_correlation
        Pearson correlation of the transient's profile with each one's source profile, (M,) float32.
    pairs
        Positions of overlapping cells, (P, 2) int64.
    """

    roi: NDArray[np.int64]
    neighbour: NDArray[np.int64]
    onset: NDArray[np.int64]
    peak: NDArray[np.int64]
    own_correlation: NDArray[np.float32]
    neighbour_correlation: NDArray[np.float32]
    pairs: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.roi)


@dataclass(frozen=True, eq=False)
class _Cell:
    """Putative transients of one cell, and the weight that each frame has in their profiles."""

    onset: NDArray[np.int64]
    peak: NDArray[np.int64]
    weights: sparse.csc_array  # row 0: the source profile; then a row a transient; a column a frame


def false_transients(
    movie: Movie,
    rois: RoiSet,
    traces: NDArray[np.float32],
    *,
    min_overlap: float = 0.15,
    above: float = 0.7,
    below: float = 0.2,
    progress: Progress = silent,
) -> FalseTransients:
    """Return the putative transients of cells in `movie` that an overlapping neighbour causes.

    Profiles are means of the frames from onset to peak, weighted by the smoothed trace above its minimum,
    minus the mean picture of all frames read, so that constant structure can't correlate. Only frames of
    rises of overlapping cells are read. If several neighbours explain a transient, the one with the highest
    correlation is taken.

    Parameters
    ----------
    movie
        Registered movie of T frames.
    rois
        N cells.
    traces
        Raw traces (N, T), means over the masks.
    min_overlap
        Two cells overlap if they share at least this part of the larger.
    above, below
        The profile must correlate more than `above` with the neighbour's source profile and less than `below`
        with the cell's own.

    Raises
    ------
    InputError
        If fields of view or lengths differ.
    """
    if rois.fov_shape != movie.fov_shape or traces.shape != (len(rois), movie.n_frames):
        raise InputError(
            rois.source,
            "shape",
            f"{len(rois)} ROIs in {rois.fov_shape} and traces {traces.shape} don't fit a movie of "
            f"{movie.n_frames} frames of {movie.fov_shape}",
            "Give the ROIs and traces of this movie.",
        )
    pairs = overlaps(rois, min_overlap)
    cells = {int(i): _cell(traces[i]) for i in np.unique(pairs)}
    # Each ordered pair: a cell and the one in whose mask its transients are looked at, itself included.
    looks = sorted({(i, i) for i in cells} | {(int(a), int(b)) for p in pairs for a, b in (p, p[::-1])})
    profiles = _profiles(movie, rois, cells, looks, progress)
    correlation = {
        (cell, inside): _correlations(profiles[cell, inside][1:], profiles[inside, inside][0])
        for cell, inside in looks
    }
    rows = []
    for cell, neighbour in looks:
        if cell != neighbour:
            own, other = correlation[cell, cell], correlation[cell, neighbour]
            for k in np.flatnonzero((other > above) & (own < below)):
                frames = (int(cells[cell].onset[k]), int(cells[cell].peak[k]))
                rows.append((cell, neighbour, *frames, float(own[k]), float(other[k])))
    return _table(rows, pairs)


def _cell(trace: NDArray[np.float32]) -> _Cell:
    made = profile_weights(trace)
    return _Cell(made.onset, made.peak, sparse.vstack([made.source, made.transients], format="csc"))


def _profiles(
    movie: Movie,
    rois: RoiSet,
    cells: dict[int, _Cell],
    looks: list[tuple[int, int]],
    progress: Progress,
) -> dict[tuple[int, int], NDArray[np.float64]]:
    """Return for each look the profiles of a cell's source and transients in a mask, (1 + M, pixels)."""
    needed = np.zeros(movie.n_frames, dtype=bool)
    flat = {i: np.ravel_multi_index(rois.pixels(i)[:2], rois.fov_shape) for i in cells}
    used = np.unique(np.concatenate([*flat.values(), np.empty(0, dtype=np.int64)]).astype(np.int64))
    columns = {i: np.searchsorted(used, pixels) for i, pixels in flat.items()}
    for cell_profile in cells.values():
        needed |= np.diff(cell_profile.weights.indptr) > 0
    sums = {(c, i): np.zeros((1 + len(cells[c].onset), len(flat[i]))) for c, i in looks}
    total = np.zeros(len(used))
    step = movie.block_frames()
    for start in range(0, movie.n_frames, step):
        frames = np.flatnonzero(needed[start : start + step]) + start
        if len(frames):
            block = movie.read(int(frames[0]), int(frames[-1]) + 1)
            pixels = block.reshape(len(block), -1)[frames - frames[0]][:, used].astype(np.float64)
            total += pixels.sum(axis=0)
            for cell, inside in looks:
                sums[cell, inside] += cells[cell].weights[:, frames] @ pixels[:, columns[inside]]
        progress("overlap test", min(start + step, movie.n_frames), movie.n_frames)
    mean = total / max(int(needed.sum()), 1)
    return {(cell, inside): profile - mean[columns[inside]] for (cell, inside), profile in sums.items()}


def _correlations(profiles: NDArray[np.float64], source: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Pearson's correlation of each profile (M, pixels) with `source` (pixels,); 0 if one is flat."""
    a = profiles - profiles.mean(axis=1, keepdims=True)
    b = source - source.mean()
    norm = np.sqrt((a**2).sum(axis=1) * (b**2).sum())
    return np.asarray(np.where(norm > 0, a @ b / np.where(norm > 0, norm, 1), 0))


def _table(rows: list[tuple[int, int, int, int, float, float]], pairs: NDArray[np.int64]) -> FalseTransients:
    best: dict[tuple[int, int], tuple[int, int, int, int, float, float]] = {}
    for row in sorted(rows, key=lambda row: (row[0], row[2], -row[5])):
        best.setdefault((row[0], row[2]), row)
    kept = list(best.values())
    integers = np.array([row[:4] for row in kept], dtype=np.int64).reshape(-1, 4)
    correlations = np.array([row[4:] for row in kept], dtype=np.float32).reshape(-1, 2)
    roi, neighbour, onset, peak = integers.T
    own, other = correlations.T
    return FalseTransients(roi, neighbour, onset, peak, own, other, pairs)
