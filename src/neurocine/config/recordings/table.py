"""Read and check the recordings table."""

from __future__ import annotations

import glob
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from neurocine.config.engines import GIVEN
from neurocine.config.recordings.cells import (
    parse_channel,
    parse_crop,
    parse_frames,
    parse_plane,
    ranges_in,
)
from neurocine.config.recordings.row import REQUIRED, validated_row
from neurocine.core import FileMissing, InputError, Recording, Selection
from neurocine.io.edited_table import read_edited_table
from neurocine.io.movies import natural_key
from neurocine.io.rois import split_dataset

T = TypeVar("T")


def load_recordings(table: Path) -> tuple[Recording, ...]:
    """Return the recordings of a tab-separated `table`, in its order.

    Paths are relative to the working folder.

    Raises
    ------
    InputError
        On a missing table or movie, an unknown column, an invalid value or a repeated name, with the line and
        the column.
    """
    if not table.is_file():
        raise FileMissing(table, "file", "doesn't exist", "`neurocine init MOVIES` writes one.")
    rows = read_edited_table(table, REQUIRED).rows
    if not rows:
        raise InputError(table, "rows", "there are none", "Add one row per recording.")
    recordings = tuple(_recording(f"{table}, line {line}", row) for line, row in rows)
    seen: dict[str, int] = {}
    for (line, _), recording in zip(rows, recordings, strict=True):
        # Some file systems ignore case and the encoding of accents: two such names would be one folder.
        key = unicodedata.normalize("NFC", recording.name).casefold()
        if key in seen:
            raise InputError(
                f"{table}, line {line}",
                "recording",
                f"{recording.name!r} is also the name on line {seen[key]}",
                "Give each recording a unique name.",
            )
        seen[key] = line
    return recordings


def check_rois(table: str | Path, recording: Recording, engine: str) -> None:
    """Check that the segmentation engine uses the ROIs that the table names, and has those that it needs.

    Raises
    ------
    InputError
        If `recording` has ROIs in the column ``rois`` that the engine `engine` wouldn't use, or none for the
        engine ``given``.
    """
    if engine == GIVEN and recording.rois is None:
        raise InputError(
            table,
            "rois",
            f"recording {recording.name!r} has none, but segmentation.engine is {GIVEN!r}",
            "Name its ROIs in the column rois, or choose another engine.",
        )
    if engine != GIVEN and recording.rois is not None:
        raise InputError(
            table,
            "rois",
            f"recording {recording.name!r} names {str(recording.rois)!r}, which the engine {engine!r} "
            "wouldn't use",
            f"Set segmentation.engine to {GIVEN!r} to use these ROIs, or empty the column rois.",
        )


def _recording(where: str, cells: dict[str, str]) -> Recording:
    row = validated_row(where, cells)
    return Recording(
        name=row.recording,
        movie=_existing_movie(where, row.movie),
        selection=Selection(
            dataset=row.dataset,
            **(_parsed(where, "channel", row.channel, parse_channel) or {}),
            **(_parsed(where, "plane", row.plane, parse_plane) or {}),
            frames=_parsed(where, "frames", row.frames, parse_frames),
            crop=_parsed(where, "crop", row.crop, parse_crop),
        ),
        channel_structural=row.channel_structural,
        override=bool(row.override),
        dark_offset=row.dark_offset,
        frame_rate_hz=row.frame_rate_hz,
        pixel_size_um=row.pixel_size_um,
        indicator=row.indicator,
        rois=_existing(where, "rois", row.rois),
        bad_frames=_bad_frames(where, row.bad_frames),
        ground_truth=_existing(where, "ground_truth", row.ground_truth),
        split=row.split or "",
    )


def _parsed(where: str, column: str, text: str | None, parse: Callable[[str], T]) -> T | None:
    """Return what a cell says, None if it is empty."""
    try:
        return None if text is None else parse(text)
    except ValueError as error:
        raise InputError(where, column, f"{error}", "Correct the cell, or leave it empty.") from error


def _bad_frames(where: str, text: str | None) -> tuple[tuple[int, int], ...]:
    """Return the ranges that a cell holds, or the file that it names."""
    if text is None:
        return ()
    path = Path(text)
    try:
        cell = path.read_text(encoding="utf-8") if _exists(text) and path.is_file() else text
        return tuple(sorted(ranges_in(cell)))
    except ValueError as error:
        raise InputError(
            where,
            "bad_frames",
            f"{error}",
            "Give ranges such as 120-130, 500 (0-based, inclusive), or an existing file with one per line.",
        ) from error


def movie_paths(pattern: str, folder: Path = Path()) -> tuple[Path, ...]:
    """Return what a cell of the column ``movie`` names, in the order of time; empty if nothing is there.

    A relative path or glob is that of `folder`. A file whose name holds [ or * is taken literally.
    """
    if _exists(folder / pattern):
        return (folder / pattern,)
    names = glob.glob(pattern, root_dir=folder, recursive=True)
    return tuple(sorted((folder / name for name in names), key=natural_key))


def _existing_movie(where: str, pattern: str) -> tuple[Path, ...]:
    paths = movie_paths(pattern)
    if not paths:
        raise InputError(where, "movie", f"nothing is there under {pattern!r}", "Check the path.")
    return paths


def _existing(where: str, column: str, name: str | None) -> Path | None:
    """Return the path of ROIs; the name of a set in the file, after a ``#``, is part of it."""
    if name is None:
        return None
    if not _exists(split_dataset(name)[0]):
        raise InputError(where, column, f"{name!r} doesn't exist", "Check the path, or leave the cell empty.")
    return Path(name)


def _exists(path: str | Path) -> bool:
    try:
        return Path(path).exists()
    except OSError:  # such as a name that is too long
        return False
