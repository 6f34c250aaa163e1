"""The deconvolution engines by name, and what each must offer.

An engine is a module with a function ``deconvolve(traces, settings, decay_s, engines, progress) ->
Deconvolved``; a new one needs a line in `neurocine.config.engines.DECONVOLUTION_ENGINES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocine.config import EnginesSettings, TracesSettings
from neurocine.config.engines import DECONVOLUTION_ENGINES
from neurocine.engines.load import engine_module
from neurocine.progress import Progress, silent

#: Fewer frames don't tell a baseline from a transient: such traces have no events.
MIN_FRAMES = 10
KEY = "traces.deconvolution"


@dataclass(frozen=True, eq=False)
class RawTraces:
    """What events are made of: traces of N ROIs over T frames.

    Attributes
    ----------
    ids
        ROI ids, (N,) int64.
    frame_rate_hz
        Frames a second.
    f, fneu
        Fluorescence of the ROIs and of the neuropil around them, (N, T) float32, in the movie's counts.
    dff
        ΔF/F of the neuropil-corrected trace, (N, T) float32.
    source
        The movie.
    """

    ids: NDArray[np.int64]
    frame_rate_hz: float
    f: NDArray[np.float32]
    fneu: NDArray[np.float32]
    dff: NDArray[np.float32]
    source: str = "traces"


class Deconvolved(NamedTuple):
    """Events, and what they were made of.

    Attributes
    ----------
    events
        (N, T) float32, non-negative: the higher, the more activity. In units of ΔF/F by the engines oasis and
        caiman, in counts by suite2p; the mean number of events by mcmc.
    trace
        The trace that the engine looked at, (N, T) float32.
    """

    events: NDArray[np.float32]
    trace: NDArray[np.float32]


def deconvolve_by(
    name: str,
    traces: RawTraces,
    settings: TracesSettings,
    decay_s: float,
    *,
    engines: EnginesSettings | None = None,
    progress: Progress = silent,
) -> Deconvolved:
    """Return the events of `traces` by the engine `name`.

    Parameters
    ----------
    name
        One of `neurocine.config.engines.DECONVOLUTION_ENGINES`; ``settings.deconvolution`` isn't looked at.
    traces
        Traces of N ROIs.
    settings
        With a section for each engine that has settings.
    decay_s
        Decay time of the indicator in seconds.
    engines
        How programs in environments of their own are run; the defaults unless given.
    progress
        Told how many ROIs are done.

    Raises
    ------
    EngineMissing
        If the engine isn't installed.
    InputError
        If it fails.
    """
    module = engine_module(DECONVOLUTION_ENGINES, name, KEY)
    found: Deconvolved = module.deconvolve(traces, settings, decay_s, engines or EnginesSettings(), progress)
    return found
