"""One section per step. The descriptions become the comments of ``config/config.yaml``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from neurocine.config.deconvolution import CaimanDeconvolution, McmcDeconvolution
from neurocine.config.engine_section import EngineSection
from neurocine.config.engines import (
    BASELINES,
    DECONVOLUTION_ENGINES,
    MOTION_ENGINES,
    ZSCORE,
    EngineTable,
)
from neurocine.config.section import Backend, Fraction, Positive, Section
from neurocine.config.segmentation import ActiveSettings, SegmentationSettings
from neurocine.core.truth import MIN_DPRIME


class MotionSettings(EngineSection):
    """Motion correction: every frame is registered to a template."""

    engines: ClassVar[EngineTable] = MOTION_ENGINES

    engine: str = Field(
        "neurocine",
        description="neurocine (its own), suite2p or caiman (NoRMCorre), rigid or non-rigid; cinac (centre "
        "of mass of the frame-template correlation, as in the DeepCINAC paper) or none",
    )
    nonrigid: bool = Field(
        True, description="neurocine, suite2p and caiman: also shift parts of the image separately"
    )
    within_frame: bool = Field(
        False,
        description="neurocine: also shift rows separately, which moved while the frame was scanned (shear "
        "and jitter)",
    )
    block_um: Positive = Field(
        100.0, description="suite2p and caiman, non-rigid: edge of a block in micrometres"
    )
    max_shift_um: Positive = Field(15.0, description="largest shift in micrometres")
    bidirectional: Literal["auto", "off"] | Annotated[float, Field(ge=-100, le=100)] = Field(
        "off",
        description="correction of a bidirectional scan before registration: off, auto (as ingest measured, "
        "in whole pixels), or how far every second row is shifted to the right, in pixels",
    )
    template_frames: int = Field(
        300, ge=2, description="frames, spread over the movie, that are averaged into the template"
    )
    flag_mad: Positive = Field(
        6.0,
        description="a frame is flagged as unregistered if its correlation with the template is this many "
        "median absolute deviations below the median",
    )

    @field_validator("bidirectional", mode="before")
    @classmethod
    def _unquoted(cls, way: object) -> object:
        if way is True:
            raise ValueError("give auto, off or a number of pixels")
        return "off" if way is False else way  # YAML reads a bare off as false


class TracesSettings(EngineSection):
    """Fluorescence traces."""

    engines: ClassVar[EngineTable] = DECONVOLUTION_ENGINES
    engine_key: ClassVar[str] = "deconvolution"

    neuropil_inner_um: Positive = Field(
        2.0, description="gap between an ROI and its neuropil annulus, in micrometres"
    )
    neuropil_outer_um: Positive = Field(
        12.0, description="distance from the ROI to the outer edge of the annulus, in micrometres"
    )
    neuropil_coefficient: Fraction = Field(
        0.7, description="fraction of the neuropil signal that is subtracted from F"
    )
    baseline_window_s: Positive = Field(60.0, description="window of the running baseline in seconds")
    baseline_percentile: Annotated[float, Field(ge=0, le=100)] = Field(
        20.0, description="percentile of F in that window that is the baseline"
    )
    deconvolution: str = Field(
        "oasis",
        description="deconvolution engine: oasis (of oasis-deconv), suite2p, caiman (CaImAn's OASIS) or mcmc "
        "(sampled spike trains, Pnevmatikakis et al. 2016)",
    )
    caiman: CaimanDeconvolution = CaimanDeconvolution()
    mcmc: McmcDeconvolution = McmcDeconvolution()


class CelltypeSettings(Section):
    """Cell types: pyramidal, interneuron or noise."""

    model: str = Field("celltype", description="cell-type model: NAME or FOLDER/NAME")
    windows: int = Field(
        4, ge=1, description="number of most active windows that are averaged (the paper: 2, of 50 s)"
    )
    unknown_below: Annotated[float, Field(ge=0.5, le=1)] = Field(
        0.6,
        description="a neuron's type is unknown if the likelier of pyramidal cell and interneuron has less "
        "than this fraction of both probabilities (0.5: never unknown)",
    )
    batch_size: int = Field(32, ge=1, description="windows per batch")
    backend: Backend = Field("keras", description="runtime of the network: keras (TensorFlow) or openvino")
    labelled_type: Literal["pyramidal", "interneuron"] = Field(
        "interneuron",
        description="type of the cells that are labelled in the structural channel; evaluation and "
        "fine-tuning take it for true, and the type of all other cells for unknown",
    )
    labelled_threshold: Fraction = Field(
        0.9, description="lowest probability at which a cell counts as labelled"
    )


class ActivitySettings(Section):
    """Activity: the frames in which each cell is active."""

    model: str = Field(
        "auto",
        description="model (NAME or FOLDER/NAME) for all cells, or auto: the model for the type of each cell",
    )
    backend: Backend = Field("keras", description="runtime of the network: keras (TensorFlow) or openvino")
    overlap: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.5, description="fraction of a window that overlaps the next; predictions are merged by maximum"
    )
    threshold: Fraction = Field(0.5, description="a cell is active in frames whose probability is above this")
    extent: Fraction = Field(
        0.4,
        description="... and in the frames around them while the probability stays above this, because the "
        "network is surer that there is a transient than where it begins and ends (at the threshold or "
        "above: no extension)",
    )
    batch_size: int = Field(64, ge=1, description="windows per batch")


class AssembliesSettings(Section):
    """Cell assemblies: cells that fire together in synchronous calcium events (SCEs)."""

    find: bool = Field(False, description="find assemblies in every recording, and show them in its report")
    by: Literal["events", "pairs"] = Field(
        "events",
        description="evidence of an assembly: events (SCEs that share many cells, as in the papers) or pairs "
        "(cells whose onsets coincide more often than by chance; works where cells fire all the time)",
    )
    count: Literal["onsets", "active"] = Field(
        "onsets",
        description="what counts as participation in an SCE: onsets of transients, so that each counts once, "
        "or all active frames, as in the papers",
    )
    window_s: Annotated[float, Field(ge=0)] = Field(
        0.4, description="largest distance of that onset or active frame from the SCE, in seconds"
    )
    percentile: Annotated[float, Field(gt=0, lt=100)] = Field(
        99.0,
        description="smallest number of cells in an SCE, as a percentile of the counts in shuffled rasters",
    )
    surrogates: int = Field(
        100,
        ge=1,
        description="number of shuffled rasters; each cell's activity is circularly shifted on its own",
    )
    min_cells: int = Field(5, ge=2, description="smallest number of cells in an SCE")
    apart_s: Positive = Field(0.8, description="smallest distance between SCEs in seconds")
    max_clusters: int = Field(19, ge=2, description="largest number of clusters of SCEs tried, from 2")
    starts: int = Field(100, ge=1, description="starts of k-means per number of clusters")
    cluster_surrogates: int = Field(
        100,
        ge=2,
        description="sets of shuffled SCEs; a real cluster must be better than every cluster in them",
    )
    surrogate_starts: int = Field(10, ge=1, description="starts of k-means per set of shuffled SCEs")
    pair_s: Positive = Field(
        0.25, description="pairs: tolerance of coinciding onsets in seconds (SD of a Gaussian)"
    )
    pair_surrogates: int = Field(
        20, ge=2, description="pairs: number of shuffled rasters of each of two kinds"
    )
    min_assembly: int = Field(6, ge=2, description="smallest number of cells in an assembly")
    seed: int = Field(1, ge=0, description="seed of the shuffles and of the starts of k-means")


class EvaluationSettings(Section):
    """Evaluation of activity and cell types against truth, for recordings with truth."""

    baselines: tuple[str, ...] = Field(
        ("oasis", "suite2p", ZSCORE),
        description="baseline methods of activity: deconvolution engines (oasis, suite2p, caiman, mcmc) and "
        "zscore (ΔF/F above its median); engines that aren't installed are left out",
    )

    min_iou: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="smallest intersection over union at which an ROI matches a true cell"
    )
    min_overlap: Annotated[float, Field(gt=0, le=1)] = Field(
        0.15, description="two cells overlap if they share at least this fraction of the larger one"
    )
    min_dprime: float = Field(
        MIN_DPRIME,
        ge=0,
        description="a true transient counts in the main figures if its detectability d' is at least this; "
        "others count neither as missed nor as found (0: all count; only hybrid movies have d'). At 5 an "
        "ideal observer who makes 300 decisions per movie, one of them wrong, finds 99 %",
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
        (5.0, 10.0), description="edges of the ranges of signal-to-noise ratio with figures of their own"
    )

    @field_validator("baselines")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in BASELINES:
                raise ValueError(f"unknown baseline {name!r}; choose from {', '.join(BASELINES)}")
        if len(set(names)) < len(names):
            raise ValueError("name each baseline once")
        return names

    @field_validator("snr_edges")
    @classmethod
    def _rising(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        if list(edges) != sorted(set(edges)):
            raise ValueError("the edges must increase")
        return edges


class ReportSettings(Section):
    """The HTML page of each recording."""

    clip_s: Annotated[float, Field(gt=0, le=30)] = Field(
        10.0, description="duration of the video clip in seconds, 30 at most"
    )
    max_traces: int = Field(
        30, ge=1, le=60, description="number of traces in the figure, most active cells first"
    )


class ExportSettings(Section):
    """Export to other tools."""

    nwb: bool = Field(True, description="write recording.nwb")
    suite2p: bool = Field(True, description="write a suite2p folder that its GUI opens")
    experimenter: str = Field("", description="NWB: experimenter, as 'Last, First'")
    institution: str = Field("", description="NWB: institution")
    subject_id: str = Field("", description="NWB: name of the animal; empty: the recording's name")
    species: str = Field("Mus musculus", description="NWB: Latin name of the species")
    age: str = Field("", description="NWB: age of the animal as an ISO 8601 duration, such as P90D")
    sex: Literal["M", "F", "O", "U"] = Field("U", description="NWB: M, F, O (other) or U (unknown)")
    location: str = Field("unknown", description="NWB: imaged brain region")
    excitation_nm: Positive = Field(920.0, description="NWB: excitation wavelength in nanometres")
    emission_nm: Positive = Field(520.0, description="NWB: emission wavelength in nanometres")
    session_start: str = Field(
        "1900-01-01T00:00:00+00:00", description="NWB: start of the recording (ISO 8601, with time zone)"
    )

    @field_validator("session_start")
    @classmethod
    def _with_time_zone(cls, text: str) -> str:
        if datetime.fromisoformat(text).tzinfo is None:
            raise ValueError(f"{text!r} has no time zone; write it as 2024-05-31T09:30:00+02:00")
        return text


class CaimanRun(Section):
    """How CaImAn is run; its parameters are in the sections of the steps."""

    python: str | None = Field(
        None,
        description="Python of an environment in which CaImAn is installed, such as "
        "~/miniforge3/envs/caiman/bin/python; null: the step's own (Snakemake's --sdm conda)",
    )
    processes: int = Field(
        2, ge=1, description="number of processes; results are identical only for the same number"
    )
    limit_min: Positive = Field(
        120.0,
        description="minutes after which CaImAn counts as stuck and is stopped: for the ROIs of a movie, or "
        "for one block of frames in registration",
    )
    temporary: str | None = Field(
        None,
        description="folder for temporary memory maps, as large as the movie in 32 bits; null: the system's "
        "temporary folder",
    )


class EnginesSettings(Section):
    """Engines that run in their own environments."""

    caiman: CaimanRun = CaimanRun()


class ControlsSettings(Section):
    """Controls of a recording without truth: planted cells, and the mirrored movie."""

    run: bool = Field(
        False,
        description="run the controls of every recording, and show them in its report; each round takes as "
        "long as segmentation, the mirrored movie as segmentation and activity",
    )
    rounds: int = Field(2, ge=1, description="times that cells are planted; each round narrows the intervals")


class PipelineConfig(Section):
    """The sections of the steps that every recording goes through, in their order."""

    recordings: str = Field("config/recordings.tsv", description="recordings table, one row per recording")
    results: str = Field("results", description="folder of the results")
    motion: MotionSettings = MotionSettings()
    segmentation: SegmentationSettings = SegmentationSettings()
    active: ActiveSettings = ActiveSettings()
    traces: TracesSettings = TracesSettings()
    celltype: CelltypeSettings = CelltypeSettings()
    activity: ActivitySettings = ActivitySettings()
    assemblies: AssembliesSettings = AssembliesSettings()
    controls: ControlsSettings = ControlsSettings()
    export: ExportSettings = ExportSettings()
    report: ReportSettings = ReportSettings()

    @field_validator("results")
    @classmethod
    def _folder(cls, name: str) -> str:
        # In the names of outputs Snakemake takes these for wildcards and path variables, and has no escape.
        if not name or set(name) & set("{}<>"):
            raise ValueError("name a folder, without { } < and > in its path")
        return name
