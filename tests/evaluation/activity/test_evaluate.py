"""Whole evaluations of small recordings with exact truth."""

from __future__ import annotations

import csv
import importlib.util
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from neurocine.config import EvaluationSettings
from neurocine.core import InputError, RoiSet
from neurocine.core.truth import Spans, Truth
from neurocine.evaluation import ActivityCase, evaluate_activity, open_activity_case, write_evaluation
from neurocine.evaluation.activity import baselines
from neurocine.evaluation.activity.evaluated_cells import measure_activity
from neurocine.io.result_files import write_activity, write_celltypes
from neurocine.workflow import watched

ROOT = Path(__file__).parents[3]
#: Without suite2p, which takes long to load.
SETTINGS = EvaluationSettings(baselines=("oasis", "zscore"))
TRUE_KINDS = ("pyramidal", "interneuron", "pyramidal", "pyramidal", "noise")


def test_perfect_prediction(cases: list[ActivityCase], judged) -> None:
    case = judged(cases[0], cases[0].truth.raster, TRUE_KINDS)
    values = evaluate_activity([case], SETTINGS).as_dict()
    visible = values["criteria"]["visible"]
    own = visible["methods"]["neurocine"]
    for metric in ("sensitivity", "precision", "f1"):
        assert own["active"][metric] == {"median": 1, "q25": 1, "q75": 1}
    assert own["active"]["coverage"]["transients"]["median"] == 1
    assert own["active"]["true_positive"] == 24
    assert visible["n_active"] == visible["n_neurons"] == 4  # the noise isn't one
    assert own["by"]["cell_type"]["noise"]["cells"] == 1
    assert own["by"]["overlap"]["yes"]["cells"] == 2
    assert sum(part["cells"] for part in own["by"]["snr"].values()) == 4
    test = visible["overlap_test"]
    assert test["transients"] > 10
    assert test["methods"]["neurocine"]["share"] == 1
    assert test["confirmed_by_truth"] == test["transients"]
    assert values["cell_types"]["macro_f1"] == 1


def labelled_in_part(truth: Truth, cells: list[int], stop: int) -> Truth:
    """What a person makes of some cells in the first `stop` frames."""
    own = np.isin(truth.roi_id, truth.ids[cells]) & (truth.peak < stop)
    raster = np.zeros((len(cells), truth.n_frames), dtype=bool)
    for roi, onset, peak in zip(truth.roi_id[own], truth.onset[own], truth.peak[own], strict=True):
        raster[cells.index(int(np.flatnonzero(truth.ids == roi)[0])), onset : peak + 1] = True
    ids = truth.ids[cells]
    return Truth(
        ids=ids,
        cell_types=tuple(truth.cell_types[cell] for cell in cells),
        is_target=np.zeros(len(cells), dtype=bool),
        raster=raster,
        roi_id=truth.roi_id[own],
        onset=truth.onset[own],
        peak=truth.peak[own],
        looked=Spans(ids, np.zeros(len(cells), dtype=np.int64), np.full(len(cells), stop - 1)),
        labelled_by=("A. Person",),
    )


def test_a_perfect_method_is_perfect_where_people_looked(cases: list[ActivityCase], judged) -> None:
    case = judged(cases[0], cases[0].truth.raster, TRUE_KINDS)
    part = replace(case, truth=labelled_in_part(case.truth, [0, 2], 200))
    evaluation = evaluate_activity([part], SETTINGS)
    own = evaluation.visible.as_dict()["methods"]["neurocine"]["active"]
    for metric in ("sensitivity", "precision", "f1"):
        assert own[metric] == {"median": 1, "q25": 1, "q75": 1}
    assert own["true_positive"] == len(part.truth.roi_id) > 0
    assert [cell.truth_id for cell in evaluation.visible.cells] == case.true_rois.ids[[0, 2]].tolist()
    # The same labels without saying where people looked: its other transients look false.
    all_looked = replace(part, truth=replace(part.truth, looked=None))
    own = evaluate_activity([all_looked], SETTINGS).visible.as_dict()["methods"]["neurocine"]["active"]
    assert own["precision"]["median"] < 0.7


def test_cells_whose_type_nobody_knows_count_for_none(cases: list[ActivityCase], judged) -> None:
    case = judged(cases[0], cases[0].truth.raster, TRUE_KINDS)
    truth = replace(case.truth, cell_types=("", "interneuron", "", "pyramidal", "noise"))
    values = evaluate_activity([replace(case, truth=truth)], SETTINGS).as_dict()
    assert values["cell_types"]["cells"] == 3
    assert values["criteria"]["visible"]["n_active"] == 4  # their activity counts


