"""Baselines of activity: methods that see only the traces, not the movie.

Each gives a signal, and a frame is active if the signal is above a threshold. A transient counts as detected
if this happens during its rise, as DeepCINAC evaluates CaImAn (section 2.6). Which unit of the signal suits
one threshold for all cells is an open question, so several units are tried and the best is taken.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.config import EnginesSettings, TracesSettings
from neurocine.config.engines import ZSCORE
from neurocine.core import EngineMissing
from neurocine.progress import Progress, silent
from neurocine.traces import Deconvolved, RawTraces, deconvolve_by
from neurocine.traces.events import noise_level

log = logging.getLogger(__name__)

Signal = NDArray[np.float32]
Signals = dict[str, Signal]

#: The signal itself, divided by the noise of the cell's trace, and divided by the cell's highest value.
UNITS = ("plain", "noise", "peak")


def signals(
    names: Iterable[str],
    traces: RawTraces,
    decay_s: float,
    *,
    made: Mapping[str, Deconvolved] | None = None,
    engines: EnginesSettings | None = None,
    progress: Progress = silent,
) -> tuple[Signals, dict[str, str]]:
    """Return each baseline's signal (N, T) in each unit by `key`, and the reason for each missing baseline.

    Parameters
    ----------
    names
        The baselines: engines of deconvolution, and `ZSCORE`.
    traces
        N cells over T frames.
    decay_s
        Decay time of the indicator in seconds.
    made
        Results of baselines that needn't be run again, by name.
    engines
        How programs in environments of their own are run; by default as in the config.
    progress
        Called with the number of cells that are done.

    Raises
    ------
    InputError
        If a baseline that is installed fails.
    """
    by_key: Signals = {}
    skipped: dict[str, str] = {}
    made = made or {}
    for name in names:
        try:
            events, trace = made.get(name) or deconvolved(
                name, traces, decay_s, engines=engines, progress=progress
            )
        except EngineMissing as error:
            skipped[name] = f"{error.package} isn't installed" if error.package else error.problem
            log.warning("%s is not compared with: %s", name, skipped[name])
            continue
        scales = (np.ones(len(trace)), noise_level(trace), events.max(axis=1, initial=0))
        for unit, scale in zip(UNITS, scales, strict=True):
            by_key[key(name, unit)] = _over(events, scale)
    return by_key, skipped


def deconvolved(
    name: str,
    traces: RawTraces,
    decay_s: float,
    *,
    settings: TracesSettings | None = None,
    engines: EnginesSettings | None = None,
    progress: Progress = silent,
) -> Deconvolved:
    """Run a baseline on `traces`: `deconvolve_by`, or for `ZSCORE` ΔF/F minus its median.

    Divided by the noise, the latter is the z-score.
    """
    if name == ZSCORE:
        return Deconvolved(traces.dff - np.median(traces.dff, axis=1, keepdims=True), traces.dff)
    chosen = settings or TracesSettings()
    return deconvolve_by(name, traces, chosen, decay_s, engines=engines, progress=progress)


def key(name: str, unit: str) -> str:
    """Return the name of a baseline's signal in a unit."""
    return f"{name}/{unit}"


def _over(signal: Signal, scale: NDArray[np.floating[Any]]) -> Signal:
    """Return each row of `signal` (N, T) over its `scale` (N,); 0 where that isn't positive."""
    positive = (scale > 0)[:, None]
    return np.where(positive, signal / np.where(positive, scale[:, None], 1), 0).astype(np.float32)
