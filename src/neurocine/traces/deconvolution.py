"""The deconvolution engines, and the interface that each of them has.

An engine is a module with the function `DeconvolutionEngine.deconvolve`. A new one needs a line in
`neurocine.config.engines.DECONVOLUTION_ENGINES`, or is a plug-in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from neurocine.config import EnginesSettings, TracesSettings
from neurocine.config.engines import DECONVOLUTION_ENGINES
from neurocine.engines.load import engine_module
from neurocine.progress import Progress, silent
from neurocine.traces.events import noise_level

#: In fewer frames baseline and transients can't be separated: such traces have no events.
MIN_FRAMES = 10
KEY = "traces.deconvolution"


@dataclass(frozen=True, eq=False)
class RawTraces:
    """Traces of N ROIs over T frames before deconvolution.

    Attributes
    ----------
    ids
        ROI ids, (N,) int64.
    frame_rate_hz
        Frames per second.
    f, fneu
        Fluorescence of the ROIs and of the neuropil around them, (N, T) float32, in the movie's counts.
    dff
        ΔF/F of the neuropil-corrected trace, (N, T) float32.
    source
        The movie.
    valid
        True for frames that hold data, (T,); None: all do.
    """

    ids: NDArray[np.int64]
    frame_rate_hz: float
    f: NDArray[np.float32]
    fneu: NDArray[np.float32]
    dff: NDArray[np.float32]
    source: str = "traces"
    valid: NDArray[np.bool_] | None = None

    @property
    def noise(self) -> NDArray[np.float64]:
        """Noise of ΔF/F from frame to frame, (N,)."""
        return noise_level(self.dff if self.valid is None else self.dff[:, self.valid])


class Deconvolved(NamedTuple):
    """Events, and the trace that was deconvolved.

    Attributes
    ----------
    events
        (N, T) float32, non-negative. Units: ΔF/F for the engines oasis and caiman, counts for suite2p, mean
        number of events for mcmc.
    trace
        The trace that the engine deconvolved, (N, T) float32.
    """

    events: NDArray[np.float32]
    trace: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class DeconvolutionRequest:
    """What an engine is to deconvolve, and how.

    Attributes
    ----------
    traces
        Traces of N ROIs.
    settings
        Section ``traces`` of the config.
    decay_s
        Decay time of the indicator in seconds.
    engines
        How programs in their own environments are run.
    progress
        Called with the number of ROIs that are done.
    """

    traces: RawTraces
    settings: TracesSettings
    decay_s: float
    engines: EnginesSettings = field(default_factory=EnginesSettings)
    progress: Progress = silent


class DeconvolutionEngine(Protocol):
    """Interface of a deconvolution engine: a module with this function."""

    def deconvolve(self, request: DeconvolutionRequest) -> Deconvolved:
        """Return the events of ``request.traces``."""


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
        One of `neurocine.config.engines.DECONVOLUTION_ENGINES`; ``settings.deconvolution`` is ignored.
    traces
        Traces of N ROIs.
    settings
        Section ``traces`` of the config.
    decay_s
        Decay time of the indicator in seconds.
    engines
        How programs in their own environments are run; None: the defaults.
    progress
        Called with the number of ROIs that are done.

    Raises
    ------
    EngineMissing
        If the engine isn't installed.
    InputError
        If it fails.
    """
    engine: DeconvolutionEngine = engine_module(DECONVOLUTION_ENGINES, name, KEY)
    return engine.deconvolve(
        DeconvolutionRequest(traces, settings, decay_s, engines or EnginesSettings(), progress)
    )