def test_all_active_and_silent(cases: list[ActivityCase], judged) -> None:
    raster = cases[0].truth.raster
    full = evaluate_activity([judged(cases[0], np.ones_like(raster))], SETTINGS).visible.as_dict()
    own = full["methods"]["neurocine"]["active"]
    assert own["sensitivity"]["median"] == 1
    assert own["precision"]["median"] < 0.5
    assert own["true_negative"] == own["false_negative"] == 0
    assert full["overlap_test"]["methods"]["neurocine"]["share"] == 0
    evaluation = evaluate_activity([judged(cases[0], np.zeros_like(raster))], SETTINGS)
    silent = evaluation.visible.as_dict()
    own = silent["methods"]["neurocine"]["active"]
    assert own["f1"]["median"] == 0
    assert own["precision"]["median"] == 1
    assert own["coverage"]["transients"]["median"] is None
    assert silent["overlap_test"]["methods"]["neurocine"]["share"] == 1
    assert evaluation.types is None


def test_half_of_each_rise_is_coverage_of_a_half(cases: list[ActivityCase], judged) -> None:
    truth = cases[0].truth
    active = np.zeros_like(truth.raster)
    for roi, onset in zip(truth.roi_id, truth.onset, strict=True):
        active[roi, onset : onset + 2] = True  # rises last 4 frames
    evaluation = evaluate_activity([judged(cases[0], active)], SETTINGS).visible
    assert all(np.all(share == 0.5) for share in evaluation.coverage(evaluation.active, "neurocine"))


def test_rivals_see_most_of_clear_transients(cases: list[ActivityCase], judged) -> None:
    values = evaluate_activity([judged(c, c.truth.raster) for c in cases], EvaluationSettings()).as_dict()
    assert not values["skipped_methods"]
    methods = values["criteria"]["visible"]["methods"]
    assert list(methods) == ["neurocine", "oasis", "suite2p", "zscore"]
    for name in EvaluationSettings().baselines:
        baseline = methods[name]
        assert baseline["threshold_chosen_on"] == "evaluated"
        assert baseline["by"]["overlap"]["no"]["f1"]["median"] > 0.8, name


def test_thresholds_come_from_training_cells_alone(
    cases: list[ActivityCase], judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[object]] = []
    from neurocine.evaluation.activity import evaluate

    choose = evaluate.choose_threshold
    monkeypatch.setattr(
        evaluate, "choose_threshold", lambda cells: (seen.append([id(c) for c in cells]), choose(cells))[1]
    )
    trained = [measure_activity(case, SETTINGS, overlap=False) for case in cases[1:]]
    results = iter(trained)
    monkeypatch.setattr(
        evaluate,
        "measure_activity",
        lambda case, *args, overlap=True, **more: (
            measure_activity(case, *args, overlap=overlap, **more) if overlap else next(results)
        ),
    )
    case = judged(cases[0], cases[0].truth.raster)
    evaluation = evaluate_activity([case], SETTINGS, training=cases[1:])
    allowed = {id(p) for m in trained for cell in m.cells if cell.is_neuron for p in cell.transients.values()}
    assert len(seen) == 2 * 2 * len(baselines.UNITS)  # for two baselines, in two criteria
    assert all(len(cells) == 8 and set(cells) <= allowed for cells in seen)
    for criterion in evaluation.criteria.values():
        assert {t.chosen_on for name, t in criterion.thresholds.items() if name != "neurocine"} == {"train"}
    assert evaluation.training == (cases[1].name, cases[2].name)


def test_another_evaluated_recording_leaves_the_thresholds_as_they_are(
    cases: list[ActivityCase], judged
) -> None:
    first, second = (judged(case, case.truth.raster) for case in cases[:2])
    one = evaluate_activity([first], SETTINGS, training=[cases[2]]).visible.thresholds
    assert evaluate_activity([second], SETTINGS, training=[cases[2]]).visible.thresholds == one


def test_rois_found_are_matched_to_true_ones(cases: list[ActivityCase], judged) -> None:
    case = cases[0]
    order = [3, 0, 2]
    rois = case.rois.select(order)
    extra = np.zeros((1, *case.movie.fov_shape), dtype=bool)
    extra[0, 22:26, 22:26] = True
    masks = np.concatenate([[rois.mask(i) for i in range(3)], extra])
    reordered = replace(case, rois=RoiSet.from_masks(masks))
    raster = np.concatenate([case.truth.raster[order], np.zeros((1, 400), dtype=bool)])
    result = evaluate_activity([judged(reordered, raster)], SETTINGS)
    cells = result.visible.cells
    assert [(cell.roi_id, cell.truth_id) for cell in cells] == [(0, 3), (1, 0), (2, 2)]
    assert result.visible.values(cells, "neurocine", "f1").tolist() == [1, 1, 1]
    assert cells[1].overlapping  # its true neighbour wasn't found, but is there
    assert (result.recordings[0].score.recall, result.recordings[0].score.precision) == (0.6, 0.75)


def test_a_missing_rival_is_left_out_with_its_reason(
    cases: list[ActivityCase], judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "suite2p", None)
    monkeypatch.delitem(sys.modules, "neurocine.traces.suite2p_engine", raising=False)
    values = evaluate_activity([judged(cases[0], cases[0].truth.raster)], EvaluationSettings()).as_dict()
    assert values["skipped_methods"] == {"suite2p": "suite2p isn't installed"}
    assert all("suite2p" not in criterion["methods"] for criterion in values["criteria"].values())


