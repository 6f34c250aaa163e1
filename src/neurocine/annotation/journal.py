"""One person's journal: JSON lines that are only ever added to, on the disk before anybody is told so.

A line that a crash cut short was never answered for: it is dropped when the journal is opened, and the
browser, which still has it, sends it again. Actions have ids, so that one that comes twice is written once.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from neurocine.annotation.actions import Action, Close, parse_action
from neurocine.annotation.labels import Labels, labels_of
from neurocine.annotation.lock import give_back, take
from neurocine.core import InputError

logger = logging.getLogger(__name__)

SUFFIX = ".jsonl"


@dataclass(frozen=True)
class Subject:
    """What is annotated, and by whom: the first line of a journal.

    Attributes
    ----------
    recording
        Name of the recording.
    movie_sha256, rois_sha256
        Checksums of the raw movie and of the ROIs: labels of others don't fit.
    by
        Who annotates.
    """

    recording: str
    movie_sha256: str
    rois_sha256: str
    by: str


class Journal:
    """A journal that is open for writing; nobody else writes it meanwhile.

    Parameters
    ----------
    path
        The journal, made if need be.
    subject
        What is annotated.

    Raises
    ------
    InputError
        If somebody else writes it, it is of another movie or other ROIs, or a line isn't an action.
    """

    def __init__(self, path: Path, subject: Subject) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.with_name(f"{path.name}.lock")
        take(self._lock, path)
        try:
            self._actions = self._opened(subject)
        except BaseException:
            give_back(self._lock)
            raise
        self._ids = {action.id for action in self._actions}
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)

    def __enter__(self) -> Journal:
        """Return the journal."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the journal, and let others write it."""
        os.close(self._file)
        give_back(self._lock)

    @property
    def actions(self) -> tuple[Action, ...]:
        """All actions in their order."""
        return tuple(self._actions)

    @property
    def labels(self) -> Labels:
        """The labels that they give."""
        return labels_of(self._actions)

    def add(self, actions: Sequence[Action]) -> list[str]:
        """Write new actions, and return the ids of all once they are on the disk.

        Raises
        ------
        InputError
            If the pass is closed.
        OSError
            If they can't be written, such as on a full disk; the journal is then as before.
        """
        new = list({action.id: action for action in actions if action.id not in self._ids}.values())
        for i, action in enumerate(new):
            before = [*self._actions, *new[:i]]
            if _is_closed(before) and not _reopens(action, before):
                raise InputError(self.path, "pass", "is closed", "Undo closing it to change labels.")
        if new:
            _append(self._file, "".join(map(_line, new)))
            self._actions += new
            self._ids |= {action.id for action in new}
        return [action.id for action in actions]

    def _opened(self, subject: Subject) -> list[Action]:
        if not self.path.exists() or not _whole(self.path):
            _begin(self.path, subject)
            return []
        first, *lines = _lines(self.path.read_text(encoding="utf-8"))
        _check_subject(self.path, first, subject)
        return [parse_action(line, f"{self.path}, line {i}") for i, line in enumerate(lines, start=2)]


def read_journal(path: Path) -> tuple[Subject, list[Action]]:
    """Return what a journal is of, and its actions, without writing to it.

    Raises
    ------
    InputError
        If a line isn't an action.
    """
    first, *lines = _lines(path.read_text(encoding="utf-8"))
    return (
        _subject(path, first),
        [parse_action(line, f"{path}, line {i}") for i, line in enumerate(lines, start=2)],
    )


def _lines(text: str) -> list[str]:
    """Return the whole lines of `text`."""
    return text.split("\n")[:-1] or [""]


def _is_closed(actions: Sequence[Action]) -> bool:
    return any(isinstance(action, Close) for action in actions) and labels_of(actions).closed


def _reopens(action: Action, before: Sequence[Action]) -> bool:
    closing = {one.id for one in before if isinstance(one, Close)}
    return action.kind == "undo" and action.of in closing


def _line(action: Action) -> str:
    return action.model_dump_json(exclude_defaults=True) + "\n"


def _append(file: int, text: str) -> None:
    """Write `text` at the end and wait until it is on the disk; if that fails, leave the file as before."""
    size = os.fstat(file).st_size
    data = text.encode()
    try:
        while data:
            data = data[os.write(file, data) :]
        getattr(os, "fdatasync", os.fsync)(file)  # macOS has no fdatasync
    except OSError:
        os.ftruncate(file, size)
        raise


def _begin(path: Path, subject: Subject) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        _append(file, json.dumps(asdict(subject), ensure_ascii=False) + "\n")
    finally:
        os.close(file)


def _whole(path: Path) -> bool:
    """Cut off a last line without its end, and return whether any line is left."""
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    if end < len(data):
        logger.warning("%s: a line that was cut short by a crash is left out", path)
        with path.open("r+b") as file:
            file.truncate(end)
    return end > 0


def _subject(path: Path, line: str) -> Subject:
    try:
        return Subject(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise InputError(path, "line 1", "doesn't say what was annotated", "Is it a journal?") from error


def _check_subject(path: Path, line: str, subject: Subject) -> None:
    known = _subject(path, line)
    for field, what in (("movie_sha256", "movie"), ("rois_sha256", "ROIs"), ("by", "person")):
        if getattr(known, field) != getattr(subject, field):
            raise InputError(
                path,
                what,
                f"isn't the one that was annotated ({getattr(known, field)[:12]}, "
                f"now {getattr(subject, field)[:12]})",
                "Annotate the results that the journal was begun on, or begin a new one with --out.",
            )
