"""Thresholds, quartiles, the paired test and the report of cell types."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wilcoxon

from neurocine.core import CellTypes, InputError, Labels
from neurocine.evaluation import evaluate_labels, evaluate_types
from neurocine.evaluation.activity.scored_transients import ScoredTransients
from neurocine.evaluation.activity.thresholds import choose_threshold
from neurocine.evaluation.statistics import paired_test, quartiles


def cell(true: list[float], others: list[float]) -> ScoredTransients:
    """A cell with true transients of one frame."""
    return ScoredTransients(
        np.array(true, dtype=np.float32), np.arange(len(true)), np.array(others, dtype=np.float32)
    )


def test_threshold_separates_true_from_other_where_it_can() -> None:
    cells = [cell([5, 6, 7], [1, 2, 3]), cell([4, 8], [3.5])]
    choice = choose_threshold(cells)
    assert 3.5 <= choice.value < 4
    assert choice.median_f1 == 1


def test_threshold_of_a_grid_is_the_lowest_of_the_best() -> None:
    choice = choose_threshold([cell([5], [1])], [0.5, 3, 4, 6])
    assert (choice.value, choice.median_f1) == (3.0, 1.0)
    # At 2 F1 is 4/5 (one false), at 5 2/3 (one missed).
    assert choose_threshold([cell([4, 6], [3])], [2, 5]).value == 2


def test_threshold_needs_cells_and_a_grid() -> None:
    with pytest.raises(InputError, match="0 cells"):
        choose_threshold([])
    with pytest.raises(InputError, match="0 thresholds"):
        choose_threshold([cell([1], [])], [])
    assert choose_threshold([cell([0], [0])]).value == 0


def test_quartiles() -> None:
    assert quartiles([0, 1, 2, 3, 4]) == {"median": 2, "q25": 1, "q75": 3}
    assert quartiles([]) == {"median": None, "q25": None, "q75": None}


def test_paired_test_is_scipys_with_its_effect() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random(30) + 0.1, rng.random(30)
    b[:3] = a[:3]
    result = paired_test(a, b)
    expected = wilcoxon((a - b)[3:])
    assert (result.statistic, result.p) == (expected.statistic, pytest.approx(expected.pvalue))
    assert (result.n, result.n_different) == (30, 27)
    total = 27 * 28 / 2
    assert abs(result.effect or 0) == pytest.approx((total - 2 * expected.statistic) / total)
    assert paired_test(b, a).effect == pytest.approx(-(result.effect or 0))


def test_effect_by_hand() -> None:
    # Ranks of |1, -2, 3| are 1, 2, 3: (1 + 3 - 2) / 6.
    assert paired_test([1, 0, 3], [0, 2, 0]).effect == pytest.approx(1 / 3)
    assert paired_test([1, 1], [0, 0]).effect == 1


def test_too_few_cells_or_none_that_differ_give_no_p() -> None:
    assert paired_test(np.arange(15), np.zeros(15)).p is None
    assert paired_test(np.arange(1, 17), np.zeros(16)).p == pytest.approx(2 / 2**16)
    same = paired_test([0.1 + 0.2] * 20, [0.3] * 20)
    assert (same.n_different, same.p, same.effect, same.median_difference) == (0, None, None, 0)
    with pytest.raises(InputError, match="common cells"):
        paired_test([1, 2], [1])


def test_types_of_the_papers_table_2() -> None:
    # Rows called, columns true: DeepCINAC, Table 2.
    table = {
        "pyramidal": (46, 5, 0),
        "interneuron": (1, 31, 2),
        "noise": (4, 2, 9),
    }
    true, called = [], []
    for name, row in table.items():
        for kind, n in zip(("pyramidal", "interneuron", "noise"), row, strict=True):
            true += [kind] * n
            called += [name] * n
    report = evaluate_types(true, called)
    assert np.round(100 * np.array(report.sensitivity), 1).tolist() == [90.2, 81.6, 81.8]
    assert np.round(100 * np.array(report.precision), 1).tolist() == [90.2, 91.2, 60.0]
    assert report.confusion[0] == (46, 1, 4, 0)
    assert report.accuracy == pytest.approx(0.86)
    assert report.as_dict()["by_type"]["noise"]["cells"] == 11


def test_neurons_of_unknown_type_are_missed_and_make_no_call_wrong() -> None:
    true = ["pyramidal", "pyramidal", "interneuron", "interneuron"]
    report = evaluate_types(true, ["pyramidal", "unknown", "unknown", "pyramidal"])
    assert report.sensitivity[:2] == (0.5, 0)
    assert report.precision[0] == 0.5
    assert report.confusion[:2] == ((1, 0, 0, 1), (1, 0, 0, 1))
    assert report.macro_f1 == pytest.approx((0.5 + 0) / 2)
    with pytest.raises(InputError, match="'unknown'"):
        evaluate_types(["unknown"], ["noise"])


def test_types_that_never_occur_do_not_count_and_unknown_ones_are_refused() -> None:
    assert evaluate_types(["pyramidal"] * 3, ["pyramidal"] * 3).macro_f1 == 1
    half = evaluate_types(["pyramidal", "pyramidal"], ["pyramidal", "noise"])
    assert half.macro_f1 == pytest.approx((2 / 3 + 0) / 2)
    assert evaluate_types([], []).macro_f1 is None
    with pytest.raises(InputError, match="'glia'"):
        evaluate_types(["glia"], ["noise"])
    with pytest.raises(InputError, match="1 for 2 cells"):
        evaluate_types(["noise", "noise"], ["noise"])


def called(types: list[int], labelled: list[float]) -> CellTypes:
    """Cells called by the types of these numbers, and the probability that each is labelled."""
    labels = Labels.of(np.float32(labelled), "interneuron", 0.9)
    return CellTypes(np.arange(len(types)), np.eye(3, dtype=np.float32)[types], labels=labels)


def test_cells_without_a_label_count_for_no_type() -> None:
    first = called([1, 0, 2, 0, 1], [0.95, 0.99, 0.92, 0.1, np.nan])
    result = evaluate_labels({"a": first, "b": called([1, 1], [1, 0.89])})
    assert result["by_label"] == {
        "interneuron": {
            "cells": 4,
            "called": {"pyramidal": 1, "interneuron": 2, "noise": 1, "unknown": 0},
            "sensitivity": 0.5,
        }
    }
    assert [(one["name"], one["unknown"]) for one in result["recordings"]] == [("a", 2), ("b", 1)]
    assert result["recordings"][1]["by_label"]["interneuron"]["sensitivity"] == 1


def test_no_labelled_cell_to_evaluate() -> None:
    unlabelled = called([1, 0], [0.2, 0.89])
    without = CellTypes(unlabelled.ids, unlabelled.probability)
    with pytest.raises(InputError, match="no cell is labelled"):
        evaluate_labels({"a": unlabelled, "b": without})
