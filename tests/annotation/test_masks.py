"""Masks drawn in the browser: actions, their fold, what is shown, and what is written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from drawing import draw
from starlette.testclient import TestClient
from typer.testing import CliRunner

from neurocine.active.labels import demixed_dff
from neurocine.annotation.actions import Begin, MaskEdit, StartMask, parse_action
from neurocine.annotation.journal import read_journal
from neurocine.annotation.masks.fold import masks_of
from neurocine.annotation.masks.proposals import Proposal, usual_bound
from neurocine.annotation.masks.runs import pixels_of, rois_of_runs, runs_of
from neurocine.annotation.masks.session import MaskSession, RegisteredMovie
from neurocine.annotation.masks.start import begin
from neurocine.annotation.server import Tokens, application
from neurocine.annotation.views import Patch
from neurocine.cli.app import app
from neurocine.core import InputError
from neurocine.evaluation.segmentation.segmentation_cases import open_segmentation_case
from neurocine.io.result_files import read_masks, read_rois, read_stamp, write_rois
from neurocine.io.results import files_in
from neurocine.io.rois import open_rois
from neurocine.io.rois.suite2p import write_suite2p

FULL = {"Authorization": "Bearer full"}
SQUARE = ((10, 10, 14), (11, 10, 14), (12, 10, 14))
OTHER = ((11, 13, 17), (12, 13, 17))


@pytest.fixture
def registered(results_folder: Path) -> RegisteredMovie:
    files = files_in(results_folder, "report")
    return RegisteredMovie.read("mouse", files["movie"], files["source"])


@pytest.fixture
def opened(registered: RegisteredMovie, tmp_path: Path) -> Iterator[Callable[..., MaskSession]]:
    """Open the pass of ana, from nothing or from a file, as often as asked for."""
    sessions: list[MaskSession] = []

    def again(start: Path | None = None, by: str = "ana") -> MaskSession:
        while sessions:
            sessions.pop().__exit__(None, None, None)
        sessions.append(
            MaskSession(registered, tmp_path / "annotations", by, begin(start, registered.movie.fov_shape))
        )
        return sessions[0]

    yield again
    while sessions:
        sessions.pop().__exit__(None, None, None)


def test_runs_are_the_pixels() -> None:
    mask = np.random.default_rng(0).random((20, 30)) < 0.5
    runs = runs_of(*np.nonzero(mask))
    again = np.zeros_like(mask)
    again[pixels_of(runs)] = True
    np.testing.assert_array_equal(again, mask)
    assert runs_of([3, 3, 3, 3], [6, 4, 5, 4]) == ((3, 4, 6),)


@pytest.mark.parametrize(
    "runs",
    [[], [[1, 5, 4]], [[-1, 2, 3]], [[2, 0, 1], [1, 0, 1]], [[1, 0, 3], [1, 4, 6]], [[1, 0, 3], [1, 2, 6]]],
)
def test_runs_that_are_no_mask_are_refused(runs: list[list[int]]) -> None:
    with pytest.raises(InputError, match="mask a"):
        parse_action(f'{{"kind": "masks", "id": "1", "tool": "brush", "added": {{"a": {runs}}}}}', "line")


def test_merge_and_split_are_exact_undone_and_never_use_a_number_again() -> None:
    def ids(*more: MaskEdit) -> dict[str, int]:
        return {name: mask.id for name, mask in masks_of([start, *edits, *more]).masks.items()}

    start = Begin(kind="begin", id="b", masks={4: StartMask(runs=SQUARE, engine="suite2p")})
    whole = ((10, 10, 14), (11, 10, 17), (12, 10, 17))
    edits = [
        draw("1", added={"a": OTHER}),
        draw("2", tool="merge", added={"m": whole}, removed=("4", "a")),
        draw("3", tool="split", added={"p": SQUARE, "q": OTHER}, removed=("m",)),
    ]
    assert ids() == {"p": 7, "q": 8}
    undone = parse_action('{"kind": "undo", "id": "u", "of": "3"}', "line")
    masks = masks_of([start, *edits, undone]).masks
    assert masks["m"].runs == whole
    assert masks["m"].id == 6
    after = masks_of([start, *edits, undone, draw("4", added={"z": OTHER})]).masks
    assert after["z"].id == 9  # 7 and 8 were those of the split that was undone


def test_what_is_said_of_a_mask_that_is_gone_has_no_effect() -> None:
    edits = [
        draw("1", added={"a": SQUARE}),
        draw("2", tool="brush", changed={"a": OTHER}),
        draw("3", tool="decide", decided={"a": "keep"}),
    ]
    undone = parse_action('{"kind": "undo", "id": "u", "of": "1"}', "line")
    assert masks_of(edits).masks["a"].state == "keep"
    assert masks_of([*edits, undone]).masks == {}


def test_the_start_is_recorded_and_stays(opened: Callable[..., MaskSession], results_folder: Path) -> None:
    rois_file = results_folder / "active" / "rois.h5"
    session = opened(rois_file)
    assert [mask.id for mask in session.masks.masks.values()] == read_rois(rois_file).ids.tolist()
    recorded = read_journal(session.folder / "ana.jsonl")[1][0]
    assert isinstance(recorded, Begin)
    assert recorded.start == str(rois_file)
    with pytest.raises(InputError, match="start"):
        session.add([parse_action('{"kind": "undo", "id": "u", "of": "begin"}', "line")])
    assert opened().masks.start == recorded  # without --start it goes on
    rois_file.write_bytes(rois_file.read_bytes() + b"x")
    with pytest.raises(InputError, match=r"was .*rois\.h5"):
        opened(rois_file)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"added": {"a": ((63, 60, 64),)}}, "leave the movie"),
        ({"added": {"taken": OTHER}}, "was there before"),
        ({"tool": "decide", "decided": {"b": "keep"}}, "never was"),
    ],
)
def test_edits_that_fit_nothing_are_refused(
    opened: Callable[..., MaskSession], changes: dict[str, object], problem: str
) -> None:
    session = opened()
    session.add([draw("1", added={"taken": SQUARE}), draw("2", tool="delete", removed=("taken",))])
    with pytest.raises(InputError, match=problem):
        session.add([draw("3", **changes)])
    session.add([draw("1", added={"taken": SQUARE})])  # sent again: the answer was lost


def test_only_kept_masks_are_truth_and_others_are_in_the_file(
    opened: Callable[..., MaskSession], registered: RegisteredMovie
) -> None:
    session = opened()
    names = ("keep", "dismiss", "doubtful", "")
    added = {f"m{i}": tuple((y, x + 9 * i, z + 9 * i) for y, x, z in SQUARE) for i in range(4)}
    decided = {f"m{i}": state for i, state in enumerate(names) if state}
    session.add([draw("1", added=added), draw("2", tool="decide", decided=decided)])
    path = session.write_truth() / "masks.h5"
    marked = read_masks(path)
    assert marked.states == ("keep", "dismiss", "doubtful", "undecided")
    assert (marked.start, marked.marked_by) == ("", ("ana",))
    assert open_rois(path).ids.tolist() == [0]
    assert marked.unsettled.ids.tolist() == [2, 3]
    assert runs_of(*read_rois(path).pixels(0)[:2]) == SQUARE
    assert read_stamp(path).source_sha256 == registered.sha256
    assert not path.with_name("iscell.npy").exists()
    case = open_segmentation_case("mouse", path, {"method": path})
    assert case.true_rois.ids.tolist() == [0, 2, 3]
    assert case.groups.positive.tolist() == [True, False, False]
    assert case.groups.doubtful.tolist() == [False, True, True]
    assert case.rois_by_method["method"].ids.tolist() == [0]
    found, scores = path.with_name("found.h5"), path.with_name("scores.json")
    write_rois(found, marked.rois)  # the dismissed mask is false, the doubtful ones count neither way
    answer = CliRunner().invoke(
        app, ["evaluate", "segmentation", str(found), str(path), "--json", str(scores)]
    )
    assert answer.exit_code == 0, answer.output
    (row,) = json.loads(scores.read_text())["recordings"]
    score = row["methods"]["found"]["visible"]["iou"]
    assert (score["recall"], score["precision"], score["doubtful"]) == (1, 0.5, 2)


def test_iscell_is_read_as_decisions_and_written(
    opened: Callable[..., MaskSession], results_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "suite2p" / "plane0"
    write_suite2p(folder, read_rois(results_folder / "active" / "rois.h5"), frame_rate_hz=10)
    table = np.float32([[1, 0.75], [0, 0.25], [1, 0.5], [0, 0.125]])
    np.save(folder / "iscell.npy", table)
    session = opened(folder)
    assert [mask.state for mask in session.masks.masks.values()] == ["keep", "dismiss", "keep", "dismiss"]
    session.add(
        [
            draw("1", tool="decide", decided={"0": "dismiss", "1": "keep"}),
            draw("2", tool="delete", removed=("2",), added={"new": SQUARE}),
        ]
    )
    written = np.load(session.write_truth() / "iscell.npy")
    np.testing.assert_array_equal(written, np.float32([[0, 0.75], [1, 0.25], [0, 0.5], [0, 0.125]]))
    np.save(folder / "iscell.npy", written)
    assert open_rois(folder).ids.tolist() == [1]


def test_traces_are_those_of_the_whole_movie(
    opened: Callable[..., MaskSession], results_folder: Path
) -> None:
    session = opened(results_folder / "active" / "rois.h5")
    masks, movie = session.masks.masks, session.registered.movie
    rois = rois_of_runs(movie.fov_shape, {mask.id: mask.runs for mask in masks.values()})
    whole = demixed_dff(movie, rois)
    for row, name in enumerate(masks):
        made = session.views.trace(name, masks)
        assert np.corrcoef(made.dff, whole[row])[0, 1] > 0.99
    assert made.dprime is not None
    assert made.dprime > 5


@pytest.fixture
def client(opened: Callable[..., MaskSession]) -> TestClient:
    return TestClient(application(opened(), Tokens("full", "reading")), base_url="http://127.0.0.1:8050")


def test_the_api_draws_and_shows(client: TestClient) -> None:
    facts = client.get("/api/session", headers=FULL).json()
    assert (facts["page"], facts["bin"], facts["n_bins"]) == ("masks", 2, 150)
    action = {"kind": "masks", "id": "1", "tool": "polygon", "added": {"a": SQUARE}}
    assert client.post("/api/actions", json=[action], headers=FULL).json() == {"saved": ["1"]}
    trace = client.get("/api/masks/a/trace", headers=FULL).json()
    assert len(trace["dff"]) == 300
    assert client.get("/api/masks/b/trace", headers=FULL).status_code == 409
    part = client.get("/api/frames?first=3&last=5&top=8&left=4&height=20&width=30", headers=FULL).content
    assert len(part) == 3 * 20 * 30
    strip = client.get("/api/frames.jpg?first=3&last=5", headers=FULL)
    assert strip.headers["content-type"] == "image/jpeg"
    for name in facts["pictures"]:
        assert client.get(f"/api/pictures/{name}.png", headers=FULL).content.startswith(b"\x89PNG")
    assert client.get("/api/pictures/x.png", headers=FULL).status_code == 409
    for query in ("first=0&last=150", "first=4&last=3"):
        assert client.get(f"/api/frames.jpg?{query}", headers=FULL).status_code == 409
    assert client.get("/api/cells/0", headers=FULL).status_code == 404


def test_a_part_of_the_movie_is_cut_out_of_the_whole(opened: Callable[..., MaskSession]) -> None:
    views = opened().views
    whole, part = views.frames(3, 4), views.frames(3, 4, Patch(8, 4, 20, 30))
    assert np.abs(whole[:, 8:28, 4:34].astype(int) - part).max() <= 1
    assert whole.std() > 10


def test_what_is_active_without_a_mask_is_proposed(
    opened: Callable[..., MaskSession], results_folder: Path, registered: RegisteredMovie
) -> None:
    def found(session: MaskSession) -> list[Proposal]:
        while True:
            share, made = session.proposals(10.0)
            if made is not None:
                assert share == 1
                return made
            time.sleep(0.02)

    rois = read_rois(results_folder / "active" / "rois.h5")
    made = found(opened())
    centres = [tuple(np.mean(pixels_of(one.runs), axis=1).round().astype(int)) for one in made]
    hit = [any(rois.mask(i)[centre] for centre in centres) for i in range(len(rois))]
    assert all(hit)
    assert found(opened(results_folder / "active" / "rois.h5", by="bo")) == []
    assert usual_bound(registered.movie, 2) > 3.2
