"""The result of an evaluation of activity."""

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
    """Activity and cell types of recordings, compared with truth.

    Attributes
    ----------
    recordings, training
        The evaluated recordings, and the names of those on which the baselines' thresholds were chosen.
    visible, all_transients
        The figures if only visible true transients count (the main figures), and if all count.
    types
        Report of cell types; None if they weren't evaluated.
    skipped
        Reason for each baseline that was left out.
    note
        A remark on the recordings, for readers.
    """

    recordings: tuple[EvaluatedRecording, ...]
    training: tuple[str, ...]
    visible: Criterion
    all_transients: Criterion
    types: TypeReport | None
    skipped: Mapping[str, str]
    note: str = ""

    @property
    def criteria(self) -> dict[str, Criterion]:
        """Both criteria by name, the main one first."""
        return {"visible": self.visible, "all": self.all_transients}

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON; undefined values are None."""
        return {
            "schema_version": SCHEMA_VERSION,
            "note": self.note,
            "recordings": [
                {"name": r.name, "n_found": r.score.n_found, "n_true": r.score.n_true, **r.score.as_dict()}
                for r in self.recordings
            ],
            "training_recordings": list(self.training),
            "main_method": self.visible.methods[0],
            "criteria": {name: criterion.as_dict() for name, criterion in self.criteria.items()},
            "skipped_methods": dict(self.skipped),
            "cell_types": None if self.types is None else self.types.as_dict(),
        }
