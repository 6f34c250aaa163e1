"""Set a project up: a config, and a table of the movies in a folder."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from glob import escape
from itertools import count
from pathlib import Path

from neurocine.config.generate import config_text
from neurocine.config.recordings import REQUIRED, RecordingRow, movie_paths, validated_row
from neurocine.core import InputError, SeveralDatasets
from neurocine.io.atomic import atomic_path, write_text
from neurocine.io.edited_table import EditedTable, read_edited_table, tab_separated
from neurocine.io.movies import (
    MOVIE_FORMATS,
    OpenedMovie,
    find_movies,
    movie_title,
    natural_key,
    probe,
)
from neurocine.io.movies.layout import Layout, Region
from neurocine.io.movies.named_files import channel_sets
from neurocine.io.movies.names import numbered_sequences, sequence_glob
from neurocine.io.movies.tiff import is_file_set, stack_glob, stacks

#: Folders of other programs, whose files repeat the movies' names.
_NOT_MOVIES = ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information")

#: Longest list of reasons in a message.
MAX_REASONS = 5


@dataclass(frozen=True)
class InitReport:
    """What `init_project` did.

    Attributes
    ----------
    table
        Path of the recordings table.
    added
        Names of the new recordings, and their movies as in the table.
    skipped
        Why other movies couldn't be read.
    notes
        What else there is to say of movies: that they have several planes, or channels to choose from, or may
        be parts of one.
    """

    table: Path
    added: tuple[tuple[str, str], ...]
    skipped: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class FoundMovie:
    """A movie in a folder.

    Attributes
    ----------
    path
        Its file, or the folder of its files.
    title
        What its recording may be called.
    files
        Its files; the folder, if a format reads that as a whole.
    pattern
        A glob of the names of its files in the folder, where that holds others, too.
    """

    path: Path
    title: str
    files: tuple[Path, ...]
    pattern: str = ""

    def named_in(self, folder: Path) -> str:
        """Return what the column ``movie`` of a project in `folder` calls it."""
        path = _seen_from(folder, self.path)
        return str(Path(escape(str(path)), self.pattern)) if self.pattern else str(path)


def init_project(movies: Path, folder: Path, *, force: bool = False) -> InitReport:
    """Write ``config/config.yaml`` and ``config/recordings.tsv`` into `folder`.

    Every movie in the folder `movies`, and in the folders in it, becomes a row with what its metadata says,
    one of several planes or regions a row for each; what it lacks stays empty, and so does the channel or
    dataset where there are several: only the user knows which shows activity. Numbered TIFF files, files of
    channels, and those that PrairieView, ThorImage or Micro-Manager wrote of one recording, are one movie. If
    `movies` is a relative path, the table's paths are relative to `folder`, where neurocine will be run. An
    existing table keeps its text and gets the rows of new movies at its end, unless `force` is set.

    Raises
    ------
    InputError
        If there is no movie that can be read, or an existing table can't be.
    """
    config, table = folder / "config" / "config.yaml", folder / "config" / "recordings.tsv"
    existing = read_edited_table(table, REQUIRED) if table.exists() and not force else None
    names, known = _recorded(existing, folder)
    found, skipped = _movies_in(movies)
    if not found and not skipped:
        raise InputError(
            movies,
            "folder",
            "holds no movie, nor do the folders in it",
            "See the docs for the formats that are read.",
        )
    folder.mkdir(parents=True, exist_ok=True)  # paths lead from it
    rows, notes = list[dict[str, object]](), list[str]()
    for movie in found:
        if known.issuperset(file.resolve() for file in movie.files):
            continue
        try:
            opened, said = _opened(movie)
            rows += _rows(movie, opened, folder, names)
        except (InputError, OSError) as error:
            skipped.append(str(error))
        else:
            notes += said
    if not rows and not known:
        raise InputError(movies, "folder", f"no movie can be read: {_some(skipped)}", "Check the files.")
    if force or not config.exists():
        write_text(config, config_text())
    if existing is None or not existing.columns:
        columns = list(RecordingRow.model_fields)
        text = tab_separated([dict(zip(columns, columns, strict=True)), *rows], columns)
        write_text(table, (existing.text if existing else "") + text)
    elif rows:
        with atomic_path(table) as part:
            part.write_bytes(existing.with_rows(rows))
    added = tuple((str(row["recording"]), str(row["movie"])) for row in rows)
    return InitReport(table, added, tuple(skipped), (*notes, *_doubts(added)))


def _movies_in(place: Path) -> tuple[list[FoundMovie], list[str]]:
    """Return the movies in the folder `place` and in the folders in it, and why some weren't looked into."""
    if place.is_file() or MOVIE_FORMATS.is_one_folder(place):
        return [FoundMovie(place, movie_title(place), (place,))], []
    found, skipped = _movies_of(place), list[str]()
    own = {file for movie in found for file in movie.files}
    for inside in sorted((path for path in place.iterdir() if path not in own), key=natural_key):
        if inside.name.startswith(".") or inside.name in _NOT_MOVIES or not inside.is_dir():
            continue
        try:
            own_movies = _movies_of(inside)
            found += own_movies
            skipped += [] if own_movies else _deeper(inside)
        except (InputError, OSError) as error:
            skipped.append(str(error))
    return found, skipped


