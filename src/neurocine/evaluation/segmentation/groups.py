"""ROIs of any engine against the active neurons of a movie whose truth is known.

No engine can find a neuron whose transients all vanish in the noise, so missing it is no error. True cells
therefore fall into three groups: *positive* neurons have a visible transient and should be found; *doubtful*
neurons are active, but too weakly to be seen, and are left out of all counts; *negative* cells are silent or
noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import CELL_TYPES, InputError, RoiSet
from neurocine.core.matching import MIN_IOU, Matching, match
from neurocine.core.truth import MIN_DPRIME, Truth
from neurocine.evaluation.segmentation.scoring import SegmentationScore


@dataclass(frozen=True, eq=False)
class Groups:
    """The group of each of N true cells: three masks, (N,) bool each, of which exactly one is True."""

    positive: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    negative: NDArray[np.bool_]

    @classmethod
    def all_positive(cls, n: int) -> Groups:
        """Return the groups of `n` true ROIs whose visibility isn't known: all count as positive."""
        return cls(np.ones(n, dtype=bool), np.zeros(n, dtype=bool), np.zeros(n, dtype=bool))

    def all_visible(self) -> Groups:
        """Return the groups of the strict criterion, in which doubtful neurons are positive too."""
        return Groups(self.positive | self.doubtful, np.zeros_like(self.doubtful), self.negative)


@dataclass(frozen=True, eq=False)
class ActiveMatching:
    """Found ROIs matched to the positive neurons.

    Attributes
    ----------
    matching
        Matches with positive neurons, missed positive neurons, and ROIs without any match (false), as
        positions among the ROIs and among all true ROIs.
    doubtful
        Positions of the ROIs that match doubtful neurons, (D,) int64; they are left out of the score.
    score
        Recall, precision and F1.
    """

    matching: Matching
    doubtful: NDArray[np.int64]
    score: SegmentationScore


@dataclass(frozen=True, eq=False)
class BothRules:
    """One set of ROIs judged by IoU alone, and with STNeuroNet's containment rule."""

    iou: ActiveMatching
    containment: ActiveMatching

    def as_dict(self) -> dict[str, Any]:
        """Return counts and scores as plain values."""
        return {
            "n_found": self.iou.score.n_found + len(self.iou.doubtful),
            "n_true": self.iou.score.n_true,
            **{
                name: {
                    **part.score.as_dict(),
                    "false": len(part.matching.false),
                    "doubtful": len(part.doubtful),
                }
                for name, part in (("iou", self.iou), ("containment", self.containment))
            },
        }


@dataclass(frozen=True, eq=False)
class ActiveEvaluation:
    """ROIs against active neurons.

    Attributes
    ----------
    visible
        Neurons with a visible transient count (the main figures).
    all_active
        All active neurons count (the strict criterion, ``all``).
    groups
        The groups under the criterion `visible`.
    min_dprime, min_iou
        Least d' of a visible transient, and least intersection over union of a match.
    """

    visible: BothRules
    all_active: BothRules
    groups: Groups
    min_dprime: float
    min_iou: float

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "min_dprime": self.min_dprime,
            "min_iou": self.min_iou,
            "n_positive": int(self.groups.positive.sum()),
            "n_doubtful": int(self.groups.doubtful.sum()),
            "n_negative": int(self.groups.negative.sum()),
            "visible": self.visible.as_dict(),
            "all": self.all_active.as_dict(),
        }


def best_dprime(truth: Truth) -> NDArray[np.float64]:
    """Return the detectability d' of each cell's most visible transient, (N,).

    -inf for noise and for cells without transients; inf if the truth holds no d'.
    """
    best = np.full(len(truth.ids), -np.inf)
    row = {int(roi): index for index, roi in enumerate(truth.ids)}
    rows = np.array([row[int(roi)] for roi in truth.roi_id], dtype=np.int64)
    dprime = np.full(len(rows), np.inf) if truth.hybrid is None else truth.hybrid.detectability
    np.maximum.at(best, rows, dprime)
    best[np.array(truth.cell_types) == CELL_TYPES[-1]] = -np.inf
    return best


