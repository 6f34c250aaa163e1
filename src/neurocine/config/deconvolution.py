"""Settings of the deconvolution engines."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from neurocine.config.section import Positive, Section


class CaimanDeconvolution(Section):
    """CaImAn's OASIS on ΔF/F (deconvolution: caiman)."""

    autoregressive_order: Literal[1, 2] = Field(
        1, description="order of the calcium model: 1 (decay) or 2 (rise and decay: fast movies)"
    )
    kinetics: Literal["trace", "indicator"] = Field(
        "trace",
        description="decay time: estimated from each trace, as CaImAn does, or the indicator's (then "
        "transients rise at once: order 1 is used)",
    )


class McmcDeconvolution(Section):
    """Sampled spike trains (deconvolution: mcmc)."""

    samples: int = Field(
        250,
        ge=1,
        description="spike trains sampled, each by a sweep over all frames; the result is their mean",
    )
    burn_in: int = Field(150, ge=0, description="sweeps before the first sample")
    rise_s: Annotated[float, Field(ge=0)] | None = Field(
        None,
        description="time constant of a transient's rise in seconds, 0 for none; null: a twelfth of the "
        "decay's, as for GCaMP6s",
    )
    learn_decay: bool = Field(
        True, description="estimate each cell's decay time, starting from the indicator's"
    )
    rate_hz: Positive = Field(0.2, description="prior rate of events per second")
    min_amplitude: Annotated[float, Field(ge=0)] = Field(
        1.0, description="smallest amplitude of an event, in noise units"
    )
    seed: int = Field(1, ge=0, description="seed of the sampler")
