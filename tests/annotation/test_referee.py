"""A referee is asked what others disagree on, never who said what, and decides it by one key each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from neurocine.annotation.consensus.files import Panel
from neurocine.annotation.consensus.referee import RefereeSession
from neurocine.annotation.server import Tokens, application
from neurocine.annotation.session import Session
from neurocine.config import Config
from neurocine.core import InputError
from neurocine.io.result_files import read_truth
from neurocine.io.results import collect, files_in

FULL = {"Authorization": "Bearer full"}


@pytest.fixture
def opened(
    results_folder: Path, label: Callable[..., None], three_people: dict[str, tuple]
) -> Callable[..., RefereeSession]:
    for name in three_people:
        label(name)
    files = files_in(results_folder, "report", Config().left_out)
    where = results_folder.parents[1] / "annotations" / results_folder.name

    def referee(by: str = "dora", **options: object) -> RefereeSession:
        panel = Panel.read(collect(files, results_folder.name), files["rois"], where, **options)  # type: ignore[arg-type]
        return RefereeSession(panel, files["rois"], by)

    return referee


@pytest.fixture
def dora(opened: Callable[..., RefereeSession]) -> Iterator[RefereeSession]:
    with opened() as session:
        yield session


def test_the_page_is_told_what_and_not_who(dora: RefereeSession) -> None:
    client = TestClient(application(dora, Tokens("full", "reading")), base_url="http://127.0.0.1:8050")
    answer = client.get("/api/session", headers=FULL)
    a, b = dora.results.rois.ids[:2].tolist()
    asked = [(one["cell"], tuple(one["range"])) for one in answer.json()["questions"]]
    assert sorted(asked) == [(a, (30, 35)), (a, (50, 54)), (a, (70, 74)), (a, (90, 95)), (b, (20, 24))]
    assert asked != sorted(asked)  # shuffled
    for name in ("ana", "bo", "cy"):
        assert f'"{name}' not in answer.text
    assert client.get("/api/labels", headers=FULL).json()["cells"] == {}


def test_the_order_is_the_same_again_and_anothers_is_other(opened: Callable[..., RefereeSession]) -> None:
    orders = []
    for name in ("dora", "dora", "emil", "finn"):
        with opened(name) as session:
            orders.append(json.dumps(session.described()["questions"]))
    assert orders[0] == orders[1]
    assert len(set(orders)) > 1


def test_decisions_become_truth(dora: RefereeSession) -> None:
    client = TestClient(application(dora, Tokens("full", "reading")), base_url="http://127.0.0.1:8050")
    a = int(dora.results.rois.ids[0])
    actions = [
        {"kind": "edit", "id": "1", "cell": a, "transients": {"f30-35": [31, 35]}},
        {"kind": "edit", "id": "2", "cell": a, "rejected": {"f50-54": [50, 54]}},
        {"kind": "edit", "id": "3", "cell": a, "rejected": {"f90-95": [90, 95]}},
        {"kind": "undo", "id": "4", "of": "3"},
    ]
    assert client.post("/api/actions", json=actions, headers=FULL).status_code == 200
    folder = Path(client.post("/api/truth", json={}, headers=FULL).json()["folder"])
    truth = read_truth(folder / "truth.h5")
    assert folder.name == "consensus"
    assert [part.tolist() for part in truth.transients(0)] == [[10, 31], [14, 35]]
    assert truth.counted(0)[50:55].all()
    assert not truth.counted(0)[90:96].any()
    assert truth.labelled_by == ("ana", "bo", "cy", "dora")
    assert (dora.folder / "dora.jsonl").is_file()


def test_several_referees_must_be_chosen_from(opened: Callable[..., RefereeSession]) -> None:
    for name in ("dora", "emil"):
        with opened(name) as session:
            panel = session._panel
    with pytest.raises(InputError, match="there are dora, emil"):
        panel.write()
    assert panel.write("emil").n_open == 5
    with pytest.raises(InputError, match="zoe has decided nothing"):
        panel.write("zoe")


def test_who_can_be_no_referee(opened: Callable[..., RefereeSession], label: Callable[..., None]) -> None:
    with pytest.raises(InputError, match="whose own work is disputed"):
        opened("ana")
    with pytest.raises(InputError, match="there are 1: ana"):
        opened(names=["ana"])


def test_without_disagreement_there_is_nothing_to_decide(
    opened: Callable[..., RefereeSession], label: Callable[..., None], results_folder: Path
) -> None:
    path = results_folder.parents[1] / "annotations" / results_folder.name
    journal = (path / "ana.jsonl").read_text()
    (path / "bo.jsonl").write_text(journal.replace('"by": "ana"', '"by": "bo"'))
    with pytest.raises(InputError, match="agree on everything"):
        opened(names=["ana", "bo"])


def test_nobody_is_called_like_the_consensus(session: Session, results_folder: Path) -> None:
    files = files_in(results_folder, "report", Config().left_out)
    with pytest.raises(InputError, match="Choose another"):
        Session(session.results, files["rois"], session.folder, "consensus")
