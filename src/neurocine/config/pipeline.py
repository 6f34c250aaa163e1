"""The settings of the steps, a section each; descriptions become comments in ``config/config.yaml``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator

from neurocine.config.deconvolution import CaimanDeconvolution, McmcDeconvolution
from neurocine.config.engines import (
    BASELINES,
    DECONVOLUTION_ENGINES,
    MOTION_ENGINES,
    SEGMENTATION_ENGINES,
    ZSCORE,
    known_engine,
)
from neurocine.config.hnccorr import HnccorrSettings
from neurocine.config.section import Backend, Fraction, Positive, Section


class MotionSettings(Section):
    """Registration: every frame moved onto a template."""

    engine: str = Field(
        "suite2p",
        description="suite2p or caiman (NoRMCorre), both rigid, and non-rigid if asked for; cinac (centre of "
        "mass of the frame-template correlation, as in the DeepCINAC paper) or none",
    )
    nonrigid: bool = Field(
        True, description="suite2p and caiman: also move blocks of the picture on their own"
    )
    block_um: Positive = Field(
        100.0, description="suite2p and caiman, non-rigid: edge of a block in micrometres"
    )
    max_shift_um: Positive = Field(15.0, description="largest shift looked for, in micrometres")
    template_frames: int = Field(
        300, ge=2, description="frames, spread over the movie, that make the template"
    )
    flag_mad: Positive = Field(
        6.0,
        description="a frame is flagged as unregistered when its correlation with the template lies this "
        "many median absolute deviations under the median",
    )

    @field_validator("engine")
    @classmethod
    def _known(cls, engine: str) -> str:
        return known_engine(MOTION_ENGINES, engine)


class StneuronetSettings(Section):
    """STNeuroNet: a network that segments active neurons; as an engine, and in the step active."""

    model: str = Field("stneuronet", description="an STNeuroNet model of the registry")
    backend: Backend = Field("openvino", description="what runs the network: keras (TensorFlow) or openvino")
    threshold: Fraction | None = Field(
        None, description="probability from which on a pixel is a neuron's; null: the model's own"
    )
    min_area_um2: Positive | None = Field(
        None, description="smaller masks are dropped, square micrometres; null: the model's own"
    )


class CaimanSettings(Section):
    """CaImAn: CNMF on the whole movie (engine caiman) or frame by frame (caiman-online)."""

    patch_um: Positive = Field(
        80.0, description="CNMF looks at patches one by one: edge of a patch in micrometres"
    )
    patch_overlap_um: Positive = Field(
        24.0, description="how much of that a patch shares with the next, micrometres: two somata"
    )
    components_per_patch: int = Field(
        16, ge=1, description="components looked for in each patch: a few more than active neurons in it"
    )
    background_components: int = Field(
        1, ge=1, description="components of the background; a second one where it is uneven and changes"
    )
    autoregressive_order: Literal[0, 1, 2] = Field(
        1, description="of the calcium model: 0 (none), 1 (decays), 2 (rises, too: fast movies)"
    )
    merge_correlation: Fraction = Field(
        0.85, description="touching components with traces that correlate more are made one"
    )
    refit: bool = Field(
        True, description="caiman only: fit all once more, from what the patches gave (most of the time)"
    )
    min_snr: Positive = Field(
        2.0, description="components with transients at least this clear, in units of noise, are kept ..."
    )
    min_spatial_correlation: Annotated[float, Field(ge=-1, le=1)] = Field(
        0.85,
        description="... and those whose shape correlates this much or more with the movie in transients",
    )
    mask_level: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="an ROI is where a component's weight is at least this part of its highest"
    )
    online_init_s: Positive = Field(
        20.0, description="caiman-online: seconds at the beginning that the first components are made from"
    )
    online_epochs: int = Field(1, ge=1, description="caiman-online: passes over the movie")


class SegmentationSettings(Section):
    """Regions of interest."""

    engine: str = Field(
        "suite2p",
        description="suite2p, stneuronet, caiman, caiman-online, hnccorr, or given (the contours named in "
        "the recordings table)",
    )
    diameter_um: Positive = Field(12.0, description="diameter of a soma in micrometres")
    tau_s: Positive | None = Field(
        None, description="decay time of the indicator in seconds; null: from the indicator's name"
    )
    threshold_scaling: Positive = Field(1.0, description="suite2p: higher finds fewer and clearer ROIs")
    max_overlap: Fraction = Field(
        0.75, description="suite2p: drop ROIs that share more than this of their pixels"
    )
    min_probability: Fraction = Field(
        0.5,
        description="suite2p: keep ROIs whose probability of being a neuron is at least this",
    )
    stneuronet: StneuronetSettings = StneuronetSettings()
    caiman: CaimanSettings = CaimanSettings()
    hnccorr: HnccorrSettings = HnccorrSettings()

    @field_validator("engine")
    @classmethod
    def _known(cls, engine: str) -> str:
        return known_engine(SEGMENTATION_ENGINES, engine)


class ActiveSettings(Section):
    """Which ROIs are active neurons: the engine's beside STNeuroNet's masks."""

    mode: Literal["engine", "stneuronet", "union", "intersection", "off"] = Field(
        "engine",
        description="what goes on: engine (all its ROIs, told how active they are), stneuronet (its masks "
        "alone), union, intersection (the engine's ROIs that STNeuroNet found, too), or off (not looked for)",
    )
    min_iou: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="an ROI and a mask are the same neuron if they share this much of their union"
    )

    @field_validator("mode", mode="before")
    @classmethod
    def _unquoted(cls, mode: object) -> object:
        return "off" if mode is False else mode  # YAML takes a bare off for false


class TracesSettings(Section):
    """Fluorescence traces."""

    neuropil_inner_um: Positive = Field(
        2.0, description="gap between an ROI and its neuropil annulus, micrometres"
    )
    neuropil_outer_um: Positive = Field(
        12.0, description="outer edge of the annulus from the ROI, micrometres"
    )
    neuropil_coefficient: Fraction = Field(0.7, description="share of the neuropil that is subtracted from F")
    baseline_window_s: Positive = Field(60.0, description="window of the running baseline in seconds")
    baseline_percentile: Annotated[float, Field(ge=0, le=100)] = Field(
        20.0, description="percentile of F in that window that counts as baseline"
    )
    deconvolution: str = Field(
        "oasis",
        description="what makes events of a trace: oasis (of oasis-deconv), suite2p, caiman (CaImAn's OASIS) "
        "or mcmc (samples of spike trains, Pnevmatikakis et al. 2016)",
    )
    caiman: CaimanDeconvolution = CaimanDeconvolution()
    mcmc: McmcDeconvolution = McmcDeconvolution()

    @field_validator("deconvolution")
    @classmethod
    def _known(cls, engine: str) -> str:
        return known_engine(DECONVOLUTION_ENGINES, engine)


class CelltypeSettings(Section):
    """Cell types: pyramidal, interneuron or noise."""

    model: str = Field("celltype", description="a cell-type model of the registry")
    windows: int = Field(
        4, ge=1, description="how many of the most active windows are averaged (the paper: 2, of 50 s)"
    )
    batch_size: int = Field(32, ge=1, description="windows that go through the network at once")
    backend: Backend = Field("keras", description="what runs the network: keras (TensorFlow) or openvino")


class ActivitySettings(Section):
    """In which frames each cell is active."""

    model: str = Field(
        "auto",
        description="a model of the registry for all cells, or auto: the one that serves the cell's type",
    )
    backend: Backend = Field("keras", description="what runs the network: keras (TensorFlow) or openvino")
    overlap: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.5, description="share of a window that it has in common with the next; predictions merge by maximum"
    )
    threshold: Fraction = Field(0.5, description="a frame is active where the probability is above this")
    extent: Fraction = Field(
        0.4,
        description="and as far as it stays above this on both sides: that a transient is there is surer "
        "than where it begins and ends (the threshold or more: no further)",
    )
    batch_size: int = Field(64, ge=1, description="windows that go through the network at once")


class AssembliesSettings(Section):
    """Cell assemblies: cells that fire together in synchronous calcium events (SCEs)."""

    find: bool = Field(False, description="find them in every recording, and show them in its report")
    by: Literal["events", "pairs"] = Field(
        "events",
        description="what tells an assembly: events (SCEs with many cells in common, as in the papers), or "
        "pairs (cells whose onsets coincide more often than by chance: also where cells fire all the time)",
    )
    count: Literal["onsets", "active"] = Field(
        "onsets",
        description="cells take part in an SCE by the onsets of their transients, so that each counts once, "
        "or by all their active frames, as in the papers",
    )
    window_s: Annotated[float, Field(ge=0)] = Field(
        0.4, description="how far from the SCE that onset, or active frame, may be, in seconds"
    )
    percentile: Annotated[float, Field(gt=0, lt=100)] = Field(
        99.0, description="percentile of the cells that take part at once in shuffled rasters, to be reached"
    )
    surrogates: int = Field(
        100, ge=1, description="shuffled rasters, in which each cell's activity is rolled on its own"
    )
    min_cells: int = Field(5, ge=2, description="cells in an SCE, at least")
    apart_s: Positive = Field(0.8, description="SCEs are at least so many seconds apart")
    max_clusters: int = Field(19, ge=2, description="clusters of SCEs tried: 2 to so many")
    starts: int = Field(100, ge=1, description="starts of k-means for each number of clusters")
    cluster_surrogates: int = Field(
        100,
        ge=2,
        description="sets of shuffled SCEs, than any of whose clusters a real one must be better",
    )
    surrogate_starts: int = Field(10, ge=1, description="starts of k-means for each of them")
    pair_s: Positive = Field(
        0.25, description="pairs: how far apart onsets coincide, seconds (SD of a Gaussian)"
    )
    pair_surrogates: int = Field(20, ge=2, description="pairs: shuffled rasters of each of two kinds")
    min_assembly: int = Field(6, ge=2, description="cells in an assembly, at least")
    seed: int = Field(1, ge=0, description="seed of shuffles and starts")


class EvaluationSettings(Section):
    """Activity and cell types measured against truth, for recordings that have some."""

    baselines: tuple[str, ...] = Field(
        ("oasis", "suite2p", ZSCORE),
        description="what activity is compared with: engines of deconvolution (oasis, suite2p, caiman, mcmc) "
        "and zscore (ΔF/F above its median); those that aren't installed are left out",
    )

    min_iou: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="an ROI is a true cell if their intersection over union is at least this"
    )
    min_overlap: Annotated[float, Field(gt=0, le=1)] = Field(
        0.15, description="two cells overlap if they share at least this part of the larger one"
    )
    min_dprime: float = Field(
        5.0,
        ge=0,
        description="a true transient counts in the main figures if its detectability d' is at least this, "
        "else it is doubtful: neither missed nor found (0: all count; only movies from real parts have d'). "
        "At 5 an ideal observer who looks 300 times in a movie, and errs once, finds 99 %",
    )
    neighbour_correlation: Annotated[float, Field(ge=-1, le=1)] = Field(
        0.7,
        description="overlap test: a transient is a neighbour's if the movie, inside the neighbour, "
        "correlates more than this with the neighbour's largest transients ...",
    )
    own_correlation: Annotated[float, Field(ge=-1, le=1)] = Field(
        0.2, description="... and, inside the cell itself, less than this with the cell's own"
    )
    snr_edges: tuple[float, ...] = Field(
        (5.0, 10.0), description="figures are also given for cells in these ranges of signal-to-noise ratio"
    )

    @field_validator("baselines")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in BASELINES:
                raise ValueError(f"unknown baseline {name!r}; choose from {', '.join(BASELINES)}")
        if len(set(names)) < len(names):
            raise ValueError("name each once")
        return names

    @field_validator("snr_edges")
    @classmethod
    def _rising(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        if list(edges) != sorted(set(edges)):
            raise ValueError("give rising numbers")
        return edges


class ReportSettings(Section):
    """The HTML page of each recording."""

    clip_s: Annotated[float, Field(gt=0, le=30)] = Field(
        10.0, description="length of the video clip in seconds, 30 at most"
    )
    max_traces: int = Field(30, ge=1, le=60, description="traces drawn, the most active cells first")


class ExportSettings(Section):
    """What leaves the workflow."""

    nwb: bool = Field(True, description="write recording.nwb")
    suite2p: bool = Field(True, description="write a suite2p folder that its GUI opens")
    experimenter: str = Field("", description="NWB: who recorded, as 'Last, First'")
    institution: str = Field("", description="NWB: where")
    subject_id: str = Field("", description="NWB: name of the animal; empty: the recording's name")
    species: str = Field("Mus musculus", description="NWB: Latin name of the species")
    age: str = Field("", description="NWB: age of the animal as an ISO 8601 duration, such as P90D")
    sex: Literal["M", "F", "O", "U"] = Field("U", description="NWB: M, F, O (other) or U (unknown)")
    location: str = Field("unknown", description="NWB: imaged brain region")
    excitation_nm: Positive = Field(920.0, description="NWB: excitation wavelength in nanometres")
    emission_nm: Positive = Field(520.0, description="NWB: emission wavelength in nanometres")
    session_start: str = Field(
        "1900-01-01T00:00:00+00:00", description="NWB: when the recording began (ISO 8601, with time zone)"
    )

    @field_validator("session_start")
    @classmethod
    def _with_time_zone(cls, text: str) -> str:
        if datetime.fromisoformat(text).tzinfo is None:
            raise ValueError(f"{text!r} has no time zone; write it as 2024-05-31T09:30:00+02:00")
        return text


class CaimanRun(Section):
    """How CaImAn is run, not what it is asked to do."""

    python: str | None = Field(
        None,
        description="Python of an environment in which CaImAn is installed, such as "
        "~/miniforge3/envs/caiman/bin/python; null: the one that the step runs in (Snakemake's --sdm conda)",
    )
    processes: int = Field(
        2, ge=1, description="processes that share the work; always the same for the same bytes"
    )
    limit_min: Positive = Field(
        120.0,
        description="minutes after which it counts as stuck and is ended: for the ROIs of a movie, or for a "
        "block of frames to be registered",
    )
    temporary: str | None = Field(
        None,
        description="folder for memory maps, removed at the end, as large as the movie in 32 bits; null: the "
        "system's",
    )


class EnginesSettings(Section):
    """Programs in environments of their own: how they are run."""

    caiman: CaimanRun = CaimanRun()


class PipelineConfig(Section):
    """The sections of the steps that every recording goes through, in their order."""

    recordings: str = Field("config/recordings.tsv", description="table of recordings, one row each")
    results: str = Field("results", description="folder for everything that is made")
    motion: MotionSettings = MotionSettings()
    segmentation: SegmentationSettings = SegmentationSettings()
    active: ActiveSettings = ActiveSettings()
    traces: TracesSettings = TracesSettings()
    celltype: CelltypeSettings = CelltypeSettings()
    activity: ActivitySettings = ActivitySettings()
    assemblies: AssembliesSettings = AssembliesSettings()
    export: ExportSettings = ExportSettings()
    report: ReportSettings = ReportSettings()
