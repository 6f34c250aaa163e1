"""What an evaluation of activity found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurocine.evaluation.activity.criterion import Criterion
from neurocine.evaluation.celltypes import TypeReport
from neurocine.evaluation.segmentation.scoring import SegmentationScore

#: Version of the JSON's layout.
SCHEMA_VERSION = 2


@dataclass(frozen=True)
class EvaluatedRecording:
    """An evaluated recording, and how many of its cells were matched."""

    name: str
    score: SegmentationScore


@dataclass(frozen=True, eq=False)
class ActivityEvaluation:
    """Activity and cell types of some recordings against truth.

    Attributes
    ----------
    recordings, training
        The recordings evaluated, and the names of those that the baselines' thresholds were chosen on.
    visible, every
        The figures where the true transients that can be seen count (the main ones), and where all do.
    types
        Report of cell types, if they were judged.
    skipped
        Baselines left out, and why.
    note
        What a reader should know about the recordings.
    """

    recordings: tuple[EvaluatedRecording, ...]
    training: tuple[str, ...]
    visible: Criterion
    every: Criterion
    types: TypeReport | None
    skipped: Mapping[str, str]
    note: str = ""

    @property
    def criteria(self) -> dict[str, Criterion]:
        """Both criteria by name, the main one first."""
        return {"visible": self.visible, "all": self.every}

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON; what can't be said is None."""
        return {
            "schema_version": SCHEMA_VERSION,
            "note": self.note,
            "recordings": [
                {"name": r.name, "n_found": r.score.found, "n_true": r.score.true, **r.score.as_dict()}
                for r in self.recordings
            ],
            "training_recordings": list(self.training),
            "main_method": self.visible.methods[0],
            "criteria": {name: criterion.as_dict() for name, criterion in self.criteria.items()},
            "skipped_methods": dict(self.skipped),
            "cell_types": None if self.types is None else self.types.as_dict(),
        }
