"""``cells.tsv`` and ``transients.tsv``: one row per ROI and one per transient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurocine.core import CELL_TYPES
from neurocine.core.raster import active_runs
from neurocine.io.results import RecordingResults
from neurocine.io.tables import write_table

#: Times to a tenth of a millisecond: a fixed number of digits would be too coarse late in a long recording.
SECONDS: Final = "{:.4f}"


@dataclass(frozen=True, eq=False)
class RoiMeasures:
    """What the columns of ``cells.tsv`` are computed from.

    Attributes
    ----------
    results
        All results of the recording, with N ROIs.
    centroids_px
        Row and column of each ROI's centre, (N, 2) float64.
    n_transients, n_active_frames
        Number of transients and of active frames of each ROI, (N,) int64.
    """

    results: RecordingResults
    centroids_px: NDArray[np.float64]
    n_transients: NDArray[np.int64]
    n_active_frames: NDArray[np.int64]

    @classmethod
    def of(cls, results: RecordingResults) -> RoiMeasures:
        """Return the measures of a recording's ROIs."""
        active = results.raster.active
        rows, _, _ = active_runs(active)
        return cls(
            results,
            results.rois.centroids(),
            np.bincount(rows, minlength=len(results.rois)),
            active.sum(axis=1),
        )

    def mean_rise_s(self) -> NDArray[np.float64]:
        """Return the mean time from onset to peak in seconds, (N,); NaN without transients."""
        counts = np.where(self.n_transients > 0, self.n_transients, np.nan)
        return np.asarray(self.n_active_frames / counts / self.results.raster.frame_rate_hz)

    def seen_active_s(self) -> NDArray[np.float64]:
        """Return the seconds in which STNeuroNet saw each ROI active, (N,); NaN if it never did."""
        frames = [int(np.diff(spans, axis=1).sum()) for spans in self.results.rois.active_intervals]
        seconds = np.array(frames, dtype=np.float64) / self.results.movie.frame_rate_hz
        return np.where(seconds > 0, seconds, np.nan)


@dataclass(frozen=True)
class CellColumn:
    """A column of ``cells.tsv``; the report's table of ROIs and the NWB file derive theirs from it.

    Attributes
    ----------
    name
        Its name, with the unit.
    meaning
        What it holds.
    values
        Computes it, one value per ROI.
    heading
        Its heading in the report; a column without one isn't shown there.
    style
        How the report formats its numbers; empty for text.
    nwb_name
        Its name in the NWB file, if another.
    """

    name: str
    meaning: str
    values: Callable[[RoiMeasures], ArrayLike]
    heading: str = ""
    style: str = ""
    nwb_name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "nwb_name", self.nwb_name or self.name)


def _type_probability(index: int, name: str) -> CellColumn:
    return CellColumn(
        f"p_{name}",
        f"Probability of the type {name}",
        lambda m: m.results.celltypes.probability[:, index],
        f"p({name if name == 'noise' else name[:3]})",
        ".2f",
    )


#: The columns of ``cells.tsv``, in order.
CELL_COLUMNS: Final[tuple[CellColumn, ...]] = (
    CellColumn("roi_id", "Id of the ROI, the same in all results", lambda m: m.results.rois.ids, "ROI", "d"),
    CellColumn(
        "y_px", "Row of its centre in pixels, 0 at the centre of the top row", lambda m: m.centroids_px[:, 0]
    ),
    CellColumn(
        "x_px",
        "Column of its centre in pixels, 0 at the centre of the leftmost column",
        lambda m: m.centroids_px[:, 1],
    ),
    CellColumn("y_um", "y_px in micrometres", lambda m: m.centroids_px[:, 0] * m.results.movie.pixel_size_um),
    CellColumn("x_um", "x_px in micrometres", lambda m: m.centroids_px[:, 1] * m.results.movie.pixel_size_um),
    CellColumn(
        "area_um2",
        "Area of its pixels in square micrometres",
        lambda m: m.results.rois.areas() * m.results.movie.pixel_size_um**2,
        "area (µm²)",
        ".0f",
    ),
    CellColumn(
        "type",
        "Most probable type of the cell, or unknown",
        lambda m: m.results.types,
        "type",
        nwb_name="cell_type",
    ),
    *(_type_probability(index, name) for index, name in enumerate(CELL_TYPES)),
    CellColumn(
        "labelled_probability",
        "Probability that the cell is labelled in the structural channel",
        lambda m: m.results.labelled,
        "p(labelled)",
        ".2f",
    ),
    CellColumn(
        "engines",
        "Which engine found the ROI, or engines, joined by +",
        lambda m: m.results.rois.engine,
        "found by",
        nwb_name="engine",
    ),
    CellColumn(
        "active_probability",
        "STNeuroNet's probability that the ROI is an active neuron",
        lambda m: m.results.rois.active_probability,
        "p(active neuron)",
        ".2f",
    ),
    CellColumn(
        "seen_active_s",
        "Seconds in which STNeuroNet saw it active",
        RoiMeasures.seen_active_s,
        "seen active (s)",
        ".1f",
    ),
    CellColumn("snr", "Signal-to-noise ratio of dF/F", lambda m: m.results.traces.snr, "SNR", ".1f"),
    CellColumn("transients", "Number of transients", lambda m: m.n_transients, "transients", "d"),
    CellColumn(
        "rate_per_min",
        "Transients per minute of the movie",
        lambda m: m.n_transients / (m.results.duration_s / 60),
        "per minute",
        ".2f",
    ),
    CellColumn(
        "active_fraction",
        "Fraction of frames in which it is active, from onset to peak of its transients",
        lambda m: m.n_active_frames / m.results.raster.n_frames,
        "active",
        ".2%",
    ),
    CellColumn(
        "mean_rise_s",
        "Mean length of its transients in seconds, from onset to peak, both frames included",
        RoiMeasures.mean_rise_s,
        "mean rise (s)",
        ".2f",
    ),
    CellColumn(
        "classifier",
        "Network that inferred its activity; the networks shipped with neurocine were trained on simulated "
        "movies",
        lambda m: m.results.raster.classifier,
        "classifier",
    ),
)

