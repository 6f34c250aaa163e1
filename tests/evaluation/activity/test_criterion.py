"""Visible and doubtful transients of movies whose truth tells how well each can be seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocine.config import EvaluationSettings
from neurocine.core.truth import HybridTruth
from neurocine.evaluation import ActivityCase, ActivityEvaluation, evaluate_activity, write_evaluation
from neurocine.evaluation.activity.activity_cases import run_dprime
from neurocine.evaluation.activity.criterion import DPRIME_EDGES, Criterion

#: The least d' of a transient that counts; without suite2p, which takes long to load.
SETTINGS = EvaluationSettings(min_dprime=3, baselines=("oasis", "zscore"))
#: d' of the six transients of each of four neurons: the last has none that can be seen.
DPRIME = np.array(
    [[9, 9, 9, 1, 1, 1], [4, 4, 2.5, 2.5, 2.5, 2.5], [20, 3, 2.9, 0, 0.5, 13], [0.1, 0.2, 1, 2, 2, 2]]
)


def hybrid(case: ActivityCase, dprime: np.ndarray = DPRIME) -> ActivityCase:
    """Give the truth of a case a d' for each transient."""
    n, m = len(case.true_rois), len(case.truth.roi_id)
    extra = HybridTruth(
        neuron=("made",) * n,
        resting=np.ones(n, dtype=np.float32),
        axial=np.zeros(case.truth.n_frames, dtype=np.float32),
        amplitude=np.ones(m, dtype=np.float32),
        n_spikes=np.ones(m, dtype=np.int64),
        detectability=dprime.ravel().astype(np.float32),
        spike_roi=np.empty(0, dtype=np.int64),
        spike_s=np.empty(0),
    )
    return replace(case, truth=replace(case.truth, hybrid=extra))


def seen(case: ActivityCase, least: float) -> np.ndarray:
    """Return the rises of the transients of a d' of `least` or more, (N, T)."""
    active = np.zeros_like(case.truth.raster)
    kept = DPRIME.ravel() >= least
    for roi, onset, peak in zip(
        case.truth.roi_id[kept], case.truth.onset[kept], case.truth.peak[kept], strict=True
    ):
        active[roi, onset : peak + 1] = True
    return active


def evaluated(case: ActivityCase, judged, active: np.ndarray, **settings: float) -> ActivityEvaluation:
    return evaluate_activity([judged(hybrid(case), active)], SETTINGS.model_copy(update=settings))


def counts(criterion: Criterion, cells=None) -> tuple[int, int, int]:
    """Return true positives, false negatives and false positives over some cells."""
    scores = criterion.scores(criterion.neurons if cells is None else cells, "neurocine")
    names = ("true_positive", "false_negative", "false_positive")
    return tuple(sum(getattr(s, name) for s in scores) for name in names)  # type: ignore[return-value]


def test_what_no_one_could_see_is_not_missed(cases: list[ActivityCase], judged) -> None:
    evaluation = evaluated(cases[0], judged, seen(cases[0], 3))
    visible, every = evaluation.visible, evaluation.all_transients
    assert counts(visible) == (8, 0, 0)
    assert counts(every) == (8, 16, 0)
    assert [cell.truth_id for cell in visible.active] == [0, 1, 2]
    assert [cell.truth_id for cell in every.active] == [0, 1, 2, 3]
    assert len(visible.neurons) == len(every.neurons) == 4
    assert visible.values(visible.active, "neurocine", "f1").tolist() == [1, 1, 1]
    # The cell without visible transients stays silent: F1 1, but not among the main figures.
    assert visible.values(visible.neurons, "neurocine", "f1").tolist() == [1, 1, 1, 1]
    assert (visible.n_doubtful, every.n_doubtful) == (16, 0)


def test_what_touches_a_doubtful_transient_is_neither_found_nor_false(
    cases: list[ActivityCase], judged
) -> None:
    evaluation = evaluated(cases[0], judged, cases[0].truth.raster)
    assert counts(evaluation.visible) == (8, 0, 0)
    assert counts(evaluation.all_transients) == (24, 0, 0)
    shares = evaluation.visible.coverage(evaluation.visible.neurons, "neurocine")
    assert [len(share) for share in shares] == [3, 2, 3, 0]


def test_activity_away_from_all_transients_is_false_in_both(cases: list[ActivityCase], judged) -> None:
    away = ~cases[0].truth.raster
    evaluation = evaluated(cases[0], judged, away)
    own, other = counts(evaluation.visible), counts(evaluation.all_transients)
    assert own[:2] == (0, 8)
    assert other[:2] == (0, 24)
    assert own[2] == other[2] > 50


