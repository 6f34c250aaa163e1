"""The whole config: the sections of the steps, and all others."""

from __future__ import annotations

from neurocine.config.cluster import ClusterSettings
from neurocine.config.comparison import ComparisonSettings
from neurocine.config.pipeline import EnginesSettings, EvaluationSettings, PipelineConfig
from neurocine.config.training import TrainingSettings
from neurocine.steps import RECORDING_STEPS, Step


class Config(PipelineConfig):
    """Everything that ``config/config.yaml`` may hold."""

    evaluation: EvaluationSettings = EvaluationSettings()
    comparison: ComparisonSettings = ComparisonSettings()
    training: TrainingSettings = TrainingSettings()
    engines: EnginesSettings = EnginesSettings()
    cluster: ClusterSettings = ClusterSettings()

    def wants(self, step: Step) -> bool:
        """Return whether `step` runs."""
        value: object = self
        for key in filter(None, step.wanted.split(".")):
            value = getattr(value, key)
        return bool(value)

    @property
    def left_out(self) -> frozenset[str]:
        """The steps of a recording that don't run."""
        return frozenset(step.name for step in RECORDING_STEPS if not self.wants(step))
