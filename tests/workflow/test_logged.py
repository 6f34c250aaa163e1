"""What a rule's script shows on the screen, and what goes into its log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import logging, os, sys, warnings
from types import SimpleNamespace
from neurocine.core import InputError
from neurocine.workflow import LoggedProgress, logged

with logged(SimpleNamespace(log=[sys.argv[1]], rule="motion", output=[sys.argv[1] + ".h5"])):
    LoggedProgress()("frames", 5, 5)
    logging.getLogger("suite2p").info("an engine talks")
    warnings.warn("an engine warns")
    os.system("echo a library of C talks >&2")
    {act}
print("after", file=sys.stderr)
"""


def run(act: str, log: Path) -> tuple[subprocess.CompletedProcess[str], str]:
    command = [sys.executable, "-c", SCRIPT.replace("{act}", act), str(log)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done, log.read_text()


def test_the_screen_shows_progress_and_the_log_everything(tmp_path: Path) -> None:
    done, log = run("pass", tmp_path / "logs" / "motion.log")
    assert done.returncode == 0
    assert done.stderr == "[motion] frames: 5 of 5, 0 s left\nafter\n"
    for words in ("frames: 5 of 5", "an engine talks", "an engine warns", "a library of C talks"):
        assert words in log


@pytest.mark.parametrize(
    ("act", "message"),
    [
        ('raise InputError("m.tif", "frames", "are none", "Look.")', "m.tif: frames: are none. Look."),
        ('raise OSError(28, "No space left on device", "movie.h5")', "No space left on device: 'movie.h5'"),
    ],
)
def test_known_errors_are_told_in_one_line_with_the_logs_path(tmp_path: Path, act: str, message: str) -> None:
    done, log = run(act, tmp_path / "motion.log")
    assert done.returncode == 1
    assert (
        done.stderr.splitlines()[-1]
        == f"[motion] {message.replace('No', '[Errno 28] No')} (log: {tmp_path}/motion.log)"
    )
    assert "Traceback" not in done.stderr
    assert message in log


def test_an_unknown_error_leaves_its_traceback_in_the_log(tmp_path: Path) -> None:
    done, log = run("1 / 0", tmp_path / "motion.log")
    assert done.returncode == 1
    assert f"rule motion failed (log: {tmp_path}/motion.log)" in done.stderr
    assert "ZeroDivisionError" in log


def test_sigterm_ends_the_work_as_an_exception_does(tmp_path: Path) -> None:
    act = "\n    ".join(
        ["import signal", "try: signal.raise_signal(signal.SIGTERM)", "finally: print('tidied', flush=True)"]
    )
    done, _ = run(act, tmp_path / "motion.log")
    assert done.returncode == 143
    assert done.stdout == "tidied\n"
    assert "Traceback" not in done.stderr


def test_a_log_starts_anew_with_each_run(tmp_path: Path) -> None:
    _, first = run("pass", tmp_path / "motion.log")
    _, second = run("pass", tmp_path / "motion.log")
    assert first.count("an engine talks") == second.count("an engine talks") == 1


def test_what_a_killed_attempt_left_half_written_goes(tmp_path: Path) -> None:
    left, other = tmp_path / ".motion.log.123.part.h5", tmp_path / ".movie.123.part.h5"
    left.touch()
    other.touch()
    run("pass", tmp_path / "motion.log")
    assert not left.exists()
    assert other.exists()
