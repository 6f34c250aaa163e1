"""The methods that activity from the movie is measured against: those that see the traces alone.

Each gives a signal; a frame is active where it is above a threshold. A transient counts as detected if that
happens in its rise, as DeepCINAC's section 2.6 judges CaImAn. What one threshold for all cells should be
compared with is a choice of its own, so each signal comes in several units and the best of them is taken.
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

#: As the method gives it, over the noise of the cell's trace, and over the cell's own highest value.
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
    """Return each baseline's signal (N, T) in each unit by `key`, and why a baseline is missing.

    Parameters
    ----------
    names
        The baselines: engines of deconvolution, and `ZSCORE`.
    traces
        N cells over T frames.
    decay_s
        Decay time of the indicator in seconds.
    made
        What baselines gave before; these aren't run again.
    engines
        How programs in environments of their own are run; the defaults unless given.
    progress
        Told how many cells are done.

    Raises
    ------
    InputError
        If a baseline that is installed fails.
    """
    found: Signals = {}
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
            found[key(name, unit)] = _over(events, scale)
    return found, skipped


def deconvolved(
    name: str,
    traces: RawTraces,
    decay_s: float,
    *,
    settings: TracesSettings | None = None,
    engines: EnginesSettings | None = None,
    progress: Progress = silent,
) -> Deconvolved:
    """Return what a baseline makes of `traces`: `deconvolve_by`, or for `ZSCORE` ΔF/F above its median.

    Over its noise the latter is the z-score.
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
