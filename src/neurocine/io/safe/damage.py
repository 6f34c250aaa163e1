"""The one wall between files that others made and the rest: what parsers raise there becomes `InputError`."""

from __future__ import annotations

import csv
import struct
import textwrap
import tokenize
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree
from zipfile import BadZipFile

from neurocine.core import InputError

#: What libraries raise on files that are damaged or made up. Parsers promise no more than an exception.
DAMAGE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    OSError,
    RuntimeError,
    EOFError,
    MemoryError,
    SyntaxError,
    SystemError,
    struct.error,
    zlib.error,
    BadZipFile,
    csv.Error,
    ElementTree.ParseError,
    tokenize.TokenError,
)
#: Characters of what a library says that are told: some of it is the file's own.
TOLD = 300

#: Bytes that a file may unpack to, whatever its size, and how many times its own bytes beyond that, where it
#: is read whole.
FREE_BYTES = 64 * 1024**2
MOST_TIMES = 200
#: More than this no common compression makes of a byte, not even of zeros.
DEFLATE_TIMES = 1100


@contextmanager
def reraise_as_input_error(
    path: str | Path, kind: str, remedy: str = "It is damaged: copy or save it again."
) -> Iterator[None]:
    """Turn what a parser raises within into an `InputError` that names the file.

    Parameters
    ----------
    path
        The file that is read.
    kind
        What it should be, such as ``a readable picture``.
    remedy
        What the user can do about it.
    """
    try:
        yield
    except DAMAGE as error:
        raise InputError(path, "file", f"isn't {kind} ({said(error)})", remedy) from error


def said(error: BaseException) -> str:
    """Return what an exception says, cut short: some of it may be the file's own text."""
    return textwrap.shorten(f"{type(error).__name__}: {error}", TOLD, placeholder=" …")


def check_unpacked(
    where: str | Path, field: str, n_bytes: int, stored: int, most_times: int = MOST_TIMES
) -> None:
    """Raise `InputError` if `stored` bytes can't hold what they say unpacks to `n_bytes`.

    What declares more was never written whole, or was made to fill the memory.
    """
    if n_bytes > FREE_BYTES + most_times * stored:
        raise InputError(
            where,
            field,
            f"declares {n_bytes:,} bytes, but only {stored:,} are stored",
            "It was never written whole: make or copy the file again.",
        )


def check_regular(path: Path) -> None:
    """Raise `InputError` unless `path` is a file or a folder: a pipe or a device would never end."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise InputError(path, "file", "is neither a file nor a folder", "Copy what it gives to a file.")
