"""The workflow's settings: pydantic models from which the config file and its schema are generated."""

from neurocine.config.corpus import CorpusMovie, corpus_movies
from neurocine.config.load import load_config, parse_config
from neurocine.config.models import (
    ActiveSettings,
    ActivitySettings,
    AssembliesSettings,
    CaimanRun,
    CaimanSettings,
    CelltypeSettings,
    Config,
    EnginesSettings,
    EvaluationSettings,
    ExportSettings,
    MotionSettings,
    ReportSettings,
    SegmentationSettings,
    StneuronetSettings,
    TracesSettings,
)
from neurocine.config.recordings import load_recordings
from neurocine.config.training import (
    FineTuneSettings,
    NetworkTraining,
    SimulationSettings,
    StneuronetSimulation,
    StneuronetTraining,
    TrainingSettings,
)

__all__ = [
    "ActiveSettings",
    "ActivitySettings",
    "AssembliesSettings",
    "CaimanRun",
    "CaimanSettings",
    "CelltypeSettings",
    "Config",
    "CorpusMovie",
    "EnginesSettings",
    "EvaluationSettings",
    "ExportSettings",
    "FineTuneSettings",
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
    "corpus_movies",
    "load_config",
    "load_recordings",
    "parse_config",
]
