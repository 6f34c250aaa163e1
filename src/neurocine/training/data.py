"""Batches of windows, cut from the movies on the fly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.network import Architecture
from neurocine.network.inputs import Cells, cells
from neurocine.training.augment import SHIFT_PX, jittered, relit, shifted, turned
from neurocine.training.corpus import LabelledRecording
from neurocine.training.strata import WindowTable, draw, mean_weight
from neurocine.training.tables import SHARES, Task, label

#: Versions of each recording's contours seen in training: the true ones first, the others jittered.
CONTOUR_VERSIONS = 3
#: Windows (B, T, px, px, n_inputs), labels (B, ...) and weights (B,), all float32.
Batch = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Windows:
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
        For each recording its versions of contours: patches `margin` pixels larger all around.
    margin
        0, or `SHIFT_PX` where windows are augmented.
    """

    task: Task
    architecture: Architecture
    recordings: list[LabelledRecording]
    table: WindowTable
    cells: list[list[Cells]]
    margin: int

    @classmethod
    def plain(
        cls, task: Task, architecture: Architecture, recordings: list[LabelledRecording], table: WindowTable
    ) -> Windows:
        """Return windows as inference sees them."""
        px = architecture.window_px
        versions = [[cells(r.rois, px, architecture.output)] for r in recordings]
        return cls(task, architecture, recordings, table, versions, 0)

    @classmethod
    def augmented(
        cls,
        task: Task,
        architecture: Architecture,
        recordings: list[LabelledRecording],
        table: WindowTable,
        seed: int,
    ) -> Windows:
        """Return windows shifted, turned and relit, with jittered contours, anew each time they are cut."""
        rng = np.random.default_rng([seed, 0])
        px = architecture.window_px + 2 * SHIFT_PX
        versions = []
        for recording in recordings:
            contours = [recording.rois, *(jittered(rng, recording.rois) for _ in range(CONTOUR_VERSIONS - 1))]
            versions.append([cells(rois, px, architecture.output) for rois in contours])
        return cls(task, architecture, recordings, table, versions, SHIFT_PX)

    def batch(self, rng: np.random.Generator, rows: NDArray[np.int64]) -> Batch:
        """Return the windows at `rows` of the table, with labels and weights."""
        a = self.architecture
        shape = (len(rows), a.window_frames, a.window_px, a.window_px, a.n_inputs)
        windows = np.empty(shape, dtype=np.float32)
        labels = []
        for index, row in enumerate(rows):
            recording = self.recordings[self.table.recording[row]]
            cell, start = int(self.table.cell[row]), int(self.table.start[row])
            patches, masks = self._cut(rng, int(self.table.recording[row]), cell, start)
            np.multiply(patches[..., None], masks.transpose(1, 2, 0), out=windows[index])
            labels.append(label(self.task, recording, cell, start, a.window_frames))
        return windows, np.stack(labels), self.table.weight[rows]

    def _cut(
        self, rng: np.random.Generator, recording: int, cell: int, start: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return normalised patches (T, px, px) and masks (n_inputs, px, px) of one window."""
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
        if not self.margin:
            return patches, masks
        shift = rng.integers(-self.margin, self.margin + 1, size=2)
        patches, masks = shifted(patches, masks, a.window_px, (int(shift[0]), int(shift[1])))
        patches, masks = turned(patches, masks, int(rng.integers(8)))
        return relit(rng, patches), masks

    def training_batches(self, seed: int, epoch: int, steps: int, size: int) -> Iterator[Batch]:
        """Yield the batches of one epoch: stratified, and the same for the same seed and epoch.

        Weights are brought to a mean of 1, so that training and validation losses are on one scale.
        """
        shares = SHARES[self.task]
        scale = mean_weight(self.table, shares)
        for step in range(steps):
            rng = np.random.default_rng([seed, 1, epoch, step])
            windows, labels, weights = self.batch(rng, draw(rng, self.table, shares, size))
            yield windows, labels, weights / np.float32(scale)

    def sample_batches(self, seed: int, n: int, size: int) -> Iterator[Batch]:
        """Yield `n` batches of windows drawn evenly from the table, the same each time; weights all 1."""
        rng = np.random.default_rng([seed, 2])
        rows = np.resize(rng.permutation(len(self.table)), n * size)
        for part in rows.reshape(n, size):
            windows, labels, weights = self.batch(rng, part)
            yield windows, labels, np.ones_like(weights)
