"""Errors of parsers become `DamagedFile`; sizes that a file declares are checked against its real size.

Guarded blocks hold the parsing of a file and nothing else. Arguments are checked before: a wrong type is the
caller's mistake, not the file's.
"""

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

from neurocine.core import DamagedFile, InputError

#: What libraries raise on damaged or malicious files: parsers document no narrower set.
PARSER_ERRORS = (
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
#: Characters of a library's message that are shown: part of it may come from the file.
MAX_MESSAGE = 300

#: A file that is read whole may unpack to this many bytes plus this multiple of its own size.
FREE_BYTES = 64 * 1024**2
MAX_RATIO = 200
#: The highest ratio that common compression reaches, on nothing but zeros.
DEFLATE_RATIO = 1100


@contextmanager
def reraise_as_input_error(
    path: str | Path, expected: str, remedy: str = "The file is damaged: copy or save it again."
) -> Iterator[None]:
    """Turn errors that a parser raises in this block into `DamagedFile`, which names the file.

    Parameters
    ----------
    path
        The file that is read.
    expected
        What it should be, such as ``a readable picture``.
    remedy
        What the user can do about it.

    Raises
    ------
    DamagedFile
        If the block raises any of `PARSER_ERRORS`.
    InputError
        If the user may not read the file.
    """
    try:
        yield
    except PermissionError as error:
        raise InputError(
            path, "file", "can't be read: permission denied", "Change its permissions."
        ) from error
    except PARSER_ERRORS as error:
        raise DamagedFile(path, "file", f"isn't {expected} ({short_message(error)})", remedy) from error


def short_message(error: BaseException) -> str:
    """Return class and message of an exception, cut short: the message may quote the file."""
    return textwrap.shorten(f"{type(error).__name__}: {error}", MAX_MESSAGE, placeholder=" …")


def check_unpacked(
    where: str | Path, field: str, n_bytes: int, stored: int, max_ratio: int = MAX_RATIO
) -> None:
    """Check that `stored` bytes can unpack to the `n_bytes` that a file declares.

    A file that declares more was never completely written, or is made to exhaust the memory.

    Raises
    ------
    DamagedFile
        If they can't.
    """
    if n_bytes > FREE_BYTES + max_ratio * stored:
        raise DamagedFile(
            where,
            field,
            f"declares {n_bytes:,} bytes, but only {stored:,} are stored",
            "The file was never completely written: make or copy it again.",
        )


def check_regular(path: Path) -> None:
    """Raise `InputError` unless `path` is a file or a folder: reading a pipe or a device would never end."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise InputError(
            path, "file", "is a pipe or a device, not a file or folder", "Copy its content to a file."
        )
