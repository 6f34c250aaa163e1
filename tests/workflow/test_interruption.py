"""Ctrl-C, `kill` and a closed terminal: no process, no lock and no traceback is left, and the run goes on."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from neurocine.cluster.living import LOCKS, _of_a_run, living, refuse_second_run, stop
from neurocine.cluster.watch.journal import JOURNALS
from neurocine.core import InputError

PROGRAM = """
import sys
from pathlib import Path
from neurocine.cluster.interruption import run_snakemake
sys.exit(run_snakemake(["--cores", "2", "--rerun-incomplete", "--show-failed-logs"], Path()))
"""
NEUROCINE = "import sys; sys.argv[0] = 'neurocine'; from neurocine.cli import main; main()"
#: Two jobs; with the file `quick` they are, otherwise each writes half of its output and works on.
SNAKEFILE = """
rule all:
    input: "a.txt", "b.txt"
rule work:
    output: "{name}.txt"
    log: "{name}.log"
    shell:
        "TRAP; echo half > {output}; touch {wildcards.name}.begun; test -e quick || sleep 600; "
        "echo whole > {output}"
"""


class Run:
    """A run in a session of its own, as in a terminal."""

    def __init__(self, folder: Path, program: str = PROGRAM, *arguments: str, ignoring: str = "") -> None:
        self.folder = folder
        command = [sys.executable, "-c", program, *arguments]
        if ignoring:
            command = ["sh", "-c", f"trap '' {ignoring}; exec \"$@\"", "sh", *command]
        with (folder / "screen").open("w") as screen:
            self.process = subprocess.Popen(
                command, cwd=folder, stdout=screen, stderr=screen, start_new_session=True
            )
        self.seen: set[psutil.Process] = set()

    @property
    def screen(self) -> str:
        return (self.folder / "screen").read_text()

    def until(self, true: Callable[[], object], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert self.process.poll() is None, self.screen
            assert time.monotonic() < end, self.screen
            time.sleep(0.05)

    def until_begun(self, *names: str) -> None:
        """Wait until the files `names` are there, and note the processes."""
        self.until(lambda: all((self.folder / name).exists() for name in names))
        self.seen = {*psutil.Process(self.process.pid).children(recursive=True)}
        assert self.seen

    def clean(self) -> bool:
        """Whether neither a process nor a lock is left, and no traceback was shown."""
        assert not [p for p in self.seen if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        assert not list((self.folder / ".snakemake").glob("locks/*"))
        assert "Traceback" not in self.screen
        return True


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Start a run of `SNAKEFILE`; end what is left of it after the test."""
    runs: list[Run] = []

    def started(trap: str = ":", snakefile: str = SNAKEFILE, **options: str) -> Run:
        (tmp_path / "Snakefile").write_text(snakefile.replace("TRAP", trap))
        runs.append(Run(tmp_path, **options))
        return runs[-1]

    yield started
    for run in runs:
        for process in run.seen:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        run.process.kill()
        run.process.wait()


@pytest.mark.parametrize(
    ("signum", "whole_group"),
    [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGHUP, True)],
)
def test_a_signal_ends_all_jobs_and_the_next_run_goes_on(start, signum: int, whole_group: bool) -> None:
    run = start()
    run.until_begun("a.begun", "b.begun")
    (os.killpg if whole_group else os.kill)(run.process.pid, signum)
    assert run.process.wait(60) == 128 + signum
    assert run.clean()
    assert "Stopping, and ending the running jobs. Ctrl-C again kills them.\n" in run.screen
    assert "Error in rule" not in run.screen  # the jobs didn't fail, they were ended
    (run.folder / "quick").touch()
    again = start()
    assert again.process.wait(60) == 0, again.screen
    assert (run.folder / "a.txt").read_text() == "whole\n"


def test_the_second_signal_kills_a_job_that_does_not_end(start) -> None:
    run = start(trap="trap '' TERM")
    run.until_begun("a.begun", "b.begun")
    run.process.send_signal(signal.SIGINT)
    run.until(lambda: "Stopping" in run.screen)
    time.sleep(0.5)
    began = time.monotonic()
    for _ in range(3):
        run.process.send_signal(signal.SIGINT)
    assert run.process.wait(60) == 130
    assert time.monotonic() - began < 5
    assert run.clean()


def test_a_signal_while_the_workflow_is_read(start) -> None:
    run = start(snakefile="import time; open('begun', 'w').close(); time.sleep(600)\n")
    run.until_begun("begun")
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(60) == 130
    assert run.clean()


