"""The windows of each task: where they start, what they show and their labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurocine.activity.transients import putative, smooth
from neurocine.celltype import most_active
from neurocine.core import CELL_TYPES, InputError
from neurocine.training.corpus import LabelledRecording
from neurocine.training.strata import (
    ACTIVITY_SHARES,
    WindowTable,
    fake_periods,
    joined,
    strata_of,
    weights_of,
)

Task = Literal["activity", "celltype"]
#: Frames between windows: the paper's step for activity, a fifth of the window for cell types.
STEP = {"activity": 10, "celltype": 100}
#: Cell types are learned from each cell's most active windows.
ACTIVE_WINDOWS = 8
SHARES = {"activity": ACTIVITY_SHARES, "celltype": (1.0 / len(CELL_TYPES),) * len(CELL_TYPES)}


def window_table(
    task: Task,
    recordings: list[LabelledRecording],
    length: int,
    hard_weight: float,
    types: Sequence[str] | None = None,
) -> WindowTable:
    """Return the windows of `length` frames of the cells of `recordings`: of all, or of those of `types`.

    Raises
    ------
    InputError
        If a movie is shorter than a window, or there is no cell of these types.
    """
    tables = []
    for index, recording in enumerate(recordings):
        if recording.movie.n_frames < length:
            raise InputError(
                recording.movie.source,
                "frames",
                f"are {recording.movie.n_frames}, fewer than the window of {length}",
                "Simulate longer movies.",
            )
        rows = _activity_table if task == "activity" else _celltype_table
        kinds = recording.truth.cell_types
        cells = [cell for cell, kind in enumerate(kinds) if types is None or kind in types]
        tables += [rows(recording, index, cell, length, hard_weight) for cell in cells]
    if not tables:
        raise InputError(
            "corpus",
            "cell_types",
            f"hold no {' or '.join(types or CELL_TYPES)}",
            "Choose other types, or add recordings that have them.",
        )
    return joined(tables)


def _activity_table(
    recording: LabelledRecording, index: int, cell: int, length: int, hard_weight: float
) -> WindowTable:
    starts = _starts("activity", recording, length)
    trace = smooth(recording.traces[cell])
    truth = recording.truth
    own = truth.roi_id == recording.rois.ids[cell]
    real = (truth.onset[own], truth.peak[own])
    fake = fake_periods(putative(trace), truth.raster[cell], trace)
    return WindowTable(
        np.full(len(starts), index),
        np.full(len(starts), cell),
        starts,
        strata_of(starts, length, real, fake),
        weights_of(starts, length, trace, real, fake, hard_weight),
    )


def _celltype_table(
    recording: LabelledRecording, index: int, cell: int, length: int, hard_weight: float
) -> WindowTable:
    starts = _starts("celltype", recording, length)
    trace = recording.traces[cell : cell + 1].astype(np.float32)
    starts = starts[most_active(trace, starts, length, ACTIVE_WINDOWS)[0]]
    kind = CELL_TYPES.index(recording.truth.cell_types[cell])
    return WindowTable(
        np.full(len(starts), index),
        np.full(len(starts), cell),
        starts,
        np.full(len(starts), kind),
        np.ones(len(starts), dtype=np.float32),
    )


def _starts(task: Task, recording: LabelledRecording, length: int) -> NDArray[np.int64]:
    return np.arange(0, recording.movie.n_frames - length + 1, STEP[task], dtype=np.int64)


def label(
    task: Task, recording: LabelledRecording, cell: int, start: int, length: int
) -> NDArray[np.float32]:
    """Return what the network should answer: the raster (length,), or a 1 at the cell's type (3,)."""
    if task == "activity":
        return recording.truth.raster[cell, start : start + length].astype(np.float32)
    kinds = [kind == recording.truth.cell_types[cell] for kind in CELL_TYPES]
    return np.asarray(kinds, dtype=np.float32)
