"""Found ROIs against positive, doubtful and negative cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurocine.core import InputError, RoiSet
from neurocine.core.truth import HybridTruth, Spans, Truth
from neurocine.evaluation import ActivityCase, match
from neurocine.evaluation.segmentation.groups import (
    Groups,
    best_dprime,
    evaluate_active,
    groups_of,
    match_groups,
)

#: Cells of the fixture: 0 to 3 fire, the last is noise.
POSITIVE, DOUBTFUL, SILENT, NOISE = (0, 2), 1, 3, 4


def seen(truth: Truth) -> Truth:
    """Return the truth with d': cells 0 and 2 well seen, 1 hardly, 3 silent; the noise has a transient."""
    kept = truth.roi_id != SILENT
    roi = np.append(truth.roi_id[kept], NOISE)
    onset, peak = (np.append(values[kept], 50) for values in (truth.onset, truth.peak))
    dprime = np.where(np.isin(roi, POSITIVE), 9.0, 3.0).astype(np.float32)
    dprime[roi == NOISE] = 20
    hybrid = HybridTruth(
        neuron=("n",) * 5,
        resting=np.ones(5, dtype=np.float32),
        axial=np.zeros(truth.n_frames, dtype=np.float32),
        amplitude=dprime,
        n_spikes=np.ones(len(roi), dtype=np.int64),
        detectability=dprime,
        spike_roi=np.empty(0, dtype=np.int64),
        spike_s=np.empty(0),
    )
    raster = truth.raster.copy()
    raster[SILENT] = False
    return replace(truth, roi_id=roi, onset=onset, peak=peak, hybrid=hybrid, raster=raster)


@pytest.fixture
def truth(cases: list[ActivityCase]) -> Truth:
    return seen(cases[0].truth)


def test_groups(truth: Truth, cases: list[ActivityCase]) -> None:
    rois = cases[0].true_rois
    groups = groups_of(truth, rois, 5)
    assert np.flatnonzero(groups.positive).tolist() == list(POSITIVE)
    assert np.flatnonzero(groups.doubtful).tolist() == [DOUBTFUL]
    assert np.flatnonzero(groups.negative).tolist() == [SILENT, NOISE]
    assert best_dprime(truth).tolist() == [9, 3, 9, -np.inf, -np.inf]
    assert groups_of(truth, rois, 10).positive.sum() == 0
    # Without d' every neuron that fires can be seen.
    assert np.flatnonzero(groups_of(cases[0].truth, rois, 5).positive).tolist() == [0, 1, 2, 3]


def test_each_group_counts_as_it_should(truth: Truth, cases: list[ActivityCase]) -> None:
    rois = cases[0].true_rois
    result = evaluate_active(rois, rois, truth)
    for rule in (result.visible.iou, result.visible.containment):
        score = rule.score
        assert (score.matched, score.n_true, score.n_found) == (2, 2, 4)
        assert rule.doubtful.tolist() == [DOUBTFUL]
        assert rule.matching.false.tolist() == [SILENT, NOISE]
        assert (score.recall, score.precision) == (1, 0.5)
    strict = result.all_active.iou
    assert (strict.score.matched, strict.score.n_true, strict.score.n_found) == (3, 3, 5)
    assert len(strict.doubtful) == 0


def test_a_doubtful_neuron_is_neither_missed_nor_found(truth: Truth, cases: list[ActivityCase]) -> None:
    rois = cases[0].true_rois
    with_it = evaluate_active(rois.select([0, 1]), rois, truth)
    without = evaluate_active(rois.select([0]), rois, truth)
    assert with_it.visible.iou.score == without.visible.iou.score
    assert with_it.visible.iou.matching.missed.tolist() == [2]
    assert with_it.all_active.iou.score.recall > without.all_active.iou.score.recall


def test_doubtful_neurons_dont_take_a_positive_ones_roi(truth: Truth, cases: list[ActivityCase]) -> None:
    # An ROI that fits both goes to the one it fits best; only what is left over counts neither way.
    rois = cases[0].true_rois
    both = RoiSet.from_masks((rois.mask(0) | (rois.mask(1) & rois.mask(0)))[None])
    result = match_groups(both, rois, groups_of(truth, rois))
    assert result.matching.pairs.tolist() == [[0, 0]]


def test_containment_rule(truth: Truth, cases: list[ActivityCase]) -> None:
    rois = cases[0].true_rois
    y, x, _ = rois.pixels(2)
    part = RoiSet.from_pixels(rois.fov_shape, [(y[:20], x[:20], None)])
    result = evaluate_active(part, rois, truth).visible
    assert result.iou.score.matched == 0
    assert result.containment.score.matched == 1
    assert result.as_dict()["containment"]["recall"] == 0.5


def test_all_positive_is_the_plain_matching(cases: list[ActivityCase]) -> None:
    rois = cases[0].true_rois
    some = rois.select([1, 3])
    plain = match(some, rois)
    result = match_groups(some, rois, Groups.all_positive(len(rois)))
    assert result.matching.pairs.tolist() == plain.pairs.tolist()
    assert result.matching.missed.tolist() == plain.missed.tolist()


def test_nothing_found_and_nothing_to_find(truth: Truth, cases: list[ActivityCase]) -> None:
    rois = cases[0].true_rois
    none = evaluate_active(rois.select([]), rois, truth).visible.iou.score
    assert (none.recall, none.precision, none.f1) == (0, 1, 0)
    idle = evaluate_active(rois, rois, truth, min_dprime=100).visible.iou
    assert (idle.score.n_true, idle.score.n_found, len(idle.doubtful)) == (0, 2, 3)


def test_foreign_truth(truth: Truth, cases: list[ActivityCase]) -> None:
    rois = cases[0].true_rois
    with pytest.raises(InputError, match="ids"):
        evaluate_active(rois, rois.select([0, 1]), truth)
    with pytest.raises(InputError, match="true cells"):
        match_groups(rois, rois.select([0, 1]), groups_of(truth, rois))


def test_rois_that_nobody_looked_at_in_full_are_doubtful(truth: Truth, cases: list[ActivityCase]) -> None:
    rois = cases[0].true_rois
    last = truth.n_frames - 1
    some = np.array([0, SILENT, SILENT])  # ROI 0 in part, the silent one in two parts that are all of it
    looked = Spans(rois.ids[some], np.array([0, 0, 50]), np.array([last // 2, 49, last]))
    groups = groups_of(replace(truth, looked=looked), rois, 5)
    assert np.flatnonzero(groups.positive).tolist() == list(POSITIVE)
    assert np.flatnonzero(groups.negative).tolist() == [SILENT, NOISE]
    part = replace(truth, looked=Spans(rois.ids[[0]], np.array([0]), np.array([9])))
    assert np.flatnonzero(groups_of(part, rois, 5).negative).tolist() == [NOISE]
    assert SILENT in np.flatnonzero(groups_of(part, rois, 5).doubtful)
