"""The parts of an NWB file about the ROIs: masks, types, fluorescence, activity and transients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pynwb import H5DataIO, ProcessingModule
from pynwb.epoch import TimeIntervals
from pynwb.ophys import (
    DfOverF,
    Fluorescence,
    ImageSegmentation,
    ImagingPlane,
    PlaneSegmentation,
    RoiResponseSeries,
)

from neurocine.export.tables import CELL_COLUMNS, TRANSIENT_COLUMNS, cells_table, transients_table
from neurocine.io.results import RecordingResults

#: Columns of transients that have another name in NWB.
NWB_NAMES = {"type": "cell_type"}

#: What events are in depends on what made them.
EVENTS = (
    "Deconvolved events: in units of dF/F by oasis and caiman, in counts by suite2p, their mean number by "
    "mcmc (traces.deconvolution in provenance.json)."
)


def add_rois(module: ProcessingModule, plane: ImagingPlane, results: RecordingResults) -> None:
    """Add everything about the ROIs of a recording, which must have at least one."""
    table = _segmentation(plane, results)
    module.add(ImageSegmentation(plane_segmentations=[table]))
    traces, raster = results.traces, results.raster
    everyone = list(range(len(results.rois)))

    def series(name: str, values: NDArray[np.generic], description: str) -> RoiResponseSeries:
        return RoiResponseSeries(
            name=name,
            description=f"{description} Axes are (frame, ROI).",
            data=H5DataIO(np.ascontiguousarray(values.T), compression="gzip"),
            rois=table.create_roi_table_region("All ROIs", region=everyone),
            unit="n.a.",
            rate=traces.frame_rate_hz,
            starting_time=0.0,
        )

    # Containers first: the series' link to the table is checked when they are added.
    fluorescence, ratio = Fluorescence(), DfOverF()
    module.add(fluorescence)
    module.add(ratio)
    fluorescence.add_roi_response_series(
        [
            series("F", traces.f, "Raw fluorescence in the movie's counts."),
            series("Fneu", traces.fneu, "Neuropil around each ROI in the movie's counts."),
        ]
    )
    ratio.add_roi_response_series(series("dFoverF", traces.dff, "Neuropil-corrected dF/F, unitless."))
    module.add(series("events", traces.events, EVENTS))
    module.add(series("activity_probability", raster.probability, "Probability that the ROI is active."))
    module.add(
        series(
            "raster",
            raster.active.astype(np.uint8),
            f"1 in active frames, from onset to peak: probability above {raster.threshold:g}.",
        )
    )
    _add_active_intervals(module, table, results)
    _add_transients(module, table, results)


def _segmentation(plane: ImagingPlane, results: RecordingResults) -> PlaneSegmentation:
    rois = results.rois
    table = PlaneSegmentation(
        name="PlaneSegmentation",
        description="ROIs as weighted pixels (x, y, weight), with the type of each",
        imaging_plane=plane,
    )
    for i, roi_id in enumerate(rois.ids.tolist()):
        y, x, weight = rois.pixels(i)
        table.add_roi(id=roi_id, pixel_mask=list(zip(x.tolist(), y.tolist(), weight.tolist(), strict=True)))
    cells = cells_table(results)
    for column in CELL_COLUMNS:
        values = cells[column.name]
        # The ids are the table's own; a column without any value would say nothing.
        if column.name != "roi_id" and values.notna().any():
            table.add_column(column.nwb_name, column.meaning, data=values.tolist())
    if np.isfinite(rois.probability).any():
        table.add_column(
            "probability",
            "The engine's probability that the ROI is a neuron; NaN where it gives none",
            data=rois.probability.tolist(),
        )
    return table


def _add_active_intervals(
    module: ProcessingModule, table: PlaneSegmentation, results: RecordingResults
) -> None:
    rate = results.movie.frame_rate_hz
    spans = sorted(
        (start, stop, row)
        for row, spans_of_roi in enumerate(results.rois.active_intervals)
        for start, stop in spans_of_roi.tolist()
    )
    if not spans:
        return
    intervals = TimeIntervals(
        name="active_intervals",
        description="When STNeuroNet saw an ROI active: coarser than transients, from the movie itself",
    )
    for start, stop, _ in spans:
        intervals.add_interval(start_time=start / rate, stop_time=stop / rate)
    intervals.add_column("roi", "The ROI", data=[row for _, _, row in spans], table=table)
    module.add(intervals)


def _add_transients(module: ProcessingModule, table: PlaneSegmentation, results: RecordingResults) -> None:
    transients = transients_table(results).sort_values(["onset_frame", "roi_id"])
    if transients.empty:
        return
    rate = results.raster.frame_rate_hz
    start = transients["onset_frame"] / rate
    stop = (transients["peak_frame"] + 1) / rate
    row_of = {roi_id: row for row, roi_id in enumerate(results.rois.ids.tolist())}
    intervals = TimeIntervals(
        name="transients",
        description="Every transient: from the start of its onset frame to the end of its peak frame",
    )
    for start_time, stop_time in zip(start.tolist(), stop.tolist(), strict=True):
        intervals.add_interval(start_time=start_time, stop_time=stop_time)
    rows = [row_of[roi_id] for roi_id in transients["roi_id"].tolist()]
    intervals.add_column("roi", "The ROI", data=rows, table=table)
    for name, meaning in TRANSIENT_COLUMNS.items():
        # The times are those of the intervals.
        if name not in ("onset_s", "peak_s"):
            intervals.add_column(NWB_NAMES.get(name, name), meaning, data=transients[name].tolist())
    module.add(intervals)
