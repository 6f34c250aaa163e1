"""The numbers of the report, all from the raster, the traces and the cell types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurocine.config.engines import STNEURONET
from neurocine.core import CALLED_TYPES
from neurocine.core.raster import active_runs
from neurocine.io.results import RecordingResults

#: More saturated pixels than this fraction are worth a warning.
SATURATED_SHARE = 1e-3


@dataclass(frozen=True)
class EngineRow:
    """The ROIs that the same engines found; medians are over them, None where none is known.

    The median of the seconds is over the ROIs that STNeuroNet saw active.
    """

    engines: str
    count: int
    noise: int
    transients: int
    median_active_probability: float | None
    median_seen_active_s: float | None
    median_snr: float | None


@dataclass(frozen=True)
class TypeRow:
    """The ROIs of one type; medians are over them, None if there are none."""

    cell_type: str
    count: int
    transients: int
    median_rate_per_min: float | None
    median_active_fraction: float | None
    median_snr: float | None


def engine_rows(cells: pd.DataFrame) -> list[EngineRow]:
    """Return one row for each engine, or engines, that found any of the ROIs: most ROIs first.

    Parameters
    ----------
    cells
        The ROIs (`neurocine.export.tables.cells_table`).
    """
    rows = []
    for engines, count in Counter(cells["engines"]).most_common():
        rois = cells[cells["engines"] == engines]
        rows.append(
            EngineRow(
                engines=engines,
                count=count,
                noise=int((rois["type"] == "noise").sum()),
                transients=int(rois["transients"].sum()),
                median_active_probability=median(rois["active_probability"]),
                median_seen_active_s=median(rois["seen_active_s"]),
                median_snr=median(rois["snr"]),
            )
        )
    return rows


def looked_for_active(results: RecordingResults) -> bool:
    """Return whether STNeuroNet looked for active neurons among the ROIs."""
    return bool(np.isfinite(results.rois.active_probability).any())


def type_rows(cells: pd.DataFrame) -> list[TypeRow]:
    """Return one row per type, in the order of `CALLED_TYPES`; the parameter as of `engine_rows`."""
    rows = []
    for cell_type in CALLED_TYPES:
        rois = cells[cells["type"] == cell_type]
        rows.append(
            TypeRow(
                cell_type=cell_type,
                count=len(rois),
                transients=int(rois["transients"].sum()),
                median_rate_per_min=median(rois["rate_per_min"]),
                median_active_fraction=median(rois["active_fraction"]),
                median_snr=median(rois["snr"]),
            )
        )
    return rows


def median(values: ArrayLike) -> float | None:
    """Return the median of the finite `values`, None if there are none."""
    array = np.asarray(values, dtype=np.float64)
    finite = array[np.isfinite(array)]
    return float(np.median(finite)) if finite.size else None


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


def invalid_frames(results: RecordingResults) -> str:
    """Return how many frames hold no data and why, as a sentence; empty if all do."""
    validity = results.movie.validity
    if validity is None or not validity.invalid:
        return ""
    counts: Counter[str] = Counter()
    for part in validity.invalid:
        counts[part.reason] += part.last - part.first + 1
    reasons = ", ".join(f"{reason}: {count:,}" for reason, count in counts.most_common())
    share = counts.total() / validity.n_frames
    return f"{counts.total():,} frames ({share:.2%}) hold no data ({reasons}); they are filled in."


def warnings(results: RecordingResults) -> list[str]:
    """Return what a reader must know before relying on the numbers, one sentence each."""
    messages = [str(text) for text in results.source.get("warnings") or ()]
    messages += [text for text in [invalid_frames(results)] if text]
    # Frames without data have a sentence of their own.
    flagged = int((results.registration.unregistered & results.movie.valid).sum())
    if flagged:
        share = flagged / results.movie.n_frames
        messages.append(f"{flagged:,} frames ({share:.2%}) could not be registered well; they were kept.")
    saturated = saturated_share(results.source)
    if saturated is not None and saturated > SATURATED_SHARE:
        messages.append(f"{saturated:.2%} of the raw movie's pixels are saturated: their ΔF/F is too low.")
    if not len(results.rois):
        messages.append(
            "No ROI was found. Check the diameter of a soma and the threshold of the segmentation."
        )
    elif not results.is_cell.any():
        messages.append("Every ROI was called noise: no cell was found.")
    elif not results.raster.active[results.is_cell].any():
        messages.append("No cell was active in any frame.")
    if looked_for_active(results) and not results.rois.found_by(STNEURONET).any():
        messages.append("STNeuroNet found none of the ROIs to be an active neuron.")
    if not np.isfinite(results.traces.dff).all():
        messages.append("Some ΔF/F values aren't finite: don't rely on the baseline of those ROIs.")
    return messages


def saturated_share(source: Mapping[str, Any]) -> float | None:
    """Return the fraction of pixels at the highest value, which ingest counted; None if it didn't."""
    value = dict(source.get("pixels") or {}).get("saturated")
    return None if value is None else float(value)
