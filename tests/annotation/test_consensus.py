"""Three people label the same cells: the agreement and the truth equal a calculation by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap
from typer.testing import CliRunner

from neurocine.annotation.consensus.agreement import COUNTS, MEASURES, PairAgreement, pair_agreements
from neurocine.annotation.consensus.experts import Experts, SeenCell
from neurocine.annotation.consensus.files import Panel
from neurocine.annotation.consensus.pairing import shared_transients
from neurocine.annotation.consensus.truth import consensus_of
from neurocine.annotation.consensus.verdicts import Decision, Rule, asked_by, name_of, verdicts
from neurocine.annotation.truth import labelled
from neurocine.cli.app import app
from neurocine.config import Config
from neurocine.core import InputError, RoiSet
from neurocine.core.truth import Spans, Truth
from neurocine.evaluation.statistics import bootstrapped
from neurocine.io.result_files import read_rois, read_truth
from neurocine.io.results import collect, files_in
from neurocine.io.tables import read_table

PEOPLE = ("ana", "bo", "cy")
#: Putative transients of the two cells.
CANDIDATES = {0: [(10, 14), (30, 34), (40, 44), (60, 62), (98, 101)], 1: [(20, 24)]}


@pytest.fixture
def person(three_people: dict[str, tuple]) -> Callable[..., Truth]:
    """Return what one of three people holds for true."""

    def holds(name: str, looked: tuple[int, int] = (0, 99), cell_type: str = "") -> Truth:
        first, second, doubtful = three_people[name]
        raster = np.zeros((2, 200), dtype=bool)
        for row, marks in enumerate((first, second)):
            for onset, peak in marks:
                raster[row, onset : peak + 1] = True
        spans = Spans(*np.array([(0, *looked), (1, *looked)]).T)
        doubts = Spans(*np.array([(1, *span) for span in doubtful], dtype=np.int64).reshape(-1, 3).T)
        return labelled(
            np.arange(2), (cell_type, ""), raster, looked=spans, doubtful=doubts, labelled_by=[name]
        )

    return holds


@pytest.fixture
def experts(person: Callable[..., Truth]) -> Experts:
    masks = np.zeros((2, 4, 4), dtype=bool)
    masks[0, :2], masks[1, 2:] = True, True
    return Experts({name: person(name) for name in PEOPLE}, RoiSet.from_masks(masks), 10.0)


@pytest.fixture
def pairs(experts: Experts) -> dict[tuple[str, str], PairAgreement]:
    return {(pair.first, pair.second): pair for pair in pair_agreements(experts, CANDIDATES, 1)}


def test_agreement_is_that_calculated_by_hand(pairs: dict[tuple[str, str], PairAgreement]) -> None:
    values = pairs["ana", "bo"].values()
    assert [values[name] for name in COUNTS] == [3, 1, 1, 3, 1, 1, 2, 14, 6, 6, 174]
    assert values["f1"]["value"] == 6 / 8
    assert values["sensitivity"]["value"] == values["precision"]["value"] == 3 / 4
    assert values["kappa_candidates"]["value"] == pytest.approx((5 / 7 - 25 / 49) / (24 / 49))
    assert values["kappa_frames"]["value"] == pytest.approx((0.94 - 0.82) / 0.18)
    assert values["onset_offset_s"] == {"median": 0, "q25": 0, "q75": 0.05}  # 1, 0, 0 frames
    # What cy finds doubtful counts for nobody whom cy is compared with.
    values = pairs["ana", "cy"].values()
    assert [values[name] for name in COUNTS[:3]] == [1, 2, 1]
    assert values["f1"]["value"] == pytest.approx(2 / 5)
    assert values["sensitivity"]["value"] == 1 / 2  # of cy's, ana marked one of two
    assert values["precision"]["value"] == pytest.approx(1 / 3)
    assert [cell.counts[3:7].sum() for cell in pairs["ana", "cy"].cells] == [6, 0]


def test_rows_of_cells_sum_up_to_the_pair(pairs: dict[tuple[str, str], PairAgreement]) -> None:
    for pair in pairs.values():
        rows = list(pair.rows())
        assert [row["roi_id"] for row in rows] == [0, 1]
        for name in COUNTS:
            assert sum(row[name] for row in rows) == pair.values()[name]
    silent = list(pairs["ana", "cy"].rows())[1]
    assert (silent["f1"], silent["kappa_candidates"]) == (1, None)  # nothing there, and nothing to ask


def test_intervals_are_those_of_a_bootstrap_over_cells() -> None:
    rng = np.random.default_rng(3)
    rows = np.zeros((30, len(COUNTS)))
    rows[:, :3] = rng.poisson([6, 2, 1], (30, 3))
    low, high = bootstrapped(rows, MEASURES["f1"]) or (0.0, 0.0)
    known = bootstrap(
        (np.arange(30),),
        lambda i, axis: MEASURES["f1"](rows[i].sum(axis=-2)),
        n_resamples=5000,
        method="percentile",
        vectorized=True,
        rng=1,
    ).confidence_interval
    assert (low, high) == pytest.approx((known.low, known.high), abs=0.006)
    assert bootstrapped(rows[:1], MEASURES["f1"]) is None
    assert bootstrapped(rows * 0, MEASURES["kappa_frames"]) is None


def test_transients_pair_by_overlap_closest_first() -> None:
    long = {"ana": [(10, 30)], "bo": [(10, 18), (20, 30)]}
    assert [one.marks for one in shared_transients(long, 0)] == [
        {"bo": (10, 18)},
        {"ana": (10, 30), "bo": (20, 30)},
    ]
    apart = {"ana": [(10, 12)], "bo": [(14, 16)]}
    assert [len(shared_transients(apart, frames)) for frames in (1, 2)] == [2, 1]
    # Three pair only if each touches each: the second and the third are both near the first.
    chain = {"ana": [(10, 20)], "bo": [(4, 10)], "cy": [(20, 25)]}
    assert sorted(len(one.marks) for one in shared_transients(chain, 0)) == [1, 2]


marks = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8)), max_size=8).map(
    lambda rows: sorted({(a, a + n) for a, n in rows})
)


@settings(max_examples=100, deadline=None)
@given(st.fixed_dictionaries({"ana": marks, "bo": marks, "cy": marks}), st.integers(0, 3))
def test_every_mark_is_in_one_transient_whoever_is_named_first(
    given_marks: dict[str, list[tuple[int, int]]], tolerance: int
) -> None:
    made = shared_transients(given_marks, tolerance)
    for name, own in given_marks.items():
        assert sorted(one.marks[name] for one in made if name in one.marks) == own
    turned = shared_transients(dict(reversed(given_marks.items())), tolerance)
    assert [one.marks for one in turned] == [one.marks for one in made]


def test_what_all_mark_is_true_and_the_rest_is_doubtful(experts: Experts) -> None:
    made = consensus_of(experts, Rule())
    assert (made.n_agreed, made.n_decided, made.n_open) == (1, 0, 5)
    assert [part.tolist() for part in made.truth.transients(0)] == [
        [10],
        [14],
    ]  # medians of 10 11 10, 14 14 15
    out = np.flatnonzero(~made.truth.counted(0)[:100]).tolist()
    assert out == [*range(30, 36), *range(50, 55), *range(70, 75), *range(90, 96)]
    assert not made.truth.counted(1)[20:25].any()
    assert not made.truth.counted(0)[100:].any()
    assert made.truth.labelled_by == ("ana", "bo", "cy")


def test_two_of_three_can_be_enough(experts: Experts) -> None:
    made = consensus_of(experts, Rule(share=0.667))
    assert made.n_open == 3
    assert [part.tolist() for part in made.truth.transients(0)] == [[10, 30], [14, 35]]
    assert [part.tolist() for part in made.truth.transients(1)] == [[20], [24]]  # cy's doubt is outvoted


def test_a_referee_decides_the_rest(experts: Experts) -> None:
    asked = [verdict.question for verdict in verdicts(experts, Rule()) if verdict.is_disputed]
    assert asked == [(0, (30, 35)), (0, (50, 54)), (0, (70, 74)), (0, (90, 95)), (1, (20, 24))]
    decided = {
        (0, (30, 35)): Decision("transients", (29, 34)),
        (0, (50, 54)): Decision("rejected", (50, 54)),
        (0, (70, 74)): Decision("doubtful", (70, 74)),
        (0, (77, 78)): Decision("transients", (77, 78)),  # asked nobody
    }
    made = consensus_of(experts, Rule(), decided, ["dora"])
    assert (made.n_agreed, made.n_decided, made.n_open) == (1, 3, 2)
    assert [part.tolist() for part in made.truth.transients(0)] == [[10, 29], [14, 34]]
    out = np.flatnonzero(~made.truth.counted(0)[:100]).tolist()
    assert out == [*range(70, 75), *range(90, 96)]
    assert made.truth.labelled_by == ("ana", "bo", "cy", "dora")


def test_only_what_two_looked_at_is_known(experts: Experts, person: Callable[..., Truth]) -> None:
    truths = {"ana": person("ana", (0, 99)), "bo": person("bo", (0, 72)), "cy": person("cy", (0, 52))}
    made = consensus_of(replace(experts, truths=truths), Rule(share=0.6))
    assert made.truth.looked is not None
    assert made.truth.looked.frames(0, 200).sum() == 73
    # 50-54: cy looked at a part; of the other two, one marked it: too few. 70-74 is cut by bo's border.
    assert np.flatnonzero(~made.truth.counted(0)[:73]).tolist() == [*range(50, 55), *range(70, 73)]
    apart = {"ana": person("ana", (0, 40)), "bo": person("bo", (41, 99))}
    with pytest.raises(InputError, match="no two of ana, bo"):
        consensus_of(replace(experts, truths=apart), Rule())


def test_an_open_question_about_a_part_leaves_that_part_doubtful(experts: Experts) -> None:
    def alone(*marks: tuple[int, int]) -> Truth:
        raster = np.zeros((1, 60), dtype=bool)
        for onset, peak in marks:
            raster[0, onset : peak + 1] = True
        all_of_it = Spans(*np.array([[0], [0], [59]]))
        return labelled(
            np.arange(1), ("",), raster, looked=all_of_it, doubtful=Spans.none(), labelled_by=["x"]
        )

    two = replace(experts, truths={"ana": alone((10, 30)), "bo": alone((10, 18), (20, 30))})
    truth = consensus_of(two, Rule()).truth
    assert np.flatnonzero(truth.raster[0]).tolist() == list(range(15, 31))
    assert np.flatnonzero(~truth.counted(0)).tolist() == list(range(10, 19))


@pytest.mark.parametrize(
    ("types", "agreed"),
    [
        (("pyramidal", "pyramidal", ""), "pyramidal"),
        (("pyramidal", "noise", "noise"), ""),
        (("", "", ""), ""),
    ],
)
def test_types_are_those_that_all_name_who_name_one(
    experts: Experts, person: Callable[..., Truth], types: tuple[str, ...], agreed: str
) -> None:
    truths = {name: person(name, cell_type=kind) for name, kind in zip(PEOPLE, types, strict=True)}
    assert consensus_of(replace(experts, truths=truths), Rule()).truth.cell_types[0] == agreed


def test_a_cell_as_somebody_saw_it(experts: Experts) -> None:
    seen = experts.of(1)["cy"]
    assert isinstance(seen, SeenCell)
    assert (seen.transients, int(seen.counted.sum())) == ((), 95)


def test_questions_have_names() -> None:
    assert asked_by(name_of((30, 35))) == (30, 35)
    assert asked_by("n17") is None


# Files and the command.


@pytest.fixture
def panel(results_folder: Path, label: Callable[..., None]) -> Callable[..., Panel]:
    def opened(**options: object) -> Panel:
        files = files_in(results_folder, "report", Config().left_out)
        where = results_folder.parents[1] / "annotations" / results_folder.name
        return Panel.read(collect(files, results_folder.name), files["rois"], where, **options)  # type: ignore[arg-type]

    return opened


def test_the_consensus_is_truth_with_everybodys_beside_it(
    panel: Callable[..., Panel], label: Callable[..., None]
) -> None:
    for name in PEOPLE:
        label(name)
    opened = panel()
    opened.write()
    truth, rois = read_truth(opened.out / "truth.h5"), read_rois(opened.out / "rois.h5")
    assert truth.ids.tolist() == rois.ids[:2].tolist()
    assert truth.cell_types == ("pyramidal", "")
    assert [part.tolist() for part in truth.transients(0)] == [[10], [14]]
    assert [path.name for path in sorted((opened.out / "experts").iterdir())] == ["ana.h5", "bo.h5", "cy.h5"]
    np.testing.assert_array_equal(
        read_truth(opened.out / "experts" / "cy.h5").raster, opened.experts.truths["cy"].raster
    )
    summary = json.loads((opened.out / "agreement.json").read_text(encoding="utf-8"))
    assert (summary["agreed"], summary["open"], summary["tolerance_frames"]) == (1, 5, 1)
    assert [(pair["first"], pair["second"], pair["both"]) for pair in summary["pairs"]] == [
        ("ana", "bo", 3),
        ("ana", "cy", 1),
        ("bo", "cy", 1),
        ("ana", "the others", 1),  # bo and cy agree on one
        ("bo", "the others", 1),
        ("cy", "the others", 1),  # ana and bo agree on three, of which cy doubts one
    ]
    table = read_table(opened.out / "agreement.tsv")
    assert table["both"].tolist()[:6] == [2, 1, 1, 0, 1, 0]
    cy = table[(table["first"] == "cy") & (table["second"] == "the others")]
    assert cy["only_second"].tolist() == [1, 0]
    # Fewer people: what the others left goes.
    panel(names=["ana", "bo"]).write()
    assert len(list((opened.out / "experts").iterdir())) == 2


def test_folders_of_truth_take_part(panel: Callable[..., Panel], label: Callable[..., None]) -> None:
    for name in PEOPLE:
        label(name)
    opened = panel()
    opened.write()
    imported = opened.folder / "dora"
    imported.mkdir()
    for name in ("truth.h5", "rois.h5"):
        (imported / name).write_bytes((opened.out / name).read_bytes())
    assert list(panel().experts.truths) == ["ana", "bo", "cy", "dora"]  # the consensus isn't a person


def test_an_open_pass_stays_unseen(panel: Callable[..., Panel], label: Callable[..., None]) -> None:
    label("ana")
    label("bo", closed=False)
    label("cy")
    with pytest.raises(InputError, match=r"bo\.jsonl.*is still open"):
        panel()
    assert list(panel(names=["ana", "cy"]).experts.truths) == ["ana", "cy"]
    with pytest.raises(InputError, match="there are 1: ana"):
        panel(names=["ana"])
    with pytest.raises(InputError, match="zoe hasn't labelled it"):
        panel(names=["ana", "zoe"])


@pytest.mark.parametrize(("field", "what"), [("movie_sha256", "movie"), ("rois_sha256", "ROIs")])
def test_labels_of_other_results_are_named(
    panel: Callable[..., Panel], label: Callable[..., None], results_folder: Path, field: str, what: str
) -> None:
    label("ana")
    label("bo")
    path = results_folder.parents[1] / "annotations" / results_folder.name / "bo.jsonl"
    first, _, rest = path.read_text().partition("\n")
    path.write_text(json.dumps({**json.loads(first), field: "0" * 64}) + "\n" + rest)
    with pytest.raises(InputError, match=rf"bo\.jsonl.*{what}"):
        panel()


def test_the_command(results_folder: Path, label: Callable[..., None]) -> None:
    for name in PEOPLE:
        label(name)
    answer = CliRunner().invoke(app, ["consensus", str(results_folder), "--share", "0.66"])
    assert answer.exit_code == 0, answer.output
    assert "3 transients are agreed on, 0 decided by a referee, 3 open" in answer.output
    line = next(line for line in answer.output.splitlines() if "ana, bo" in line)
    assert [part.strip() for part in line.split("│")[2:6]] == ["2", "5", "0.75", "0.75"]
    assert "…" not in answer.output
