"""Training windows: what they show, how often each kind is drawn, and its weight in the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurocine.celltype import most_active
from neurocine.core import CELL_TYPES, InputError
from neurocine.core.truth import all_within
from neurocine.traces.transients import putative, smooth
from neurocine.training.corpus import LabelledRecording

#: Kinds of windows of the activity network and their shares (DeepCINAC, section 2.4, #3).
REAL, FAKE, NONE = range(3)
ACTIVITY_SHARES = (0.6, 0.3, 0.1)
#: Windows count as real if they hold a transient of at least this d′; all are labelled.
SEEN_DPRIME = 1.5
#: First and last frames (inclusive) of transients, each (M,) int64.
Spans = tuple[NDArray[np.int64], NDArray[np.int64]]
Task = Literal["activity", "celltype"]
#: Frames between windows: the paper's step for activity, a fifth of the window for cell types.
STEP = {"activity": 10, "celltype": 100}
#: Cell types are learned from each cell's most active windows.
ACTIVE_WINDOWS = 8
SHARES = {"activity": ACTIVITY_SHARES, "celltype": (1.0 / len(CELL_TYPES),) * len(CELL_TYPES)}


@dataclass(frozen=True, eq=False)
class WindowTable:
    """W windows of a corpus.

    Attributes
    ----------
    recording, cell, start
        Position of the recording in the corpus, of the ROI in it, and first frame: (W,) int64.
    stratum
        Kind of window, (W,) int64.
    weight
        What it counts in the loss, (W,) float32.
    """

    recording: NDArray[np.int64]
    cell: NDArray[np.int64]
    start: NDArray[np.int64]
    stratum: NDArray[np.int64]
    weight: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.start)


def joined(tables: list[WindowTable]) -> WindowTable:
    """Return the rows of all `tables`."""
    return WindowTable(
        *(
            np.concatenate([getattr(table, name) for table in tables])
            for name in ("recording", "cell", "start", "stratum", "weight")
        )
    )


def touching(starts: NDArray[np.int64], length: int, spans: Spans) -> NDArray[np.bool_]:
    """Return which spans share a frame with which window, (W, M)."""
    onset, peak = spans
    return np.asarray((onset[None] < starts[:, None] + length) & (peak[None] >= starts[:, None]))


def within(starts: NDArray[np.int64], length: int, spans: Spans) -> NDArray[np.bool_]:
    """Return which spans lie whole in which window, (W, M)."""
    onset, peak = spans
    return np.asarray((onset[None] >= starts[:, None]) & (peak[None] < starts[:, None] + length))


def fake_transients(putative: Spans, truth: NDArray[np.bool_], trace: NDArray[np.float64]) -> Spans:
    """Return the rises of `trace` (T,) that touch no true frame, and peak 1 SD or more over its minimum."""
    onset, peak = putative
    true_before = np.concatenate([[0], np.cumsum(truth)])
    untouched = true_before[peak + 1] == true_before[onset]
    chosen = untouched & (trace[peak] >= trace.min() + trace.std())
    return onset[chosen], peak[chosen]


def strata_of(starts: NDArray[np.int64], length: int, real: Spans, fake: Spans) -> NDArray[np.int64]:
    """Return `REAL`, `FAKE` or `NONE` for each window, (W,)."""
    has_real = touching(starts, length, real).any(axis=1)
    has_fake = touching(starts, length, fake).any(axis=1)
    return np.where(has_real, REAL, np.where(has_fake, FAKE, NONE)).astype(np.int64)


def weights_of(
    starts: NDArray[np.int64],
    length: int,
    trace: NDArray[np.float64],
    real: Spans,
    fake: Spans,
    hard_weight: float,
) -> NDArray[np.float32]:
    """Return what each window counts, (W,): 1, and more for those that are hard to get right.

    The extra weights are DeepCINAC's: whole real transients +5 if several, +3 if one is long (over the 90th
    percentile), +3 if one is low (under the 10th); a whole fake one without a real one +50, +5 if one is
    long, +10 if none is among the highest tenth; a cropped fake one +5. They are scaled by `hard_weight`.
    """
    real_in, fake_in = within(starts, length, real), within(starts, length, fake)
    has_real = touching(starts, length, real).any(axis=1)
    long_real, _, low_real = _extremes(real, trace)
    long_fake, high_fake, _ = _extremes(fake, trace)
    extra = 5.0 * (real_in.sum(axis=1) > 1)
    extra += 3.0 * (real_in & long_real).any(axis=1) + 3.0 * (real_in & low_real).any(axis=1)
    whole_fake = fake_in.any(axis=1) & ~has_real
    extra += whole_fake * (
        50.0 + 5.0 * (fake_in & long_fake).any(axis=1) + 10.0 * (fake_in & ~high_fake).any(axis=1)
    )
    cropped = touching(starts, length, fake).any(axis=1) & ~whole_fake & ~has_real
    return np.asarray(1 + hard_weight * (extra + 5.0 * cropped), dtype=np.float32)


def _extremes(spans: Spans, trace: NDArray[np.float64]) -> tuple[NDArray[np.bool_], ...]:
    """Return which spans are longer, higher and lower than nine tenths of them."""
    onset, peak = spans
    if not len(onset):
        none = np.zeros(0, dtype=bool)
        return none, none, none
    length, amplitude = peak - onset + 1, trace[peak] - trace[onset]
    return (
        length > np.percentile(length, 90),
        amplitude >= np.percentile(amplitude, 90),
        amplitude < np.percentile(amplitude, 10),
    )


def rows_of(table: WindowTable, n_strata: int) -> list[NDArray[np.int64]]:
    """Return the rows of each stratum of `table`."""
    return [np.flatnonzero(table.stratum == stratum) for stratum in range(n_strata)]


def draw(
    rng: np.random.Generator, rows: Sequence[NDArray[np.int64]], shares: tuple[float, ...], n: int
) -> NDArray[np.int64]:
    """Return `n` of the `rows` of each stratum (`rows_of`), (n,), strata in the given shares.

    Empty strata leave their share to the others.
    """
    chances = np.where([len(r) > 0 for r in rows], shares, 0.0)
    strata = rng.choice(len(shares), size=n, p=chances / chances.sum())
    return np.asarray([rows[s][rng.integers(len(rows[s]))] for s in strata], dtype=np.int64)


def mean_weight(table: WindowTable, shares: tuple[float, ...]) -> float:
    """Return the mean weight of windows drawn in these shares, so that losses can be brought to one scale."""
    present = [s for s in range(len(shares)) if np.any(table.stratum == s)]
    total = sum(shares[s] for s in present)
    return float(sum(shares[s] / total * table.weight[table.stratum == s].mean() for s in present))


def window_table(
    task: Task,
    recordings: list[LabelledRecording],
    length: int,
    hard_weight: float,
    types: Sequence[str] | None = None,
) -> WindowTable:
    """Return the windows of `length` frames of the cells of `recordings`: of all, or of those of `types`.

    Windows of activity lie within frames that count (`Truth.counted`); a cell's type is known in all frames.

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
    truth = recording.truth
    starts = _starts("activity", recording, length)
    starts = starts[all_within(truth.counted(cell), starts, starts + length - 1)]
    trace = smooth(recording.traces[cell])
    own = truth.roi_id == recording.rois.ids[cell]
    if truth.hybrid is not None:
        # Most transients of dim movies can't be seen: windows that hold no other teach little.
        own = own & (truth.hybrid.detectability >= SEEN_DPRIME)
    real = (truth.onset[own], truth.peak[own])
    fake = fake_transients(putative(trace), truth.raster[cell], trace)
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
