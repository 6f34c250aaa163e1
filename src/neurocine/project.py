"""Set a project up, and check its inputs before hours are spent."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from neurocine.activity import check_length
from neurocine.config import Config
from neurocine.config.engines import STNEURONET
from neurocine.config.generate import config_text
from neurocine.config.recordings import RecordingRow, check_rois, load_recordings
from neurocine.core import InputError, Movie, NeurocineError, Recording
from neurocine.ingest import MovieRecord, gathered_warnings, ingest
from neurocine.io.atomic import write_text
from neurocine.io.movies import OpenedMovie, find_movies, movie_title, natural_key, probe
from neurocine.io.movies.names import is_numbered_sequence
from neurocine.io.movies.tiff import is_file_set
from neurocine.io.rois import open_cropped
from neurocine.networks.registry import Registry

#: Frames of each movie that `check_recording` reads.
SAMPLE_FRAMES = 200


@dataclass(frozen=True)
class InitReport:
    """What `init_project` did.

    Attributes
    ----------
    table
        Path of the recordings table.
    added
        Movies that became rows.
    n_rows
        How many rows were added: one per plane.
    skipped
        Why other movies couldn't be read.
    notes
        What else there is to say of movies: that they have several planes, or channels to choose from.
    """

    table: Path
    added: tuple[Path, ...]
    n_rows: int
    skipped: tuple[str, ...]
    notes: tuple[str, ...]


def init_project(movies: Path, folder: Path, *, force: bool = False) -> InitReport:
    """Write ``config/config.yaml`` and ``config/recordings.tsv`` into `folder`.

    Every movie in the folder `movies` becomes a row with what its metadata says, one of several planes a row
    per plane; what it lacks stays empty, and so does the channel where there are several: only the user knows
    which shows activity. A folder of consecutively numbered TIFF files, or of those that PrairieView or
    ThorImage wrote of one recording, `movies` itself or one in it, is one movie. An existing table keeps its
    rows and gets those of new movies, unless `force` is set.

    Raises
    ------
    InputError
        If there is no movie that can be read, or an existing table can't be.
    """
    config, table = folder / "config" / "config.yaml", folder / "config" / "recordings.tsv"
    keep = table.exists() and not force
    paths = _movies_in(movies)
    if not paths:
        raise InputError(movies, "folder", "holds no movie", "See the docs for the formats that are read.")
    existing = load_recordings(table) if keep else ()
    known, names = _known_movies(existing), {recording.name.casefold() for recording in existing}
    rows, added, skipped, notes = list[dict[str, object]](), list[Path](), list[str](), list[str]()
    for path in paths:
        if path.resolve() in known:
            continue
        try:
            movie = probe(path)
        except InputError as error:
            skipped.append(str(error))
        else:
            rows += _rows(path, movie, names)
            added.append(path)
            notes += _notes(path, movie)
    if not rows and not known:
        raise InputError(movies, "folder", f"no movie can be read: {'; '.join(skipped)}", "Check the files.")
    if force or not config.exists():
        write_text(config, config_text())
    if rows or not keep:
        write_text(table, _table_text(rows, table.read_text(encoding="utf-8-sig") if keep else ""))
    return InitReport(table, tuple(added), len(rows), tuple(skipped), tuple(notes))


def _movies_in(folder: Path) -> list[Path]:
    """Return the movies in `folder`; TIFF files of one recording are one movie, the folder they lie in."""
    movies = find_movies(folder)
    if _is_one_recording(movies):
        return [folder]
    inside = sorted((path for path in folder.iterdir() if path.is_dir()), key=natural_key)
    chunked = [path for path in inside if path not in movies and _is_one_recording(find_movies(path))]
    return [*movies, *chunked]


def _is_one_recording(movies: Sequence[Path]) -> bool:
    return is_numbered_sequence(movies) or is_file_set(movies)


def _known_movies(recordings: Sequence[Recording]) -> set[Path]:
    """Return the files and folders that `recordings` are made of."""
    return {
        path.resolve()
        for recording in recordings
        for path in (*recording.movie, *((recording.movie[0].parent,) if len(recording.movie) > 1 else ()))
    }


def _rows(path: Path, movie: OpenedMovie, names: set[str]) -> list[dict[str, object]]:
    """Return a row for each plane, under names that aren't among `names`, and add these to them."""
    n_planes = movie.layout.n_planes if movie.layout else 1
    rows: list[dict[str, object]] = []
    for plane in range(n_planes):
        stem = _name(path) + (f"_plane{plane}" if n_planes > 1 else "")
        name = next(n for i in count(1) if (n := stem + (f"_{i}" if i > 1 else "")).casefold() not in names)
        names.add(name.casefold())
        rows.append(
            {
                "recording": name,
                "movie": path,
                "plane": plane if n_planes > 1 else "",
                "frame_rate_hz": movie.frame_rate_hz or "",
                "pixel_size_um": movie.pixel_size_um or "",
                "indicator": movie.indicator or "",
            }
        )
    return rows


