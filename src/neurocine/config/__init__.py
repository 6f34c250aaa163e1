"""The workflow's settings: pydantic models from which the config file and its schema are generated."""

from neurocine.config.models import (
    ActivitySettings,
    CelltypeSettings,
    Config,
    ExportSettings,
    MotionSettings,
    ReportSettings,
    SegmentationSettings,
    SimulationSettings,
    TracesSettings,
    TrainingSettings,
)

__all__ = [
    "ActivitySettings",
    "CelltypeSettings",
    "Config",
    "ExportSettings",
    "MotionSettings",
    "ReportSettings",
    "SegmentationSettings",
    "SimulationSettings",
    "TracesSettings",
    "TrainingSettings",
]
