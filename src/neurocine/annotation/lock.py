"""The lock of a journal: a file beside it that says which process writes it.

A process is known by its number and by when it began on the kernel's own clock: numbers are used again, and
the computer's clock may be set.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil  # type: ignore[import-untyped]

from neurocine.core import InputError

_TRIES = 3


def take(lock: Path, journal: Path) -> None:
    """Note in the file `lock` that this process writes `journal`.

    Raises
    ------
    InputError
        If another process does that still runs, or that can't be seen from here.
    """
    mine = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "began": began(os.getpid())})
    for _ in range(_TRIES):
        with suppress(FileExistsError):
            _create(lock, mine)
            return
        if _take_over(lock, mine):
            return
        held = _text(lock)
        if held is not None and not _is_abandoned(held):
            raise InputError(
                journal,
                "lock",
                f"is being written by {held.strip() or 'somebody'}",
                f"Close that one, or if it no longer runs, delete {lock}.",
            )
    raise InputError(journal, "lock", "is taken again and again", f"Delete {lock}.")


def give_back(lock: Path) -> None:
    """Remove `lock` if it is that of this process: another may have taken it over."""
    held = _parsed(_text(lock) or "")
    if (held.get("pid"), held.get("began")) == (os.getpid(), began(os.getpid())):
        lock.unlink(missing_ok=True)


def began(pid: int) -> str | None:
    """Return when a process began, by a clock that nobody sets; None if it is gone, waited for or not."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The name, in brackets, may hold anything.
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"
    try:
        return str(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def _create(lock: Path, text: str) -> None:
    """Make the file `lock`, whole from the start, or raise `FileExistsError`."""
    part = _written(lock, text)
    try:
        os.link(part, lock)
    finally:
        part.unlink()


def _take_over(lock: Path, text: str) -> bool:
    """Replace `lock` if its process is gone; return whether this process did."""
    with suppress(FileNotFoundError), lock.open("r+", encoding="utf-8") as file:
        # One after the other: whoever waited finds another file in its place.
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.path.samestat(os.fstat(file.fileno()), lock.stat()) and _is_abandoned(file.read()):
            _written(lock, text).replace(lock)
            return True
    return False


def _written(lock: Path, text: str) -> Path:
    part = lock.with_name(f"{lock.name}.{uuid4().hex}")
    part.write_text(text, encoding="utf-8")
    return part


def _is_abandoned(held: str) -> bool:
    """Return whether the process that took a lock ran on this computer and is gone."""
    holder = _parsed(held)
    if holder.get("host") != socket.gethostname() or not isinstance(holder.get("pid"), int):
        return False
    return began(holder["pid"]) != holder.get("began")


def _text(lock: Path) -> str | None:
    try:
        return lock.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _parsed(held: str) -> dict[str, Any]:
    try:
        parsed = json.loads(held)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
