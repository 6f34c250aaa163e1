"""Events as suite2p (Pachitariu et al. 2017) deconvolves them, with a baseline of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from suite2p import default_settings
from suite2p.extraction import oasis, preprocess

from neurocine.config import EnginesSettings, TracesSettings
from neurocine.progress import Progress
from neurocine.traces.deconvolution import Deconvolved, RawTraces

#: Share of the neuropil that suite2p subtracts before it deconvolves.
SUITE2P_NEUROPIL = 0.7


def deconvolve(
    traces: RawTraces,
    settings: TracesSettings,
    decay_s: float,
    engines: EnginesSettings,
    progress: Progress,
) -> Deconvolved:
    """Return suite2p's deconvolved activity and the trace that it is made of, in counts.

    Its defaults: .7 of the neuropil, running minimum-maximum baseline over 60 s.
    """
    if not len(traces.f):
        return Deconvolved(traces.f, traces.f)
    options: dict[str, Any] = default_settings()["dcnv_preprocess"]
    flat = preprocess(
        (traces.f - SUITE2P_NEUROPIL * traces.fneu).astype(np.float32),
        fs=traces.frame_rate_hz,
        device=torch.device("cpu"),
        **options,
    )
    events = oasis(flat, batch_size=len(flat), tau=decay_s, fs=traces.frame_rate_hz)
    progress("deconvolution", len(flat), len(flat))
    return Deconvolved(events, flat)
