"""Training that the page starts: a process of its own, which goes on when page and server are closed.

It is the command that a person would type, with its output in a log. What has become of it is read from its
folder, so that the page of another day finds it, too.
"""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurocine.annotation.lock import began
from neurocine.config import FineTuneSettings
from neurocine.core import InputError
from neurocine.io.documents import write_json

JOB, LOG = "job.json", "log.txt"
#: Folders of trained models, numbered: a model is never replaced by one of other labels.
FOLDER = "tuned-"
#: Of the log of a training that failed so much is shown, characters.
SHOWN = 600


@dataclass(frozen=True)
class FineTuning:
    """How a model is trained with the labels of one folder.

    Attributes
    ----------
    settings
        The model to start from, and how it is trained.
    config
        The file that they are from; None: the defaults.
    corpus
        Folder of simulated movies that can be trained on, too.
    """

    settings: FineTuneSettings
    config: Path | None
    corpus: Path

    @property
    def has_corpus(self) -> bool:
        """Whether there are simulated movies."""
        return any(self.corpus.glob("*/truth.h5"))

    def command(self, labels: Path, out: Path, *, with_corpus: bool) -> list[str]:
        """Return the words of the command."""
        words = ["neurocine", "models", "fine-tune", self.settings.model, str(labels), "--out", str(out)]
        words += ["--corpus", str(self.corpus)] if with_corpus else []
        return words + (["--config", str(self.config)] if self.config else [])

    def described(self, labels: Path) -> dict[str, Any]:
        """Return the commands, and the last training with the labels, as plain values."""
        out = _next(labels)
        commands = [self.command(labels, out, with_corpus=which) for which in (False, True)]
        return {
            "model": self.settings.model,
            "alone": shlex.join(commands[0]),
            "with_corpus": shlex.join(commands[1]) if self.has_corpus else None,
            "corpus": str(self.corpus),
            "last": last_training(labels),
        }

    def start(self, labels: Path, *, with_corpus: bool) -> None:
        """Start the command beside the server.

        Raises
        ------
        InputError
            If the last one still runs, or there is no corpus.
        """
        last = last_training(labels)
        if last is not None and last["state"] == "running":
            raise InputError(last["folder"], "training", "is still running", "Wait until it has ended.")
        if with_corpus and not self.has_corpus:
            raise InputError(self.corpus, "corpus", "isn't there", "Train on the labels alone.")
        out = _next(labels)
        out.mkdir(parents=True)
        command = self.command(labels, out, with_corpus=with_corpus)
        # Nice: whoever labels on shouldn't wait. In a session of its own no Ctrl-C of the server reaches it.
        run = ["nice", sys.executable, "-c", "from neurocine.cli import main; main()", *command[1:]]
        with (out / LOG).open("w") as log:
            started = subprocess.Popen(
                run, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        process = {"host": socket.gethostname(), "pid": started.pid, "began": began(started.pid)}
        job = {**process, "command": shlex.join(command), "epochs": self.settings.epochs}
        write_json(out / JOB, job)


def last_training(labels: Path) -> dict[str, Any] | None:
    """Return what has become of the last training that a page started with the labels in a folder.

    Returns
    -------
    dict or None
        ``folder``, ``command``, ``state`` (running, done, failed, or elsewhere: started on another computer,
        and not done), ``epoch`` and ``epochs``; ``metrics`` as in ``metrics.json`` once it is done, and
        ``log``, the end of its output, if it failed.
    """
    started = [path for path in _folders(labels) if (path / JOB).is_file()]
    if not started:
        return None
    out = started[-1]
    job = json.loads((out / JOB).read_text(encoding="utf-8"))
    shown = {"folder": str(out), "command": job["command"], "epochs": job["epochs"], "epoch": _epochs(out)}
    running = began(job["pid"]) == job["began"]  # the boot is part of it: no other computer's
    if (out / "registry.yaml").is_file() and not running:  # written last
        metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
        return {**shown, "state": "done", "metrics": metrics}
    if job["host"] != socket.gethostname():
        return {**shown, "state": "elsewhere"}
    if running:
        return {**shown, "state": "running"}
    log = (out / LOG).read_text(encoding="utf-8", errors="replace").strip()
    return {**shown, "state": "failed", "log": log[-SHOWN:]}


def _folders(labels: Path) -> list[Path]:
    """Return the folders of trained models, by number."""
    made = [path for path in labels.glob(f"{FOLDER}*") if path.name.removeprefix(FOLDER).isdecimal()]
    return sorted(made, key=lambda path: int(path.name.removeprefix(FOLDER)))


def _next(labels: Path) -> Path:
    numbers = [int(path.name.removeprefix(FOLDER)) for path in _folders(labels)]
    return labels / f"{FOLDER}{max(numbers, default=0) + 1}"


def _epochs(out: Path) -> int:
    """Return how many epochs are done."""
    curves = out / "curves.csv"
    return max(len(curves.read_text(encoding="utf-8").splitlines()) - 1, 0) if curves.is_file() else 0
