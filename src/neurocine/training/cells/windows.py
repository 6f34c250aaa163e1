"""Batches of windows, cut from the movies on the fly."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import RoiSet
from neurocine.networks.cells import CellArchitecture
from neurocine.networks.cells.inputs import Cells
from neurocine.networks.cells.normalisation import Statistics
from neurocine.training.cells.augment import (
    SHIFT_PX,
    SLOW_RATIOS,
    SLOW_SHARE,
    jittered,
    relit,
    shifted,
    slowed,
    turned,
    varied,
)
from neurocine.training.cells.window_sampling import (
    SHARES,
    Task,
    WindowTable,
    draw,
    label,
    mean_weight,
    rows_of,
)
from neurocine.training.corpus import LabelledRecording

#: Versions of each recording's contours seen in training: the true ones first, the others jittered.
CONTOUR_VERSIONS = 3
#: Share of the other ROIs that the list lacks in all versions but the first: no engine finds every cell.
MISSING = (0.1, 0.5)
#: No view is taken for larger: in a flash of light one could leave the range of float16.
LARGEST = 6e4
#: Windows (B, *window_shape), labels (B, ...) and weights (B,), all float32.
Batch = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Windows(ABC):
    """Windows of some recordings, as batches for one network.

    Attributes
    ----------
    task, architecture
        What they are for.
    recordings
        Where they are cut from.
    table
        Which there are.
    cells
        For each recording what is seen of its cells, in each version of its contours.
    augment
        Whether windows are varied each time they are cut.
    shares
        Share of each stratum of the table in the batches of training.
    """

    task: Task
    architecture: CellArchitecture
    recordings: list[LabelledRecording]
    table: WindowTable
    cells: list[list[Cells]]
    augment: bool
    shares: tuple[float, ...]

    @staticmethod
    def plain(
        task: Task, architecture: CellArchitecture, recordings: list[LabelledRecording], table: WindowTable
    ) -> Windows:
        """Return windows as inference sees them."""
        versions = [[architecture.cells(r.rois, r.statistics)] for r in recordings]
        kind = _KINDS[architecture.family]
        return kind(task, architecture, recordings, table, versions, False, SHARES[task])

    @staticmethod
    def augmented(
        task: Task,
        architecture: CellArchitecture,
        recordings: list[LabelledRecording],
        table: WindowTable,
        seed: int,
        shares: tuple[float, ...] | None = None,
    ) -> Windows:
        """Return windows shifted, turned and relit, with jittered contours, anew each time they are cut.

        Strata come in `shares`, by default those of the task.
        """
        rng = np.random.default_rng([seed, 0])
        kind = _KINDS[architecture.family]
        versions = [
            [
                cells_of_incomplete_list(rng, architecture, rois, r.statistics, kind.margin, share)
                for rois, share in _versions(rng, r.rois)
            ]
            for r in recordings
        ]
        return kind(task, architecture, recordings, table, versions, True, shares or SHARES[task])

    def batch(self, rng: np.random.Generator, rows: NDArray[np.int64]) -> Batch:
        """Return the windows at `rows` of the table, with labels and weights."""
        a = self.architecture
        windows = np.empty((len(rows), *a.window_shape), dtype=np.float32)
        labels = []
        for index, row in enumerate(rows):
            place, cell, start = (int(getattr(self.table, n)[row]) for n in ("recording", "cell", "start"))
            windows[index] = self._window(rng, place, cell, start)
            labels.append(label(self.task, self.recordings[place], cell, start, a.window_frames))
        return windows, np.stack(labels), self.table.weight[rows]

    @abstractmethod
    def _window(self, rng: np.random.Generator, recording: int, cell: int, start: int) -> NDArray[np.float32]:
        """Return one window."""

    def training_batches(self, seed: int, epoch: int, steps: int, size: int) -> Iterator[Batch]:
        """Yield the batches of one epoch: stratified, and the same for the same seed and epoch.

        Weights are brought to a mean of 1, so that training and validation losses are on one scale.
        """
        scale, rows = mean_weight(self.table, self.shares), rows_of(self.table, len(self.shares))
        for step in range(steps):
            rng = np.random.default_rng([seed, 1, epoch, step])
            windows, labels, weights = self.batch(rng, draw(rng, rows, self.shares, size))
            yield windows, labels, weights / np.float32(scale)

    def sample_batches(self, seed: int, n: int, size: int) -> Iterator[Batch]:
        """Yield `n` batches of windows drawn evenly from the table, the same each time; weights all 1."""
        rng = np.random.default_rng([seed, 2])
        rows = np.resize(rng.permutation(len(self.table)), n * size)
        for part in rows.reshape(n, size):
            windows, labels, weights = self.batch(rng, part)
            yield windows, labels, np.ones_like(weights)


@dataclass(frozen=True, eq=False)
class PatchWindows(Windows):
    """Masked patches, cut from the movies when they are asked for."""

    #: Patches to be shifted are so much larger all around.
    margin = SHIFT_PX

    def _window(self, rng: np.random.Generator, recording: int, cell: int, start: int) -> NDArray[np.float32]:
        a, movie = self.architecture, self.recordings[recording].movie
        versions = self.cells[recording]
        version = versions[rng.integers(len(versions))]
        top, left, px = int(version.top[cell]), int(version.left[cell]), version.masks.shape[-1]
        source: Any = movie.frames
        frames = source[start : start + a.window_frames, top : top + px, left : left + px]
        missing = [(0, px - n) for n in frames.shape[1:]]
        patches = self.recordings[recording].statistics.normalise(frames.astype(np.float32), top, left)
        patches = np.pad(patches, [(0, 0), *missing])
        masks = version.masks[cell]
        if self.augment:
            shift = rng.integers(-SHIFT_PX, SHIFT_PX + 1, size=2)
            patches, masks = shifted(patches, masks, a.window_px, (int(shift[0]), int(shift[1])))
            patches, masks = turned(patches, masks, int(rng.integers(8)))
            patches = relit(rng, patches)
        return np.asarray(patches[..., None] * masks.transpose(1, 2, 0), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class ViewWindows(Windows):
    """Windows of views, computed once: a few numbers per frame and cell."""

    margin = 0

    @cached_property
    def _used(self) -> list[NDArray[np.int64]]:
        """The cells of each recording that windows show."""
        return [np.unique(self.table.cell[self.table.recording == i]) for i in range(len(self.recordings))]

    @cached_property
    def _views(self) -> list[list[NDArray[np.float16]]]:
        """The views of these cells in each version of their contours."""
        parts = zip(self.recordings, self.cells, self._used, strict=True)
        return [_views(*part) for part in parts]

    def _window(self, rng: np.random.Generator, recording: int, cell: int, start: int) -> NDArray[np.float32]:
        versions = self._views[recording]
        version = versions[rng.integers(len(versions))]
        cell = int(np.searchsorted(self._used[recording], cell))
        length = self.architecture.window_frames
        if not self.augment:
            return version[cell, :, start : start + length].T.astype(np.float32)
        if self.task == "activity" and rng.uniform() < SLOW_SHARE:
            ratio = float(rng.choice(SLOW_RATIOS))
            # A slow frame may begin before the window does.
            before = min(start, int(rng.integers(ceil(ratio))))
            longer = version[cell, :, start - before : start + length + ceil(ratio)].T.astype(np.float32)
            return varied(rng, slowed(longer, ratio)[before : before + length])
        return varied(rng, version[cell, :, start : start + length].T.astype(np.float32))


_KINDS: dict[str, type[PatchWindows] | type[ViewWindows]] = {"patches": PatchWindows, "views": ViewWindows}


def _versions(rng: np.random.Generator, rois: RoiSet) -> list[tuple[RoiSet, float]]:
    """Return versions of the contours, and the share of other ROIs that the list lacks in each."""
    drawn = [(jittered(rng, rois), float(rng.uniform(*MISSING))) for _ in range(CONTOUR_VERSIONS - 1)]
    return [(rois, 0.0), *drawn]


def cells_of_incomplete_list(
    rng: np.random.Generator,
    architecture: CellArchitecture,
    rois: RoiSet,
    statistics: Statistics,
    margin: int,
    missing: float,
) -> Cells:
    """Return what is seen of each cell if a share `missing` of the other ROIs isn't known.

    Two lists lack different ROIs, so that each cell is in at least one of them.
    """
    chance = rng.uniform(size=len(rois))
    lacking = [chance < missing, (chance >= missing) & (chance < 2 * missing)]
    if not all(part.any() for part in lacking):
        return architecture.cells(rois, statistics, margin)
    parts, places = [], []
    for part, wanted in zip(lacking, (~lacking[0], lacking[0]), strict=True):
        kept = np.flatnonzero(~part)
        cells = architecture.cells(rois.select(kept), statistics, margin)
        own = np.flatnonzero(wanted[kept])
        parts.append([cells.top[own], cells.left[own], cells.masks[own]])
        places.append(kept[own])
    order = np.argsort(np.concatenate(places))
    top, left, masks = (np.concatenate(values)[order] for values in zip(*parts, strict=True))
    return Cells(top, left, masks, rois.fov_shape)


def _views(
    recording: LabelledRecording, versions: list[Cells], used: NDArray[np.int64]
) -> list[NDArray[np.float16]]:
    """Return the views (n, n_inputs, T) of the cells `used`, in each version of their contours."""
    movie = recording.movie
    views_of = [np.empty((len(used), cells.masks.shape[1], movie.n_frames), np.float16) for cells in versions]
    for start in range(0, movie.n_frames, movie.block_frames()):
        stop = min(start + movie.block_frames(), movie.n_frames)
        frames = recording.statistics.normalise(movie.read(start, stop).astype(np.float32))
        for views, cells in zip(views_of, versions, strict=True):
            views[:, :, start:stop] = np.clip(cells.weighed(frames, used), -LARGEST, LARGEST)
    for cells in versions:  # a corpus has thousands, and each is larger than its views
        cells.forget_matrix()
    return views_of
