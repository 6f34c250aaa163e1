"""Scores of several engines for the same neurons, in one recording or many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.config import EvaluationSettings
from neurocine.core import InputError, Movie, RoiSet
from neurocine.evaluation.segmentation.graders import METRICS, RULES
from neurocine.evaluation.segmentation.groups import BothRules, Groups, evaluate_groups
from neurocine.evaluation.segmentation.psnr import PSNR_EDGES, psnr_of, recall_by_psnr
from neurocine.evaluation.statistics import rank_sum, spread
from neurocine.progress import Progress, silent

#: Version of the JSON's layout.
SCHEMA_VERSION = 1
#: Which neurons should be found: those with a visible transient, or all active ones.
CRITERIA = ("visible", "all")
#: What is reported once is reported for visible neurons, by the paper's rule.
MAIN_CRITERION, MAIN_RULE = "visible", "containment"


@dataclass(frozen=True, eq=False)
class SegmentationCase:
    """One recording whose neurons are known.

    Attributes
    ----------
    name
        Of the recording.
    true_rois, groups
        N true ROIs, and which of them should be found.
    rois_by_method
        ROIs of each method, the main method first.
    movie
        Registered movie; None: no PSNR and no pictures.
    """

    name: str
    true_rois: RoiSet
    groups: Groups
    rois_by_method: Mapping[str, RoiSet]
    movie: Movie | None = None


@dataclass(frozen=True, eq=False)
class MeasuredSegmentation:
    """Scores of all methods in one recording.

    Attributes
    ----------
    name, groups
        As in the case.
    scores
        By method and criterion (`CRITERIA`).
    psnr
        PSNR of each true ROI, (N,) float32; None without a movie.
    """

    name: str
    groups: Groups
    scores: Mapping[str, Mapping[str, BothRules]]
    psnr: NDArray[np.float32] | None

    def detected(
        self, method: str, criterion: str = MAIN_CRITERION, rule: str = MAIN_RULE
    ) -> NDArray[np.bool_]:
        """Return which positive neurons a method found, (P,) bool, in the order of the true ROIs."""
        groups = self.groups if criterion == MAIN_CRITERION else self.groups.all_visible()
        matching = getattr(self.scores[method][criterion], rule).matching
        hit = np.zeros(len(groups.positive), dtype=bool)
        hit[matching.pairs[:, 1]] = True
        return hit[groups.positive]


@dataclass(frozen=True, eq=False)
class SegmentationComparison:
    """Scores of all methods in all recordings; the first method is compared with each of the others."""

    recordings: tuple[MeasuredSegmentation, ...]
    min_dprime: float
    min_iou: float
    note: str = ""

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods, the main method first."""
        return tuple(self.recordings[0].scores)

    def values(self, method: str, criterion: str, rule: str, metric: str) -> NDArray[np.float64]:
        """Return a metric of a method in each recording, (R,)."""
        return np.array(
            [getattr(getattr(r.scores[method][criterion], rule).score, metric) for r in self.recordings]
        )

    def by_psnr(self) -> list[dict[str, Any]] | None:
        """Return recall in ranges of PSNR, all recordings together; None if a movie is missing."""
        psnr = self._psnr()
        if psnr is None:
            return None
        detected = {
            method: np.concatenate([r.detected(method) for r in self.recordings]) for method in self.methods
        }
        return recall_by_psnr(psnr, detected, PSNR_EDGES)

    def _psnr(self) -> NDArray[np.float32] | None:
        parts = [r.psnr[r.groups.positive] for r in self.recordings if r.psnr is not None]
        return np.concatenate(parts) if len(parts) == len(self.recordings) else None

    def comparisons(self) -> list[dict[str, Any]]:
        """Return rank-sum tests of the main method against each baseline.

        Over recordings: recall, precision and F1 under both criteria and by both rules. Over neurons: whether
        each was found (recall), and the PSNR of those that were; a lower PSNR means fainter neurons.
        """
        main, rows = self.methods[0], []
        for baseline in self.methods[1:]:
            for criterion, rule, metric in product(CRITERIA, RULES, METRICS):
                test = rank_sum(
                    self.values(main, criterion, rule, metric), self.values(baseline, criterion, rule, metric)
                )
                what = {"over": "recordings", "criterion": criterion, "rule": rule, "metric": metric}
                rows.append({"baseline": baseline, **what, **asdict(test)})
            hits = [
                np.concatenate([r.detected(method) for r in self.recordings]) for method in (main, baseline)
            ]
            what = {"over": "neurons", "criterion": MAIN_CRITERION, "rule": MAIN_RULE}
            rows.append({"baseline": baseline, **what, "metric": "recall", **asdict(rank_sum(*hits))})
            psnr = self._psnr()
            if psnr is not None:
                test = rank_sum(*(psnr[hit] for hit in hits))
                rows.append({"baseline": baseline, **what, "metric": "psnr", **asdict(test)})
        return rows

    def found_by(self) -> list[dict[str, Any]]:
        """Return how many neurons the main method and each baseline found: both, one alone, or neither."""
        main, rows = self.methods[0], []
        own = np.concatenate([r.detected(main) for r in self.recordings])
        for baseline in self.methods[1:]:
            other = np.concatenate([r.detected(baseline) for r in self.recordings])
            counts = {"both": own & other, "main_only": own & ~other, "baseline_only": other & ~own}
            counts["neither"] = ~(own | other)
            rows.append({"baseline": baseline, **{name: int(hit.sum()) for name, hit in counts.items()}})
        return rows

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON; undefined values are None.

        For a single recording, the main method's scores also stand at the top level, in the layout of
        `neurocine.evaluation.evaluate_segmentation`.
        """
        one = self.recordings[0].scores[self.methods[0]][MAIN_CRITERION].as_dict()
        return {
            **(one if len(self.recordings) == 1 else {}),
            "schema_version": SCHEMA_VERSION,
            "note": self.note,
            "min_dprime": self.min_dprime,
            "min_iou": self.min_iou,
            "main_method": self.methods[0],
            "methods": {method: self._summary(method) for method in self.methods},
            "recall_by_psnr": self.by_psnr(),
            "comparisons": self.comparisons(),
            "found_by": self.found_by(),
            "recordings": [_recording(r) for r in self.recordings],
        }

    def _summary(self, method: str) -> dict[str, Any]:
        return {
            criterion: {
                rule: {metric: spread(self.values(method, criterion, rule, metric)) for metric in METRICS}
                for rule in RULES
            }
            for criterion in CRITERIA
        }


def compare_segmentations(
    cases: Iterable[SegmentationCase],
    settings: EvaluationSettings,
    *,
    note: str = "",
    progress: Progress = silent,
) -> SegmentationComparison:
    """Score all methods on all recordings; each movie is read once, for PSNR.

    Raises
    ------
    InputError
        If there is no recording, or methods or fields of view differ between recordings.
    """
    measured = tuple(measure_segmentation(case, settings, progress) for case in cases)
    if not measured:
        raise InputError(
            "evaluation",
            "recordings",
            "there is none",
            "Name at least one recording whose neurons are known.",
        )
    for one in measured[1:]:
        if list(one.scores) != list(measured[0].scores):
            raise InputError(
                one.name,
                "methods",
                f"are {', '.join(one.scores)}, in {measured[0].name} {', '.join(measured[0].scores)}",
                "Give the same methods for each recording.",
            )
    return SegmentationComparison(measured, settings.min_dprime, settings.min_iou, note)


def measure_segmentation(
    case: SegmentationCase, settings: EvaluationSettings, progress: Progress = silent
) -> MeasuredSegmentation:
    """Return the scores of all methods in one recording."""
    criteria = dict(zip(CRITERIA, (case.groups, case.groups.all_visible()), strict=True))
    return MeasuredSegmentation(
        name=case.name,
        groups=case.groups,
        scores={
            method: {
                name: evaluate_groups(rois, case.true_rois, groups, min_iou=settings.min_iou)
                for name, groups in criteria.items()
            }
            for method, rois in case.rois_by_method.items()
        },
        psnr=None if case.movie is None else psnr_of(case.movie, case.true_rois, progress=progress),
    )


def _recording(one: MeasuredSegmentation) -> dict[str, Any]:
    groups = one.groups
    return {
        "name": one.name,
        "n_positive": int(groups.positive.sum()),
        "n_doubtful": int(groups.doubtful.sum()),
        "n_negative": int(groups.negative.sum()),
        "methods": {
            method: {name: both.as_dict() for name, both in criteria.items()}
            for method, criteria in one.scores.items()
        },
    }
