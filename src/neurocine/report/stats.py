"""The numbers of the report, all from the raster, the traces and the cell types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.config.engines import STNEURONET
from neurocine.core import CELL_TYPES
from neurocine.core.raster import active_runs
from neurocine.io.results import RecordingResults

#: A share of saturated pixels above this is worth a warning.
SATURATED_SHARE = 1e-3


@dataclass(frozen=True)
class CellRow:
    """One ROI in the table of all cells; rates in transients a minute, areas in square micrometres.

    `active_probability` and `seen_active_s` (start and stop of each interval) are STNeuroNet's.
    """

    roi_id: int
    kind: str
    probability: tuple[float, ...]
    snr: float
    area_um2: float
    transients: int
    rate_per_min: float
    active_share: float
    engine: str
    active_probability: float
    seen_active_s: tuple[tuple[float, float], ...]
    classifier: str

    @property
    def seen_s(self) -> float:
        """Seconds in which STNeuroNet saw it active."""
        return sum(stop - start for start, stop in self.seen_active_s)


@dataclass(frozen=True)
class EngineRow:
    """The ROIs that the same engines found; medians are over them, None where none is known.

    That of the seconds is over the ROIs that STNeuroNet saw active.
    """

    engine: str
    count: int
    noise: int
    transients: int
    median_active_probability: float | None
    median_seen_s: float | None
    median_snr: float | None


@dataclass(frozen=True)
class TypeRow:
    """The ROIs of one type; medians are over them, None if there are none."""

    kind: str
    count: int
    transients: int
    median_rate_per_min: float | None
    median_active_share: float | None
    median_snr: float | None


def cell_rows(results: RecordingResults) -> list[CellRow]:
    """Return one row an ROI, in the order of the ROIs."""
    active = results.raster.active
    row, _, _ = active_runs(active)
    counts = np.bincount(row, minlength=len(results.rois))
    minutes, rate = results.duration_s / 60, results.movie.frame_rate_hz
    area = results.rois.areas() * results.movie.pixel_size_um**2
    return [
        CellRow(
            roi_id=int(results.rois.ids[i]),
            kind=kind,
            probability=tuple(float(p) for p in results.celltypes.probability[i]),
            snr=float(results.traces.snr[i]),
            area_um2=float(area[i]),
            transients=int(counts[i]),
            rate_per_min=float(counts[i] / minutes),
            active_share=float(active[i].mean()),
            engine=results.rois.engine[i],
            active_probability=float(results.rois.active_probability[i]),
            seen_active_s=tuple(map(tuple, (results.rois.active_intervals[i] / rate).tolist())),
            classifier=results.raster.classifier[i],
        )
        for i, kind in enumerate(results.types)
    ]


def engine_rows(cells: list[CellRow]) -> list[EngineRow]:
    """Return one row for each engine, or engines, that found any of the ROIs: most ROIs first."""
    found = []
    for engine, count in Counter(cell.engine for cell in cells).most_common():
        those = [cell for cell in cells if cell.engine == engine]
        found.append(
            EngineRow(
                engine=engine,
                count=count,
                noise=sum(cell.kind == "noise" for cell in those),
                transients=sum(cell.transients for cell in those),
                median_active_probability=median([cell.active_probability for cell in those]),
                median_seen_s=median([cell.seen_s for cell in those if cell.seen_active_s]),
                median_snr=median([cell.snr for cell in those]),
            )
        )
    return found


def looked_for_active(results: RecordingResults) -> bool:
    """Return whether STNeuroNet looked for active neurons among the ROIs."""
    return bool(np.isfinite(results.rois.active_probability).any())


def type_rows(cells: list[CellRow]) -> list[TypeRow]:
    """Return one row a type, in the order of `CELL_TYPES`."""
    found = []
    for kind in CELL_TYPES:
        those = [cell for cell in cells if cell.kind == kind]
        found.append(
            TypeRow(
                kind=kind,
                count=len(those),
                transients=sum(cell.transients for cell in those),
                median_rate_per_min=median([cell.rate_per_min for cell in those]),
                median_active_share=median([cell.active_share for cell in those]),
                median_snr=median([cell.snr for cell in those]),
            )
        )
    return found


def median(values: list[float]) -> float | None:
    """Return the median of the finite `values`, None if there are none."""
    finite = [value for value in values if np.isfinite(value)]
    return float(np.median(finite)) if finite else None


def most_active(results: RecordingResults, count: int) -> NDArray[np.int64]:
    """Return the positions of the `count` most active ROIs: cells before noise, most transients first."""
    if not len(results.rois):
        return np.empty(0, dtype=np.int64)
    row, _, _ = active_runs(results.raster.active)
    transients = np.bincount(row, minlength=len(results.rois))
    order = np.lexsort((results.rois.ids, -transients, ~results.is_cell))
    return order[:count].astype(np.int64)


def busiest(results: RecordingResults, length_s: float) -> tuple[int, int]:
    """Return the frames ``start, stop`` of `length_s` seconds in which most cells are active.

    The whole movie if it is shorter; its beginning if nothing is active.
    """
    t = results.movie.n_frames
    length = min(t, max(1, round(length_s * results.movie.frame_rate_hz)))
    if not results.is_cell.any():
        return 0, length
    active = results.raster.active[results.is_cell].sum(axis=0)
    total = np.concatenate([[0], np.cumsum(active)])
    start = int(np.argmax(total[length:] - total[:-length]))
    return start, start + length


def warnings(results: RecordingResults) -> list[str]:
    """Return what a reader must know before trusting the page, in plain words."""
    found = []
    flagged = int(results.registration.unregistered.sum())
    if flagged:
        share = flagged / results.movie.n_frames
        found.append(f"{flagged:,} frames ({share:.2%}) could not be registered well; they were kept.")
    saturated = saturated_share(results.source)
    if saturated is not None and saturated > SATURATED_SHARE:
        found.append(f"{saturated:.2%} of the raw movie's pixels are saturated: their ΔF/F is too low.")
    if not len(results.rois):
        found.append("No ROI was found. Check the diameter of a soma and the threshold of the segmentation.")
    elif not results.is_cell.any():
        found.append("Every ROI was called noise: no cell was found.")
    elif not results.raster.active[results.is_cell].any():
        found.append("No cell was active in any frame.")
    if looked_for_active(results) and not results.rois.found_by(STNEURONET).any():
        found.append("STNeuroNet found none of the ROIs to be an active neuron.")
    if not np.isfinite(results.traces.dff).all():
        found.append("Some ΔF/F values aren't finite: the baseline of those ROIs is not to be trusted.")
    return found


def saturated_share(source: Mapping[str, Any]) -> float | None:
    """Return the share of pixels at the highest value, which ingest counted; None if it didn't."""
    value = dict(source.get("pixels") or {}).get("saturated")
    return None if value is None else float(value)