def _notes(path: Path, movie: OpenedMovie) -> list[str]:
    """Return what the user should know of a movie's channels and planes."""
    channels, n_planes = (movie.layout.channels, movie.layout.n_planes) if movie.layout else ((), 1)
    notes = []
    if n_planes > 1:
        notes.append(f"{path}: {n_planes} planes, one row for each")
    if len(channels) > 1:
        notes.append(
            f"{path}: {len(channels)} channels ({', '.join(channels)}): name the one that shows activity in "
            "the column channel"
        )
    return notes


def _table_text(rows: list[dict[str, object]], existing: str = "") -> str:
    """Return a table of `rows`, after the text of an `existing` one and with its columns."""
    lines = [line for line in existing.splitlines() if not line.startswith("#")]
    columns = lines[0].split("\t") if lines else list(RecordingRow.model_fields)
    missing = [column for column in ("plane",) if any(row[column] != "" for row in rows)]
    if lines and not set(missing) <= set(columns):
        columns += missing
        existing = existing.replace(lines[0], "\t".join(columns), 1)
    text = io.StringIO()
    writer = csv.DictWriter(
        text, columns, restval="", delimiter="\t", lineterminator="\n", extrasaction="ignore"
    )
    if not lines:
        writer.writeheader()
    elif not existing.endswith("\n"):
        text.write("\n")
    writer.writerows(rows)
    return existing + text.getvalue()


def _name(path: Path) -> str:
    name = "".join(c if c.isalnum() or c in "_-." else "_" for c in movie_title(path))
    return name.lstrip("-.") or "recording"


def check_models(config: Config) -> None:
    """Raise `InputError` if a network that `config` names isn't in the registry, or is for another task."""
    registry, looked_for = Registry.load(), config.active.mode != "off"
    registry.get(config.celltype.model, "celltype")
    if config.activity.model != "auto":
        registry.get(config.activity.model, "activity")
    if looked_for or config.segmentation.engine == STNEURONET:
        registry.get(config.segmentation.stneuronet.model, STNEURONET)


def check_recording(recording: Recording, config: Config) -> MovieRecord:
    """Open what `recording` names as far as can be done in seconds; return what was understood of its movie.

    Raises
    ------
    InputError
        On anything that would make a step fail later: a movie that can't be read, lacks metadata or is
        shorter than the activity network's window; contours that don't fit it, none where the config wants
        them, or some where it doesn't.
    """
    record = ingest(
        recording.movie,
        frame_rate_hz=recording.frame_rate_hz,
        pixel_size_um=recording.pixel_size_um,
        indicator=recording.indicator,
        override=recording.override,
        dark_offset=recording.dark_offset,
        selection=recording.selection,
        bad_frames=recording.bad_frames,
        sample=SAMPLE_FRAMES,
    )
    check_length(_like(record), config.activity)
    check_rois(config.recordings, recording, config.segmentation.engine)
    if recording.rois is not None:
        open_cropped(recording.rois, fov_shape=record.shape[1:], crop=recording.selection.crop)
    return record


@dataclass(frozen=True)
class Findings:
    """What was found of a recording.

    Attributes
    ----------
    recording
        Its name.
    problem
        Why it can't be used; None if it can.
    warnings
        What is doubtful.
    movie
        What was understood of its movie; None if there is a problem.
    """

    recording: str
    problem: str | None
    warnings: tuple[str, ...]
    movie: MovieRecord | None


def findings(recording: Recording, config: Config) -> Findings:
    """Return what `check_recording` finds, a problem included."""
    movie, problem = None, None
    with gathered_warnings(quiet=True) as warnings:
        try:
            movie = check_recording(recording, config)
        except NeurocineError as error:
            problem = str(error)
    return Findings(recording.name, problem, tuple(warnings), movie)


def _like(record: MovieRecord) -> Movie:
    """Return a movie of the shape and the metadata of `record`, without its pixels."""
    blank = np.broadcast_to(np.zeros((), record.dtype), record.shape)
    return Movie(blank, record.frame_rate_hz, record.pixel_size_um, record.indicator, record.files[0].path)
