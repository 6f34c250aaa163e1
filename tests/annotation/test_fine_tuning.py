"""Training that the page starts: a process of its own, found again by what it leaves in its folder."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from starlette.testclient import TestClient

from neurocine.annotation.fine_tuning import JOB, LOG, FineTuning, last_training
from neurocine.annotation.lock import began
from neurocine.annotation.server import Tokens, application
from neurocine.annotation.session import Session
from neurocine.config import Config, FineTuneSettings
from neurocine.core import InputError
from neurocine.io.result_files import read_truth
from neurocine.io.results import collect, files_in

HEADERS = {"Authorization": "Bearer full"}
TINY = FineTuneSettings(epochs=1, steps_per_epoch=1, batch_size=4)


@pytest.fixture
def tuning(tmp_path: Path) -> FineTuning:
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"training": {"fine_tune": TINY.model_dump(mode="json")}}))
    return FineTuning(TINY, config, tmp_path / "corpus")


@pytest.fixture
def ana(results_folder: Path, tmp_path: Path, tuning: FineTuning) -> Iterator[Session]:
    files = files_in(results_folder, "report", Config().left_out)
    with Session(collect(files, "mouse"), files["rois"], tmp_path / "notes", "ana", tuning) as opened:
        yield opened


def label_cells(session: Session, n: int) -> None:
    """Finish all frames of some cells: what rises by 3 sigma is true."""
    actions = []
    for cell in session.results.rois.ids[:n].tolist():
        found = {f"f{a}-{b}": (a, b) for a, b in session.views.candidates(cell, 3.0)}
        looked = {"s": (0, session.results.movie.n_frames - 1)}
        edit = {"kind": "edit", "id": f"c{cell}", "cell": cell, "transients": found, "looked": looked}
        actions.append(edit)
    client = TestClient(application(session, Tokens("full", "reading")), base_url="http://127.0.0.1")
    assert client.post("/api/actions", headers=HEADERS, json=actions).status_code == 200


def ended(labels: Path, seconds: float = 300) -> dict:
    """Wait until the last training has ended."""
    until = time.monotonic() + seconds
    while (last := last_training(labels)) is not None and last["state"] == "running":
        assert time.monotonic() < until
        time.sleep(0.2)
    assert last is not None
    return last


@pytest.mark.slow
def test_a_training_goes_on_without_the_server_and_compares_both_models(ana: Session) -> None:
    label_cells(ana, 4)
    client = TestClient(application(ana, Tokens("full", "reading")), base_url="http://127.0.0.1")
    shown = client.get("/api/training", headers=HEADERS).json()
    assert shown["last"] is None
    assert shown["with_corpus"] is None  # there are no simulated movies
    assert (
        client.post("/api/training", headers={"Authorization": "Bearer reading"}, json={}).status_code == 403
    )
    started = client.post("/api/training", headers=HEADERS, json={"with_corpus": False}).json()["last"]
    assert started["command"] == shown["alone"]
    again = client.post("/api/training", headers=HEADERS, json={"with_corpus": False})
    assert (again.status_code, "still running" in again.json()["error"]) == (409, True)
    job = json.loads((Path(started["folder"]) / JOB).read_text())
    assert os.getsid(job["pid"]) != os.getsid(0)  # the terminal's Ctrl-C and closing don't reach it
    last = ended(ana.labels_folder)
    assert last["state"] == "done", (Path(last["folder"]) / LOG).read_text()
    assert last["epoch"] == last["epochs"] == 1
    n_cells = {use: len(names) for use, names in last["metrics"]["cells"].items()}
    assert n_cells == {"train": 2, "validation": 1, "test": 1}
    for when in ("before", "after"):
        figures = last["metrics"][when]
        found = figures["true_positive"] + figures["false_negative"]
        left_out = int(last["metrics"]["cells"]["test"][0].rpartition(" ")[2])
        truth = read_truth(ana.labels_folder / "truth.h5")
        assert found == len(truth.transients(truth.ids.tolist().index(left_out))[0]) > 0
    assert (Path(last["folder"]) / "weights.h5").is_file()


@pytest.mark.slow
def test_what_goes_wrong_is_shown(ana: Session) -> None:
    label_cells(ana, 2)
    ana.train(with_corpus=False)
    last = ended(ana.labels_folder)
    assert last["state"] == "failed"
    assert "Label 3 or more cells" in " ".join(last["log"].split())
    assert Path(last["folder"]).name == "tuned-1"
    shown = ana.training()
    assert shown is not None
    assert "tuned-2" in shown["alone"]


def test_nothing_is_trained_without_labels_or_corpus(ana: Session, session: Session) -> None:
    with pytest.raises(InputError, match="none is finished"):
        ana.train(with_corpus=False)
    label_cells(ana, 3)
    with pytest.raises(InputError, match="corpus: isn't there"):
        ana.train(with_corpus=True)
    assert session.training() is None
    with pytest.raises(InputError, match="isn't offered here"):
        session.train(with_corpus=False)


def test_the_command_names_the_corpus_if_there_is_one(tuning: FineTuning, tmp_path: Path) -> None:
    labels = tmp_path / "my labels"
    assert tuning.described(labels)["with_corpus"] is None
    (tuning.corpus / "train-paper-0003").mkdir(parents=True)
    (tuning.corpus / "train-paper-0003" / "truth.h5").touch()
    shown = tuning.described(labels)
    assert shown["alone"] == (
        f"neurocine models fine-tune {TINY.model} '{labels}' --out '{labels}/tuned-1' "
        f"--config {tmp_path}/config.yaml"
    )
    assert f"--corpus {tmp_path}/corpus" in shown["with_corpus"]


def noted(out: Path, **changes: object) -> None:
    """Note a training of a process that is gone."""
    out.mkdir(parents=True)
    job = {"host": socket.gethostname(), "pid": 1, "began": "another boot:1", "command": "c", "epochs": 8}
    (out / JOB).write_text(json.dumps({**job, **changes}))
    (out / LOG).write_text("x" * 5000 + " the end")


def test_what_a_folder_says_of_the_last_training(tmp_path: Path) -> None:
    assert last_training(tmp_path) is None
    noted(tmp_path / "tuned-2")
    (tmp_path / "tuned-old").mkdir()
    last = last_training(tmp_path)
    assert last is not None
    assert (last["state"], last["epoch"], last["log"][-8:]) == ("failed", 0, " the end")
    assert len(last["log"]) < 1000
    noted(tmp_path / "tuned-10", pid=os.getpid(), began=began(os.getpid()))
    (tmp_path / "tuned-10" / "curves.csv").write_text("epoch,loss\n0,1\n1,1\n")
    last = last_training(tmp_path)
    assert last is not None
    assert (Path(last["folder"]).name, last["state"], last["epoch"]) == ("tuned-10", "running", 2)
    noted(tmp_path / "tuned-11", host="another")
    last = last_training(tmp_path)
    assert last is not None
    assert last["state"] == "elsewhere"
