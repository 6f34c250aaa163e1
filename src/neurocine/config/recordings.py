"""Read and check the recordings table."""

from __future__ import annotations

import glob
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypedDict, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from neurocine.config.engines import GIVEN
from neurocine.config.load import explain
from neurocine.config.section import printable
from neurocine.core import FileMissing, InputError, Recording, Selection
from neurocine.core.recording import Range
from neurocine.io.edited_table import read_edited_table
from neurocine.io.movies import natural_key
from neurocine.io.rois import split_dataset

T = TypeVar("T")


class ChannelChoice(TypedDict, total=False):
    """The fields of a `Selection` that choose a channel."""

    channel: str
    n_channels: int


class PlaneChoice(TypedDict, total=False):
    """The fields of a `Selection` that choose a plane."""

    plane: int
    n_planes: int


#: Letters (of any script), digits, ``_``, ``-`` and ``.``: the name is a folder and a Snakemake wildcard.
NAME_PATTERN = r"^\w[\w.-]*$"

#: Folders in the results that don't belong to a recording.
RESERVED = ("benchmarks", "comparison", "evaluation", "logs", "training")

#: Names of devices on Windows, with any suffix.
DEVICES = ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)))

#: A number, or the first and last of a range; a tab or comma may part the two in a file.
_RANGE = re.compile(r"(\d+)(?:\s*(?:-|\u2013|\t)\s*(\d+))?")

#: Columns that a row can't do without.
REQUIRED = ("recording", "movie")

#: Longest name of a recording in bytes: file systems allow 255, and one letter can take four.
MAX_NAME_BYTES = 200


