"""The methods that activity from the movie is measured against: three that see the traces alone.

Each gives a signal; a frame is active where it is above a threshold. A transient counts as detected if that
happens in its rise, as DeepCINAC's section 2.6 judges CaImAn. What one threshold for all cells should be
compared with is a choice of its own, so each signal comes in several units and the best of them is taken.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import Traces
from neurocine.traces.events import noise_level

log = logging.getLogger(__name__)

Signal = NDArray[np.float32]
Signals = dict[str, Signal]

#: As the method gives it, over the noise of the cell's trace, and over the cell's own highest value.
UNITS = ("plain", "noise", "peak")
#: Share of the neuropil that suite2p subtracts before it deconvolves.
SUITE2P_NEUROPIL = 0.7


def signals(traces: Traces, decay_s: float) -> tuple[Signals, dict[str, str]]:
    """Return each rival's signal (N, T) in each unit by `key`, and why a rival is missing.

    ``oasis`` is the events of ΔF/F by oasis-deconv (`neurocine.traces`), ``suite2p`` suite2p's own
    deconvolution with its own baseline, ``zscore`` ΔF/F above its median.

    Parameters
    ----------
    traces
        N cells over T frames.
    decay_s
        Decay time of the indicator in seconds.
    """
    found: Signals = {}
    skipped: dict[str, str] = {}
    for name, rival in RIVALS.items():
        try:
            signal, trace = rival(traces, decay_s) if len(traces.ids) else (traces.dff, traces.dff)
        except ModuleNotFoundError as error:
            skipped[name] = f"{error.name} isn't installed"
            log.warning("%s is not compared with: %s", name, skipped[name])
            continue
        scales = (np.ones(len(trace)), noise_level(trace), signal.max(axis=1, initial=0))
        for unit, scale in zip(UNITS, scales, strict=True):
            found[key(name, unit)] = _over(signal, scale)
    return found, skipped


def key(name: str, unit: str) -> str:
    """Return the name of a rival's signal in a unit."""
    return f"{name}/{unit}"


def oasis(traces: Traces, decay_s: float) -> tuple[Signal, Signal]:
    """Return the events of ΔF/F and ΔF/F, (N, T) each."""
    return traces.events, traces.dff


def zscore(traces: Traces, decay_s: float) -> tuple[Signal, Signal]:
    """Return ΔF/F above its median and ΔF/F, (N, T) each: over its noise the former is the z-score."""
    return traces.dff - np.median(traces.dff, axis=1, keepdims=True), traces.dff


def suite2p(traces: Traces, decay_s: float) -> tuple[Signal, Signal]:
    """Return suite2p's deconvolved activity and the trace that it is made of, (N, T) each.

    Its defaults: .7 of the neuropil, running minimum-maximum baseline over 60 s.

    Raises
    ------
    ModuleNotFoundError
        If suite2p or what it needs isn't installed.
    """
    import torch
    from suite2p import default_settings
    from suite2p.extraction import oasis as deconvolve
    from suite2p.extraction import preprocess

    options: dict[str, Any] = default_settings()["dcnv_preprocess"]
    flat = preprocess(
        (traces.f - SUITE2P_NEUROPIL * traces.fneu).astype(np.float32),
        fs=traces.frame_rate_hz,
        device=torch.device("cpu"),
        **options,
    )
    return deconvolve(flat, batch_size=len(flat), tau=decay_s, fs=traces.frame_rate_hz), flat


def _over(signal: Signal, scale: NDArray[np.floating[Any]]) -> Signal:
    """Return each row of `signal` (N, T) over its `scale` (N,); 0 where that isn't positive."""
    positive = (scale > 0)[:, None]
    return np.where(positive, signal / np.where(positive, scale[:, None], 1), 0).astype(np.float32)


RIVALS: dict[str, Callable[[Traces, float], tuple[Signal, Signal]]] = {
    "oasis": oasis,
    "suite2p": suite2p,
    "zscore": zscore,
}
