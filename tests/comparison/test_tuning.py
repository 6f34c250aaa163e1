"""Grids, trials and the choice among them."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from neurocine.comparison.tuning import Trial, TriedSettings, TunedSettings, try_points, tune
from neurocine.config import EvaluationSettings, SegmentationSettings, grid_points, parse_config, tuned
from neurocine.core import InputError, RoiSet
from neurocine.evaluation.segmentation.groups import Groups

POINTS = grid_points({"threshold_scaling": [0.5, 1.0], "min_probability": [0.2]})


def tried(recording: str, *f1: float) -> TriedSettings:
    trials = (Trial(p, value, "", 1.0) for p, value in zip(POINTS, f1, strict=True))
    return TriedSettings("suite2p", recording, tuple(trials))


def test_a_grid_has_all_combinations_and_an_empty_one_has_one() -> None:
    assert grid_points({"a": [1, 2], "b": ["x", None]}) == [
        {"a": 1, "b": "x"},
        {"a": 1, "b": None},
        {"a": 2, "b": "x"},
        {"a": 2, "b": None},
    ]
    assert grid_points({}) == [{}]


def test_a_point_changes_what_it_names_and_nothing_else() -> None:
    base = SegmentationSettings()
    settings = tuned(base, "caiman", {"caiman.min_snr": 3.5, "threshold_scaling": 2.0})
    assert (settings.engine, settings.caiman.min_snr, settings.threshold_scaling) == ("caiman", 3.5, 2.0)
    again = settings.model_dump()
    again["engine"], again["caiman"]["min_snr"], again["threshold_scaling"] = (
        base.engine,
        base.caiman.min_snr,
        base.threshold_scaling,
    )
    assert again == base.model_dump()


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"suite2p": {"threshhold": [1]}}, "no setting segmentation.threshhold"),
        ({"caiman": {"cayman.min_snr": [1]}}, "no section segmentation.cayman"),
        ({"suite2p": {"min_probability": [0.5, 2]}}, "less than or equal to 1"),
        ({"magic": {}}, "unknown engine 'magic'"),
        ({"suite2p": {"min_probability": []}}, "at least 1 item"),
        ({}, "name at least one engine"),
    ],
)
def test_an_impossible_grid_is_refused_with_the_config(grid: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_config({"comparison": {"segmentation": grid}})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"motion": {"my way": {"engine": "none"}}}, "use letters"),
        ({"motion": {"mine": {"engin": "none"}}}, "engin"),
        ({"activity": ["magic"]}, "unknown method 'magic'"),
    ],
)
def test_other_impossible_values_are_refused_too(values: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_config({"comparison": values})


def test_the_highest_mean_is_chosen_and_each_recording_left_out_in_turn() -> None:
    settings = tune("suite2p", [tried("a", 0.9, 0.5), tried("b", 0.2, 0.8), tried("c", 0.4, 0.6)], POINTS)
    assert settings.point == POINTS[1]
    assert settings.f1 == pytest.approx((0.5 + 0.8 + 0.6) / 3)
    # Without a the second is best (.2 + .4 < .8 + .6), without b the first (1.3 > 1.1), without c the second.
    assert [(one.recording, one.point, one.f1) for one in settings.left_out] == [
        ("a", POINTS[1], 0.5),
        ("b", POINTS[0], 0.2),
        ("c", POINTS[1], 0.6),
    ]
    assert TunedSettings.of(asdict(settings)) == settings


def test_without_training_recordings_the_first_point_is_taken() -> None:
    settings = tune("suite2p", [], POINTS)
    assert (settings.point, settings.f1, settings.left_out) == (POINTS[0], None, ())
    assert tune("suite2p", [tried("a", 0.1, 0.2)], POINTS).left_out == ()


def test_trials_of_another_grid_are_refused() -> None:
    with pytest.raises(InputError, match="aren't those of the grid"):
        tune("suite2p", [tried("a", 0.1, 0.2)], POINTS[:1])


def test_each_point_is_judged_and_one_that_fails_counts_as_nothing_found() -> None:
    masks = np.zeros((2, 32, 32), dtype=bool)
    masks[0, 4:12, 4:12], masks[1, 20:28, 20:28] = True, True
    true = RoiSet.from_masks(masks)

    def find(point: dict) -> RoiSet:
        if point["n"] == 0:
            raise InputError("engine", "n", "is 0", "Take another.")
        return true.select(np.arange(point["n"]))

    points = grid_points({"n": [1, 2, 0]})
    tried_points = try_points("toy", "a", find, points, true, Groups.all_positive(2), EvaluationSettings())
    assert [trial.f1 for trial in tried_points.trials] == pytest.approx([2 / 3, 1.0, 0.0])
    assert [bool(trial.failure) for trial in tried_points.trials] == [False, False, True]
    assert TriedSettings.of(asdict(tried_points)) == tried_points
    best = tune("toy", [tried_points], points)
    assert (best.point, best.failures) == ({"n": 2}, 1)
