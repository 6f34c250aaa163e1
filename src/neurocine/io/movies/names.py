"""The order of numbered files, and what their names say of missing and doubled ones."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from glob import escape
from itertools import pairwise
from pathlib import Path

#: How file managers name a copy of ``name``: "name (1)", "name copy 2", "name - Copy (2)", "Copy of name".
_COPY = re.compile(
    r"(?:copy of )(?P<a>.+)|(?P<b>.+?)(?: \(\d+\)|(?: -)?[ _]copy(?: \d+| ?\(\d+\))?| \((?:\w+ )?copy\))",
    re.IGNORECASE,
)

#: A name: what stands before its last number, the number, and the rest.
_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)")

#: More missing numbers than this, and than there are files, aren't a gap: such names hold a time or a frame.
_MAX_MISSING = 10

#: Files that are compared by their content, and how many bytes in the middle of each.
_MOST_COMPARED, _PIECE = 100, 4096

#: Longest list of names in a message.
_MAX_NAMED = 5


def natural_key(path: Path) -> list[list[tuple[int, str]]]:
    """Return a sort key that puts ``day1/file10`` after ``day1/file2`` and before ``day2/file1``."""
    return [
        [(int(piece), "") if i % 2 else (-1, piece) for i, piece in enumerate(_pieces(part))]
        for part in path.parts
    ]


def sequence_problems(paths: Sequence[Path]) -> list[str]:
    """Return what is wrong with the names of a movie's files, a sentence with a remedy for each.

    Missing numbers (``m_00001.tif``, ``m_00003.tif``); copies of a file that is there as well: by their name
    (``m (1).tif`` beside ``m.tif``, of the same size), by their content, or links to it; and files that are
    named otherwise than others in their folder (``AVG_m.tif`` beside ``m_00001.tif``).
    """
    named_as_copies = _copies(paths)
    copies = _same_content(paths) | named_as_copies
    problems = [
        f"{after.name} follows {before.name}: {missing} file(s) between them are missing. "
        "Copy what is missing, or make a recording of each part"
        for before, after, missing in gaps([path for path in paths if path not in named_as_copies])
    ]
    if copies:
        named = [f"{copy.name} (of {original.name})" for copy, original in copies.items()]
        problems.append(
            f"{_listed(named)}: this looks like a copy, whose frames would be read twice. "
            "Move copies out of the folder, or rename them if they are other files"
        )
    for folder in dict.fromkeys(path.parent for path in paths):
        names = _differing([path for path in paths if path.parent == folder and path not in copies])
        if names:
            problems.append(
                f"{_listed(names)} are named differently, and read as one movie in this order. If they "
                "aren't one, give a glob that names the files of one only"
            )
    if len(problems) > _MAX_NAMED:
        problems[_MAX_NAMED:] = [f"{len(problems) - _MAX_NAMED} more gaps or copies of this kind"]
    return problems


def first_mismatch(files: Sequence[Path], others: Sequence[Path]) -> tuple[Path, Path] | None:
    """Return the first two files, one of each channel, whose names differ as those of most others don't.

    Such as ``m_ch1_004.tif`` and ``m_ch2_003.tif`` where each channel lacks another file. None if there are
    none, or names tell nothing.
    """
    differences = [_difference(*pair) for pair in zip(files, others, strict=False)]
    usual, count = Counter(differences).most_common(1)[0] if differences else ((), 0)
    if len(files) != len(others) or 2 * count <= len(differences):
        return None
    pairs = zip(files, others, differences, strict=True)
    return next(((file, other) for file, other, one in pairs if one != usual), None)


def numbered_sequences(paths: Sequence[Path], digits: int = 4) -> list[list[Path]]:
    """Return the TIFF files among `paths` that are parts of one movie, a list for each movie of two or more.

    Their names differ in their last number only, which has `digits` or more: microscopes name parts with four
    or more, while recordings of their own mostly have short numbers.
    """
    sequences: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in paths:
        match = _NUMBERED.fullmatch(path.name)
        if match and len(match[2]) >= digits and path.suffix.lower() in (".tif", ".tiff"):
            sequences[match[1], match[3]].append(path)
    return [sorted(files, key=natural_key) for files in sequences.values() if len(files) > 1]


def sequence_glob(files: Sequence[Path]) -> tuple[str, str]:
    """Return a glob of the names of `files`, one of `numbered_sequences`, and how these begin."""
    matches = [match for path in files if (match := _NUMBERED.fullmatch(path.name))]
    before, after = escape(matches[0][1]), escape(matches[0][3])
    lengths = {len(match[2]) for match in matches}
    digits = "[0-9]" * min(lengths) + ("*" if len(lengths) > 1 else "")
    return before + digits + after, matches[0][1].rstrip("_-. ")


def _pieces(name: str) -> list[str]:
    """Return text and numbers of `name` in turn."""
    return re.split(r"(\d+)", name)


def _difference(file: Path, other: Path) -> tuple[object, ...]:
    """Return by how much numbers of two names differ, and which words do."""
    pieces = [_pieces(path.name) for path in (file, other)]
    if len(pieces[0]) != len(pieces[1]):
        return ()
    return tuple(
        int(b) - int(a) if i % 2 else (a, b) if a != b else None
        for i, (a, b) in enumerate(zip(*pieces, strict=True))
    )


def _differing(paths: Sequence[Path]) -> list[str]:
    """Return one name of each kind if names differ in more than their numbers, the last of which may lack."""
    kinds: dict[str, str] = {}
    for path in paths:
        words = re.sub(r"\d+", "#", path.stem.casefold())
        kinds.setdefault(re.sub(r"[\s_@.-]*\(?#\)?$", "", words), path.name)
    return list(kinds.values()) if len(kinds) > 1 else []


def _copies(paths: Sequence[Path]) -> dict[Path, Path]:
    """Return the copies among `paths`, each with its original."""
    there = set(paths)
    copies = {}
    for path in paths:
        match = _COPY.fullmatch(path.stem)
        original = path.with_name((match["a"] or match["b"]) + path.suffix) if match else path
        if original != path and original in there and path.stat().st_size == original.stat().st_size:
            copies[path] = original
    return copies


def _same_content(paths: Sequence[Path]) -> dict[Path, Path]:
    """Return which of `paths`, unless they are many, hold the same as one before them, each with that."""
    if not 1 < len(paths) <= _MOST_COMPARED:
        return {}
    found: dict[tuple[int, ...] | tuple[int, bytes], Path] = {}
    copies = {}
    for path in paths:
        status = path.stat()
        keys: list[tuple[int, ...] | tuple[int, bytes]] = [(status.st_dev, status.st_ino)]
        content = _piece(path, status.st_size) if path.is_file() else b""
        if len(set(content)) > 1:  # files without light are alike
            keys.append((status.st_size, content))
        original = next((found[key] for key in keys if key in found), path)
        if original != path:
            copies[path] = original
        found |= dict.fromkeys(keys, original)
    return copies


def _piece(path: Path, size: int) -> bytes:
    """Return what is in the middle of a file, where pixels are."""
    with path.open("rb") as file:
        file.seek(max(0, (size - _PIECE) // 2))
        return file.read(_PIECE)


def gaps(paths: Sequence[Path]) -> list[tuple[Path, Path, int]]:
    """Return the files before and after each gap in their numbers, and how many are missing between them."""
    series: dict[tuple[Path, tuple[str, ...]], list[tuple[list[int], Path]]] = defaultdict(list)
    for path in paths:
        pieces = _pieces(path.name)
        series[path.parent, tuple(pieces[::2])].append(([int(n) for n in pieces[1::2]], path))
    found = []
    for files in series.values():
        columns = list(zip(*(numbers for numbers, _ in files), strict=True))
        varying = [i for i, column in enumerate(columns) if len(set(column)) > 1]
        if not varying:
            continue
        # The last number that differs counts the files of a sequence; the others name the sequence.
        counter = varying[-1]
        ordered = sorted(files, key=lambda file: file[0])
        jumps = [
            (before, after, last[counter] - first[counter] - 1)
            for (first, before), (last, after) in pairwise(ordered)
            if [n for i, n in enumerate(first) if i != counter]
            == [n for i, n in enumerate(last) if i != counter]
        ]
        if sum(missing for *_, missing in jumps) <= max(_MAX_MISSING, len(files)):
            found += [jump for jump in jumps if jump[2] > 0]
    return found


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(names[:_MAX_NAMED]) + more
