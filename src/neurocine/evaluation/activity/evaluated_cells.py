"""The cells of one recording matched to truth, with each method's signal in their scored transients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurocine.config import EnginesSettings, EvaluationSettings
from neurocine.contamination import FalseTransients, false_transients
from neurocine.core import CELL_TYPES
from neurocine.core.indicators import decay_s
from neurocine.core.matching import Matching, match, overlaps
from neurocine.evaluation.activity import baselines
from neurocine.evaluation.activity.activity_cases import ActivityCase, baseline_traces, run_dprime
from neurocine.evaluation.activity.experts import expert_signals
from neurocine.evaluation.activity.scored_transients import ScoredTransients, highest, scored_transients
from neurocine.evaluation.segmentation.scoring import SegmentationScore
from neurocine.progress import Progress, silent
from neurocine.traces.events import signal_to_noise
from neurocine.traces.extraction import raw_traces

#: Cells of this type have no activity to find.
NOISE = CELL_TYPES[-1]


@dataclass(frozen=True, eq=False)
class EvaluatedCell:
    """One cell: an ROI and the true one that it was matched to.

    Attributes
    ----------
    recording, roi_id, truth_id
        The recording, the ID of the ROI and that of the true cell.
    cell_type, called_type
        Its true type (empty if unknown) and the type it was called (None if types aren't evaluated).
    overlapping
        Whether another true cell overlaps it.
    snr
        Signal-to-noise ratio of the ROI's ΔF/F.
    dprime
        Detectability d' of each true transient that counts, (M,) float32; infinite where it isn't known.
    transients
        Each signal in the cell's scored transients, by name; those of people are missing who didn't label
        the recording.
    """

    recording: str
    roi_id: int
    truth_id: int
    cell_type: str
    called_type: str | None
    overlapping: bool
    snr: float
    dprime: NDArray[np.float32]
    transients: Mapping[str, ScoredTransients]

    @property
    def is_neuron(self) -> bool:
        """Whether it is a cell rather than noise."""
        return self.cell_type != NOISE

    @property
    def is_active(self) -> bool:
        """Whether it has a true transient that counts."""
        return len(self.dprime) > 0

    def scored(self, signal: str) -> ScoredTransients:
        """Return a signal in the cell's scored transients; without any value if it is missing."""
        return self.transients.get(signal) or ScoredTransients.unknown(len(self.dprime))

    def at_least(self, dprime: float) -> EvaluatedCell:
        """Return the cell with only the true transients of a detectability of `dprime` or more."""
        kept = self.dprime >= dprime
        if kept.all():
            return self
        transients = {name: part.select(kept) for name, part in self.transients.items()}
        return replace(self, dprime=self.dprime[kept], transients=transients)


@dataclass(frozen=True, eq=False)
class OverlapTest:
    """False transients of one recording's ROIs, and how high each method's signal is in them.

    Attributes
    ----------
    n_pairs, n_cells
        Pairs of overlapping ROIs, and ROIs with a false transient.
    heights
        Highest value of each method's signal in each false transient, (M,) float32.
    confirmed
        Whether the truth agrees: the ROI is matched, and known to be silent from onset to peak, (M,) bool.
    """

    n_pairs: int
    n_cells: int
    heights: Mapping[str, NDArray[np.float32]]
    confirmed: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MeasuredActivity:
    """The cells and scores of one recording."""

    name: str
    score: SegmentationScore
    cells: tuple[EvaluatedCell, ...]
    overlap: OverlapTest
    skipped: Mapping[str, str]


def measure_activity(
    case: ActivityCase,
    settings: EvaluationSettings,
    *,
    overlap: bool = True,
    engines: EnginesSettings | None = None,
    progress: Progress = silent,
) -> MeasuredActivity:
    """Score all methods on one recording.

    Parameters
    ----------
    case
        The recording, its truth and its activity.
    settings
        How cells match, when they overlap, and the baselines.
    overlap
        Whether to look for false transients too, for which the movie is read once more.
    engines
        How programs in environments of their own are run; by default as in the config.
    progress
        Called with the number of frames read.
    """
    matching = match(case.rois, case.true_rois, min_iou=settings.min_iou)
    traces = raw_traces(case.movie, case.rois, progress)
    seen = baseline_traces(case, progress)
    signals, skipped = baselines.signals(
        settings.baselines,
        seen,
        decay_s(case.movie.indicator),
        made=case.baselines,
        engines=engines,
        progress=progress,
    )
    signals = {name: raster.probability for name, raster in case.rasters.items()} | signals
    signals |= expert_signals(case, matching)
    return MeasuredActivity(
        name=case.name,
        score=SegmentationScore.of(matching, len(case.rois), len(case.true_rois)),
        cells=_rows(case, matching, settings, traces, signals, signal_to_noise(seen.dff)),
        overlap=_overlap(case, matching, settings, traces, signals, progress) if overlap else _NO_TEST,
        skipped=skipped,
    )


_NO_TEST = OverlapTest(0, 0, {}, np.empty(0, dtype=bool))


def _rows(
    case: ActivityCase,
    matching: Matching,
    settings: EvaluationSettings,
    traces: NDArray[np.float32],
    signals: baselines.Signals,
    snr: NDArray[np.float32],
) -> tuple[EvaluatedCell, ...]:
    neighbours = set(overlaps(case.true_rois, settings.min_overlap).ravel().tolist())
    called = None if case.celltypes is None else case.celltypes.of(case.rois.ids)
    rows = []
    for roi, true in matching.pairs.tolist():
        row = case.truth_row(true)
        if row is None or not case.truth.counted(row).any():
            continue
        parts = scored_transients(
            case.truth.raster[row],
            traces[roi],
            [signal[roi] for signal in signals.values()],
            case.truth.counted(row),
        )
        rows.append(
            EvaluatedCell(
                recording=case.name,
                roi_id=int(case.rois.ids[roi]),
                truth_id=int(case.true_rois.ids[true]),
                cell_type=case.truth.cell_types[row],
                called_type=None if called is None else called[roi],
                overlapping=true in neighbours,
                snr=float(snr[roi]),
                dprime=run_dprime(case.truth, row),
                transients=dict(zip(signals, parts, strict=True)),
            )
        )
    return tuple(rows)


def _overlap(
    case: ActivityCase,
    matching: Matching,
    settings: EvaluationSettings,
    traces: NDArray[np.float32],
    signals: baselines.Signals,
    progress: Progress,
) -> OverlapTest:
    false = false_transients(
        case.movie,
        case.rois,
        traces,
        min_overlap=settings.min_overlap,
        above=settings.neighbour_correlation,
        below=settings.own_correlation,
        progress=progress,
    )
    rows = {roi: case.truth_row(true) for roi, true in matching.pairs.tolist()}
    silent = {
        roi: case.truth.counted(row) & ~case.truth.raster[row] for roi, row in rows.items() if row is not None
    }
    return OverlapTest(
        n_pairs=len(false.pairs),
        n_cells=len(np.unique(false.roi)),
        heights={name: _heights(signal, false) for name, signal in signals.items()},
        confirmed=np.array(
            [
                roi in silent and silent[roi][onset : peak + 1].all()
                for roi, onset, peak in zip(
                    false.roi.tolist(), false.onset.tolist(), false.peak.tolist(), strict=True
                )
            ],
            dtype=bool,
        ),
    )


def _heights(signal: NDArray[np.float32], false: FalseTransients) -> NDArray[np.float32]:
    """Return the highest value of `signal` (N, T) in each false transient, (M,)."""
    heights = np.empty(len(false), dtype=np.float32)
    for roi in np.unique(false.roi):
        rows = false.roi == roi
        heights[rows] = highest(signal[roi], false.onset[rows], false.peak[rows])
    return heights