def _deeper(folder: Path) -> list[str]:
    """Say which folder in `folder`, which has no movies of its own, holds some."""
    inside = (path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith("."))
    holding = next((path for path in inside if find_movies(path)), None)
    return [] if holding is None else [f"{holding}: lies too deep. Run init for {folder}, too"]


def _movies_of(folder: Path) -> list[FoundMovie]:
    """Return the movies in `folder` itself, in natural order; TIFF files of one recording are one movie."""
    paths = find_movies(folder)
    several = _movies_of_several_files(folder, paths)
    if is_file_set(paths) or [sorted(paths)] == [sorted(movie.files) for movie in several]:
        return [FoundMovie(folder, folder.resolve().name, tuple(paths))]
    first = {movie.files[0]: movie for movie in several}
    parts = {file for movie in several for file in movie.files}
    found = []
    for path in paths:
        if path in first:
            found.append(first[path])
        elif path not in parts:
            found.append(FoundMovie(path, movie_title(path), (path,)))
    return found


def _movies_of_several_files(folder: Path, paths: Sequence[Path]) -> list[FoundMovie]:
    """Return the movies among the `paths` in `folder` that have several files.

    They are Micro-Manager's stacks, files that differ in a channel, and files that differ in a long number.
    """
    groups = [(files, *stack_glob(files[0])) for files in stacks(paths) if len(files) > 1]
    rest = sorted(set(paths).difference(*(files for files, *_ in groups)), key=natural_key)
    groups += channel_sets(rest)
    rest = sorted(set(rest).difference(*(files for files, *_ in groups)), key=natural_key)
    groups += [(files, *sequence_glob(files)) for files in numbered_sequences(rest)]
    return [
        FoundMovie(folder, title or folder.resolve().name, tuple(files), pattern)
        for files, pattern, title in groups
    ]


