"""Labels as an NWB file of their own, with tables of intervals."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path

import numpy as np

from neurocine import __version__
from neurocine.core.truth import Spans, Truth
from neurocine.io.atomic import atomic_path


def write_nwb_labels(out: Path, truth: Truth, frame_rate_hz: float, *, name: str, session_start: str) -> None:
    """Write labels as TimeIntervals, atomically: ``transients``, ``looked`` and ``doubtful``.

    Parameters
    ----------
    out
        The NWB file.
    truth
        What was labelled.
    frame_rate_hz
        Frames a second. Intervals begin with their first frame and stop at the end of their last one, in
        seconds from frame 0; their frames are given, too.
    name
        Name of the recording.
    session_start
        Start of the recording, ISO 8601 with time zone: times are counted from it.
    """
    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.epoch import TimeIntervals

    start = datetime.fromisoformat(session_start)
    nwb = NWBFile(
        session_description=f"Labels of recording {name}",
        identifier=str(uuid.uuid5(uuid.NAMESPACE_URL, f"neurocine:labels:{name}")),
        session_start_time=start,
        file_create_date=start,  # the same labels give the same content
        session_id=name,
        experimenter=list(truth.labelled_by) or None,
        was_generated_by=[("neurocine", __version__)],
    )
    everything = Spans(truth.ids, np.zeros_like(truth.ids), np.full_like(truth.ids, truth.n_frames - 1))
    for kind, spans, what in (
        ("transients", Spans(truth.roi_id, truth.onset, truth.peak), "Transients, from onset to peak"),
        ("looked", truth.looked or everything, "Frames that somebody looked at: no others count"),
        ("doubtful", truth.doubtful, "Frames in which it isn't known whether the cell is active"),
    ):
        table = TimeIntervals(name=kind, description=what)
        table.add_column("roi_id", "Id of the ROI")
        table.add_column("cell_type", "Its type; empty: unknown")
        table.add_column("first_frame", "First frame, from 0")
        table.add_column("last_frame", "Last frame, inclusive")
        kinds = dict(zip(truth.ids.tolist(), truth.cell_types, strict=True))
        rows = np.stack([spans.roi_id, spans.first, spans.last], axis=1).tolist()
        for roi, first, last in rows:
            table.add_interval(
                start_time=first / frame_rate_hz,
                stop_time=(last + 1) / frame_rate_hz,
                roi_id=roi,
                cell_type=kinds[roi],
                first_frame=first,
                last_frame=last,
            )
        nwb.add_time_intervals(table)
    with atomic_path(out) as part, NWBHDF5IO(part, "w") as io:
        io.write(nwb)
