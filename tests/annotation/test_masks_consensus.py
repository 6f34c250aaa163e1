"""People who drew masks on one recording: what they agree on, by IoU, and who judges the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from drawing import draw
from typer.testing import CliRunner

from neurocine.annotation.actions import Begin, Close, Runs
from neurocine.annotation.masks.consensus import MaskPanel
from neurocine.annotation.masks.referee import MaskRefereeSession
from neurocine.annotation.masks.session import MaskSession, RegisteredMovie
from neurocine.cli.app import app
from neurocine.core import InputError
from neurocine.io.result_files import read_masks
from neurocine.io.results import files_in


def square(top: int, left: int, edge: int = 8) -> Runs:
    return tuple((y, left, left + edge - 1) for y in range(top, top + edge))


#: A and B are drawn by all, a pixel apart; C by ana and bo, D by bo alone, E is doubtful to cy alone.
DRAWN: dict[str, dict[str, tuple[Runs, str]]] = {
    "ana": {"A": (square(2, 2), "keep"), "B": (square(2, 30), "keep"), "C": (square(20, 2), "keep")},
    "bo": {
        "A": (square(2, 3), "keep"),
        "B": (square(3, 30), "keep"),
        "C": (square(20, 2), "keep"),
        "D": (square(40, 40), "keep"),
    },
    "cy": {"A": (square(2, 2), "keep"), "B": (square(2, 30), "keep"), "E": (square(50, 2), "doubtful")},
}


@pytest.fixture
def registered(results_folder: Path) -> RegisteredMovie:
    files = files_in(results_folder, "report")
    return RegisteredMovie.read(results_folder.name, files["movie"], files["source"])


@pytest.fixture
def folder(results_folder: Path) -> Path:
    return results_folder.parents[1] / "annotations" / results_folder.name


@pytest.fixture
def draws(registered: RegisteredMovie, folder: Path) -> Callable[..., None]:
    def drawn(*names: str, closed: bool = True) -> None:
        for by in names:
            added = {name: runs for name, (runs, _) in DRAWN[by].items()}
            decided = {name: state for name, (_, state) in DRAWN[by].items()}
            with MaskSession(registered, folder, by, Begin(kind="begin", id="begin")) as session:
                session.add([draw("1", added=added, decided=decided)])
                if closed:
                    session.add([Close(kind="close", id="c")])

    return drawn


def test_what_all_drew_is_agreed_by_iou(
    registered: RegisteredMovie, folder: Path, draws: Callable[..., None]
) -> None:
    draws("ana", "bo", "cy")
    panel = MaskPanel.read(registered, folder)
    marked = panel.write()
    corners = [tuple(int(axis.min()) for axis in marked.rois.pixels(i)[:2]) for i in range(len(marked.rois))]
    assert dict(zip(corners, marked.states, strict=True)) == {
        (2, 2): "keep",
        (2, 30): "keep",
        (20, 2): "doubtful",
        (40, 40): "doubtful",
        (50, 2): "doubtful",
    }
    assert read_masks(folder / "consensus" / "masks.h5").marked_by == ("ana", "bo", "cy")
    two_thirds = MaskPanel.read(registered, folder, share=0.66)
    assert [one.runs[0][:2] for one in two_thirds.disputed()] == [(40, 40)]
    score = panel.agreements()["ana", "bo"].iou
    assert (score.recall, score.precision) == (1.0, 0.75)
    strict = MaskPanel.read(registered, folder, min_iou=0.9)
    assert strict.agreements()["ana", "bo"].iou.recall == pytest.approx(1 / 3)


def test_a_referee_judges_what_is_disputed_and_only_that(
    registered: RegisteredMovie, folder: Path, draws: Callable[..., None]
) -> None:
    draws("ana", "bo", "cy")
    panel = MaskPanel.read(registered, folder)
    with pytest.raises(InputError, match="own work"):
        MaskRefereeSession(panel, "bo")
    with MaskRefereeSession(panel, "dora") as session:
        facts = session.described()
        assert facts["is_referee"]
        assert "ana" not in json.dumps(facts["actions"])
        names = {mask.runs[0][:2]: name for name, mask in session.masks.masks.items()}
        assert set(names) == {(20, 2), (40, 40)}
        decided = {names[20, 2]: "keep", names[40, 40]: "dismiss"}
        session.add([draw("1", tool="decide", decided=decided)])
        assert session.write_truth() == folder / "consensus"
    marked = read_masks(folder / "consensus" / "masks.h5")
    assert sorted(marked.states) == ["dismiss", "doubtful", "keep", "keep", "keep"]
    assert marked.marked_by == ("ana", "bo", "cy", "dora")
    values = json.loads((folder / "consensus" / "agreement_masks.json").read_text())
    assert values["states"] == {"keep": 3, "dismiss": 1, "doubtful": 1}
    assert {(pair["first"], pair["second"]) for pair in values["pairs"]} == {
        ("ana", "bo"),
        ("ana", "cy"),
        ("bo", "cy"),
    }
    with pytest.raises(InputError, match="Judge them anew"):
        MaskRefereeSession(MaskPanel.read(registered, folder, ["ana", "cy"]), "dora")


def test_open_passes_and_one_person_are_no_consensus(
    registered: RegisteredMovie, folder: Path, draws: Callable[..., None]
) -> None:
    draws("ana")
    with pytest.raises(InputError, match="there are 1"):
        MaskPanel.read(registered, folder)
    draws("bo", closed=False)
    with pytest.raises(InputError, match="still open"):
        MaskPanel.read(registered, folder)
    with pytest.raises(InputError, match="cy drew no masks"):
        MaskPanel.read(registered, folder, ["ana", "cy"])


def test_the_command_says_how_well_people_agree(results_folder: Path, draws: Callable[..., None]) -> None:
    draws("ana", "bo")
    answer = CliRunner().invoke(app, ["consensus", str(results_folder), "--masks"], env={"COLUMNS": "120"})
    assert answer.exit_code == 0, answer.output
    assert "0.86" in answer.output  # 3 of 3 and 3 of 4
    assert "3 masks are agreed on" in answer.output
    refused = CliRunner().invoke(app, ["annotate", str(results_folder), "--start", "rois.h5"])
    assert refused.exit_code != 0
