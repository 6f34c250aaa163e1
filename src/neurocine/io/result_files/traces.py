"""``traces.h5``: F, Fneu, ΔF/F and deconvolved events, named by ROI id."""

from __future__ import annotations

from pathlib import Path

from neurocine.core import Traces
from neurocine.io.result_files.stamp import Stamp, attribute, create, dataset, opened, read_valid, write_valid

_FIELDS = ("ids", "f", "fneu", "dff", "events", "snr")


def write_traces(path: Path, traces: Traces, stamp: Stamp | None = None) -> None:
    """Write `traces` to `path`, atomically."""
    with create(path, "traces", stamp or Stamp()) as file:
        file.attrs["frame_rate_hz"] = traces.frame_rate_hz
        for name in _FIELDS:
            file[name] = getattr(traces, name)
        write_valid(file, traces.valid, traces.n_frames)


def read_traces(path: Path) -> Traces:
    """Return the traces of a file that `write_traces` made."""
    with opened(path, "traces") as file:
        fields = {name: dataset(file, name) for name in _FIELDS}
        rate = float(attribute(file, "frame_rate_hz"))
        return Traces(frame_rate_hz=rate, source=str(path), valid=read_valid(file), **fields)
