"""The queue offers first what is doubtful, tells nobody why, and asks some things twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from neurocine.annotation.actions import Close, Edit
from neurocine.annotation.consensus.files import Panel
from neurocine.annotation.journal import Subject
from neurocine.annotation.labels import labels_of
from neurocine.annotation.queue.doubts import Doubt, contradicted, disputed, doubts, uncertain
from neurocine.annotation.queue.files import QUEUE, read_queue, seconds_per_decision
from neurocine.annotation.queue.make import Plan, make_queue
from neurocine.annotation.queue.order import Stop, queue, segments
from neurocine.annotation.session import Session
from neurocine.cli.app import app
from neurocine.config import Config
from neurocine.contamination import FalseTransients
from neurocine.core import InputError
from neurocine.io.result_files import read_truth
from neurocine.io.results import RecordingResults, collect, files_in
from neurocine.networks.registry import sha256


def false(*rows: tuple[int, int, int]) -> FalseTransients:
    """Return false transients of ROI position, onset and peak."""
    roi, onset, peak = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    some = np.zeros(len(roi), dtype=np.float32)
    return FalseTransients(roi, roi, onset, peak, some, some, np.empty((0, 2), dtype=np.int64))


def test_a_network_is_uncertain_between_activity_and_silence() -> None:
    probability = np.float32([0, 0.3, 0.5, 0.3, 0, 0.3, 0.9, 0.3, 0, 0.25, 0.65, 0.1, 0.24])
    assert uncertain(probability) == [(1, 3), (9, 10)]


def test_methods_are_compared_on_candidates() -> None:
    candidates = [(10, 12), (20, 22), (30, 32), (40, 42)]
    network, other, events = np.zeros(60, bool), np.zeros(60, bool), np.zeros(60, np.float32)
    network[[11, 20]] = True
    events[[9, 31]] = (
        5,
        9,
    )  # as many as the network calls: the first, from the frame before its onset, and the third
    assert disputed(candidates, [network], events) == [(20, 22), (30, 32)]
    other[[10, 20, 42]] = True
    assert disputed(candidates, [network, other], events) == [(20, 22), (30, 32), (40, 42)]
    assert disputed([], [network], events) == []


def test_calls_that_look_like_the_neighbour_are_contradicted() -> None:
    called = np.zeros(60, dtype=bool)
    called[12] = called[33] = True
    made = false((0, 10, 14), (0, 20, 24), (1, 32, 36))
    assert contradicted(called, made, 0) == [(10, 14)]


def stops_of(counts: list[list[int]]) -> list[Stop]:
    """Return segments of 100 frames, with so many doubts, of some cells."""
    found = [
        Doubt(row, 100 * k + 5 * i, 100 * k + 5 * i + 2, "uncertain")
        for row, own in enumerate(counts)
        for k, n in enumerate(own)
        for i in range(n)
    ]
    candidates = np.zeros((len(counts), 100 * len(counts[0])), dtype=np.int64)
    candidates[:, ::10] = 1
    return segments(np.arange(len(counts)) + 7, candidates.shape[1], 100, found, candidates, 3.0)


def test_segments_count_places_and_reasons() -> None:
    found = [
        Doubt(0, 10, 20, "uncertain"),
        Doubt(0, 15, 18, "disputed"),  # the same place
        Doubt(0, 95, 104, "disputed"),  # counts where it begins
        Doubt(1, 250, 250, "contradicted"),
    ]
    candidates = np.zeros((2, 299), dtype=np.int64)
    candidates[0, [10, 95, 220]] = 1
    made = segments(np.array([3, 9]), 299, 100, found, candidates, 4.0)
    assert [(stop.cell, stop.first, stop.last) for stop in made] == [
        (3, 0, 148),
        (3, 149, 298),
        (9, 0, 148),
        (9, 149, 298),
    ]
    assert [stop.doubts for stop in made] == [2, 0, 0, 1]
    assert made[0].reasons == {"uncertain": 1, "disputed": 2, "contradicted": 0}
    assert [stop.seconds for stop in made] == [8, 4, 4, 4]  # a look takes a decision's time, too


def test_every_cells_worst_segment_comes_before_its_second() -> None:
    made = queue(stops_of([[5, 9, 8], [1, 0, 2], [0, 0, 0]]), 1000, seed=1)
    ranked = [(stop.cell, stop.first) for stop in made if stop.kind == "ranked"]
    drawn = {(stop.cell, stop.first) for stop in made if stop.kind == "control"}
    by_doubts = [(7, 100), (8, 200), (7, 200), (8, 0), (7, 0)]
    assert ranked == [place for place in by_doubts if place not in drawn]
    assert made[4].kind == "control"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 6), min_size=4, max_size=4), min_size=1, max_size=12),
    st.floats(1, 60),
    st.integers(0, 9),
)
def test_a_queue_fits_its_minutes_and_repeats_little(
    counts: list[list[int]], minutes: float, seed: int
) -> None:
    stops = stops_of(counts)
    made = queue(stops, minutes, seed)
    first = [(stop.cell, stop.first) for stop in made if stop.kind != "again"]
    again = [stop for stop in made if stop.kind == "again"]
    assert len(set(first)) == len(first)
    assert sum(stop.seconds for stop in made) <= max(minutes * 60, stops[0].seconds) * 1.02 + 30
    assert len(again) == min(round(0.05 * len(first)), len(first) // 2)
    for stop in again:
        places = [i for i, one in enumerate(made) if (one.cell, one.first) == (stop.cell, stop.first)]
        assert len(places) == 2
        assert places[1] > len(first) // 2
    assert queue(stops, minutes, seed) == made
    if minutes * 60 * 0.95 > sum(stop.seconds for stop in stops):
        assert len(first) == len(stops)


# Files, the session and the command.


@pytest.fixture
def recording(results_folder: Path) -> tuple[RecordingResults, Subject, Path]:
    files = files_in(results_folder, "report", Config().left_out)
    results = collect(files, results_folder.name)
    subject = Subject(results.name, str(results.source["sha256"]), sha256(files["rois"]), "")
    return results, subject, results_folder.parents[1] / "annotations" / results.name


Recorded = tuple[RecordingResults, Subject, Path]


def test_a_queue_of_a_recording(recording: Recorded) -> None:
    results, subject, folder = recording
    made = make_queue(results, subject, folder, Plan(minutes=600, segment_s=1), Config().evaluation)
    assert len(made.stops) == 4 * 3 + 1  # 300 frames, 100 at least; and one twice
    assert {stop.kind for stop in made.stops} == {"ranked", "control", "again"}
    first = made.stops[0]
    assert first.doubts >= max(stop.doubts for stop in made.stops if stop.cell == first.cell)
    assert read_queue(folder, subject) == made.stops
    row = results.rois.ids.tolist().index(first.cell)
    own = [one for one in doubts(results, (), false()) if one.row == row]
    here = [one.reason for one in own if first.first <= one.first <= first.last]
    assert {name: n for name, n in first.reasons.items() if n} == {
        name: here.count(name) for name in set(here)
    }


def test_other_models_must_be_of_the_same_rois(recording: Recorded) -> None:
    results, subject, folder = recording
    other = replace(results.raster, ids=results.raster.ids + 50)
    with pytest.raises(InputError, match="differ from the recording's"):
        make_queue(results, subject, folder, Plan(), Config().evaluation, also=[other])
    silent = replace(results.raster, probability=np.zeros_like(results.raster.probability))
    more, fewer = (len(doubts(results, also, false())) for also in ([silent], []))
    assert more > fewer


def test_a_queue_of_other_results_is_refused(recording: Recorded) -> None:
    results, subject, folder = recording
    make_queue(results, subject, folder, Plan(), Config().evaluation)
    with pytest.raises(InputError, match=r"queue\.json.*rois_sha256"):
        read_queue(folder, replace(subject, rois_sha256="0" * 64))
    (folder / QUEUE).write_text("{}")
    with pytest.raises(InputError, match="isn't that of a queue"):
        read_queue(folder, subject)
    (folder / QUEUE).write_text("half")
    with pytest.raises(InputError, match="isn't that of a queue"):
        read_queue(folder, subject)
    (folder / QUEUE).unlink()
    assert read_queue(folder, subject) == []


@pytest.fixture
def ana(recording: Recorded, results_folder: Path) -> Iterator[Session]:
    results, subject, folder = recording
    make_queue(results, subject, folder, Plan(600, 1), Config().evaluation)
    rois = files_in(results_folder, "report", Config().left_out)["rois"]
    with Session(results, rois, folder, "ana") as session:
        yield session


def test_the_page_isnt_told_why(ana: Session) -> None:
    told = ana.described()["queue"]
    assert len(told) == 13
    assert {tuple(stop) for stop in told} == {("cell", "range", "again")}
    assert sum(stop["again"] for stop in told) == 1


def test_what_comes_again_is_kept_apart_and_compared(
    ana: Session, recording: Recorded, results_folder: Path, label: Callable[..., None]
) -> None:
    results, _, folder = recording
    cell = int(results.rois.ids[0])

    def edit(name: str, **changes: object) -> Edit:
        return Edit.model_validate({"kind": "edit", "id": name, "cell": cell, **changes})

    looked = {"s": (0, 99)}
    ana.add(
        [
            edit("1", transients={"a": (10, 14), "b": (40, 44)}, looked=looked),
            edit("2", transients={"a": (10, 14), "c": (70, 72)}, looked=looked, again=True),
        ]
    )
    assert sorted(ana.labels.cells[cell].transients) == ["a", "b"]
    assert sorted(ana.labels.again[cell].transients) == ["a", "c"]
    truth = read_truth(ana.write_truth() / "truth.h5")
    assert truth.transients(0)[0].tolist() == [10, 40]  # the first time is the truth
    ana.add([Close(kind="close", id="9")])
    label("bo")
    rois = files_in(results_folder, "report", Config().left_out)["rois"]
    (own,) = Panel.read(results, rois, folder).with_themselves()
    assert (own.first, own.second) == ("ana", "ana again")
    values = own.values()
    assert [values[name] for name in ("both", "only_first", "only_second")] == [1, 1, 1]


def test_undo_reaches_what_came_again() -> None:
    marked = Edit.model_validate({"kind": "edit", "id": "1", "cell": 3, "again": True, "invalid": True})
    labels = labels_of([marked])
    assert (dict(labels.cells), labels.again[3].invalid) == ({}, True)


def test_decisions_tell_how_long_one_takes(ana: Session) -> None:
    cell = int(ana.results.rois.ids[0])
    assert seconds_per_decision(ana.folder) == 4
    ana.add(
        [
            Edit(kind="edit", id=str(i), cell=cell, took_ms=1000 + 100 * i, rejected={"a": (3, 4)})
            for i in range(21)
        ]
    )
    ana.add([Edit(kind="edit", id="x", cell=cell, took_ms=90_000, cell_type="noise")])
    assert seconds_per_decision(ana.folder) == 2


def test_the_command(results_folder: Path) -> None:
    activity = str(results_folder / "activity" / "activity.h5")
    options = ["--minutes", "600", "--segment", "1", "--also", activity]
    answer = CliRunner().invoke(app, ["queue", str(results_folder), *options])
    assert answer.exit_code == 0, answer.output
    assert "13 segments of 4 cells" in answer.output
    path = results_folder.parents[1] / "annotations" / results_folder.name / QUEUE
    assert len(json.loads(path.read_text(encoding="utf-8"))["stops"]) == 13
