"""Events as suite2p (Pachitariu et al. 2017) deconvolves them, with a baseline of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from suite2p import default_settings
from suite2p.extraction import oasis, preprocess

from neurocine.traces.deconvolution import DeconvolutionRequest, Deconvolved

#: Share of the neuropil that suite2p subtracts before it deconvolves.
SUITE2P_NEUROPIL = 0.7


def deconvolve(request: DeconvolutionRequest) -> Deconvolved:
    """Return suite2p's deconvolved activity and the trace that it deconvolved, in counts.

    suite2p's defaults: .7 of the neuropil, running minimum-maximum baseline over 60 s.
    """
    traces = request.traces
    if not len(traces.f):
        return Deconvolved(traces.f, traces.f)
    options: dict[str, Any] = default_settings()["dcnv_preprocess"]
    flat = preprocess(
        (traces.f - SUITE2P_NEUROPIL * traces.fneu).astype(np.float32),
        fs=traces.frame_rate_hz,
        device=torch.device("cpu"),
        **options,
    )
    events = oasis(flat, batch_size=len(flat), tau=request.decay_s, fs=traces.frame_rate_hz)
    request.progress("deconvolution", len(flat), len(flat))
    return Deconvolved(events, flat)
