"""Segmentation scored by how found ROIs match true ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neurocine.core import RoiSet
from neurocine.core.matching import MIN_IOU, Matching, match


@dataclass(frozen=True)
class SegmentationScore:
    """Counts of one matching, and what follows from them; an empty denominator gives 1."""

    matched: int
    found: int
    true: int
    mean_iou: float

    @classmethod
    def of(cls, matching: Matching, found: int, true: int) -> SegmentationScore:
        """Return the score of a matching of that many found and true ROIs."""
        mean = float(matching.iou.mean()) if len(matching.iou) else float("nan")
        return cls(len(matching.pairs), found, true, mean)

    @property
    def recall(self) -> float:
        """Share of true ROIs that were found."""
        return self.matched / self.true if self.true else 1.0

    @property
    def precision(self) -> float:
        """Share of found ROIs that are true."""
        return self.matched / self.found if self.found else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of recall and precision; 0 if both are."""
        both = self.recall + self.precision
        return 2 * self.recall * self.precision / both if both else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return recall, precision, F1, the number of matches and their mean IoU (None without any)."""
        return {
            "recall": self.recall,
            "precision": self.precision,
            "f1": self.f1,
            "matched": self.matched,
            "mean_iou": self.mean_iou if self.matched else None,
        }


@dataclass(frozen=True)
class SegmentationEvaluation:
    """Scores of one set of ROIs by IoU alone, and with STNeuroNet's containment rule."""

    iou: SegmentationScore
    containment: SegmentationScore
    min_iou: float

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "n_found": self.iou.found,
            "n_true": self.iou.true,
            "min_iou": self.min_iou,
            "iou": self.iou.as_dict(),
            "containment": self.containment.as_dict(),
        }


def evaluate_segmentation(
    found: RoiSet, truth: RoiSet, *, min_iou: float = MIN_IOU
) -> SegmentationEvaluation:
    """Return recall, precision and F1 of `found`, by IoU alone and with the containment rule.

    Raises
    ------
    InputError
        As `match`.
    """
    plain, contained = (
        SegmentationScore.of(match(found, truth, min_iou=min_iou, containment=rule), len(found), len(truth))
        for rule in (False, True)
    )
    return SegmentationEvaluation(plain, contained, min_iou)
