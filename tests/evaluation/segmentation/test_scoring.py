"""Matching of ROIs to true ones."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocine.core import InputError, RoiSet
from neurocine.core.matching import overlaps
from neurocine.evaluation import evaluate_segmentation, match

FOV = (8, 12)


def strip(*spans: tuple[int, int], row: int = 0, height: int = 1) -> RoiSet:
    """ROIs that are ``columns a:b`` of some rows."""
    masks = np.zeros((len(spans), *FOV), dtype=bool)
    for mask, (a, b) in zip(masks, spans, strict=True):
        mask[row : row + height, a:b] = True
    return RoiSet.from_masks(masks)


def test_the_same_masks_match_one_to_one_in_any_order() -> None:
    truth = strip((0, 3), (4, 7), (8, 12))
    matching = match(truth.select([2, 0, 1]), truth)
    assert matching.pairs.tolist() == [[0, 2], [1, 0], [2, 1]]
    assert matching.iou.tolist() == [1, 1, 1]
    assert not len(matching.missed)
    assert not len(matching.false)


def test_iou_of_exactly_the_least_matches_and_less_does_not() -> None:
    truth = strip((0, 4))
    assert match(strip((0, 2)), truth).iou.tolist() == [0.5]
    assert not len(match(strip((0, 2)), truth, min_iou=0.51).pairs)
    assert not len(match(strip((2, 6)), truth).pairs)  # 2 of 6


def test_containment_matches_a_small_mask_inside_a_large_one_only_if_asked_for() -> None:
    inner, outer = strip((2, 3)), strip((0, 8))
    for predicted, truth in ((inner, outer), (outer, inner)):
        assert not len(match(predicted, truth).pairs)
        assert match(predicted, truth, containment=True).pairs.tolist() == [[0, 0]]


def test_as_many_matches_as_there_can_be_even_if_a_closer_one_is_given_up() -> None:
    # Prediction 0 fits both true ones, the second better; prediction 1 fits the second only.
    predicted, truth = strip((0, 7), (2, 12)), strip((0, 5), (2, 8))
    assert match(predicted, truth, min_iou=0.5).pairs.tolist() == [[0, 0], [1, 1]]


def test_recall_precision_and_f1_by_hand() -> None:
    truth = strip((0, 4), (4, 8), (8, 12))
    predicted = strip((0, 3), (9, 10))  # IoU 3/4; and a quarter, inside
    scores = evaluate_segmentation(predicted, truth)
    assert scores.iou.recall == pytest.approx(1 / 3)
    assert scores.iou.precision == pytest.approx(1 / 2)
    assert scores.iou.f1 == pytest.approx(0.4)
    assert scores.iou.mean_iou == pytest.approx(0.75)
    assert scores.containment.f1 == pytest.approx(2 * 1 * (2 / 3) / (1 + 2 / 3))
    assert scores.as_dict()["n_true"] == 3


@pytest.mark.parametrize(("n", "m", "f1"), [(0, 0, 1.0), (0, 2, 0.0), (2, 0, 0.0)])
def test_without_rois(n: int, m: int, f1: float) -> None:
    spans = [(0, 3), (4, 7)]
    scores = evaluate_segmentation(strip(*spans[:n]), strip(*spans[:m]))
    assert scores.iou.f1 == scores.containment.f1 == f1
    assert scores.as_dict()["iou"]["mean_iou"] is None


def test_pixels_named_twice_count_once() -> None:
    twice = RoiSet.from_pixels(FOV, [([0, 0, 0], [0, 1, 1], None)])
    assert match(twice, strip((0, 2))).iou.tolist() == [1.0]


def test_other_fields_of_view_and_impossible_iou_are_refused() -> None:
    other = RoiSet.from_masks(np.ones((1, 12, 8)))
    with pytest.raises(InputError, match="fov_shape"):
        match(other, strip((0, 2)))
    with pytest.raises(InputError, match="min_iou"):
        match(strip((0, 2)), strip((0, 2)), min_iou=0)


def test_overlap_is_a_share_of_the_larger_mask() -> None:
    rois = strip((0, 4), (3, 8), (8, 12))  # 1 of 5 shared
    assert overlaps(rois, 0.2).tolist() == [[0, 1]]
    assert overlaps(rois, 0.21).tolist() == []


spans = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 6)).map(lambda s: (s[0], min(s[0] + s[1], 12))), max_size=5
)


@given(spans, spans, st.sampled_from([0.2, 0.5, 0.8]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_matching_is_one_to_one_complete_and_the_same_with_roles_swapped(a, b, min_iou, containment) -> None:
    predicted, truth = strip(*a), strip(*b)
    one = match(predicted, truth, min_iou=min_iou, containment=containment)
    for column, unmatched, rois in ((0, one.false, predicted), (1, one.missed, truth)):
        assert sorted([*one.pairs[:, column].tolist(), *unmatched.tolist()]) == list(range(len(rois)))
    if not containment:
        assert np.all(one.iou >= min_iou)
    other = match(truth, predicted, min_iou=min_iou, containment=containment)
    assert len(other.pairs) == len(one.pairs)
    if not containment:
        assert other.iou.sum() == pytest.approx(one.iou.sum())
        swapped = evaluate_segmentation(truth, predicted, min_iou=min_iou)
        assert swapped.iou.f1 == pytest.approx(
            evaluate_segmentation(predicted, truth, min_iou=min_iou).iou.f1
        )


@given(spans, spans)
@settings(max_examples=60, deadline=None)
def test_no_other_assignment_is_better(a, b) -> None:
    predicted, truth = strip(*a), strip(*b)
    masks, true_masks = (rois.matrix().toarray() > 0 for rois in (predicted, truth))
    iou = np.array([[(m & t).sum() / (m | t).sum() for t in true_masks] for m in masks])
    if len(predicted) > len(truth):
        iou = iou.T
    if not iou.size:
        return
    tried = [
        [iou[i, j] for i, j in enumerate(p) if iou[i, j] >= 0.5]
        for p in permutations(range(iou.shape[1]), len(iou))
    ]
    best = max((len(pairs), sum(pairs)) for pairs in tried)
    result = match(predicted, truth)
    assert (len(result.pairs), result.iou.sum()) == (best[0], pytest.approx(best[1]))
