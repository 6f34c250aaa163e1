"""The config as a whole: a section a step."""

from __future__ import annotations

from pydantic import Field

from neurocine.config.cluster import ClusterSettings
from neurocine.config.comparison import ComparisonSettings
from neurocine.config.pipeline import (
    ActiveSettings,
    ActivitySettings,
    AssembliesSettings,
    CelltypeSettings,
    EnginesSettings,
    EvaluationSettings,
    ExportSettings,
    MotionSettings,
    ReportSettings,
    SegmentationSettings,
    TracesSettings,
)
from neurocine.config.section import Section
from neurocine.config.training import TrainingSettings


class Config(Section):
    """Everything that ``config/config.yaml`` may hold."""

    recordings: str = Field("config/recordings.tsv", description="table of recordings, one row each")
    results: str = Field("results", description="folder for everything that is made")
    motion: MotionSettings = MotionSettings()
    segmentation: SegmentationSettings = SegmentationSettings()
    active: ActiveSettings = ActiveSettings()
    traces: TracesSettings = TracesSettings()
    celltype: CelltypeSettings = CelltypeSettings()
    activity: ActivitySettings = ActivitySettings()
    assemblies: AssembliesSettings = AssembliesSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    comparison: ComparisonSettings = ComparisonSettings()
    report: ReportSettings = ReportSettings()
    export: ExportSettings = ExportSettings()
    training: TrainingSettings = TrainingSettings()
    engines: EnginesSettings = EnginesSettings()
    cluster: ClusterSettings = ClusterSettings()
