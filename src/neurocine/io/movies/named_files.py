"""Channels and planes that are told by the names of files, or of their folders.

Such as ``_ch01``, ``_channel001``, ``_z003``, ``_green``, ``_GCaMP6s`` or ``_tdTomato``.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path

from neurocine.core import InputError
from neurocine.io.movies.layout import FileSet, Place
from neurocine.io.movies.names import natural_key, numbered_sequences, sequence_glob

_NUMBERS = {
    "channel": re.compile(r"(?<![A-Za-z])(?:channel|chan|ch|c)[_-]?(\d+)(?![A-Za-z\d])", re.I),
    "plane": re.compile(r"(?<![A-Za-z])(?:plane|slice|z)[_-]?(\d+)(?![A-Za-z\d])", re.I),
}
#: Colours, and what is seen in them, with what stands before the word.
_WORDS = re.compile(
    r"[_.\- ]*(?<![A-Za-z\d])(green|red|far-?red|blue|yellow|cyan|magenta|ch(?:annel|an)?[_-]?[A-D]|"
    r"e?gfp|mneongreen|[jx]?gcamp\d*[a-z]?|[ey]?yfp|e?cfp|e?bfp|tdtomato|tdtom?|tomato|m?cherry|m?scarlet|"
    r"m?ruby\d?|dsred|rfp|j?r-?geco\d*[a-z]?|r-?camp\d*[a-z\d.]*|alexa\d+|sr-?101|dapi)(?![A-Za-z\d])",
    re.I,
)
#: Channels by their numbers, where a word says so; a lone ``c`` may stand for a cell or a condition.
_NUMBERED_CHANNEL = re.compile(r"[_.\- ]*(?<![A-Za-z])(?:channel|chan|ch)[_-]?\d+(?![A-Za-z\d])", re.I)
#: Stands for the channel in names; no file's name holds it.
_MARK = "\0"
#: Names that tell channels apart have this many files each, and at most this share of them is missing.
_LEAST_FILES = 5
_MOST_MISSING = 0.2


def set_by_names(files: Sequence[Path]) -> FileSet | None:
    """Return the channel and the plane of each file of a movie, None if names don't tell any.

    Raises
    ------
    InputError
        If names tell channels or planes of which files are missing.
    """
    return _by_numbers(files) or _by_words(files)


def channel_sets(paths: Sequence[Path]) -> list[tuple[list[Path], str, str]]:
    """Return the movies among `paths`, of one folder, whose files differ in a channel and in a long number.

    Returns
    -------
    list of tuple
        The files of each movie of two channels or more, a glob that matches the names of these alone, and how
        the names begin.
    """
    marked: dict[Path, list[Path]] = defaultdict(list)
    for path in paths:
        name = _WORDS.sub(_MARK, path.name, count=1)
        name = name if _MARK in name else _NUMBERED_CHANNEL.sub(_MARK, name, count=1)
        if _MARK in name:
            marked[path.with_name(name)].append(path)
    sequences = numbered_sequences(list(marked))
    alone = set(marked).difference(*sequences)
    found = []
    for names in [*sequences, *([name] for name in sorted(alone))]:
        files = sorted((path for name in names for path in marked[name]), key=natural_key)
        pattern, title = sequence_glob(names) if len(names) > 1 else (escape(names[0].name), names[0].stem)
        pattern, title = pattern.replace(_MARK, "*"), title.replace(_MARK, "").strip("_-. ")
        matched = {path for path in paths if fnmatchcase(path.name, pattern)}
        if matched == set(files) and _tell_channels(files):
            found.append((files, pattern, title))
    return found


def _tell_channels(files: Sequence[Path]) -> bool:
    """Return whether the names of `files` tell channels, even if some files are missing."""
    try:
        return len(files) > 1 and set_by_names(files) is not None
    except InputError:
        return True


def _by_numbers(files: Sequence[Path]) -> FileSet | None:
    """Return the places that names give, where every channel and plane has the same other names."""
    found = {what: [pattern.search(path.name) for path in files] for what, pattern in _NUMBERS.items()}
    numbers = {what: [int(m[1]) for m in matches if m] for what, matches in found.items()}
    used = [what for what, ns in numbers.items() if len(ns) == len(files) and len(set(ns)) > 1]
    if not used:
        return None
    others: dict[tuple[int, ...], list[tuple[Path, str]]] = defaultdict(list)
    for i, path in enumerate(files):
        rest = path.name
        for what in used:
            rest = _NUMBERS[what].sub("", rest)
        others[tuple(numbers[what][i] for what in used)].append((path.parent, rest))
    n_expected = 1
    for what in used:
        n_expected *= len(set(numbers[what]))
    if len({tuple(rest) for rest in others.values()}) != 1 or len(others) != n_expected:
        _check_whole(files[0].parent, used, others)
        return None
    first = min(numbers["plane"]) if "plane" in used else 0
    words = _words(files) if "channel" not in used else None
    return FileSet(
        [
            Place(
                str(numbers["channel"][i]) if "channel" in used else words[i] if words else None,
                numbers["plane"][i] - min(first, 1) if "plane" in used else None,
            )
            for i in range(len(files))
        ]
    )


def _by_words(files: Sequence[Path]) -> FileSet | None:
    words = _words(files)
    return FileSet([Place(word) for word in words]) if words else None


def _words(files: Sequence[Path]) -> list[str] | None:
    """Return the colour, or the like, in the name of each file or of its folder; None if they don't differ.

    Raises
    ------
    InputError
        If colours have different numbers of files.
    """
    for names in ([path.name for path in files], [path.parent.name for path in files]):
        found = [_WORDS.search(name) for name in names]
        words = [match[1] if match else "" for match in found]
        rests = {_WORDS.sub("", name) for name, word in zip(names, words, strict=True) if word}
        # A file without a colour may be a channel, beside another one of the same name.
        beside = any(not word and name in rests for name, word in zip(names, words, strict=True))
        if len(set(words)) == 1 or not (all(words) or beside):
            continue
        counts = Counter(words)
        if len(set(counts.values())) == 1 and "" not in counts:
            return words
        listed = ", ".join(f"{n} of {word or 'no colour'}" for word, n in counts.items())
        raise InputError(
            files[0].parent,
            "files",
            f"are named by channel, but not as many for each: {listed}",
            "Copy what is missing, or name the files of one channel in the recordings table.",
        )
    return None


def _check_whole(
    folder: Path, used: Sequence[str], others: Mapping[tuple[int, ...], Sequence[tuple[Path, str]]]
) -> None:
    """Raise `InputError` if names tell channels and planes apart of which only a few files are missing."""
    everything = {rest for rests in others.values() for rest in rests}
    missing = {
        places: len(everything.difference(rests))
        for places, rests in others.items()
        if len(everything.difference(rests))
    }
    if len(everything) < _LEAST_FILES or max(missing.values(), default=0) > _MOST_MISSING * len(everything):
        return
    if missing:
        places, n = next(iter(missing.items()))
        which = ", ".join(f"{what} {number}" for what, number in zip(used, places, strict=True))
        raise InputError(
            folder,
            "files",
            f"{n} of {len(everything)} files of {which} are missing",
            "Copy them, or name the files of one channel and plane in the recordings table.",
        )
