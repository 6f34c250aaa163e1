"""The process that CaImAn runs in: how it is found, asked, and ended when it fails or hangs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neurocine.config import CaimanRun
from neurocine.core import InputError
from neurocine.engines import caiman

#: Answers that it is there, then does what a test asks for.
FAKE = """
import json, os, subprocess, sys, time
print(json.dumps({"version": "fake"}), flush=True)
for line in sys.stdin:
    task = json.loads(line)
    if task["task"] == "fail":
        raise ValueError("the patch is empty")
    if task["task"] == "hang":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open(task["pids"], "w").write(f"{os.getpid()} {child.pid}")
        print("pool waits for a lock", file=sys.stderr, flush=True)
        time.sleep(600)
    print(json.dumps({"here": os.getcwd(), "temp": os.environ["CAIMAN_TEMP"], **task}), flush=True)
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CaimanRun:
    """How a session with the fake worker is run; its temporary folder is `tmp_path`/maps."""
    worker = tmp_path / "worker.py"
    worker.write_text(FAKE)
    monkeypatch.setattr(caiman, "WORKER", worker)
    (tmp_path / "maps").mkdir()
    return CaimanRun(python=sys.executable, temporary=str(tmp_path / "maps"), limit_min=0.5)


def running(pid: int) -> bool:
    """Whether the process lives; one that nobody has waited for yet doesn't."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def gone(*pids: int) -> bool:
    """Whether the processes end within some seconds."""
    end = time.monotonic() + 10
    while any(running(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(running(pid) for pid in pids)


def test_tasks_are_answered_in_a_folder_that_is_gone_afterwards(fake: CaimanRun) -> None:
    with caiman.CaimanSession(fake) as session:
        folder = session.folder
        answer = session.ask("echo", size=[3, 4])
        assert session.version == "fake"
        assert answer == {"here": str(folder), "temp": str(folder), "task": "echo", "size": [3, 4]}
        assert folder.parent == Path(str(fake.temporary))
    assert not folder.exists()
    with pytest.raises(RuntimeError, match="ended"):
        session.ask("echo")


def test_an_error_of_caiman_is_told_with_its_last_lines(fake: CaimanRun) -> None:
    with (
        pytest.raises(InputError, match=r"task 'fail' \(exit status 1\)(?s:.*)the patch is empty"),
        caiman.CaimanSession(fake) as session,
    ):
        session.ask("fail")
    assert not list(Path(str(fake.temporary)).iterdir())


def test_what_hangs_is_ended_with_all_that_it_started(fake: CaimanRun, tmp_path: Path) -> None:
    quick = fake.model_copy(update={"limit_min": 0.05})
    pids = tmp_path / "pids"
    with (
        pytest.raises(
            InputError, match=r"limit_min: CaImAn didn't finish .* within 0\.05 minutes(?s:.*)a lock"
        ),
        caiman.CaimanSession(quick) as session,
    ):
        session.ask("hang", pids=str(pids))
    assert gone(*map(int, pids.read_text().split()))
    assert not list(Path(str(fake.temporary)).iterdir())


@pytest.mark.parametrize("python", ["/nowhere/bin/python", "no-such-python", "~/"])
def test_a_python_that_is_not_there_is_named_with_the_remedy(python: str) -> None:
    with pytest.raises(InputError, match=r"engines\.caiman\.python: .*isn't a program.*envs/caiman\.yaml"):
        caiman.CaimanSession(CaimanRun(python=python))


def test_a_python_without_caiman_is_named_with_the_remedy(tmp_path: Path) -> None:
    run = CaimanRun(temporary=str(tmp_path))
    message = rf"loaded in {re.escape(sys.executable)}: Module.*No module named 'caiman'\..*envs/caiman\.yaml"
    with pytest.raises(InputError, match=message):
        caiman.CaimanSession(run)
    assert not list(tmp_path.iterdir())


def test_the_folder_for_maps_must_be_there_and_have_room(fake: CaimanRun, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"engines\.caiman\.temporary: .*none isn't a folder"):
        caiman.CaimanSession(CaimanRun(temporary=str(tmp_path / "none")))
    with pytest.raises(InputError, match=r"GB free, CaImAn's memory maps need 1000000000\.0"):
        caiman.CaimanSession(fake, temporary_bytes=10**18)


PARENT = """
import sys, time
from neurocine.config import CaimanRun
from neurocine.engines import caiman
session = caiman.CaimanSession(CaimanRun(python=sys.argv[1], temporary=sys.argv[2]))
print(session._process.pid, flush=True)
time.sleep(600)
"""


def test_the_process_and_its_files_go_when_ours_is_killed(fake_caiman: Path, tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    maps.mkdir()
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(fake_caiman), str(maps)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert running(worker)
    assert list(maps.iterdir())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert gone(worker)
    assert not list(maps.iterdir())
