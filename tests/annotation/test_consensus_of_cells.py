"""People name types and call cells invalid: the agreement equals a calculation by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from typer.testing import CliRunner

from neurocine.annotation.actions import Edit
from neurocine.annotation.consensus.cells import CellsAgreement, cells_agreements
from neurocine.annotation.consensus.experts import INVALID, Experts
from neurocine.annotation.consensus.truth import consensus_of
from neurocine.annotation.consensus.verdicts import Rule, verdicts
from neurocine.annotation.truth import labelled
from neurocine.cli.app import app
from neurocine.core import RoiSet
from neurocine.core.truth import Spans, Truth
from neurocine.evaluation.statistics import cohens_kappa
from neurocine.io.result_files import read_rois, read_truth
from neurocine.io.tables import read_table

P, I, N = "pyramidal", "interneuron", "noise"  # noqa: E741
SAID = {
    "ana": {0: P, 1: P, 2: I, 3: N, 4: INVALID, 5: P, 6: INVALID, 7: "", 8: P},
    "bo": {0: P, 1: I, 2: I, 3: N, 4: INVALID, 5: INVALID, 6: N, 7: P, 9: P},
    "cy": {0: P, 4: P, 5: P, 8: INVALID},
}


def truth_about(said: dict[int, str]) -> Truth:
    """What somebody holds for true who marked frames 10 to 12 of every cell that can be judged."""
    ids = np.array([roi for roi, one in said.items() if one != INVALID], dtype=np.int64)
    raster = np.zeros((len(ids), 100), dtype=bool)
    raster[:, 10:13] = True
    looked = Spans(ids, np.zeros_like(ids), np.full_like(ids, 99))
    types = [said[roi] for roi in ids.tolist()]
    return labelled(ids, types, raster, looked=looked, doubtful=Spans.none(), labelled_by=["x"])


@pytest.fixture
def experts() -> Experts:
    masks = np.zeros((10, 4, 4), dtype=bool)
    masks[:, 1, 1] = True
    truths = {name: truth_about(said) for name, said in SAID.items()}
    return Experts(truths, RoiSet.from_masks(masks), 10.0, of_cells=SAID)


@pytest.fixture
def pairs(experts: Experts) -> dict[tuple[str, str], CellsAgreement]:
    return {(pair.first, pair.second): pair for pair in cells_agreements(experts)}


def test_kappas_are_those_calculated_by_hand(pairs: dict[tuple[str, str], CellsAgreement]) -> None:
    values = pairs["ana", "bo"].values()
    # Both judged cells 0 to 7: both call 4 invalid, only bo 5, only ana 6.
    assert values["cells"] == 8
    assert [values[f"invalid_{who}"] for who in ("both", "only_first", "only_second", "neither")] == [
        1,
        1,
        1,
        5,
    ]
    # Observed 6/8; by chance 2/8 * 2/8 + 6/8 * 6/8 = 40/64.
    assert values["kappa_invalid"]["value"] == pytest.approx((6 / 8 - 40 / 64) / (24 / 64))
    # Both name a type of cells 0 to 3: P P, P I, I I, N N.
    assert (values["typed"], values["same_type"]) == (4, 3)
    assert values["types"] == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    # Observed 3/4; by chance (2 * 1 + 1 * 2 + 1 * 1) / 16.
    assert values["kappa_types"]["value"] == pytest.approx((3 / 4 - 5 / 16) / (11 / 16))
    assert values["kappa_types"]["interval"][0] <= values["kappa_types"]["value"]
    # Nobody else shares two cells of different types with cy: chance alone agrees on all.
    values = pairs["ana", "cy"].values()
    assert (values["cells"], values["typed"], values["kappa_types"]["value"]) == (4, 2, None)
    assert [row["first_says"] for row in pairs["ana", "cy"].rows()] == [P, INVALID, P, P]


@pytest.mark.parametrize("k", [2, 3, 4])
def test_kappa_is_that_of_scikit_learn(k: int) -> None:
    rng = np.random.default_rng(k)
    first = rng.integers(k, size=200)
    second = np.where(rng.random(200) < 0.6, first, rng.integers(k, size=200))
    crossed = np.zeros((k, k))
    np.add.at(crossed, (first, second), 1)
    assert cohens_kappa(crossed.ravel()) == pytest.approx(cohen_kappa_score(first, second))
    assert np.isnan(cohens_kappa(np.zeros(k * k)))


def test_cells_that_too_many_call_invalid_are_no_truth(experts: Experts) -> None:
    assert consensus_of(experts, Rule()).truth.ids.tolist() == [0, 1, 2, 3, 7]  # 5 and 8: one of them objects
    assert consensus_of(experts, Rule(share=0.6)).truth.ids.tolist() == [0, 1, 2, 3, 5, 7]  # 8: one of two
    # Nobody is asked about the transients of a cell that is left out.
    assert {one.roi_id for one in verdicts(experts, Rule())} == {0, 1, 2, 3, 7}


def test_files_and_command(results_folder: Path, label: Callable[..., None]) -> None:
    rois = read_rois(results_folder / "active" / "rois.h5").ids.tolist()
    looked = {"s": (0, 99)}
    marks = {"f10-14": (10, 14)}
    said = {"ana": (P, P, INVALID), "bo": (P, I, P), "cy": (P, P, P)}
    for name, kinds in said.items():
        edits = []
        for roi, kind in zip(rois, kinds, strict=False):
            what = {"invalid": True} if kind == INVALID else {"cell_type": kind}
            common = {"kind": "edit", "id": f"e{roi}", "cell": roi, "transients": marks, "looked": looked}
            edits.append(Edit.model_validate({**common, **what}))
        label(name, edits)
    done = CliRunner().invoke(app, ["consensus", str(results_folder)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "Whole cells" in done.output
    assert f"others don't: ROI {rois[2]}" in done.output
    out = results_folder.parents[1] / "annotations" / results_folder.name / "consensus"
    truth = read_truth(out / "truth.h5")
    assert truth.ids.tolist() == rois[:2]
    assert truth.cell_types == (P, "")
    summary = json.loads((out / "agreement.json").read_text())
    assert summary["disputed_cells"] == [rois[2]]
    assert [pair["invalid_only_first"] for pair in summary["of_cells"]] == [1, 1, 0]
    table = read_table(out / "agreement_cells.tsv")
    assert len(table) == 9
    third = table[(table.roi_id == rois[2]) & (table["first"] == "ana")]
    assert set(third.first_says) == {INVALID}
