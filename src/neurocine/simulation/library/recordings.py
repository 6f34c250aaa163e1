"""Recordings with known spikes: the CASCADE database's MATLAB files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import io

from neurocine.core import InputError

#: Data sets used: their cell class and indicator.
DATA_SETS = {
    "DS10": ("excitatory", "GCaMP6f"),
    "DS13": ("excitatory", "GCaMP6s"),
    "DS14": ("excitatory", "GCaMP6s"),
    "DS16": ("excitatory", "GCaMP6s"),
    "DS24": ("PV", "GCaMP6f"),
    "DS25": ("SST", "GCaMP6f"),
    "DS26": ("VIP", "GCaMP6f"),
    "DS40": ("excitatory", "GCaMP6s"),
    "DS41": ("inhibitory", "GCaMP6s"),
}
#: Further data sets, of other indicators, in a file of their own: the split of the others and the movies made
#: from them stay as they were.
FURTHER_SETS = {
    "DS20": ("excitatory", "jRCaMP1a"),
    "DS22": ("SST", "OGB-1"),
    "DS23": ("PV", "OGB-1"),
}
#: Cell class and indicator of each data set.
Sets = Mapping[str, tuple[str, str]]
#: The files count spikes in 0.1 ms.
TICKS_PER_S = 1e4
#: Frames per second after averaging neighbours.
TARGET_HZ = 30.0
#: A recording has to be this fast, long and active to tell kinetics.
MIN_HZ, MIN_S, MIN_SPIKES = 6.0, 20.0, 5
#: Of a longer recording, the stretch with most spikes.
MAX_S = 600.0


@dataclass(frozen=True, eq=False)
class NeuronRecording:
    """One recording of a neuron: evenly sampled ΔF/F (T,) and spike times (S,) in seconds from frame 0."""

    dff: NDArray[np.float64]
    frame_rate_hz: float
    spike_s: NDArray[np.float64]


def neuron_of(path: Path) -> str:
    """Return which neuron a file holds: files of one cell (``cell1``, ``cell1B``) share it."""
    name = re.sub(r"(_full|_neuropil_subtracted)?_m[iX]*ni$|_mini$", "", path.stem)
    same_cell = re.sub(r"(cell[0-9]+)B", r"\1", name)
    return f"{data_set_of(path)}/{same_cell}"


def data_set_of(path: Path) -> str:
    """Return the data set, ``DS10``, from the file's folder."""
    return path.parent.name.split("-")[0]


def find_files(folder: Path, sets: Sets = DATA_SETS) -> list[Path]:
    """Return the .mat files of the data `sets`, sorted.

    Raises
    ------
    InputError
        If there are none.
    """
    files = [path for path in sorted(folder.glob("*/*.mat")) if data_set_of(path) in sets]
    if not files:
        raise InputError(
            folder,
            "files",
            "hold none of " + ", ".join(sets),
            "Give the folder Ground_truth of the CASCADE database.",
        )
    return files


def read_recordings(path: Path) -> list[NeuronRecording]:
    """Return the recordings of one neuron that are fast, long and active enough."""
    cells = io.loadmat(path)["CAttached"]
    kept = []
    for cell in cells.ravel():
        if cell.size == 0:
            continue
        time, trace, events = (
            np.ravel(cell[name][0, 0]).astype(float) for name in ("fluo_time", "fluo_mean", "events_AP")
        )
        recording = _clean(time, trace, events[np.isfinite(events)] / TICKS_PER_S)
        if recording is not None:
            kept.append(recording)
    return kept


def _clean(
    time: NDArray[np.float64], trace: NDArray[np.float64], spike_s: NDArray[np.float64]
) -> NeuronRecording | None:
    """Bin to at most `TARGET_HZ`, cut to `MAX_S`; None where that leaves too little."""
    good = np.isfinite(time) & np.isfinite(trace)
    time, trace = time[good], trace[good]
    if len(time) < 2:
        return None
    rate = 1 / float(np.median(np.diff(time)))
    if rate < MIN_HZ:
        return None
    step = max(1, int(rate // TARGET_HZ))
    n = len(time) // step
    time = time[: n * step].reshape(n, step).mean(1)
    trace = trace[: n * step].reshape(n, step).mean(1)
    rate /= step
    start = _busiest(spike_s, time[0], time[-1])
    inside = (time >= start) & (time <= start + MAX_S)
    time, trace = time[inside], trace[inside]
    spike_s = np.sort(spike_s[(spike_s >= time[0] - 5) & (spike_s <= time[-1])]) - time[0]
    if time[-1] - time[0] < MIN_S or np.count_nonzero(spike_s >= 0) < MIN_SPIKES:
        return None
    # Frame times drift a little; an even grid is what the kinetics are computed on.
    even = np.arange(0, time[-1] - time[0], 1 / rate)
    return NeuronRecording(np.interp(even, time - time[0], trace), rate, spike_s)


def _busiest(spike_s: NDArray[np.float64], first: float, last: float) -> float:
    starts = np.arange(first, max(last - MAX_S, first) + 1, 30.0)
    counts = np.searchsorted(spike_s, starts + MAX_S) - np.searchsorted(spike_s, starts)
    return float(starts[np.argmax(counts)])