#: The columns of ``transients.tsv``, in order, and what they hold.
TRANSIENT_COLUMNS: Final[Mapping[str, str]] = {
    "roi_id": "Id of the ROI",
    "type": "Most probable type of the ROI, or unknown",
    "onset_s": "Start of its onset frame in seconds from the start of the movie",
    "peak_s": "Start of its peak frame in seconds from the start of the movie",
    "onset_frame": "First active frame, counted from 0",
    "peak_frame": "Last active frame, inclusive",
    "amplitude": "dF/F in the peak frame minus dF/F in the onset frame",
    "probability": "Largest activity probability within the transient",
    "classifier": "Network that inferred it",
}


def cells_table(results: RecordingResults) -> pd.DataFrame:
    """Return one row per ROI, in their order, ROIs of the type noise included.

    The columns are `CELL_COLUMNS`; NaN stands where nothing is known, such as the active probability where
    STNeuroNet wasn't run.
    """
    measures = RoiMeasures.of(results)
    return pd.DataFrame({column.name: _plain(column.values(measures)) for column in CELL_COLUMNS})


def transients_table(results: RecordingResults) -> pd.DataFrame:
    """Return one row per transient, by ROI and time, those of ROIs of the type noise included.

    The columns are `TRANSIENT_COLUMNS`. The amplitude of a transient of a single frame is 0.
    """
    transients = results.raster.transients()
    position = {roi_id: i for i, roi_id in enumerate(results.rois.ids.tolist())}
    rows = np.array([position[roi_id] for roi_id in transients.roi_id.tolist()], dtype=np.int64)
    dff, rate = results.traces.dff, results.raster.frame_rate_hz
    columns = {
        "roi_id": transients.roi_id,
        "type": [results.types[row] for row in rows],
        "onset_s": transients.onset / rate,
        "peak_s": transients.peak / rate,
        "onset_frame": transients.onset,
        "peak_frame": transients.peak,
        "amplitude": np.float64(dff[rows, transients.peak]) - np.float64(dff[rows, transients.onset]),
        "probability": _plain(transients.probability),
        "classifier": [results.raster.classifier[row] for row in rows],
    }
    return pd.DataFrame(columns, columns=list(TRANSIENT_COLUMNS))


def write_tables(results: RecordingResults, cells: Path, transients: Path) -> None:
    """Write ``cells.tsv`` and ``transients.tsv`` of a recording, atomically.

    Parameters
    ----------
    results
        All results of the recording.
    cells, transients
        The two files.
    """
    write_table(cells, cells_table(results))
    table = transients_table(results)
    times = {name: table[name].map(SECONDS.format) for name in ("onset_s", "peak_s")}
    write_table(transients, table.assign(**times))


def _plain(values: ArrayLike) -> NDArray[np.generic] | list[str]:
    """Return numbers as integers or in double precision, and texts as a list."""
    if isinstance(values, tuple):
        return list(values)
    array = np.asarray(values)
    return array.astype(np.float64) if array.dtype.kind == "f" else array
