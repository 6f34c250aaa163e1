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
from neurocine.core import InputError, Movie, Recording
from neurocine.ingest import MovieRecord, ingest
from neurocine.io.atomic import write_text
from neurocine.io.movies import find_movies, movie_title, natural_key, probe
from neurocine.io.movies.names import is_numbered_sequence
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
    skipped
        Why other movies couldn't be read.
    """

    table: Path
    added: tuple[Path, ...]
    skipped: tuple[str, ...]


def init_project(movies: Path, folder: Path, *, force: bool = False) -> InitReport:
    """Write ``config/config.yaml`` and ``config/recordings.tsv`` into `folder`.

    Every movie in the folder `movies` becomes a row with what its metadata says; what it lacks stays empty. A
    folder of consecutively numbered TIFF files, `movies` itself or one in it, is one movie. An existing table
    keeps its rows and gets those of new movies, unless `force` is set.

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
    rows, added, skipped = [], [], []
    for path in paths:
        if path.resolve() in known:
            continue
        try:
            rows.append(_row(path, names))
        except InputError as error:
            skipped.append(str(error))
        else:
            added.append(path)
    if not rows and not known:
        raise InputError(movies, "folder", f"no movie can be read: {'; '.join(skipped)}", "Check the files.")
    if force or not config.exists():
        write_text(config, config_text())
    if rows or not keep:
        write_text(table, _table_text(rows, table.read_text(encoding="utf-8-sig") if keep else ""))
    return InitReport(table, tuple(added), tuple(skipped))


def _movies_in(folder: Path) -> list[Path]:
    """Return the movies in `folder`; numbered TIFF files are one movie, the folder that holds them."""
    movies = find_movies(folder)
    if is_numbered_sequence(movies):
        return [folder]
    inside = sorted((path for path in folder.iterdir() if path.is_dir()), key=natural_key)
    chunked = [path for path in inside if path not in movies and is_numbered_sequence(find_movies(path))]
    return [*movies, *chunked]


def _known_movies(recordings: Sequence[Recording]) -> set[Path]:
    """Return the files and folders that `recordings` are made of."""
    return {
        path.resolve()
        for recording in recordings
        for path in (*recording.movie, *((recording.movie[0].parent,) if len(recording.movie) > 1 else ()))
    }


def _row(path: Path, names: set[str]) -> dict[str, object]:
    """Return the row of a movie, under a name that isn't among `names`, and add it to them."""
    movie = probe(path)
    name = next(
        n for i in count(1) if (n := _name(path) + (f"_{i}" if i > 1 else "")).casefold() not in names
    )
    names.add(name.casefold())
    return {
        "recording": name,
        "movie": path,
        "frame_rate_hz": movie.frame_rate_hz or "",
        "pixel_size_um": movie.pixel_size_um or "",
        "indicator": movie.indicator or "",
    }


def _table_text(rows: list[dict[str, object]], existing: str = "") -> str:
    """Return a table of `rows`, after the text of an `existing` one and with its columns."""
    lines = [line for line in existing.splitlines() if not line.startswith("#")]
    columns = lines[0].split("\t") if lines else list(RecordingRow.model_fields)
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


def _like(record: MovieRecord) -> Movie:
    """Return a movie of the shape and the metadata of `record`, without its pixels."""
    blank = np.broadcast_to(np.zeros((), record.dtype), record.shape)
    return Movie(blank, record.frame_rate_hz, record.pixel_size_um, record.indicator, record.files[0].path)
