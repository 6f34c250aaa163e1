"""Settings of the workflow: pydantic models, from which the config file and its schema are generated."""

from neurocine.config.cluster import ClusterSettings
from neurocine.config.comparison import (
    ComparisonSettings,
    ComparisonSimulation,
    comparison_movies,
    grid_points,
    tuned,
)
from neurocine.config.deconvolution import CaimanDeconvolution, McmcDeconvolution
from neurocine.config.load import load_config, parse_config
from neurocine.config.pipeline import (
    ActivitySettings,
    AssembliesSettings,
    CaimanRun,
    CelltypeSettings,
    ControlsSettings,
    EnginesSettings,
    EvaluationSettings,
    ExportSettings,
    MotionSettings,
    ReportSettings,
    TracesSettings,
)
from neurocine.config.recordings import check_rois, load_recordings
from neurocine.config.segmentation import (
    ActiveSettings,
    CaimanSettings,
    SegmentationSettings,
    StneuronetSettings,
)
from neurocine.config.training import (
    CorpusMovie,
    FineTuneSettings,
    NetworkTraining,
    SimulationSettings,
    StneuronetSimulation,
    StneuronetTraining,
    TrainingSettings,
    corpus_movies,
)
from neurocine.config.whole import Config

__all__ = [
    "ActiveSettings",
    "ActivitySettings",
    "AssembliesSettings",
    "CaimanDeconvolution",
    "CaimanRun",
    "CaimanSettings",
    "CelltypeSettings",
    "ClusterSettings",
    "ComparisonSettings",
    "ComparisonSimulation",
    "Config",
    "ControlsSettings",
    "CorpusMovie",
    "EnginesSettings",
    "EvaluationSettings",
    "ExportSettings",
    "FineTuneSettings",
    "McmcDeconvolution",
    "MotionSettings",
    "NetworkTraining",
    "ReportSettings",
    "SegmentationSettings",
    "SimulationSettings",
    "StneuronetSettings",
    "StneuronetSimulation",
    "StneuronetTraining",
    "TracesSettings",
    "TrainingSettings",
    "check_rois",
    "comparison_movies",
    "corpus_movies",
    "grid_points",
    "load_config",
    "load_recordings",
    "parse_config",
    "tuned",
]
