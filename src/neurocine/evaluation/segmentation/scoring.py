"""Recall, precision and F1 of ROIs that were matched to the true ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neurocine.core import RoiSet
from neurocine.core.matching import MIN_IOU, Matching, match


@dataclass(frozen=True)
class SegmentationScore:
    """Counts of one matching, and the scores computed from them; an empty denominator gives 1."""

    matched: int
    n_found: int
    n_true: int
    mean_iou: float

    @classmethod
    def of(cls, matching: Matching, n_found: int, n_true: int) -> SegmentationScore:
        """Return the score of a matching of `n_found` ROIs with `n_true` true ones."""
        mean = float(matching.iou.mean()) if len(matching.iou) else float("nan")
        return cls(len(matching.pairs), n_found, n_true, mean)

    @property
    def recall(self) -> float:
        """Share of true ROIs that were found."""
        return self.matched / self.n_true if self.n_true else 1.0

    @property
    def precision(self) -> float:
        """Share of found ROIs that are true."""
        return self.matched / self.n_found if self.n_found else 1.0

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
            "n_found": self.iou.n_found,
            "n_true": self.iou.n_true,
            "min_iou": self.min_iou,
            "iou": self.iou.as_dict(),
            "containment": self.containment.as_dict(),
        }


def evaluate_segmentation(rois: RoiSet, truth: RoiSet, *, min_iou: float = MIN_IOU) -> SegmentationEvaluation:
    """Return recall, precision and F1 of `rois`, by IoU alone and with the containment rule.

    Raises
    ------
    InputError
        As `match`.
    """
    plain, contained = (
        SegmentationScore.of(match(rois, truth, min_iou=min_iou, containment=rule), len(rois), len(truth))
        for rule in (False, True)
    )
    return SegmentationEvaluation(plain, contained, min_iou)