def test_what_the_shell_ignores_stays_ignored_but_sigterm_still_interrupts(start) -> None:
    run = start(ignoring="HUP INT")  # as after `nohup` and in the background of a script
    run.until_begun("a.begun", "b.begun")
    run.process.send_signal(signal.SIGHUP)
    run.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert run.process.poll() is None
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(60) == 143
    assert run.clean()


def test_a_killed_snakemake_is_told_by_a_negative_code(start) -> None:
    run = start()
    run.until_begun("a.begun", "b.begun")
    (head,) = psutil.Process(run.process.pid).children()
    head.kill()
    assert run.process.wait(60) == 256 - signal.SIGKILL


def test_a_closed_terminal_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(SNAKEFILE.replace("TRAP", ":"))
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execv(sys.executable, [sys.executable, "-c", PROGRAM])
    end = time.monotonic() + 60
    while not (tmp_path / "a.begun").exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    jobs = psutil.Process(pid).children(recursive=True)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 128 + signal.SIGHUP
    assert not [job for job in jobs if job.is_running() and job.status() != psutil.STATUS_ZOMBIE]
    assert not list((tmp_path / ".snakemake").glob("locks/*"))


@pytest.mark.slow
def test_neurocine_run_says_how_to_go_on(project, write_light) -> None:
    write_light(project, 1, size=64, n_frames=3000)
    target = "results/m000/motion/movie.h5"
    run = Run(project.folder, NEUROCINE, "run", target)
    run.until_begun("results/m000/logs/motion.log")
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(60) == 130
    assert run.clean()
    assert (
        run.screen.splitlines()[-1] == f"Stopped; what is finished is kept. To go on: neurocine run {target}"
    )
    again = Run(project.folder, NEUROCINE, "run", "--no-check", target)
    assert again.process.wait(300) == 0, again.screen
    assert "Checking the movie" not in again.screen  # ingest had finished
    assert (project.folder / target).is_file()


def killed_alone(start) -> Run:
    """Return a run of which only the first process was killed: Snakemake and its jobs live on."""
    run = start()
    run.until_begun("a.begun", "b.begun")
    run.process.kill()
    run.process.wait()
    return run


def test_what_a_killed_run_left_alive_is_named_and_can_be_ended(start) -> None:
    run = killed_alone(start)
    for unlocking in (False, True):
        with pytest.raises(InputError, match=r"still at work here.*neurocine stop") as caught:
            refuse_second_run(run.folder, unlocking=unlocking)
        assert str(living(run.folder)[0].pid) in str(caught.value)
    ended = stop(run.folder)
    assert ended
    assert run.clean()
    refuse_second_run(run.folder)
    assert stop(run.folder) == []
    (run.folder / "quick").touch()
    again = start()
    assert again.process.wait(60) == 0, again.screen
    assert (run.folder / "a.txt").read_text() == "whole\n"


def test_a_lock_without_a_run_names_the_command_that_removes_it(tmp_path: Path) -> None:
    (tmp_path / LOCKS).mkdir(parents=True)
    refuse_second_run(tmp_path)
    (tmp_path / LOCKS / "0.input.lock").touch()
    with pytest.raises(InputError, match=r"left by a run that was killed.*neurocine run --unlock"):
        refuse_second_run(tmp_path)
    refuse_second_run(tmp_path, unlocking=True)


def test_a_lock_of_another_computer_names_it(tmp_path: Path) -> None:
    (tmp_path / LOCKS).mkdir(parents=True)
    (tmp_path / LOCKS / "0.input.lock").touch()
    (tmp_path / JOURNALS).mkdir(parents=True)
    start = {"event": "start", "time": 1.0, "host": "login2", "pid": 4711, "born": 1.0}
    (tmp_path / JOURNALS / "2026-01-01T000000.000000-4711.jsonl").write_text(json.dumps(start) + "\n")
    with pytest.raises(InputError, match=r"login2 \(process 4711\).*If that run is dead"):
        refuse_second_run(tmp_path)


@pytest.mark.parametrize(
    ("words", "ours"),
    [
        (["python3.11", "-m", "snakemake", "--cores", "2"], True),
        (["/env/bin/python", "/env/bin/snakemake"], True),
        (["python", "-m", "neurocine.cluster.head"], True),
        (["python", "/project/.snakemake/scripts/tmp1.motion_register.py"], True),
        (["vim", ".snakemake/scripts/tmp1.motion_register.py"], False),
        (["python", "analysis.py"], False),
        ([""], False),
    ],
)
def test_only_processes_of_runs_are_taken_for_them(words: list[str], ours: bool) -> None:
    assert _of_a_run(words) is ours