def test_two_activities_of_one_recording_are_compared(cases: list[ActivityCase], judged) -> None:
    case = judged(cases[0], cases[0].truth.raster)
    other = replace(case.rasters["neurocine"], probability=np.zeros((5, 400), dtype=np.float32))
    case = replace(case, rasters={**case.rasters, "general": other})
    first = evaluate_activity([case], SETTINGS).visible.as_dict()["comparisons"][0]
    assert (first["method"], first["baseline"], first["group"]) == ("neurocine", "general", "active")
    assert (first["n"], first["median_difference"], first["effect"]) == (4, 1, 1)


def test_what_does_not_fit_is_refused(cases: list[ActivityCase], folders, judged, tmp_path: Path) -> None:
    truth = cases[0].truth.raster
    with pytest.raises(InputError, match="there is none to evaluate"):
        evaluate_activity([], SETTINGS)
    with pytest.raises(InputError, match="activity: there is none"):
        evaluate_activity([cases[0]], SETTINGS)
    good = judged(cases[0], truth)
    with pytest.raises(InputError, match="is in both"):
        evaluate_activity([good], SETTINGS, training=[cases[0]])
    with pytest.raises(InputError, match="differ from those of the recordings before"):
        evaluate_activity([good, judged(cases[1], truth, threshold=0.6)], SETTINGS)
    with pytest.raises(InputError, match="a baseline's name"):
        evaluate_activity([replace(good, rasters={"oasis": good.rasters["neurocine"]})], SETTINGS)
    with pytest.raises(InputError, match="ids: differ"):
        replace(good, rois=cases[0].rois.select([0, 1]))
    with pytest.raises(InputError, match="there are 399, the movie"):
        judged(cases[0], truth[:, :399])
    with pytest.raises(InputError, match=r"no folder with truth\.h5"):
        open_activity_case("x", tmp_path)


def test_outputs_are_complete_and_the_same_twice(cases: list[ActivityCase], judged, tmp_path: Path) -> None:
    case = judged(cases[0], cases[0].truth.raster, (*TRUE_KINDS[:4], "pyramidal"))
    for run in ("a", "b"):
        out = tmp_path / run
        evaluation = evaluate_activity([case], SETTINGS, training=cases[1:], note="<all> & more")
        write_evaluation(
            evaluation, out / "e.json", table=out / "e.tsv", page=out / "e.html", pictures=out / "pictures"
        )
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert [path.name for path in files] == [
        "e.html", "e.json", "e.tsv", "confusion.png", "coverage.png", "scores.png", "snr.png",
    ]  # fmt: skip
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    rows = list(csv.DictReader((tmp_path / "a" / "e.tsv").open(), delimiter="\t"))
    assert len(rows) == 5 * 3 * 2
    assert (rows[0]["criterion"], rows[0]["method"]) == ("visible", "neurocine")
    assert (float(rows[0]["f1"]), float(rows[0]["coverage"])) == (1.0, 1.0)
    page = (tmp_path / "a" / "e.html").read_text()
    assert "&lt;all&gt; &amp; more" in page
    assert page.count("data:image/png;base64,") == 4
    assert not re.search(r"(src|href)=\"(?!data:)", page)


def test_the_rules_script_measures_the_split_test(
    folders: tuple[Path, ...], cases: list[ActivityCase], judged, tmp_path: Path
) -> None:
    spec = importlib.util.spec_from_file_location(
        "script", ROOT / "workflow_scripts" / "evaluation_activity.py"
    )
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    case = judged(cases[0], cases[0].truth.raster, TRUE_KINDS)
    write_activity(tmp_path / "activity.h5", case.rasters["neurocine"])
    write_celltypes(tmp_path / "celltypes.tsv", case.celltypes)
    job = SimpleNamespace(
        input=SimpleNamespace(
            movies=[str(folder / "movie.h5") for folder in folders[:2]],
            rois=[str(folder / "rois.h5") for folder in folders[:2]],
            activity=[str(tmp_path / "activity.h5")],
            celltypes=[str(tmp_path / "celltypes.tsv")],
        ),
        output=SimpleNamespace(
            json=tmp_path / "a.json",
            table=tmp_path / "a.tsv",
            page=tmp_path / "a.html",
            pictures=tmp_path / "pictures",
        ),
        config={},
        params=SimpleNamespace(
            names=["m", "n"],
            truth=watched([folder / "truth.h5" for folder in folders[:2]]),
            settings=SETTINGS.model_dump(),
            all_recordings=False,
        ),
    )
    script.main(job)
    values = json.loads((tmp_path / "a.json").read_text())
    assert [row["name"] for row in values["recordings"]] == ["m"]
    assert values["training_recordings"] == ["n"]
    assert values["criteria"]["all"]["methods"]["neurocine"]["active"]["f1"]["median"] == 1
    assert (tmp_path / "pictures" / "scores.png").is_file()
