"""What the workflow's scripts share: logging to the rule's log, and errors that say where to look."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from neurocine.core import NeurocineError
from neurocine.io.atomic import remove_leftovers, replace_link
from neurocine.io.rois import split_dataset
from neurocine.shipped import checkout

_log = logging.getLogger("neurocine")


@contextmanager
def logged(snakemake: Any) -> Iterator[None]:
    """Run a rule's work with its log: all goes to the file, what neurocine itself says to the screen too.

    An error that neurocine raised on purpose, or the operating system's, ends the job with its text and the
    log's path instead of a traceback; any other is logged with its traceback and raised again.

    First, what an earlier attempt left half written beside the rule's outputs is removed: Snakemake runs one
    job at a time for a file. SIGTERM, from `neurocine run` or from SLURM, ends the work as an exception does,
    so that temporary files go and child processes end.

    Parameters
    ----------
    snakemake
        The object that Snakemake gives to a script.
    """
    path = _own_log(Path(snakemake.log[0]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    with _ended_by_sigterm(), _errors_into(path) as screen:
        _log_to(path, screen, snakemake.rule)
        try:
            for output in snakemake.output:
                remove_leftovers(Path(output))
            yield
        except NeurocineError as error:
            _log.error("%s (log: %s)", error, path)
            sys.exit(1)
        except OSError as error:
            # Such as a full disk: the screen gets what happened, the log where, too.
            _log.error("%s (log: %s)", error, path)
            logging.getLogger("traceback").error("", exc_info=True)
            sys.exit(1)
        except Exception:
            _log.exception("rule %s failed (log: %s)", snakemake.rule, path)
            raise


def input_files(snakemake: Any) -> dict[str, Path]:
    """Return the inputs of a rule that are one file each, by name.

    Parameters
    ----------
    snakemake
        The object that Snakemake gives to a script.
    """
    return {name: Path(value) for name, value in snakemake.input.items() if isinstance(value, str)}


def inputs_of(paths: Iterable[Path | str]) -> list[str]:
    """Return those of `paths`, files of the user's, that can be inputs of a rule.

    Of a set of ROIs, ``file#name``, it is the file.

    In their names Snakemake replaces ``{word}`` by a wildcard and ``<word>`` by a path variable, and has no
    escape. What has such a name is watched as a param, by `watched`.
    """
    files = (str(split_dataset(path)[0]) for path in paths)
    return [file for file in files if not _holds_placeholder(file)]


def watched(paths: Iterable[Path | str]) -> list[tuple[str, int]]:
    """Return all `paths` as a param of a rule, whose script gets them back by `paths_of`.

    Beside each that can't be an input stands the time (ns) of its last change, so that a change reruns the
    rule; beside others 0.
    """
    return [(str(path), 0 if inputs_of([path]) else _last_change_ns(path)) for path in paths]


def paths_of(param: Iterable[tuple[str, int]]) -> list[Path]:
    """Return the paths in a param that `watched` made."""
    return [Path(path) for path, _ in param]


def _last_change_ns(path: Path | str) -> int:
    path = split_dataset(path)[0]
    return path.stat().st_mtime_ns if path.exists() else 0


def _holds_placeholder(path: str) -> bool:
    from snakemake.io import contains_wildcard
    from snakemake.pathvars import PATHVAR_REGEX

    return bool(contains_wildcard(path) or PATHVAR_REGEX.search(path))


def on_each_task(snakemake: Any) -> None:
    """Start this script once a task and exit with its code, if the rule asks SLURM for several tasks.

    Returns in the tasks themselves, and wherever there is one only.

    Parameters
    ----------
    snakemake
        The object that Snakemake gives to a script.
    """
    tasks = int(snakemake.resources.get("tasks", 1))
    if tasks < 2 or "SLURM_JOB_ID" not in os.environ or _rank() is not None:
        return
    command = ["srun", f"--ntasks={tasks}", f"--nodes={snakemake.resources.get('nodes', 1)}"]
    command += [f"--cpus-per-task={snakemake.threads}", "--kill-on-bad-exit=1", sys.executable, sys.argv[0]]
    sys.exit(subprocess.run(command, check=False).returncode)


def _rank() -> int | None:
    """Return which of a step's tasks this is, or None outside a step of several tasks."""
    alone = int(os.environ.get("SLURM_STEP_NUM_TASKS", "1")) < 2
    return None if alone else int(os.environ["SLURM_PROCID"])


def _own_log(path: Path) -> Path:
    """Return the rule's log, or that of one of its tasks beyond the first."""
    rank = _rank()
    return path.with_name(f"{path.stem}.task{rank}{path.suffix}") if rank else path


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM raise `SystemExit`."""

    def end(signum: int, frame: FrameType | None) -> None:
        sys.exit(128 + signum)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _errors_into(path: Path) -> Iterator[TextIO]:
    """Send standard error to the file `path`, C++ libraries' too; yield the screen."""
    with os.fdopen(os.dup(2), "w") as screen, path.open("a", encoding="utf-8") as log:
        sys.stderr.flush()
        os.dup2(log.fileno(), 2)
        try:
            yield screen
        finally:
            sys.stderr.flush()
            os.dup2(screen.fileno(), 2)


def _log_to(path: Path, screen: TextIO, rule: str) -> None:
    to_file = logging.FileHandler(path, mode="a", encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    to_screen = logging.StreamHandler(screen)
    to_screen.addFilter(logging.Filter("neurocine"))  # what the engines say is in the log
    to_screen.setFormatter(logging.Formatter(f"[{rule}] %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[to_file, to_screen], force=True)
    logging.captureWarnings(True)


def expose_package(folder: Path) -> None:
    """Let every job import this package, also one that runs in a conda environment of its own.

    Parameters
    ----------
    folder
        Folder for a link to an installed package: beside that lie others, of which such a job has its own.
    """
    own = checkout()
    if own is None:
        folder.mkdir(parents=True, exist_ok=True)
        replace_link(folder / "neurocine", Path(__file__).resolve().parent)
    source = str(folder.absolute() if own is None else own / "src")
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path not in ("", source)]
    os.environ["PYTHONPATH"] = os.pathsep.join([source, *others])


class LoggedProgress:
    """Progress as log lines with the time left, one every `every_s` seconds at most."""

    def __init__(self, every_s: float = 10.0) -> None:
        self._every_s = every_s
        self._label = ""
        self._began = self._reported = 0.0

    def __call__(self, label: str, done: int, total: int) -> None:
        """Take note that `done` of `total` is done."""
        now = time.monotonic()
        if label != self._label:
            self._label, self._began, self._reported = label, now, now
        if now - self._reported < self._every_s and done < total:
            return
        self._reported = now
        left = (now - self._began) / done * (total - done) if done else float("nan")
        _log.info("%s: %d of %d, %.0f s left", label, done, total, left)
