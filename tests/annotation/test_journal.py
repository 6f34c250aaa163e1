"""Nothing that was answered for is ever lost, and nothing is written twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from typer.testing import CliRunner

from neurocine.annotation.actions import Close, Edit, Undo
from neurocine.annotation.journal import Journal, Subject, read_journal
from neurocine.annotation.lock import began, take
from neurocine.cli.app import app
from neurocine.core import InputError
from neurocine.io.result_files import Stamp, read_rois, write_rois

SUBJECT = Subject("mouse", "m" * 64, "r" * 64, "ana")


def edit(number: int) -> Edit:
    return Edit(kind="edit", id=f"a{number}", cell=1, transients={f"t{number}": (number, number + 3)})


def test_written_once_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "annotations" / "ana.jsonl"
    with Journal(path, SUBJECT) as journal:
        assert journal.add([edit(1), edit(2)]) == ["a1", "a2"]
        assert journal.add([edit(2), edit(3), edit(3)]) == ["a2", "a3", "a3"]
        labels = journal.labels
    subject, actions = read_journal(path)
    assert subject == SUBJECT
    assert [action.id for action in actions] == ["a1", "a2", "a3"]
    with Journal(path, SUBJECT) as again:
        assert again.labels == labels
        assert list(again.labels.cells[1].transients) == ["t1", "t2", "t3"]
    assert not path.with_name("ana.jsonl.lock").exists()


def test_a_line_cut_short_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "ana.jsonl"
    with Journal(path, SUBJECT) as journal:
        journal.add([edit(1)])
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"kind": "edit", "id": "a2", "ce')
    with Journal(path, SUBJECT) as journal:
        assert [action.id for action in journal.actions] == ["a1"]
        assert path.read_bytes() == whole
        journal.add([edit(2)])
    assert "cut short" in caplog.text
    assert [action.id for action in read_journal(path)[1]] == ["a1", "a2"]


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ana.jsonl"
    with (
        Journal(path, SUBJECT),
        pytest.raises(InputError, match=f'is being written by .*"pid": {os.getpid()}'),
    ):
        Journal(path, SUBJECT)
    with Journal(path, SUBJECT) as journal:
        journal.add([edit(1)])


def test_the_lock_of_a_process_that_is_gone_is_taken_over(tmp_path: Path) -> None:
    path, lock = tmp_path / "ana.jsonl", tmp_path / "ana.jsonl.lock"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    host = os.uname().nodename
    lock.write_text(json.dumps({"host": host, "pid": gone.pid, "began": time.time()}))
    with Journal(path, SUBJECT):
        assert json.loads(lock.read_text())["pid"] == os.getpid()
    # The number of a process may be given again, to another.
    lock.write_text(json.dumps({"host": host, "pid": os.getpid(), "began": 12.0}))
    with Journal(path, SUBJECT):
        pass
    # Whether it runs on another computer can't be seen from here.
    lock.write_text(json.dumps({"host": "elsewhere", "pid": gone.pid, "began": time.time()}))
    with pytest.raises(InputError, match=r"elsewhere.*delete"):
        Journal(path, SUBJECT)


def test_a_lock_holds_when_the_clock_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the computer says of when a process began moves with its clock."""
    path = tmp_path / "ana.jsonl"
    create_time, now = psutil.Process.create_time, time.time
    with Journal(path, SUBJECT):
        monkeypatch.setattr(psutil.Process, "create_time", lambda self: create_time(self) + 3600)
        monkeypatch.setattr(time, "time", lambda: now() - 86400)
        with pytest.raises(InputError, match="is being written"):
            Journal(path, SUBJECT)
    assert not path.with_name("ana.jsonl.lock").exists()


