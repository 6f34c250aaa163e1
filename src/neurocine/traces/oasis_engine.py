"""Events of ΔF/F by OASIS (Friedrich, Zhou and Paninski 2017), of oasis-deconv."""

from __future__ import annotations

import numpy as np
from oasis.functions import deconvolve as oasis

from neurocine.traces.deconvolution import MIN_FRAMES, DeconvolutionRequest, Deconvolved


def deconvolve(request: DeconvolutionRequest) -> Deconvolved:
    """Return the events of ΔF/F, non-negative, in units of ΔF/F.

    OASIS fits decaying transients (an autoregressive process of order 1 with the indicator's decay) over a
    baseline that it estimates, with an L1 penalty just large enough for the residual to match the noise. A
    trace without noise or with fewer than `MIN_FRAMES` frames has no events.
    """
    traces = request.traces
    dff = traces.dff
    events = np.zeros(dff.shape, dtype=np.float32)
    if dff.shape[1] < MIN_FRAMES or not len(dff):
        return Deconvolved(events, dff)
    for row, (trace, noise) in enumerate(zip(dff.astype(np.float64), traces.noise, strict=True)):
        if noise > 0:
            fit = oasis(
                trace, tau_d=request.decay_s, framerate=traces.frame_rate_hz, sn=float(noise), penalty=1
            )
            events[row] = np.maximum(fit.s, 0)
        request.progress("deconvolution", row + 1, len(dff))
    return Deconvolved(events, dff)
