"""Files are written under a temporary name and then renamed: no reader sees half a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from neurocine.core import InputError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success sync it and rename it to `path`.

    On an error the temporary file is removed and `path` stays as it was.

    Parameters
    ----------
    path
        The file to write; its folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The process id separates two writers of one file; the suffix stays, as some writers depend on it.
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield part
        with part.open("rb+") as handle:
            os.fsync(handle.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Remove temporary files of killed writers of `path`; only while nobody else writes it."""
    for part in path.parent.glob(f".{escape(path.stem)}.*.part{escape(path.suffix)}"):
        part.unlink(missing_ok=True)


def check_writable(path: Path, field: str) -> None:
    """Raise `InputError` if `path` can't be written; called before hours of work.

    Parameters
    ----------
    path
        A file or folder that need not be there yet.
    field
        The setting or option that names it, for the message.
    """
    folder = next(place for place in (path.absolute() / "x").parents if place.exists())
    if folder.is_file():
        folder = folder.parent if folder == path.absolute() else folder
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(path, field, f"{folder} can't be written to", "Choose another folder.")


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically."""
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8")


def replace_link(link: Path, target: Path) -> None:
    """Make `link` a symbolic link to `target` in one step, also where there is one; its folder exists."""
    with tempfile.TemporaryDirectory(dir=link.parent) as temporary:
        new = Path(temporary) / link.name
        new.symlink_to(target)
        new.replace(link)
