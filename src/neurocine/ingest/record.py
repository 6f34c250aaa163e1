"""The record of a raw movie: files and checksums, shape, frame rate, pixel size, pixel statistics.

The first step of the workflow. It reads every pixel once: a damaged movie fails here, not hours later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import DamagedFile, FileMissing, InputError, InvalidFrames, Movie, Selection, Validity
from neurocine.core.recording import Range
from neurocine.ingest.artefacts import FrameStatistics, find_artefacts
from neurocine.io.atomic import write_text
from neurocine.io.movies import frames_of_files, movie_files, open_movie
from neurocine.io.safe.damage import PARSER_ERRORS, short_message
from neurocine.progress import Progress, silent

_HASH_BYTES = 8 * 1024**2
_ALL = Selection()


@dataclass(frozen=True)
class PixelStatistics:
    """Statistics of a movie's pixels, in its counts.

    Attributes
    ----------
    mean, min, max
        Over all pixels and frames.
    saturated
        Fraction of pixels equal to `max`, in [0, 1]: close to 0 unless the recording was clipped.
    """

    mean: float
    min: float
    max: float
    saturated: float


@dataclass(frozen=True)
class SourceFile:
    """One file (or Zarr folder) of a movie.

    Attributes
    ----------
    path
        Path as given.
    size
        Bytes.
    sha256
        SHA-256 of its content.
    first_frame, last_frame
        The frames of the movie that it holds (0-based, inclusive); None if none of them is selected.
    """

    path: str
    size: int
    sha256: str
    first_frame: int | None
    last_frame: int | None


@dataclass(frozen=True)
class MovieRecord:
    """The record that `ingest` makes of a movie.

    Attributes
    ----------
    files
        Its files in order of time.
    sha256
        SHA-256 over their hexadecimal digests, one after the other: the identity of the movie.
    format
        Name of the format.
    selection
        Which part of the files is the movie. All other frames and pixels here are counted within it.
    shape
        (T, Y, X).
    dtype
        Pixel type, such as ``uint16``.
    frame_rate_hz, pixel_size_um, indicator
        As the user or the files give them.
    pixels
        Mean, range and saturation.
    invalid, invalid_rows
        Frames without data, and rows without data in other frames, as in `neurocine.core.Validity`.
    """

    files: tuple[SourceFile, ...]
    sha256: str
    format: str
    selection: Selection
    shape: tuple[int, int, int]
    dtype: str
    frame_rate_hz: float
    pixel_size_um: float
    indicator: str
    pixels: PixelStatistics
    invalid: tuple[InvalidFrames, ...] = ()
    invalid_rows: tuple[tuple[int, int, int], ...] = ()

    @property
    def validity(self) -> Validity:
        """Which frames hold data."""
        return Validity(self.shape[0], self.invalid, self.invalid_rows)

    def open(self) -> Movie:
        """Return the movie, lazily, by the paths recorded here."""
        movie = open_movie(
            [Path(file.path) for file in self.files],
            frame_rate_hz=self.frame_rate_hz,
            pixel_size_um=self.pixel_size_um,
            indicator=self.indicator,
            override=True,
            selection=self.selection,
        )
        complete = not self.invalid and not self.invalid_rows
        return movie if complete else replace(movie, validity=self.validity)


def ingest(
    paths: Path | Sequence[Path],
    *,
    frame_rate_hz: float | None = None,
    pixel_size_um: float | None = None,
    indicator: str | None = None,
    override: bool = False,
    selection: Selection = _ALL,
    bad_frames: Sequence[Range] = (),
    progress: Progress = silent,
) -> MovieRecord:
    """Check all of a movie and return its record.

    Parameters
    ----------
    paths, frame_rate_hz, pixel_size_um, indicator, override, selection
        As for `neurocine.io.movies.open_movie`.
    bad_frames
        First and last frame (0-based, inclusive, counted before `selection`) of ranges that the user knows
        to hold no usable data.
    progress
        Called with the frames checked and the files hashed.

    Raises
    ------
    InputError
        For all that `open_movie` and `check_pixels` refuse.
    """
    movie = open_movie(
        paths,
        frame_rate_hz=frame_rate_hz,
        pixel_size_um=pixel_size_um,
        indicator=indicator,
        override=override,
        selection=selection,
    )
    statistics = FrameStatistics()
    pixels = check_pixels(movie, progress, statistics)
    named = _named(bad_frames, movie, selection.frames)
    validity = named | find_artefacts(statistics)
    movie_format, names = movie_files(paths, selection)
    files = []
    for done, (name, held) in enumerate(zip(names, frames_of_files(movie.frames), strict=True)):
        progress("checksums", done, len(names))
        first, last = (held.start, held.stop - 1) if held else (None, None)
        files.append(SourceFile(str(name), *_digest(name), first, last))
    progress("checksums", len(names), len(names))
    return MovieRecord(
        files=tuple(files),
        sha256=hashlib.sha256("".join(file.sha256 for file in files).encode()).hexdigest(),
        format=movie_format.name,
        selection=selection,
        shape=(movie.n_frames, *movie.fov_shape),
        dtype=movie.dtype.name,
        frame_rate_hz=movie.frame_rate_hz,
        pixel_size_um=movie.pixel_size_um,
        indicator=movie.indicator,
        pixels=pixels,
        invalid=validity.invalid,
        invalid_rows=validity.rows,
    )


def _named(ranges: Sequence[Range], movie: Movie, selected: Range | None) -> Validity:
    """Return the validity of the frames that the user names, counted before `selected` ones were taken."""
    start = selected[0] if selected else 0
    valid = np.ones(movie.n_frames, dtype=bool)
    for first, last in ranges:
        if last >= start + movie.n_frames and selected is None:
            raise InputError(
                movie.source,
                "bad_frames",
                f"frames {first} to {last} aren't all in the movie, which has {movie.n_frames}",
                f"Frames count from 0: give frames of 0 to {movie.n_frames - 1}.",
            )
        valid[max(0, first - start) : max(0, last + 1 - start)] = False
    return Validity.of(valid, "named by the user")


def check_pixels(
    movie: Movie, progress: Progress = silent, statistics: FrameStatistics | None = None
) -> PixelStatistics:
    """Read every pixel of `movie` once, in blocks, and return their statistics.

    Raises
    ------
    InputError
        If a frame can't be read, holds NaN or infinity (the first such frame is named), or all pixels are
        the same.
    """
    total: float = 0
    lowest, highest, at_highest = np.inf, -np.inf, 0
    step = movie.block_frames()
    for start in range(0, movie.n_frames, step):
        frames = _readable(movie, start, min(start + step, movie.n_frames))
        _check_finite(movie, start, frames)
        if statistics is not None:
            statistics.add(frames)
        # Integers are summed exactly, so the block size doesn't matter.
        total += frames.sum(dtype=np.float64).item() if frames.dtype.kind == "f" else int(frames.sum())
        lowest, block_highest = min(lowest, frames.min().item()), frames.max().item()
        if block_highest > highest:
            highest, at_highest = block_highest, 0
        at_highest += int(np.count_nonzero(frames == highest))
        progress("pixels", start + len(frames), movie.n_frames)
    if lowest == highest:
        raise InputError(
            movie.source,
            "pixels",
            f"all have the value {highest:g}",
            "Check whether the shutter was open and the channel is right.",
        )
    n_pixels = movie.n_frames * movie.fov_shape[0] * movie.fov_shape[1]
    return PixelStatistics(float(total / n_pixels), float(lowest), float(highest), at_highest / n_pixels)


def write_source(path: Path, record: MovieRecord) -> None:
    """Write what `ingest` returned as JSON, atomically."""
    write_text(path, json.dumps(asdict(record), indent=2, ensure_ascii=False) + "\n")


def read_source(path: Path) -> MovieRecord:
    """Return the record in a file that `write_source` made.

    Raises
    ------
    InputError
        If the file is missing, isn't JSON or lacks a field.
    """
    if not path.is_file():
        raise FileMissing(path, "file", "doesn't exist", "Run the step ingest.")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        known = {field.name: record[field.name] for field in fields(MovieRecord)}
        n_frames, height, width = (int(n) for n in known["shape"])
        return MovieRecord(
            **known
            | {
                "files": tuple(SourceFile(**file) for file in known["files"]),
                "selection": _selection(known["selection"]),
                "shape": (n_frames, height, width),
                "pixels": PixelStatistics(**known["pixels"]),
                "invalid": tuple(InvalidFrames(**part) for part in known["invalid"]),
                "invalid_rows": tuple((int(a), int(b), int(c)) for a, b, c in known["invalid_rows"]),
            }
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            path, "content", f"isn't a record of ingest ({error!r})", "Run the step ingest again."
        ) from error


def _selection(values: dict[str, Any]) -> Selection:
    """Return a selection that was stored as JSON, whose ranges are lists."""
    frames, crop = values["frames"], values["crop"]
    return Selection(
        **values
        | {
            "frames": None if frames is None else tuple(frames),
            "crop": None if crop is None else tuple(map(tuple, crop)),
        }
    )


def _readable(movie: Movie, start: int, stop: int) -> NDArray[Any]:
    try:
        return movie.read(start, stop)
    except PARSER_ERRORS as error:
        raise DamagedFile(
            movie.source,
            f"frames {start}-{stop - 1}",
            f"can't be read ({short_message(error)})",
            "The file is damaged: copy it again.",
        ) from error


def _check_finite(movie: Movie, start: int, frames: NDArray[Any]) -> None:
    if frames.dtype.kind != "f":
        return
    bad = ~np.isfinite(frames).all(axis=(1, 2))
    if bad.any():
        first = start + int(np.argmax(bad))
        raise InputError(
            movie.source,
            f"frame {first}",
            "holds NaN or infinite pixels",
            "Remove or interpolate such frames before the workflow, or save the movie as integers.",
        )


def _digest(path: Path) -> tuple[int, str]:
    """Return size and SHA-256 of a file; of a folder, over the names and digests of its files in order."""
    if path.is_dir():
        inside = sorted(file for file in path.rglob("*") if file.is_file())
        parts = [(file.relative_to(path).as_posix(), *_digest(file)) for file in inside]
        text = "".join(f"{name}\n{digest}\n" for name, _, digest in parts)
        return sum(size for _, size, _ in parts), hashlib.sha256(text.encode()).hexdigest()
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASH_BYTES):
            sha.update(block)
    return path.stat().st_size, sha.hexdigest()