def test_of_many_that_take_over_a_lock_one_has_it(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path, lock = tmp_path / "ana.jsonl", tmp_path / "ana.jsonl.lock"
    with Journal(path, SUBJECT):
        pass
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    usual = sys.getswitchinterval()
    request.addfinalizer(lambda: sys.setswitchinterval(usual))
    sys.setswitchinterval(1e-6)  # so that they meet everywhere
    for _ in range(100):
        lock.write_text(json.dumps({"host": os.uname().nodename, "pid": gone.pid, "began": "1"}))
        start, got = threading.Barrier(8), []

        def try_it(start: threading.Barrier = start, got: list[bool] = got) -> None:
            start.wait()
            try:
                take(lock, path)
                got.append(True)
            except InputError:
                got.append(False)

        threads = [threading.Thread(target=try_it) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(got) == [False] * 7 + [True]
        assert json.loads(lock.read_text())["pid"] == os.getpid()
    assert [p.name for p in tmp_path.iterdir() if ".lock." in p.name] == []


def test_a_process_of_which_only_remains_are_left_holds_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "ana.jsonl"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    writer.send_signal(signal.SIGKILL)  # nobody has waited for it yet
    writer.stdout.read()
    until = time.monotonic() + 30
    while began(writer.pid) is not None and time.monotonic() < until:
        time.sleep(0.01)
    with Journal(path, SUBJECT):
        pass
    writer.wait()


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (Subject("mouse", "x" * 64, "r" * 64, "ana"), "movie: isn't the one that was annotated"),
        (Subject("mouse", "m" * 64, "x" * 64, "ana"), "ROIs: isn't the one"),
        (Subject("mouse", "m" * 64, "r" * 64, "bo"), "person"),
    ],
)
def test_another_movie_or_other_rois_are_refused_by_name(tmp_path: Path, changed: Subject, what: str) -> None:
    path = tmp_path / "ana.jsonl"
    with Journal(path, SUBJECT) as journal:
        journal.add([edit(1)])
    before = path.read_bytes()
    with pytest.raises(InputError, match=what):
        Journal(path, changed)
    assert path.read_bytes() == before
    assert not path.with_name("ana.jsonl.lock").exists()


@pytest.mark.parametrize(("result", "what"), [("active/rois.h5", "ROIs"), ("ingest/source.json", "movie")])
def test_results_that_were_made_again_are_refused(
    results_folder: Path, label: Callable[..., None], result: str, what: str
) -> None:
    label("ana")
    journal = results_folder.parents[1] / "annotations" / results_folder.name / "ana.jsonl"
    before, path = journal.read_bytes(), results_folder / result
    if path.suffix == ".h5":
        write_rois(path, read_rois(path), Stamp("d" * 64, "e" * 64))
    else:
        path.write_text(path.read_text().replace('"sha256": "', '"sha256": "0'))
    with pytest.raises(InputError, match=f"ana.jsonl: {what}"):
        CliRunner().invoke(app, ["annotate", str(results_folder), "--as", "ana"], catch_exceptions=False)
    assert journal.read_bytes() == before


def test_a_closed_pass_changes_only_once_it_is_opened_again(tmp_path: Path) -> None:
    with Journal(tmp_path / "ana.jsonl", SUBJECT) as journal:
        journal.add([edit(1), Close(kind="close", id="c")])
        with pytest.raises(InputError, match="is closed"):
            journal.add([edit(2)])
        journal.add([Undo(kind="undo", id="u", of="c")])
        journal.add([edit(2)])
        assert len(journal.labels.cells[1].transients) == 2


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ana.jsonl"
    with Journal(path, SUBJECT) as journal:
        journal.add([edit(1)])
        before = path.read_bytes()
        write = os.write

        def half(file: int, data: bytes) -> int:
            if b"a2" in data:
                write(file, data[:10])
                raise OSError(28, "No space left on device")
            return write(file, data)

        monkeypatch.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space"):
            journal.add([edit(2)])
        assert path.read_bytes() == before
        monkeypatch.undo()
        journal.add([edit(2)])
    assert [action.id for action in read_journal(path)[1]] == ["a1", "a2"]


WRITER = """
import sys
from pathlib import Path
from neurocine.annotation.actions import Edit
from neurocine.annotation.journal import Journal, Subject
with Journal(Path(sys.argv[1]), Subject("mouse", "m" * 64, "r" * 64, "ana")) as journal:
    print("ready", flush=True)
    for line in sys.stdin:
        number = int(line)
        mark = {f"t{number}": (number, number + 3)}
        journal.add([Edit(kind="edit", id=f"a{number}", cell=1, transients=mark)])
        print(number, flush=True)
"""


def test_killed_at_random_moments_every_action_is_there_once_and_in_order(tmp_path: Path) -> None:
    path, rng = tmp_path / "ana.jsonl", np.random.default_rng(0)
    outbox, kills = list(range(200)), 0
    while outbox:
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdin is not None
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        # As the browser does: all that wasn't answered for is sent again.
        batch = outbox[: int(rng.integers(10, 60))]
        writer.stdin.write("".join(f"{number}\n" for number in batch))
        writer.stdin.flush()
        time.sleep(float(rng.uniform(0, 0.02)))
        writer.send_signal(signal.SIGKILL)
        kills += 1
        answered = [int(line) for line in writer.stdout.read().split()]
        writer.wait()
        outbox = [number for number in outbox if number not in answered]
    assert kills >= 4
    assert [action.id for action in read_journal(path)[1]] == [f"a{number}" for number in range(200)]