class RecordingRow(BaseModel):
    """One row of the recordings table; empty cells are null."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recording: Annotated[str, Field(pattern=NAME_PATTERN, max_length=100)] = Field(
        description="unique name: letters, digits, _, - and ."
    )
    movie: str = Field(
        description="path of the movie: a file, a folder, or a glob of files in temporal order"
    )
    frame_rate_hz: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        None, description="frames per second; empty: from the file's metadata"
    )
    pixel_size_um: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        None, description="micrometres per pixel; empty: from the file's metadata"
    )
    indicator: str | None = Field(None, description="calcium indicator, such as GCaMP6s")
    rois: str | None = Field(
        None,
        description="file with your own ROIs, for segmentation engine 'given'; FILE#NAME for one of several "
        "sets of ROIs in a file",
    )
    override: bool | None = Field(
        None, description="true: frame rate and pixel size of this table replace those of the file"
    )
    dark_offset: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        None, description="value of a pixel without light, in counts; empty: found where pixels lie below 0"
    )
    channel: str | None = Field(
        None,
        description="name of the channel, such as 2, A or green; 1/2: the first of two whose frames "
        "alternate, where the file doesn't say so; empty: the only one",
    )
    channel_structural: str | None = Field(None, description="second channel, which labels some cells")
    plane: str | None = Field(
        None,
        description="number of the plane, from 0; 0/4: the first of four whose frames alternate, where "
        "the file doesn't say so; empty: the only one",
    )
    frames: str | None = Field(
        None, description="first and last frame to use, 0-based and inclusive, such as 100-8999; empty: all"
    )
    crop: str | None = Field(
        None,
        description="rows and columns to use, 0-based and inclusive, such as 8-503, 12-499; empty: all",
    )
    bad_frames: str | None = Field(
        None,
        description="frames without usable data, 0-based and inclusive, such as 120-130, 500; or a file with "
        "one range per line",
    )
    dataset: str | None = Field(
        None, description="name of the dataset, where the movie's file (HDF5, NWB, Zarr) holds several"
    )
    ground_truth: str | None = Field(None, description="file or folder with the truth, for evaluation")
    split: Literal["train", "validation", "test"] | None = Field(
        None, description="train, validation or test; for recordings with truth"
    )

    @field_validator("recording")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name.casefold() in RESERVED:
            raise ValueError(f"this name is reserved, as are {', '.join(RESERVED)}")
        return name

    @field_validator("recording")
    @classmethod
    def _folder(cls, name: str) -> str:
        if len(name.encode()) > MAX_NAME_BYTES:
            raise ValueError(f"it is longer than {MAX_NAME_BYTES} bytes, which is too long for a folder")
        if name.endswith(".") or name.split(".")[0].casefold() in DEVICES:
            raise ValueError("Windows can't have a folder of this name")
        return name

    @field_validator("*")
    @classmethod
    def _printable(cls, value: object) -> object:
        return printable(value)

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_null(cls, value: object) -> object:
        text = value.strip() if isinstance(value, str) else value
        return None if text == "" else text


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


def validated_row(where: str, cells: Mapping[str, object]) -> RecordingRow:
    """Return a row of the table, checked; `where` is its place, for messages.

    Raises
    ------
    InputError
        On an unknown column or an invalid value.
    """
    try:
        return RecordingRow.model_validate(dict(cells))
    except ValidationError as error:
        raise InputError(where, *explain(error, RecordingRow)) from error


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
        rois=_existing_rois(where, row.rois),
        bad_frames=_bad_frames(where, row.bad_frames),
        ground_truth=_existing(where, "ground_truth", row.ground_truth),
        split=row.split or "",
    )


def ranges_in(text: str) -> tuple[Range, ...]:
    """Return the ranges in `text`, first and last (0-based, inclusive) of each.

    They are separated by commas, semicolons or line breaks; what follows a ``#`` on a line is a comment.

    Raises
    ------
    ValueError
        If a part isn't a number or a range, or a range ends before it begins.
    """
    ranges = []
    for part in re.split(r"[,;\n]", re.sub(r"#.*", "", text)):
        if not part.strip():
            continue
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()!r} is neither a number nor a range such as 120-130")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise ValueError(f"{part.strip()!r} ends before it begins")
        ranges.append((first, last))
    return tuple(ranges)


def parse_frames(text: str) -> Range:
    """Return first and last frame of a range such as ``100-8999``.

    Raises
    ------
    ValueError
        If `text` isn't one range.
    """
    ranges = ranges_in(text)
    if len(ranges) != 1:
        raise ValueError(f"{text!r} isn't one range such as 100-8999")
    return ranges[0]


def parse_crop(text: str) -> tuple[Range, Range]:
    """Return the ranges of rows and of columns of a crop such as ``8-503, 12-499``.

    Raises
    ------
    ValueError
        If `text` isn't two ranges.
    """
    ranges = ranges_in(text)
    if len(ranges) != 2:
        raise ValueError(f"{text!r} isn't a range of rows and one of columns, such as 8-503, 12-499")
    return ranges[0], ranges[1]


def parse_channel(text: str) -> ChannelChoice:
    """Return the channel in `text`: its name, or ``1/2`` for the first of two whose frames alternate.

    Raises
    ------
    ValueError
        If there is no such number of channels.
    """
    number, n_channels = _one_of(text)
    if n_channels is None:
        return {"channel": text.strip()}
    if not 1 <= number <= n_channels:
        raise ValueError(f"{text!r} isn't one of 1/{n_channels} to {n_channels}/{n_channels}")
    return {"channel": str(number), "n_channels": n_channels}


def parse_plane(text: str) -> PlaneChoice:
    """Return the plane in `text`: its number from 0, or ``0/4`` for the first of four that alternate.

    Raises
    ------
    ValueError
        If it isn't a number, or there is no such number of planes.
    """
    number, n_planes = _one_of(text)
    if n_planes is not None:
        if not 0 <= number < n_planes:
            raise ValueError(f"{text!r} isn't one of 0/{n_planes} to {n_planes - 1}/{n_planes}")
        return {"plane": number, "n_planes": n_planes}
    if not text.strip().isdecimal():
        raise ValueError(f"{text!r} isn't the number of a plane, such as 0, or 0/4 for the first of four")
    return {"plane": int(text)}


def _one_of(text: str) -> tuple[int, int | None]:
    """Return k and n of ``k/n``; n is None if `text` isn't of this form."""
    match = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", text)
    return (int(match[1]), int(match[2])) if match else (0, None)


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
    if name is None:
        return None
    if not _exists(name):
        raise InputError(where, column, f"{name!r} doesn't exist", "Check the path, or leave the cell empty.")
    return Path(name)


def _existing_rois(where: str, name: str | None) -> Path | None:
    """Return the path of the ROIs; the name of a set in the file, after a ``#``, is part of it."""
    if name is None:
        return None
    _existing(where, "rois", str(split_dataset(name)[0]))
    return Path(name)


def _exists(path: str | Path) -> bool:
    try:
        return Path(path).exists()
    except OSError:  # such as a name that is too long
        return False
