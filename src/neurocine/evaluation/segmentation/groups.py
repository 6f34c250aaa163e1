"""ROIs of any engine against the active neurons of a movie whose truth is known.

A neuron that never can be told from noise is not to be held against an engine, nor to be asked of it. So true
cells fall into three groups: *positive* neurons have a transient that can be seen, *doubtful* ones are active
but less visible (found or not, they count neither way), *negative* ones are silent, or noise.
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
    """To which group each of N true cells belongs, (N,) bool each; exactly one is true."""

    positive: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    negative: NDArray[np.bool_]

    @classmethod
    def all_positive(cls, n: int) -> Groups:
        """Return the groups of `n` true ROIs of which nothing is known: all are to be found."""
        return cls(np.ones(n, dtype=bool), np.zeros(n, dtype=bool), np.zeros(n, dtype=bool))

    def all_visible(self) -> Groups:
        """Return the groups of the strict criterion: doubtful neurons are positive, too."""
        return Groups(self.positive | self.doubtful, np.zeros_like(self.doubtful), self.negative)


@dataclass(frozen=True, eq=False)
class ActiveMatching:
    """Found ROIs matched to the positive neurons.

    Attributes
    ----------
    matching
        Pairs with positive neurons, positive neurons missed and ROIs that match nothing (false), all as
        positions in the found and in all true ROIs.
    doubtful
        Positions of the found ROIs that are doubtful neurons, (D,) int64: they count neither way.
    score
        Recall, precision and F1 without those.
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
            "n_found": self.iou.score.found + len(self.iou.doubtful),
            "n_true": self.iou.score.true,
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
        Neurons that can be seen count (the main figures).
    every
        Every active neuron counts (the strict criterion, ``all``).
    groups
        The groups that `visible` has.
    min_dprime, min_iou
        What counts as visible, and as a match.
    """

    visible: BothRules
    every: BothRules
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
            "all": self.every.as_dict(),
        }


def best_dprime(truth: Truth) -> NDArray[np.float64]:
    """Return the detectability d' of each cell's most visible transient, (N,).

    -inf for a cell without any, and for noise; inf where a truth doesn't tell d'.
    """
    found = np.full(len(truth.ids), -np.inf)
    row = {int(roi): index for index, roi in enumerate(truth.ids)}
    rows = np.array([row[int(roi)] for roi in truth.roi_id], dtype=np.int64)
    dprime = np.full(len(rows), np.inf) if truth.hybrid is None else truth.hybrid.detectability
    np.maximum.at(found, rows, dprime)
    found[np.array(truth.cell_types) == CELL_TYPES[-1]] = -np.inf
    return found


def groups_of(truth: Truth, min_dprime: float = MIN_DPRIME) -> Groups:
    """Return the groups of a movie's N true cells: positive from a transient of `min_dprime` on."""
    dprime = best_dprime(truth)
    positive = dprime >= min_dprime
    negative = np.isneginf(dprime)
    return Groups(positive & ~negative, ~positive & ~negative, negative)


def match_groups(
    found: RoiSet, rois: RoiSet, groups: Groups, *, min_iou: float = MIN_IOU, containment: bool = False
) -> ActiveMatching:
    """Match `found` to positive and doubtful neurons at once; pairs with the doubtful then count neither way.

    Parameters
    ----------
    found, rois
        Found and true ROIs of one field of view.
    groups
        Of the true ROIs.
    min_iou, containment
        As in `neurocine.evaluation.match`.

    Raises
    ------
    InputError
        As `match`; if `groups` aren't of these ROIs.
    """
    if len(groups.positive) != len(rois):
        raise InputError(
            rois.source,
            "ids",
            f"there are {len(rois)} ROIs, but {len(groups.positive)} true cells",
            "Give the ROIs and the truth of one movie.",
        )
    candidates = np.flatnonzero(groups.positive | groups.doubtful)
    joint = match(found, rois.select(candidates), min_iou=min_iou, containment=containment)
    pairs = np.stack([joint.pairs[:, 0], candidates[joint.pairs[:, 1]]], axis=1)
    counts = groups.positive[pairs[:, 1]]
    matching = Matching(
        pairs=pairs[counts],
        iou=joint.iou[counts],
        missed=np.setdiff1d(np.flatnonzero(groups.positive), pairs[counts, 1]),
        false=joint.false,
    )
    doubtful = pairs[~counts, 0]
    score = SegmentationScore.of(matching, len(found) - len(doubtful), int(groups.positive.sum()))
    return ActiveMatching(matching, doubtful, score)


def evaluate_groups(found: RoiSet, rois: RoiSet, groups: Groups, *, min_iou: float = MIN_IOU) -> BothRules:
    """Return `match_groups` by IoU alone and with the containment rule."""
    plain, contained = (
        match_groups(found, rois, groups, min_iou=min_iou, containment=rule) for rule in (False, True)
    )
    return BothRules(plain, contained)


def evaluate_active(
    found: RoiSet,
    rois: RoiSet,
    truth: Truth,
    *,
    min_dprime: float = MIN_DPRIME,
    min_iou: float = MIN_IOU,
) -> ActiveEvaluation:
    """Return recall, precision and F1 of `found` for the active neurons of a simulated movie.

    Parameters
    ----------
    found
        ROIs of an engine.
    rois, truth
        The true ROIs, and what is known of them.
    min_dprime
        A neuron is positive from a transient of this detectability on (ideal observer, see
        `HybridTruth.detectability`); active ones below are doubtful.
    min_iou
        As in `neurocine.evaluation.match`.

    Raises
    ------
    InputError
        If fields of view differ, or ROIs and truth aren't of one movie.
    """
    if not np.array_equal(rois.ids, truth.ids):
        raise InputError(
            truth.source,
            "ids",
            f"differ from those of {rois.source}",
            "Give the ROIs and truth of one movie.",
        )
    groups = groups_of(truth, min_dprime)
    return ActiveEvaluation(
        visible=evaluate_groups(found, rois, groups, min_iou=min_iou),
        every=evaluate_groups(found, rois, groups.all_visible(), min_iou=min_iou),
        groups=groups,
        min_dprime=min_dprime,
        min_iou=min_iou,
    )
