"""The files that a movie is made of, in the order of time, and their format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from neurocine.core import DamagedFile, FileMissing, InputError, Selection
from neurocine.io.movies.layout import FileSet, chosen_files
from neurocine.io.movies.named_files import set_by_names
from neurocine.io.movies.names import natural_key
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.safe.damage import check_regular


def find_movies(folder: Path) -> list[Path]:
    """Return the movies in `folder` itself, in natural order: files, and folders that are one movie.

    Raises
    ------
    FileMissing
        If `folder` doesn't exist.
    """
    if not folder.is_dir():
        raise FileMissing(folder, "folder", "doesn't exist", "Give the folder that holds the movies.")
    movies = [path for path in folder.iterdir() if not path.name.startswith(".") and _is_movie(path)]
    return sorted(movies, key=natural_key)


def _is_movie(path: Path) -> bool:
    if path.suffix.lower() in MOVIE_FORMATS.suffixes():
        return not _is_settings(path)
    try:
        return MOVIE_FORMATS.is_one_folder(path)
    except OSError:  # a folder that this user can't look into
        return False


def _is_settings(path: Path) -> bool:
    """Return whether a file holds the settings of the movie beside it."""
    formats = [one for one in MOVIE_FORMATS if one.settings_suffix == path.suffix.lower()]
    return any(path.with_suffix(suffix).is_file() for one in formats for suffix in one.suffixes)


def movie_title(path: Path) -> str:
    """Return the name of a movie without the suffix of its format.

    The name of a folder such as ``neurofinder.00.01`` has no suffix.
    """
    return path.stem if path.suffix.lower() in MOVIE_FORMATS.suffixes() else path.name


def movie_files(
    path: Path | Sequence[Path], selection: Selection | None = None
) -> tuple[MovieFormat, list[Path]]:
    """Return the format of a movie and its files in the order of time; each exists and isn't empty.

    Parameters
    ----------
    path
        As for `open_movie`.
    selection
        If given, files of other channels and planes are left out.

    Raises
    ------
    FileMissing, DamagedFile, UnknownFormat
        If a file is missing, empty or of an unknown format.
    InputError
        If there are no files, or formats are mixed; if channels or planes are files of their own, and none is
        selected, or one that isn't there.
    """
    if selection is not None:
        found = found_files(path, selection)
        return found.format, found.files
    paths = [path] if isinstance(path, str | Path) else list(path)
    files = [pair for one in paths for pair in _files_of(Path(one))]
    if not files:
        raise InputError("movie", "path", "names no file", "Give the movie's file or folder.")
    names = sorted({movie_format.name for movie_format, _ in files})
    if len(names) > 1:
        raise InputError(
            files[0][1], "files", f"mix formats: {', '.join(names)}", "Give files of one format."
        )
    return files[0][0], [file for _, file in files]


@dataclass(frozen=True)
class FoundFiles:
    """The files of the selected channel and plane, and what is left to select within them."""

    format: MovieFormat
    files: list[Path]
    selection: Selection
    set: FileSet = field(default_factory=lambda: FileSet(()))


def found_files(path: Path | Sequence[Path], selection: Selection) -> FoundFiles:
    """Return the files of the selected channel and plane of a movie; errors as of `movie_files`."""
    movie_format, files = movie_files(path)
    whole = file_set_of(movie_format, files)
    if whole is None:
        return FoundFiles(movie_format, files, selection)
    kept, within = chosen_files(files, whole.places, selection)
    return FoundFiles(movie_format, kept, within, whole)


def file_set_of(movie_format: MovieFormat, files: Sequence[Path]) -> FileSet | None:
    """Return the channel and the plane of each file of a movie, None if they don't differ in them."""
    by_format = movie_format.file_set(files) if movie_format.file_set else None
    return by_format or (set_by_names(files) if len(files) > 1 else None)


def _files_of(path: Path) -> list[tuple[MovieFormat, Path]]:
    if not path.exists():
        raise FileMissing(path, "file", "doesn't exist", "Check the path.")
    check_regular(path)
    if path.is_dir():
        movie_format, files = MOVIE_FORMATS.of_folder(path)
    else:
        movie_format, files = MOVIE_FORMATS.of_file(path), [path]
    for file in files:
        check_regular(file)
        if file.is_file() and file.stat().st_size == 0:
            raise DamagedFile(file, "file", "is empty (0 bytes)", "Copy it again.")
    return [(movie_format, file) for file in files]
