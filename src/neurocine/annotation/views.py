"""What a person is shown of a cell: its traces, candidates, and the movie around it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocine.core import InputError
from neurocine.core.matching import overlaps
from neurocine.drawing.pictures import outlines
from neurocine.io.results import RecordingResults
from neurocine.traces.profiles import frame_weights, profile_weights
from neurocine.traces.transients import rises, smooth

#: Edge of the patch around a cell, pixels.
PATCH_PX = 60
#: Frames of one read at most: the movie's file is locked meanwhile.
MAX_FRAMES = 200
#: Reads of the movie that are kept: 40 of them are 29 MB.
CACHED = 40
#: Percentiles of a patch that are shown as black and white.
BLACK, WHITE = 1.0, 99.7
#: Two cells are shown as neighbours if they share this part of the larger.
MIN_OVERLAP = 0.05


@dataclass(frozen=True)
class Patch:
    """A rectangle of the field of view: first row and column, height and width."""

    top: int
    left: int
    height: int
    width: int

    @property
    def part(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


@dataclass(frozen=True, eq=False)
class Profiles:
    """Pictures of a patch (Y, X) in counts above the mean picture, and how they agree.

    Attributes
    ----------
    transient
        Mean from onset to peak of a transient.
    source
        Mean over the cell's largest putative transients.
    correlations
        Pearson's correlation of the transient's picture with the source profile of each cell, inside that
        cell's mask: the cell first, then each neighbour that overlaps it; NaN where it isn't defined.
    """

    transient: NDArray[np.float64]
    source: NDArray[np.float64]
    correlations: tuple[tuple[int, float], ...]


class CellViews:
    """Views of the cells of one recording, each computed when it is asked for.

    Parameters
    ----------
    results
        The recording. Reads of its movie go one at a time: HDF5 files can't be read by two threads.
    """

    def __init__(self, results: RecordingResults) -> None:
        self._results = results
        self._row = {int(roi): i for i, roi in enumerate(results.rois.ids)}
        self._lock = threading.Lock()
        self._read = lru_cache(CACHED)(self._windowed)

    @property
    def results(self) -> RecordingResults:
        """The recording."""
        return self._results

    def row(self, cell: int) -> int:
        """Return the position of an ROI.

        Raises
        ------
        InputError
            If there is none of this id.
        """
        if cell not in self._row:
            raise InputError(self._results.rois.source, "cell", f"{cell} isn't an ROI", "Choose another.")
        return self._row[cell]

    def traces(self, cell: int) -> Mapping[str, NDArray[np.float32]]:
        """Return the traces of a cell by name, (T,) each: raw, smooth, neuropil and probability."""
        row, results = self.row(cell), self._results
        raw = results.traces.f[row]
        return {
            "raw": raw,
            "smooth": smooth(raw).astype(np.float32),
            "neuropil": results.traces.fneu[row],
            "probability": results.raster.probability[row],
        }

    def candidates(self, cell: int, min_sigma: float) -> list[tuple[int, int]]:
        """Return onset and peak of each putative transient that rises by `min_sigma` of the noise."""
        return rises(self._results.traces.f[self.row(cell)], min_sigma)

    def patch(self, cell: int) -> Patch:
        """Return the rectangle that is shown around a cell: whole at the border of the field of view, too."""
        height, width = self._results.movie.fov_shape
        y, x = self._results.rois.centroids()[self.row(cell)]
        size_y, size_x = min(PATCH_PX, height), min(PATCH_PX, width)
        top = int(np.clip(round(float(y)) - size_y // 2, 0, height - size_y))
        left = int(np.clip(round(float(x)) - size_x // 2, 0, width - size_x))
        return Patch(top, left, size_y, size_x)

    def movie(self, cell: int, first: int, last: int) -> NDArray[np.uint8]:
        """Return frames ``first`` to ``last`` (inclusive) of the patch around a cell, scaled to 0-255.

        The scale is the same for all frames of a cell.

        Raises
        ------
        InputError
            If the frames aren't all in the movie, or are more than `MAX_FRAMES`.
        """
        n_frames = self._results.movie.n_frames
        if not 0 <= first <= last < n_frames or last - first >= MAX_FRAMES:
            raise InputError(
                self._results.movie.source,
                "frames",
                f"{first} to {last} aren't at most {MAX_FRAMES} of 0 to {n_frames - 1}",
                "Ask for fewer.",
            )
        black, white = self._scale(cell)
        frames = self._read(cell, first, last).astype(np.float32)
        scaled = (frames - black) * (255 / max(white - black, 1e-6))
        return np.asarray(np.clip(scaled, 0, 255), dtype=np.uint8)

    def outlines(self, cell: int) -> list[dict[str, Any]]:
        """Return the outlines (x, y) of the cell and of those around it, in pixels of the patch."""
        patch, rois = self.patch(cell), self._results.rois
        middle = np.array([patch.top + patch.height / 2, patch.left + patch.width / 2])
        near = np.flatnonzero((np.abs(rois.centroids() - middle) < PATCH_PX).all(axis=1))
        corner = np.array([patch.left, patch.top])
        return [
            {"cell": int(rois.ids[row]), "lines": [np.round(line - corner, 2).tolist() for line in lines]}
            for row, lines in zip(near.tolist(), outlines(rois.select(near)), strict=True)
        ]

    def neighbours(self, cell: int) -> list[int]:
        """Return the ids of the ROIs that overlap a cell."""
        row, ids = self.row(cell), self._results.rois.ids
        return [int(ids[b if a == row else a]) for a, b in self._pairs if row in (a, b)]

    def profiles(self, cell: int, onset: int, peak: int) -> Profiles:
        """Return the mean picture of a transient, and how it fits the cell and each overlapping neighbour.

        Transient and source profiles (`neurocine.traces.profiles`) are compared inside each cell's mask by
        Pearson's correlation; the mean picture of the movie is taken off all.
        """
        n_frames = self._results.movie.n_frames
        if not 0 <= onset <= peak < n_frames:
            raise InputError(
                self._results.movie.source,
                "transient",
                f"{onset} to {peak} isn't in frames 0 to {n_frames - 1}",
                "Choose another.",
            )
        part, rois = self.patch(cell).part, self._results.rois
        mean = self._results.summary.mean[part]
        smoothed = smooth(self._results.traces.f[self.row(cell)])
        transient = self._picture(cell, frame_weights(smoothed, np.array([onset]), np.array([peak]))) - mean
        rows: list[tuple[int, float]] = []
        for other in (cell, *self.neighbours(cell)):
            source = self._source(cell, other) - mean
            inside = rois.mask(self.row(other))[part]
            rows.append((other, _correlation(transient[inside], source[inside])))
        return Profiles(transient, self._source(cell, cell) - mean, tuple(rows))

    def _source(self, cell: int, other: int) -> NDArray[np.float64]:
        """Return the source profile of the cell `other` in the patch of `cell`."""
        return self._picture(cell, profile_weights(self._results.traces.f[self.row(other)]).source)

    def _picture(self, cell: int, weights: sparse.csr_array) -> NDArray[np.float64]:
        """Return the mean picture of the patch over frames with `weights` (1, T)."""
        patch = self.patch(cell)
        picture = np.zeros((patch.height, patch.width))
        frames = np.sort(weights.indices)
        runs = np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1) if len(frames) else []
        values = weights.toarray()[0]
        for run in runs:
            for first in range(int(run[0]), int(run[-1]) + 1, MAX_FRAMES):
                last = min(first + MAX_FRAMES - 1, int(run[-1]))
                picture += np.tensordot(values[first : last + 1], self._read(cell, first, last), 1)
        return picture

    def _scale(self, cell: int) -> tuple[float, float]:
        """Return the counts that are black and white in a patch, by its mean and brightest pictures."""
        part, summary = self.patch(cell).part, self._results.summary
        black = float(np.percentile(summary.mean[part], BLACK))
        return black, max(float(np.percentile(summary.max[part], WHITE)), black + 1)

    def _windowed(self, cell: int, first: int, last: int) -> NDArray[Any]:
        patch = self.patch(cell)
        with self._lock:
            return self._results.movie.window(first, last + 1, *patch.part)

    @cached_property
    def _pairs(self) -> list[tuple[int, int]]:
        """Positions of overlapping ROIs."""
        return [(int(a), int(b)) for a, b in overlaps(self._results.rois, MIN_OVERLAP)]


def _correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    if first.size < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])