def _doubts(added: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Say which movies differ in a short number only."""
    paths = [Path(movie) for movie in dict.fromkeys(movie for _, movie in added)]
    for folder in dict.fromkeys(path.parent for path in paths):
        for files in numbered_sequences([path for path in paths if path.parent == folder], digits=1):
            if len(files) > 2:
                pattern, _ = sequence_glob(files)
                yield (
                    f"{files[0].name} to {files[-1].name} became {len(files)} recordings. If they are parts "
                    f"of one, make one row of them, with the movie {Path(escape(str(folder)), pattern)}"
                )


def _opened(movie: FoundMovie) -> tuple[OpenedMovie | None, list[str]]:
    """Return a movie, or None if it is one of several in its file, and what the user should know of it."""
    try:
        opened = probe(movie.files if movie.pattern else movie.path)
    except SeveralDatasets as error:
        return None, [str(error)]
    return opened, _notes(movie.path / movie.pattern, opened)


def _notes(path: Path, movie: OpenedMovie) -> list[str]:
    """Return what the user should know of a movie's channels and planes."""
    layout = movie.layout or Layout()
    channels, regions = layout.channels, [region.name for region in layout.regions]
    notes = []
    if layout.n_planes > 1:
        notes.append(f"{path}: {layout.n_planes} planes, one row for each")
    if len(regions) > 1:
        notes.append(f"{path}: {len(regions)} regions ({', '.join(regions)}), one row for each")
    if len(channels) > 1:
        notes.append(
            f"{path}: {len(channels)} channels ({', '.join(channels)}): name the one that shows activity in "
            "the column channel"
        )
    return notes


def _recorded(table: EditedTable | None, folder: Path) -> tuple[set[str], set[Path]]:
    """Return the names in the table of the project `folder`, in one case, and the files of its movies.

    Rows behind a ``#`` count: somebody has left these recordings out.
    """
    names, files = set[str](), set[Path]()
    for _, cells in (*table.rows, *table.comments) if table else ():
        names.add(_key(cells.get("recording", "")))
        for path in movie_paths(cells["movie"], folder) if cells.get("movie") else ():
            files |= {file.resolve() for file in (path, *(find_movies(path) if path.is_dir() else ()))}
    return names, files


def _rows(
    movie: FoundMovie, opened: OpenedMovie | None, folder: Path, names: set[str]
) -> list[dict[str, object]]:
    """Return a row for each plane and region, under names that aren't among `names`; add these to them.

    What `opened` lacks stays empty: all, if the movie is one of several in its file.

    Raises
    ------
    InputError
        If it is a single picture, or no table can hold its name.
    """
    layout = (opened and opened.layout) or Layout()
    if opened and len(movie.files) <= len(layout.channels) and opened.frames.shape[0] == 1:
        where = movie.path / movie.pattern
        raise InputError(where, "frames", "there is only one: it is a picture", "Give a movie.")
    rows: list[dict[str, object]] = []
    for plane, region in _parts(layout):
        end = (f"_{_plain(region.name)}" if region else "") + ("" if plane is None else f"_plane{plane}")
        row: dict[str, object] = {
            "recording": _name(movie.title, names, end),
            "movie": movie.named_in(folder),
            "dataset": region.name if region else "",
            "plane": "" if plane is None else str(plane),
            "frame_rate_hz": (opened and opened.frame_rate_hz) or "",
            "pixel_size_um": (region.pixel_size_um if region else opened and opened.pixel_size_um) or "",
            "indicator": (opened and opened.indicator) or "",
        }
        named = movie_paths(validated_row(str(movie.path), row).movie, folder)
        meant = movie.files if movie.pattern else (movie.path,)
        if {path.resolve() for path in named} != {path.resolve() for path in meant}:
            remedy = "Rename it, without spaces at its ends."
            raise InputError(movie.path, "name", "can't stand in a table", remedy)
        names.add(_key(str(row["recording"])))
        rows.append(row)
    return rows


def _parts(layout: Layout) -> list[tuple[int | None, Region | None]]:
    """Return plane and region of each recording in a movie; None where there is only one."""
    regions: list[Region | None] = list(layout.regions) if len(layout.regions) > 1 else [None]
    return [
        (plane if layout.n_planes > 1 else None, region)
        for plane in range(layout.n_planes)
        for region in regions
        if region is None or region.rows[plane] is not None
    ]


def _seen_from(folder: Path, path: Path) -> Path:
    """Return a path as it is in `folder`: a relative one, of the working folder, stays relative."""
    if path.is_absolute():
        return path
    plain = Path(os.path.normpath(Path.cwd() / path))
    if not plain.exists() or not plain.samefile(path):  # a .. behind a link
        plain = path.resolve()
    return Path(os.path.relpath(plain, folder.resolve()))


def _name(title: str, names: set[str], end: str) -> str:
    """Return a name for a recording, which can be a folder's, that isn't among `names`."""
    text = unicodedata.normalize("NFC", title)
    name = _plain(text)[:60].strip("-.") or "recording"
    try:
        validated_row(title, {"recording": name, "movie": "m.tif"})
    except InputError:  # such as logs, a folder of the results
        name = f"recording_{name}"
    tried = (f"{name}{end}" + (f"_{i}" if i > 1 else "") for i in count(1))
    return next(one for one in tried if _key(one) not in names)


def _plain(text: str) -> str:
    """Return `text` with an underscore for all that a name can't hold."""
    return "".join(c if c.isalnum() or c in "_-." else "_" for c in text)


def _key(name: str) -> str:
    """Return what is equal for names that some file systems take for one."""
    return unicodedata.normalize("NFC", name).casefold()


def _some(reasons: Sequence[str]) -> str:
    more = f" and {len(reasons) - MAX_REASONS} more" if len(reasons) > MAX_REASONS else ""
    return "; ".join(reason.rstrip(".") for reason in reasons[:MAX_REASONS]) + more