def groups_of(truth: Truth, true_rois: RoiSet, min_dprime: float = MIN_DPRIME) -> Groups:
    """Return the groups of the N true ROIs of a movie; a transient of `min_dprime` makes a neuron positive.

    ROIs without a known transient of which some frames weren't looked at, or none, are doubtful.

    Raises
    ------
    InputError
        If the truth is of other ROIs.
    """
    unknown = np.setdiff1d(truth.ids, true_rois.ids)
    if len(unknown):
        raise InputError(
            truth.source,
            "ids",
            f"name ROI {unknown[0]}, which {true_rois.source} lacks",
            "Give the ROIs and truth of one movie.",
        )
    rows = {int(roi): i for i, roi in enumerate(true_rois.ids)}
    places = np.array([rows[int(roi)] for roi in truth.ids], dtype=np.int64)
    dprime = np.full(len(true_rois), -np.inf)
    dprime[places] = best_dprime(truth)
    seen = np.zeros(len(true_rois), dtype=bool)
    noise = np.array(truth.cell_types) == CELL_TYPES[-1]
    seen[places] = noise | [truth.counted(row).all() for row in range(len(truth.ids))]
    positive = dprime >= min_dprime
    negative = np.isneginf(dprime) & seen
    return Groups(positive, ~positive & ~negative, negative)


def match_groups(
    rois: RoiSet, true_rois: RoiSet, groups: Groups, *, min_iou: float = MIN_IOU, containment: bool = False
) -> ActiveMatching:
    """Match `rois` to positive and doubtful neurons together, and leave matches with doubtful ones out.

    Parameters
    ----------
    rois, true_rois
        ROIs of an engine and true ROIs of the same field of view.
    groups
        Of the true ROIs.
    min_iou, containment
        As in `neurocine.evaluation.match`.

    Raises
    ------
    InputError
        As `match`; if `groups` aren't of these ROIs.
    """
    if len(groups.positive) != len(true_rois):
        raise InputError(
            true_rois.source,
            "ids",
            f"there are {len(rois)} ROIs, but {len(groups.positive)} true cells",
            "Give the ROIs and the truth of one movie.",
        )
    candidates = np.flatnonzero(groups.positive | groups.doubtful)
    joint = match(rois, true_rois.select(candidates), min_iou=min_iou, containment=containment)
    pairs = np.stack([joint.pairs[:, 0], candidates[joint.pairs[:, 1]]], axis=1)
    counts = groups.positive[pairs[:, 1]]
    matching = Matching(
        pairs=pairs[counts],
        iou=joint.iou[counts],
        missed=np.setdiff1d(np.flatnonzero(groups.positive), pairs[counts, 1]),
        false=joint.false,
    )
    doubtful = pairs[~counts, 0]
    score = SegmentationScore.of(matching, len(rois) - len(doubtful), int(groups.positive.sum()))
    return ActiveMatching(matching, doubtful, score)


def evaluate_groups(
    rois: RoiSet, true_rois: RoiSet, groups: Groups, *, min_iou: float = MIN_IOU
) -> BothRules:
    """Return `match_groups` by IoU alone and with the containment rule."""
    plain, contained = (
        match_groups(rois, true_rois, groups, min_iou=min_iou, containment=rule) for rule in (False, True)
    )
    return BothRules(plain, contained)


def evaluate_active(
    rois: RoiSet,
    true_rois: RoiSet,
    truth: Truth,
    *,
    min_dprime: float = MIN_DPRIME,
    min_iou: float = MIN_IOU,
) -> ActiveEvaluation:
    """Return recall, precision and F1 of `rois` for the active neurons of a simulated movie.

    Parameters
    ----------
    rois
        ROIs of an engine.
    true_rois, truth
        The true ROIs and their activity.
    min_dprime
        A neuron is positive if a transient reaches this detectability (see `HybridTruth.detectability`), and
        doubtful if it is active but none does.
    min_iou
        As in `neurocine.evaluation.match`.

    Raises
    ------
    InputError
        If fields of view differ, or ROIs and truth aren't of one movie.
    """
    groups = groups_of(truth, true_rois, min_dprime)
    return ActiveEvaluation(
        visible=evaluate_groups(rois, true_rois, groups, min_iou=min_iou),
        all_active=evaluate_groups(rois, true_rois, groups.all_visible(), min_iou=min_iou),
        groups=groups,
        min_dprime=min_dprime,
        min_iou=min_iou,
    )
