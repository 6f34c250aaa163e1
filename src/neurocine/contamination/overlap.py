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

from neurocine.core import InputError, Movie, RoiSet
from neurocine.core.matching import overlaps
from neurocine.progress import Progress, silent
from neurocine.traces.profiles import ProfileWeights, profile_weights

#: Which cells overlap, and when a transient is the neighbour's: DeepCINAC, section 2.6.
MIN_OVERLAP, ABOVE, BELOW = 0.15, 0.7, 0.2


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
    """Putative transients of one cell, and where it lies."""

    weights: ProfileWeights
    columns: NDArray[np.intp]  # its pixels, among those that are looked at

    def ending(self, start: int, stop: int) -> slice:
        """Return which transients peak in frames ``start:stop``."""
        first, last = np.searchsorted(self.weights.peak, (start, stop)).tolist()
        return slice(first, last)


def false_transients(
    movie: Movie,
    rois: RoiSet,
    traces: NDArray[np.float32],
    *,
    min_overlap: float = MIN_OVERLAP,
    above: float = ABOVE,
    below: float = BELOW,
    progress: Progress = silent,
) -> FalseTransients:
    """Return the putative transients of cells in `movie` that an overlapping neighbour causes.

    Profiles are means of the frames from onset to peak, weighted by the smoothed trace above its minimum,
    minus the mean picture of all rises, so that constant structure can't correlate. The movie is read twice,
    for the source profiles and then for those of the transients, if any cells overlap. If several neighbours
    explain a transient, the one with the highest correlation is taken.

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
    used, cells = _cells(rois, traces, np.unique(pairs))
    # Each ordered pair: a cell and the one in whose mask its transients are looked at, itself included.
    looks = sorted({(i, i) for i in cells} | {(int(a), int(b)) for p in pairs for a, b in (p, p[::-1])})
    mean, sources = _sources(movie, used, cells, progress)
    correlation = _correlations(movie, used, cells, looks, (mean, sources), progress)
    rows = []
    for cell, neighbour in looks:
        if cell != neighbour:
            own, other = correlation[cell, cell], correlation[cell, neighbour]
            made = cells[cell].weights
            for k in np.flatnonzero((other > above) & (own < below)):
                frames = (int(made.onset[k]), int(made.peak[k]))
                rows.append((cell, neighbour, *frames, float(own[k]), float(other[k])))
    return _table(rows, pairs)


def _cells(
    rois: RoiSet, traces: NDArray[np.float32], positions: NDArray[np.int64]
) -> tuple[NDArray[np.int64], dict[int, _Cell]]:
    """Return the pixels that any of the ROIs at `positions` has, (P,), and each of these as a cell."""
    flat = {i: np.ravel_multi_index(rois.pixels(i)[:2], rois.fov_shape) for i in positions.tolist()}
    used = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *flat.values()]))
    cells = {
        i: _Cell(profile_weights(traces[i]), np.searchsorted(used, pixels)) for i, pixels in flat.items()
    }
    return used, cells


def _sources(
    movie: Movie, used: NDArray[np.int64], cells: dict[int, _Cell], progress: Progress
) -> tuple[NDArray[np.float64], dict[int, NDArray[np.float64]]]:
    """Return the mean of `used` pixels over all rises, (P,), and each cell's source profile in its mask."""
    needed = np.zeros(movie.n_frames, dtype=bool)
    for cell in cells.values():
        needed[cell.weights.transients.indices] = True
    sums = {i: np.zeros(len(cell.columns)) for i, cell in cells.items()}
    total = np.zeros(len(used))
    step = movie.block_frames()
    for start in range(0, movie.n_frames if needed.any() else 0, step):
        stop = min(start + step, movie.n_frames)
        pixels = _pixels(movie, used, start, stop)
        total += pixels[needed[start:stop]].sum(axis=0, dtype=np.float64)
        for i, cell in cells.items():
            sums[i] += (cell.weights.source[:, start:stop] @ pixels[:, cell.columns])[0]
        progress("source profiles", stop, movie.n_frames)
    mean = total / max(int(needed.sum()), 1)
    return mean, {i: profile - mean[cells[i].columns] for i, profile in sums.items()}


def _correlations(
    movie: Movie,
    used: NDArray[np.int64],
    cells: dict[int, _Cell],
    looks: list[tuple[int, int]],
    sources: tuple[NDArray[np.float64], dict[int, NDArray[np.float64]]],
    progress: Progress,
) -> dict[tuple[int, int], NDArray[np.float64]]:
    """Return for each look how the cell's transients correlate with the source profile in the mask, (M,).

    The profiles of a long movie's transients wouldn't fit into memory: a block of frames gives those of the
    transients that peak in it.
    """
    mean, source = sources
    found = {(c, inside): np.zeros(len(cells[c].weights.peak)) for c, inside in looks}
    step = movie.block_frames()
    for start in range(0, movie.n_frames, step):
        stop = min(start + step, movie.n_frames)
        ending = {i: cell.ending(start, stop) for i, cell in cells.items()}
        first = min(
            (int(cells[i].weights.onset[rows].min(initial=stop)) for i, rows in ending.items()), default=stop
        )
        if first == stop:
            continue
        pixels = _pixels(movie, used, first, stop)
        for c, inside in looks:
            columns, rows = cells[inside].columns, ending[c]
            profiles = cells[c].weights.transients[rows][:, first:stop] @ pixels[:, columns] - mean[columns]
            found[c, inside][rows] = _pearson(profiles, source[inside])
        progress("overlap test", stop, movie.n_frames)
    return found


def _pixels(movie: Movie, used: NDArray[np.int64], start: int, stop: int) -> NDArray[np.float64]:
    """Return the `used` pixels in frames ``start:stop``, (n, P)."""
    return movie.read(start, stop).reshape(stop - start, -1)[:, used].astype(np.float64)


def _pearson(profiles: NDArray[np.float64], source: NDArray[np.float64]) -> NDArray[np.float64]:
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
