"""The sections of the steps that find ROIs: segmentation and active."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from neurocine.config.engine_section import EngineSection
from neurocine.config.engines import SEGMENTATION_ENGINES, EngineTable
from neurocine.config.section import Backend, Fraction, Positive, Section


class StneuronetSettings(Section):
    """STNeuroNet, a network that segments active neurons: as an engine, and in the step active."""

    model: str = Field(
        "stneuronet-tissue",
        description="STNeuroNet model that ships, or FOLDER/NAME: one in a folder of your own",
    )
    backend: Backend = Field("openvino", description="runtime of the network: keras (TensorFlow) or openvino")
    threshold: Fraction | None = Field(
        None, description="lowest probability of a neuron's pixel; null: the model's own"
    )
    min_area_um2: Positive | None = Field(
        None, description="smaller masks are rejected, in square micrometres; null: the model's own"
    )


class CaimanSettings(Section):
    """CaImAn: CNMF on the whole movie (engine caiman) or frame by frame (caiman-online)."""

    patch_um: Positive = Field(80.0, description="edge of the patches that CNMF works on, in micrometres")
    patch_overlap_um: Positive = Field(
        24.0, description="overlap of neighbouring patches in micrometres: two somata"
    )
    components_per_patch: int = Field(
        16, ge=1, description="components per patch: a few more than it has active neurons"
    )
    background_components: int = Field(
        1, ge=1, description="components of the background; 2 where it is uneven and changes"
    )
    autoregressive_order: Literal[0, 1, 2] = Field(
        1, description="order of the calcium model: 0 (none), 1 (decay), 2 (rise and decay: fast movies)"
    )
    merge_correlation: Fraction = Field(
        0.85, description="touching components whose traces correlate more than this are merged"
    )
    refit: bool = Field(
        True, description="caiman only: refit all components after the patches (takes most of the time)"
    )
    min_snr: Positive = Field(
        2.0, description="CaImAn's min_SNR: threshold of a component's transients, in noise units"
    )
    min_spatial_correlation: Annotated[float, Field(ge=-1, le=1)] = Field(
        0.85,
        description="CaImAn's rval_thr: threshold of the correlation of a component's shape with the movie "
        "during its transients",
    )
    mask_level: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2,
        description="an ROI is where a component's weight is at least this fraction of its maximum",
    )
    online_init_s: Positive = Field(
        20.0, description="caiman-online: seconds at the start of the movie that initialise the components"
    )
    online_epochs: int = Field(1, ge=1, description="caiman-online: passes over the movie")


class SegmentationSettings(EngineSection):
    """Regions of interest."""

    engines: ClassVar[EngineTable] = SEGMENTATION_ENGINES

    engine: str = Field(
        "stneuronet",
        description="stneuronet, suite2p, caiman, caiman-online, given (the ROIs named in the recordings "
        "table), or an engine of a plug-in such as hnccorr",
    )
    diameter_um: Positive = Field(12.0, description="diameter of a soma in micrometres")
    tau_s: Positive | None = Field(
        None, description="decay time of the indicator in seconds; null: from the indicator's name"
    )
    threshold_scaling: Positive = Field(1.0, description="suite2p: higher values give fewer and clearer ROIs")
    max_overlap: Fraction = Field(
        0.75, description="suite2p: reject ROIs that share more than this fraction of their pixels"
    )
    min_probability: Fraction = Field(
        0.5,
        description="suite2p: keep ROIs whose probability of being a neuron is at least this",
    )
    stneuronet: StneuronetSettings = StneuronetSettings()
    caiman: CaimanSettings = CaimanSettings()


class ActiveSettings(Section):
    """Active neurons: the engine's ROIs matched with STNeuroNet's masks."""

    mode: Literal["engine", "stneuronet", "union", "intersection", "off"] = Field(
        "engine",
        description="ROIs for later steps: engine (all its ROIs, with their probability of being active), "
        "stneuronet (only its masks), union, intersection (the engine's ROIs that STNeuroNet also found), "
        "or off (all of the engine's; STNeuroNet isn't run)",
    )
    min_iou: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="smallest intersection over union at which an ROI and a mask are the same neuron"
    )

    @field_validator("mode", mode="before")
    @classmethod
    def _unquoted(cls, mode: object) -> object:
        return "off" if mode is False else mode  # YAML reads a bare off as false
