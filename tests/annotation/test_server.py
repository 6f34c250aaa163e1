"""The API: who is let in, what is shown, and that nothing is said to be saved that isn't."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from neurocine.annotation.server import Tokens, application
from neurocine.annotation.session import Session
from neurocine.traces.transients import smooth

TOKENS = Tokens("full", "reading")
FULL = {"Authorization": "Bearer full"}
READING = {"Authorization": "Bearer reading"}


@pytest.fixture
def client(session: Session) -> TestClient:
    return TestClient(application(session, TOKENS), base_url="http://127.0.0.1:8050")


@pytest.fixture
def cell(session: Session) -> int:
    return int(session.results.rois.ids[0])


def test_without_the_token_nothing_is_shown(client: TestClient) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = client.get("/api/session", headers=headers)
        assert (answer.status_code, "mouse" in answer.text) == (401, False)
    page = client.get("/")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "mouse" not in page.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8050", ""])
def test_other_hosts_and_origins_are_refused(client: TestClient, host: str) -> None:
    answer = client.get("/api/session", headers={**FULL, "Host": host})
    assert answer.status_code == 403
    assert "--allow-host" in answer.text
    answer = client.get("/api/session", headers={**FULL, "Origin": f"http://{host or 'x'}"})
    assert answer.status_code == 403


def test_a_portal_and_its_path(session: Session) -> None:
    app = application(session, TOKENS, allow_hosts=["ondemand.uni.example"], prefix="/node/n1/8050")
    portal = TestClient(app, base_url="http://ondemand.uni.example")
    assert portal.get("/node/n1/8050/api/session", headers=FULL).status_code == 200
    assert portal.get("/node/n1/8050/").status_code == 200
    assert portal.get("/api/session", headers=FULL).status_code == 200  # a portal that strips the path


def test_the_second_token_is_for_looking(client: TestClient, session: Session) -> None:
    assert client.get("/api/session", headers=READING).json()["may_write"] is False
    assert client.get("/api/session", headers=FULL).json()["may_write"] is True
    answer = client.post("/api/actions", json=[{"kind": "close", "id": "1"}], headers=READING)
    assert answer.status_code == 403
    assert not session.labels.closed


def test_only_json_is_taken(client: TestClient) -> None:
    answer = client.post("/api/actions", data={"kind": "close"}, headers=FULL)
    assert answer.status_code == 415


def test_what_a_cell_is_shown_by(client: TestClient, session: Session, cell: int) -> None:
    facts = client.get("/api/session", headers=FULL).json()
    assert (facts["recording"], facts["by"], facts["n_frames"]) == ("mouse", "ana", 300)
    assert [item["id"] for item in facts["cells"]] == session.results.rois.ids.tolist()

    answer = client.get(f"/api/cells/{cell}/traces", headers=FULL)
    rows = np.frombuffer(answer.content, "<f4").reshape(-1, 300)
    assert answer.headers["X-Rows"] == "raw,smooth,neuropil"  # the pass is blind
    raw = session.results.traces.f[0]
    np.testing.assert_array_equal(rows[0], raw)
    np.testing.assert_allclose(rows[1], smooth(raw), rtol=1e-6)

    shown = client.get(f"/api/cells/{cell}", headers=FULL).json()
    patch = shown["patch"]
    movie = client.get(f"/api/cells/{cell}/movie?first=5&last=24", headers=FULL).content
    frames = np.frombuffer(movie, np.uint8).reshape(20, patch["height"], patch["width"])
    original = session.results.movie.read(5, 25)
    rows_, columns = (
        slice(patch["top"], patch["top"] + patch["height"]),
        slice(patch["left"], patch["left"] + patch["width"]),
    )
    assert np.corrcoef(frames.ravel(), original[:, rows_, columns].ravel())[0, 1] > 0.95
    assert cell in [item["cell"] for item in shown["outlines"]]


def test_candidates_are_rises_over_the_noise(client: TestClient, cell: int) -> None:
    few, many = (
        client.get(f"/api/cells/{cell}/candidates?sigma={sigma}", headers=FULL).json()["candidates"]
        for sigma in (5, 1)
    )
    assert 0 < len(few) < len(many)
    assert {tuple(item) for item in few} <= {tuple(item) for item in many}
    assert client.get(f"/api/cells/{cell}/candidates?sigma=x", headers=FULL).status_code == 409


def test_profiles_name_the_cell_first(client: TestClient, cell: int) -> None:
    onset, peak = client.get(f"/api/cells/{cell}/candidates?sigma=5", headers=FULL).json()["candidates"][0]
    made = client.get(f"/api/cells/{cell}/profiles?onset={onset}&peak={peak}", headers=FULL).json()
    assert made["correlations"][0]["cell"] == cell
    assert np.shape(made["transient"]) == np.shape(made["source"]) == (60, 60)


@pytest.mark.parametrize(
    "query", ["first=0&last=200", "first=-1&last=3", "first=290&last=300", "first=9&last=3"]
)
def test_frames_that_are_too_many_or_not_there(client: TestClient, cell: int, query: str) -> None:
    answer = client.get(f"/api/cells/{cell}/movie?{query}", headers=FULL)
    assert (answer.status_code, "at most 200" in answer.json()["error"]) == (409, True)


def test_movies_for_slow_links_are_smaller_and_nearly_the_same(session: Session, cell: int) -> None:
    raw, small = (
        TestClient(
            application(session, Tokens("full", "reading"), jpeg=jpeg), base_url="http://127.0.0.1"
        ).get(f"/api/cells/{cell}/movie?first=100&last=299", headers={"Authorization": "Bearer full"})
        for jpeg in (False, True)
    )
    assert small.headers["content-type"] == "image/jpeg"
    height = int(small.headers["x-height"])
    frames = np.frombuffer(raw.content, dtype=np.uint8).reshape(200, height, -1)
    strip = np.asarray(Image.open(BytesIO(small.content))).reshape(200, -1, frames.shape[2])
    assert strip.shape[1] % 8 == 0
    decoded = strip[:, :height].astype(float)
    assert len(small.content) < len(raw.content) / 2
    assert np.abs(decoded - frames).mean() < 6
    means = [part.reshape(200, -1).mean(axis=1) for part in (frames, decoded)]
    assert np.corrcoef(means)[0, 1] > 0.99  # no frame is another's


def test_predictions_are_hidden_until_somebody_asks(client: TestClient, cell: int) -> None:
    assert client.get(f"/api/cells/{cell}/predicted", headers=FULL).status_code == 409
    client.post("/api/actions", json=[{"kind": "reveal", "id": "r"}], headers=FULL)
    assert client.get(f"/api/cells/{cell}/predicted", headers=FULL).status_code == 200
    rows = client.get(f"/api/cells/{cell}/traces", headers=FULL).headers["X-Rows"]
    assert rows == "raw,smooth,neuropil,probability"
    client.post("/api/actions", json=[{"kind": "undo", "id": "u", "of": "r"}], headers=FULL)
    assert client.get("/api/labels", headers=FULL).json()["revealed"] is True


def test_saved_means_on_the_disk(client: TestClient, session: Session, cell: int) -> None:
    action = {"kind": "edit", "id": "a1", "cell": cell, "transients": {"t": [10, 14]}}
    for _ in range(2):  # the answer was lost, and the page sends it again
        assert client.post("/api/actions", json=[action], headers=FULL).json() == {"saved": ["a1"]}
    journal = Path(client.get("/api/session", headers=FULL).json()["journal"])
    assert journal.read_text().count('"a1"') == 1
    assert session.labels.cells[cell].transients == {"t": (10, 14)}


def test_a_full_disk_is_said(client: TestClient, cell: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", full)
    action = {"kind": "edit", "id": "a1", "cell": cell}
    answer = client.post("/api/actions", json=[action], headers=FULL)
    assert (answer.status_code, "No space left" in answer.json()["error"]) == (507, True)


def test_tokens_stay_and_are_nobody_elses_to_read(tmp_path: Path) -> None:
    path = tmp_path / "ana.tokens"
    made = Tokens.kept_in(path)
    assert path.stat().st_mode & 0o077 == 0
    assert Tokens.kept_in(path) == made
    assert len({made.full, made.reading, Tokens.kept_in(tmp_path / "bo.tokens").full}) == 3
    path.write_text("half")
    assert Tokens.kept_in(path) != made
