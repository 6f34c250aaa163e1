"""Events of ΔF/F by CaImAn's OASIS (Giovannucci et al. 2019), ``constrained_foopsi``.

CaImAn runs in a Python of its own, see `neurocine.engines.caiman`.
"""

from __future__ import annotations

import numpy as np

from neurocine.engines.caiman import CaimanSession
from neurocine.traces.deconvolution import MIN_FRAMES, DeconvolutionRequest, Deconvolved

#: CNMF's defaults for `constrained_foopsi`. ΔF/F is around 0, so its baseline may be negative.
PARAMETERS = {
    "bas_nonneg": False,
    "noise_range": [0.25, 0.5],
    "noise_method": "mean",
    "lags": 5,
    "fudge_factor": 0.96,
}


def deconvolve(request: DeconvolutionRequest) -> Deconvolved:
    """Return the events of ΔF/F, non-negative, in units of ΔF/F.

    CaImAn estimates baseline and noise of each trace and, unless ``settings.caiman.kinetics`` is
    ``indicator``, its decay too. A trace without noise or with fewer than `MIN_FRAMES` frames has no events.

    Raises
    ------
    InputError
        As `neurocine.engines.caiman.CaimanSession`.
    """
    dff = request.traces.dff
    events = np.zeros(dff.shape, dtype=np.float32)
    enough = dff.shape[1] >= MIN_FRAMES
    rows = np.flatnonzero(request.traces.noise > 0) if enough else np.empty(0, dtype=np.int64)
    if not len(rows):
        return Deconvolved(events, dff)
    chosen = request.settings.caiman
    order, g = chosen.autoregressive_order, None
    if chosen.kinetics == "indicator":
        order, g = 1, [float(np.exp(-1 / (request.decay_s * request.traces.frame_rate_hz)))]
    with CaimanSession(request.engines.caiman, 2 * dff[rows].nbytes) as session:
        traces_file, out = session.folder / "traces.npy", session.folder / "events.npy"
        np.save(traces_file, dff[rows])
        session.ask(
            "foopsi",
            traces_file=str(traces_file),
            out=str(out),
            parameters={**PARAMETERS, "p": order, "g": g},
        )
        events[rows] = np.load(out)
    request.progress("deconvolution", len(dff), len(dff))
    return Deconvolved(events, dff)
