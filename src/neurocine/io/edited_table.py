"""Tables that people edit: text separated by tabs, as editors and Excel save it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurocine.core import InputError

#: How a file begins that a spreadsheet saved as such, not as text.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_AS_TEXT = "Save it as 'Unicode Text (*.txt)' in Excel, or as UTF-8 text separated by tabs."


@dataclass(frozen=True)
class EditedTable:
    """A table and its text.

    Attributes
    ----------
    text
        As in the file, with its line ends and comments.
    encoding
        Of the file: ``utf-8``, ``utf-8-sig`` or ``utf-16``.
    columns
        Names in the header, in small letters.
    rows
        Number of the line, from 1, and the cells by column; lines without any cell are left out.
    comments
        The same for lines that begin with ``#``, as far as they look like a row.
    """

    text: str
    encoding: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    comments: tuple[tuple[int, dict[str, str]], ...]

    def with_rows(self, rows: Sequence[Mapping[str, object]]) -> bytes:
        """Return the file's bytes with `rows` at its end, and with the columns that they need."""
        filled = dict.fromkeys(name for row in rows for name, cell in row.items() if cell != "")
        new = [name for name in filled if name not in self.columns]
        end = "\r\n" if "\r\n" in self.text else "\n"
        lines = self.text.splitlines(keepends=True)
        header = next(i for i, line in enumerate(lines) if _holds_cells(line))
        bare = lines[header].rstrip("\r\n")
        lines[header] = "\t".join([bare, *new]) + (lines[header][len(bare) :] or end)
        if not lines[-1].endswith(("\n", "\r")):
            lines[-1] += end
        added = tab_separated(rows, [*self.columns, *new], end)
        return ("".join(lines) + added).encode(self.encoding)


def read_edited_table(path: Path, required: Sequence[str]) -> EditedTable:
    """Read the table `path`, whose header has at least the columns `required`.

    Raises
    ------
    InputError
        If it is a spreadsheet's own file, isn't text in UTF-8 or UTF-16, its cells aren't separated by tabs,
        two columns have the same name, or a row has more cells than the header.
    """
    text, encoding = _decoded(path)
    lines = [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    below = [(n, line) for n, line in lines if _holds_cells(line)]
    number, header = below[0] if below else (1, "")
    # Excel begins sentences with capitals.
    columns = tuple(name.strip().lower() for name in _cells(f"{path}, line {number}", header))
    while columns and not columns[-1]:  # empty columns of Excel
        columns = columns[:-1]
    _check_separator(path, columns, header, required)
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise InputError(
            f"{path}, line {number}",
            "columns",
            f"{', '.join(twice)}: there are several of this name",
            "Delete or rename all but one.",
        )
    comments = [(n, line.lstrip("# ").split("\t")) for n, line in lines if not _holds_cells(line)]
    return EditedTable(
        text=text,
        encoding=encoding,
        columns=columns,
        rows=tuple(_rows(path, below[1:], columns)),
        comments=tuple((n, dict(zip(columns, cells, strict=False))) for n, cells in comments),
    )


def tab_separated(rows: Sequence[Mapping[str, object]], columns: Sequence[str], end: str = "\n") -> str:
    """Return `rows` as text, one line each with the cells of `columns`; `end` ends a line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter="\t", lineterminator=end)
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return text.getvalue()


def _decoded(path: Path) -> tuple[str, str]:
    content = path.read_bytes()
    if content.startswith(_WORKBOOKS):
        raise InputError(path, "file", "is a spreadsheet's own file, whatever its name says", _AS_TEXT)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8"
    if encoding != "utf-16" and b"\0" in content:
        raise InputError(path, "file", "isn't UTF-8, nor UTF-16 that begins with its mark", _AS_TEXT)
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError as error:
        raise InputError(path, "file", f"isn't text in UTF-8 or UTF-16 ({error})", _AS_TEXT) from error


def _holds_cells(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _cells(where: str, line: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter="\t"), [])
    except csv.Error as error:
        raise InputError(where, "row", f"can't be read ({error})", _AS_TEXT) from error


def _rows(
    path: Path, lines: Sequence[tuple[int, str]], columns: Sequence[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in lines:
        where = f"{path}, line {number}"
        cells = [cell.strip() for cell in _cells(where, line)]
        if any(cells[len(columns) :]):
            raise InputError(
                where, "columns", "the row has more cells than the header", "Separate columns by single tabs."
            )
        if any(cells):
            yield number, dict(zip(columns, cells, strict=False))


def _check_separator(path: Path, columns: Sequence[str], header: str, required: Sequence[str]) -> None:
    """Raise `InputError` if the header's names are separated by something other than tabs."""
    names = {name.strip().strip('"') for name in re.split(r"[,;|\s]", header)}
    if not set(required) <= set(columns) and set(required) <= names:
        raise InputError(
            path,
            "columns",
            f"the header is {header!r}: its names aren't separated by tabs",
            "Separate columns by tabs: save the table as 'Text (tab delimited)' or .tsv.",
        )