def test_the_least_dprime_is_a_setting(cases: list[ActivityCase], judged) -> None:
    active = seen(cases[0], 3)
    lower = evaluated(cases[0], judged, active, min_dprime=2.5).visible
    assert counts(lower) == (8, 5, 0)
    none = evaluated(cases[0], judged, active, min_dprime=0)
    assert none.visible.as_dict() == none.all_transients.as_dict()
    nothing = evaluated(cases[0], judged, active, min_dprime=100).as_dict()["criteria"]["visible"]
    assert nothing["n_active"] == 0
    assert nothing["methods"]["neurocine"]["active"]["f1"]["median"] is None
    assert nothing["methods"]["oasis"]["threshold_chosen_on"].startswith("nothing")


def test_without_dprime_all_are_visible(cases: list[ActivityCase], judged) -> None:
    evaluation = evaluate_activity([judged(cases[0], cases[0].truth.raster)], SETTINGS)
    assert evaluation.visible.n_doubtful == 0
    assert evaluation.visible.sensitivity_by_dprime("neurocine") == []
    visible, every = (criterion.as_dict() for criterion in evaluation.criteria.values())
    assert (visible.pop("min_dprime"), every.pop("min_dprime")) == (3, 0)
    assert visible == every


def test_sensitivity_by_dprime(cases: list[ActivityCase], judged) -> None:
    evaluation = evaluated(cases[0], judged, seen(cases[0], 2.9))
    rows = evaluation.visible.as_dict()["methods"]["neurocine"]["sensitivity_by_dprime"]
    assert [row["from"] for row in rows] == list(DPRIME_EDGES)
    assert rows[-1]["to"] is None
    assert [row["transients"] for row in rows] == [4, 4, 8, 3, 0, 3, 2]
    assert [row["detected"] for row in rows] == [0, 0, 1, 3, 0, 3, 2]
    assert [row["sensitivity"] for row in rows] == [0, 0, 1 / 8, 1, None, 1, 1]
    # Of each method at its own threshold, the same transients.
    baseline = evaluation.visible.sensitivity_by_dprime("zscore")
    assert [row["transients"] for row in baseline] == [row["transients"] for row in rows]


def test_thresholds_are_chosen_for_each_variant(
    cases: list[ActivityCase], judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neurocine.evaluation.activity import evaluate

    numbers: set[tuple[int, int]] = set()
    choose = evaluate.choose_threshold
    monkeypatch.setattr(
        evaluate,
        "choose_threshold",
        lambda cells: (numbers.add((len(cells), sum(len(c.starts) for c in cells))), choose(cells))[1],
    )
    test = judged(hybrid(cases[0], np.full_like(DPRIME, 50)), cases[0].truth.raster)
    evaluate_activity([test], SETTINGS, training=[hybrid(cases[1])])
    # Active cells and transients of the training movie: visible, and all.
    assert numbers == {(3, 8), (4, 24)}


def test_the_overlap_test_goes_by_the_whole_truth(cases: list[ActivityCase], judged) -> None:
    plain = evaluate_activity([judged(cases[0], cases[0].truth.raster)], SETTINGS).visible.rejection
    evaluation = evaluated(cases[0], judged, cases[0].truth.raster)
    for criterion in evaluation.criteria.values():
        np.testing.assert_array_equal(criterion.rejection.confirmed, plain.confirmed)


def test_transients_that_follow_each_other_are_as_visible_as_the_best(cases: list[ActivityCase]) -> None:
    case = hybrid(cases[0])
    truth = case.truth
    onset, peak = truth.onset.copy(), truth.peak.copy()
    raster = truth.raster.copy()
    order = np.argsort(onset[:6])
    first, second = order[:2]
    onset[second] = peak[first] + 1  # no frame between
    raster[0, onset[second] : peak[second] + 1] = True
    joined = replace(truth, onset=onset, peak=peak, raster=raster)
    own = DPRIME[0][order]
    assert run_dprime(truth, 0).tolist() == own.tolist()
    assert run_dprime(joined, 0).tolist() == [max(own[:2]), *own[2:]]
    assert len(run_dprime(truth, 4)) == 0


def test_page_and_pictures_of_both(cases: list[ActivityCase], judged, tmp_path: Path) -> None:
    evaluation = evaluated(cases[0], judged, seen(cases[0], 3))
    write_evaluation(
        evaluation,
        tmp_path / "e.json",
        table=tmp_path / "e.tsv",
        page=tmp_path / "e.html",
        pictures=tmp_path / "p",
    )
    assert sorted(path.stem for path in (tmp_path / "p").iterdir()) == [
        "coverage", "coverage_all", "dprime", "scores", "scores_all", "snr",
    ]  # fmt: skip
    page = (tmp_path / "e.html").read_text()
    assert "8 true transients are visible" in page
    assert "16 are doubtful" in page
    assert "Sensitivity by detectability" in page
    assert "12 and over" in page
    rows = [row.split("\t") for row in (tmp_path / "e.tsv").read_text().splitlines()[1:]]
    totals = {
        name: sum(int(r[9]) + int(r[10]) for r in rows if r[7:9] == [name, "neurocine"])
        for name in ("visible", "all")
    }
    assert totals == {"visible": 8, "all": 24}
