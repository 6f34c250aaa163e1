"""People are measured as methods are, on the cells and frames that they looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocine.config import EvaluationSettings
from neurocine.core import InputError
from neurocine.core.truth import HybridTruth, Spans, Truth
from neurocine.evaluation import ActivityCase, evaluate_activity, open_activity_case, write_evaluation
from neurocine.evaluation.activity.activity_report import cell_rows
from neurocine.evaluation.activity.scored_transients import Score, ScoredTransients, scored_transients
from neurocine.io.result_files import write_truth

SETTINGS = EvaluationSettings(baselines=("zscore",))


def seen_by(truth: Truth, cells: list[int], last: int | None = None, missed: int = 0) -> Truth:
    """Return what somebody who looked at some cells, to frame `last`, marked: all but the first `missed`."""
    raster = truth.raster[cells].copy()
    for row, cell in enumerate(cells):
        first, peak = truth.transients(cell)
        for a, b in list(zip(first, peak, strict=True))[:missed]:
            raster[row, a : b + 1] = False
    spans = [(int(truth.ids[cell]), 0, truth.n_frames - 1 if last is None else last) for cell in cells]
    return replace(
        truth,
        ids=truth.ids[cells],
        cell_types=tuple(truth.cell_types[cell] for cell in cells),
        is_target=truth.is_target[cells],
        raster=raster,
        roi_id=np.empty(0, dtype=np.int64),
        onset=np.empty(0, dtype=np.int64),
        peak=np.empty(0, dtype=np.int64),
        calcium=None,
        hybrid=None,
        looked=Spans(*np.array(spans, dtype=np.int64).T),
    )


def labelled(case: ActivityCase, judged: Callable[..., ActivityCase]) -> ActivityCase:
    """Ana saw all in three cells; Bo missed the first transient of one cell, and saw half of the movie."""
    people = {"ana": seen_by(case.truth, [0, 1, 2]), "bo": seen_by(case.truth, [1], last=199, missed=1)}
    return replace(judged(case, case.truth.raster), experts=people)


def test_people_stand_beside_methods(cases: list[ActivityCase], judged: Callable[..., ActivityCase]) -> None:
    case = labelled(cases[0], judged)
    other = judged(cases[1], cases[1].truth.raster)  # nobody labelled this one
    made = evaluate_activity([case, other], SETTINGS).visible
    assert made.methods == ("neurocine", "zscore", "expert ana", "expert bo")
    ana, bo = (made.summary(made.active, f"expert {name}") for name in ("ana", "bo"))
    assert len(made.active) == 8
    assert (ana["cells"], ana["true_positive"], ana["false_negative"], ana["false_positive"]) == (3, 18, 0, 0)
    n = int((case.truth.transients(1)[1] < 200).sum())
    assert (bo["cells"], bo["true_positive"], bo["false_negative"]) == (1, n - 1, 1)
    assert bo["sensitivity"]["median"] == pytest.approx((n - 1) / n)
    tests = {(test["baseline"], test["group"]): test["n"] for test in made.as_dict()["comparisons"]}
    assert (tests["zscore", "active"], tests["expert ana", "active"], tests["expert bo", "active"]) == (
        8,
        3,
        1,
    )


def test_false_marks_count_where_nothing_is(
    cases: list[ActivityCase], judged: Callable[..., ActivityCase]
) -> None:
    case = labelled(cases[0], judged)
    everything = replace(case.experts["ana"], raster=np.ones_like(case.experts["ana"].raster))
    made = evaluate_activity([replace(case, experts={"cy": everything})], SETTINGS).visible
    figures = made.summary(made.active, "expert cy")
    assert (figures["false_negative"], figures["true_negative"]) == (0, 0)
    assert figures["false_positive"] > 0
    assert figures["precision"]["median"] < 0.7


def test_tables_and_page_hold_people_where_they_looked(
    cases: list[ActivityCase], judged: Callable[..., ActivityCase], tmp_path: Path
) -> None:
    made = evaluate_activity([labelled(cases[0], judged)], SETTINGS)
    rows = [row for row in cell_rows(made) if row["criterion"] == "visible"]
    assert [row["truth_id"] for row in rows if row["method"] == "expert bo"] == [1]
    assert len([row for row in rows if row["method"] == "neurocine"]) == 5
    write_evaluation(made, tmp_path / "a.json", page=tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<th>expert ana</th><td" in page
    assert "a person, 3 cells" in page
    assert "a person, 1 cell<" in page
    assert "NaN" not in (tmp_path / "a.json").read_text(encoding="utf-8")


def test_people_and_the_truth_of_a_simulation(
    cases: list[ActivityCase], judged: Callable[..., ActivityCase]
) -> None:
    case = labelled(cases[0], judged)
    n, m = len(case.true_rois), len(case.truth.roi_id)
    weak = np.tile(np.float32([9, 9, 9, 9, 1, 1]), 4)
    hybrid = HybridTruth(
        neuron=("made",) * n,
        resting=np.ones(n, dtype=np.float32),
        axial=np.zeros(case.truth.n_frames, dtype=np.float32),
        amplitude=np.ones(m, dtype=np.float32),
        n_spikes=np.ones(m, dtype=np.int64),
        detectability=weak,
        spike_roi=np.empty(0, dtype=np.int64),
        spike_s=np.empty(0),
    )
    made = evaluate_activity([replace(case, truth=replace(case.truth, hybrid=hybrid))], SETTINGS)
    assert made.visible.summary(made.visible.active, "expert ana")["true_positive"] == 12
    rows = made.visible.sensitivity_by_dprime("expert ana")
    assert sum(row["transients"] for row in rows) == 18  # of cells that ana looked at


def test_experts_are_read_from_the_folder_of_truth(folders: tuple[Path, ...], tmp_path: Path) -> None:
    (tmp_path / "experts").mkdir()
    for name in ("truth.h5", "rois.h5", "movie.h5"):
        (tmp_path / name).symlink_to(folders[0] / name)
    case = open_activity_case("one", tmp_path)
    assert case.experts == {}
    write_truth(tmp_path / "experts" / "ana.h5", seen_by(case.truth, [2, 3]))
    read = open_activity_case("one", tmp_path).experts
    assert {name: truth.ids.tolist() for name, truth in read.items()} == {"ana": [2, 3]}
    stranger = replace(seen_by(case.truth, [0]), ids=np.array([77]), looked=None)
    with pytest.raises(InputError, match="name ROI 77"):
        replace(case, experts={"bo": stranger})


def test_what_a_method_says_nothing_about_counts_neither_way() -> None:
    truth = np.zeros(80, dtype=bool)
    truth[10:14] = truth[30:34] = truth[50:54] = True
    trace = np.where(truth, 1.0, 0.0) + 0.3 * np.sin(np.arange(80))
    signal = truth.astype(np.float32)
    signal[33:70] = np.nan  # touches the second transient, holds the third
    (part,) = scored_transients(truth, trace, [signal])
    whole = scored_transients(truth, trace, [np.nan_to_num(signal)])[0].score(0.5)
    assert part.known().tolist() == [True, False, False]
    assert (part.score(0.5).true_positive, part.score(0.5).false_negative) == (1, 0)
    assert 0 < part.score(0.5).true_negative < whole.true_negative
    assert part.coverage(0.5).tolist() == [1.0]
    for n in (0, 3):
        unknown = ScoredTransients.unknown(n)
        assert not unknown.is_known
        assert unknown.score(0.5) == Score(0, 0, 0, 0)
    assert ScoredTransients(np.empty(0, np.float32), np.empty(0, np.int64), np.empty(0, np.float32)).is_known
