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

from neurocine.core import CELL_TYPES
from neurocine.io.results import RecordingResults

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
    table.add_column("cell_type", "Most probable type of the cell", data=list(results.types))
    for column, kind in enumerate(CELL_TYPES):
        values = results.celltypes.probability[:, column]
        table.add_column(f"p_{kind}", f"Probability of the type {kind}", data=values.tolist())
    table.add_column("engine", "Which engine found the ROI, or engines, joined by +", data=list(rois.engine))
    if np.isfinite(rois.probability).any():
        table.add_column(
            "probability",
            "The engine's probability that the ROI is a neuron; NaN where it gives none",
            data=rois.probability.tolist(),
        )
    if np.isfinite(rois.active_probability).any():
        table.add_column(
            "active_probability",
            "STNeuroNet's probability that the ROI is an active neuron",
            data=rois.active_probability.tolist(),
        )
    table.add_column(
        "classifier",
        "Network that told the ROI's activity; the networks shipped with neurocine were trained on "
        "simulated movies",
        data=list(results.raster.classifier),
    )
    table.add_column("snr", "Signal-to-noise ratio of dF/F", data=results.traces.snr.tolist())
    return table


def _add_active_intervals(
    module: ProcessingModule, table: PlaneSegmentation, results: RecordingResults
) -> None:
    rate = results.movie.frame_rate_hz
    found = sorted(
        (start, stop, row)
        for row, spans in enumerate(results.rois.active_intervals)
        for start, stop in spans.tolist()
    )
    if not found:
        return
    intervals = TimeIntervals(
        name="active_intervals",
        description="When STNeuroNet saw an ROI active: coarser than transients, from the movie itself",
    )
    for start, stop, _ in found:
        intervals.add_interval(start_time=start / rate, stop_time=stop / rate)
    intervals.add_column("roi", "The ROI", data=[row for _, _, row in found], table=table)
    module.add(intervals)


def _add_transients(module: ProcessingModule, table: PlaneSegmentation, results: RecordingResults) -> None:
    transients = results.raster.transients()
    if not len(transients):
        return
    rate = results.raster.frame_rate_hz
    order = np.lexsort((transients.roi_id, transients.onset))
    onset, peak = transients.onset[order], transients.peak[order]
    row_of = {roi_id: row for row, roi_id in enumerate(results.rois.ids.tolist())}
    rows = [row_of[roi_id] for roi_id in transients.roi_id[order].tolist()]
    intervals = TimeIntervals(
        name="transients",
        description="Every transient: from the start of its onset frame to the end of its peak frame",
    )
    for start, stop in zip((onset / rate).tolist(), ((peak + 1) / rate).tolist(), strict=True):
        intervals.add_interval(start_time=start, stop_time=stop)
    intervals.add_column("roi", "The ROI", data=rows, table=table)
    intervals.add_column("onset_frame", "First active frame, counted from 0", data=onset.tolist())
    intervals.add_column("peak_frame", "Last active frame, inclusive", data=peak.tolist())
    intervals.add_column(
        "probability",
        "Largest activity probability within the transient",
        data=transients.probability[order].tolist(),
    )
    module.add(intervals)
