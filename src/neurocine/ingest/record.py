"""The record of a raw movie: files and checksums, shape, frame rate, pixel size, pixel statistics.

The first step of the workflow. It reads every pixel once: a damaged movie fails here, not hours later.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from neurocine.core import InputError, InvalidFrames, Movie, NoValidFrame, Selection, Validity
from neurocine.core.recording import Range
from neurocine.ingest.alternation import alternation_doubt
from neurocine.ingest.artefacts import FrameStatistics, find_artefacts
from neurocine.ingest.dark_offset import DarkOffset, find_dark_offset
from neurocine.ingest.doubts import gathered_warnings
from neurocine.ingest.missing import MissingPixels, MissingSummary, missing_warning
from neurocine.ingest.pixels import PixelStatistics, check_pixels, sample_runs
from neurocine.ingest.scan_phase import ScanPhase, ScanPhaseSum
from neurocine.ingest.scenes import scene_doubt
from neurocine.ingest.storage import copies_doubt, scaling_doubt, sides_doubt, sign_doubt, time_axis_doubt
from neurocine.io.movies import first_mismatch, frames_of_files, movie_files, n_frames_stored, open_movie
from neurocine.progress import Progress, silent

logger = logging.getLogger(__name__)

#: Frames from which the dark offset is found.
OFFSET_FRAMES = 200
#: What to say of a movie by some of its frames.
_DOUBTS = (sign_doubt, sides_doubt, time_axis_doubt, scaling_doubt)
_HASH_BYTES = 8 * 1024**2
_ALL = Selection()


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
    paths
        The movie as it was given: files, folders.
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
    missing
        Pixels that are NaN or infinite; None if there are none.
    dark_offset
        Value of a pixel without light.
    channel_structural, structural_files
        Name of the structural channel, and the paths of its files; None and empty if there is none.
    frames_read
        How many frames were looked at: all, unless the record is that of a sample.
    warnings
        What is doubtful, each with its remedy.
    """

    paths: tuple[str, ...]
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
    missing: MissingSummary | None = None
    dark_offset: DarkOffset = field(default_factory=DarkOffset)
    channel_structural: str | None = None
    structural_files: tuple[str, ...] = ()
    scan_phase: ScanPhase = field(default_factory=ScanPhase)
    frames_read: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def validity(self) -> Validity:
        """Which frames hold data."""
        return Validity(self.shape[0], self.invalid, self.invalid_rows)

    def open(self) -> Movie:
        """Return the movie, lazily.

        Raises
        ------
        InputError
            If it has other files by now.
        """
        return self._opened([file.path for file in self.files], self.selection)

    def open_structural(self) -> Movie | None:
        """Return the movie of the structural channel, lazily; None if there is none."""
        if self.channel_structural is None:
            return None
        return self._opened(self.structural_files, replace(self.selection, channel=self.channel_structural))

    def _opened(self, files: Sequence[str], selection: Selection) -> Movie:
        # What one file holds may be told by those beside it: all are looked at again.
        paths = list(map(Path, self.paths))
        found = [str(name) for name in movie_files(paths, selection)[1]]
        if found != list(files):
            raise InputError(
                self.paths[0],
                "files",
                f"are {len(found)} now, and were {len(files)} or others when the step ingest read them",
                "Run the step ingest again.",
            )
        movie = open_movie(
            paths,
            frame_rate_hz=self.frame_rate_hz,
            pixel_size_um=self.pixel_size_um,
            indicator=self.indicator,
            override=True,
            selection=selection,
        )
        complete = not self.invalid and not self.invalid_rows
        validity = None if complete else self.validity
        return replace(movie, validity=validity, dark_offset=self.dark_offset.value)


def ingest(
    paths: Path | Sequence[Path],
    *,
    frame_rate_hz: float | None = None,
    pixel_size_um: float | None = None,
    indicator: str | None = None,
    override: bool = False,
    dark_offset: float | None = None,
    selection: Selection = _ALL,
    channel_structural: str | None = None,
    bad_frames: Sequence[Range] = (),
    sample: int | None = None,
    progress: Progress = silent,
) -> MovieRecord:
    """Check all of a movie, or a sample of it, and return its record.

    Parameters
    ----------
    paths, frame_rate_hz, pixel_size_um, indicator, override, selection
        As for `neurocine.io.movies.open_movie`.
    dark_offset
        Value of a pixel without light, in counts; None: see `find_dark_offset`.
    channel_structural
        Name of the structural channel in the same files; None if there is none.
    bad_frames
        First and last frame (0-based, inclusive, counted before `selection`) of ranges that the user knows
        to hold no usable data.
    sample
        How many frames to read at most, in short runs spread over the movie; the record then has no
        checksums. None: the whole movie.
    progress
        Called with the frames checked and the files hashed.

    Raises
    ------
    InputError
        For all that `open_movie` and `check_pixels` refuse; if no frame holds data; if the structural channel
        isn't there, or is the functional one.
    """
    with gathered_warnings() as warnings:
        movie = open_movie(
            paths,
            frame_rate_hz=frame_rate_hz,
            pixel_size_um=pixel_size_um,
            indicator=indicator,
            override=override,
            selection=selection,
        )
        others = structural_files(paths, channel_structural, selection, movie)
        runs = sample_runs(movie.n_frames, _most_frames(movie, sample))
        named = _named(bad_frames, movie, selection.frames)
        try:
            pixels, missing, found, phase = _pixels(movie, runs, selection, progress)
            validity = named | found
        except NoValidFrame as error:
            raise error.at(movie.source) from error
        few = np.concatenate([movie.frames[first : last + 1] for first, last in _few_runs(movie)])
        by_pixels = [doubt(few) for doubt in _DOUBTS]
        for doubt in (alternation_doubt(movie), *by_pixels):
            if doubt:
                logger.warning("%s: %s", movie.source, doubt)
        lit = replace(movie, validity=validity)
        changed = scene_doubt(lit)
        if changed:
            logger.warning("%s: %s", movie.source, changed)
        darkness = _dark_offset(lit, dark_offset)
    movie_format, files = _source_files(paths, selection, movie, progress, with_checksums=sample is None)
    return MovieRecord(
        paths=tuple(map(str, [paths] if isinstance(paths, str | Path) else paths)),
        files=files,
        sha256=hashlib.sha256("".join(file.sha256 for file in files).encode()).hexdigest(),
        format=movie_format,
        selection=selection,
        shape=(movie.n_frames, *movie.fov_shape),
        dtype=movie.dtype.name,
        frame_rate_hz=movie.frame_rate_hz,
        pixel_size_um=movie.pixel_size_um,
        indicator=movie.indicator,
        pixels=pixels,
        invalid=validity.invalid,
        invalid_rows=validity.rows,
        missing=missing,
        dark_offset=darkness,
        channel_structural=channel_structural,
        structural_files=others,
        scan_phase=phase,
        frames_read=sum(last - first + 1 for first, last in runs),
        warnings=tuple(warnings),
    )


def _most_frames(movie: Movie, sample: int | None) -> int:
    """Return how many frames to read: all, or as many as asked for and as fit in a block of memory."""
    return movie.n_frames if sample is None else max(2, min(sample, movie.block_frames()))


def _pixels(
    movie: Movie, runs: Sequence[Range], selection: Selection, progress: Progress
) -> tuple[PixelStatistics, MissingSummary | None, Validity, ScanPhase]:
    """Return what the frames in `runs` tell of pixels and scan, and which frames of the movie hold data."""
    statistics, unknown, phases = FrameStatistics(), MissingPixels(), ScanPhaseSum()
    pixels = check_pixels(movie, progress, statistics, unknown, runs, phases)
    by_the_file = movie.validity or Validity(movie.n_frames)
    read = np.concatenate([np.arange(first, last + 1) for first, last in runs])
    found, recorded = unknown.validity(movie.source), by_the_file.valid[read]
    if not recorded.all():  # Frames that were never recorded are no measure of the others.
        statistics = statistics.of_frames(recorded)
    found |= find_artefacts(statistics).placed(np.flatnonzero(recorded), len(read))
    copied = statistics.of("copied") & (statistics.of("highest") > statistics.of("lowest"))
    doubt = copies_doubt(copied, movie.frame_rate_hz)
    if doubt:
        logger.warning("%s: %s", movie.source, doubt)
    missing = unknown.result(movie.source)
    if missing is not None:
        logger.warning("%s: %s", movie.source, missing_warning(missing, selection.crop))
    phase = phases.result()
    if phase.warning:
        logger.warning("%s: %s", movie.source, phase.warning)
    return pixels, missing, by_the_file | found.placed(read, movie.n_frames), phase


def _dark_offset(movie: Movie, given: float | None) -> DarkOffset:
    """Return the dark offset: what is given, what the file says, or what is found."""
    known = given if given is not None else movie.dark_offset or None
    offset, doubt = find_dark_offset(movie, _few_runs(movie), known)
    if doubt:
        logger.warning("%s: %s", movie.source, doubt)
    return offset


def _few_runs(movie: Movie) -> list[Range]:
    """Return the frames that tell dark offset and sign, the same ones whether all or a sample was read."""
    return sample_runs(movie.n_frames, _most_frames(movie, OFFSET_FRAMES))


def _source_files(
    paths: Path | Sequence[Path],
    selection: Selection,
    movie: Movie,
    progress: Progress,
    *,
    with_checksums: bool,
) -> tuple[str, tuple[SourceFile, ...]]:
    """Return the format and the files of a movie, with the frames that each holds."""
    movie_format, names = movie_files(paths, selection)
    files = []
    for done, (name, held) in enumerate(zip(names, frames_of_files(movie.frames), strict=True)):
        first, last = (held.start, held.stop - 1) if held else (None, None)
        size, sha256 = _digest(name) if with_checksums else (name.stat().st_size, "")
        files.append(SourceFile(str(name), size, sha256, first, last))
        if with_checksums:
            progress("checksums", done + 1, len(names))
    return movie_format.name, tuple(files)


def structural_files(
    paths: Path | Sequence[Path], channel: str | None, selection: Selection, functional: Movie
) -> tuple[str, ...]:
    """Return the files of the structural `channel`, none if that is None.

    Raises
    ------
    InputError
        If it isn't there, is the functional channel, or has other frames than that.
    """
    if channel is None:
        return ()
    structural = open_movie(
        paths,
        frame_rate_hz=functional.frame_rate_hz,
        pixel_size_um=functional.pixel_size_um,
        override=True,
        selection=replace(selection, channel=channel),
    )
    files = movie_files(paths, selection)[1]
    others = movie_files(paths, replace(selection, channel=channel))[1]
    problem, remedy = "", "Name the other channel."
    shapes = [(movie.n_frames, *movie.fov_shape) for movie in (structural, functional)]
    mismatch = first_mismatch(files, others)
    if shapes[0] != shapes[1]:
        problem = f"has frames of shape {shapes[0]}, the functional channel {shapes[1]}"
        remedy = "Copy what is missing of one of them, or name another channel."
    elif mismatch is not None:
        problem = f"lacks another frame: {mismatch[1].name} stands beside {mismatch[0].name}"
        remedy = "Copy what is missing of both, or take the same files of both away."
    elif np.array_equal(structural.read(0, 1), functional.read(0, 1)):
        problem = f"{channel!r} holds the same pixels as the functional channel {selection.channel!r}"
    if problem:
        raise InputError(structural.source, "channel_structural", problem, remedy)
    return tuple(map(str, others))


def _named(ranges: Sequence[Range], movie: Movie, selected: Range | None) -> Validity:
    """Return the validity of the frames that the user names, counted before `selected` ones were taken."""
    start, stored = selected[0] if selected else 0, n_frames_stored(movie.frames)
    valid = np.ones(movie.n_frames, dtype=bool)
    for first, last in ranges:
        if last >= stored:
            raise InputError(
                movie.source,
                "bad_frames",
                f"frames {first} to {last} aren't all in the movie, which has {stored}",
                f"Frames count from 0: give frames of 0 to {stored - 1}.",
            )
        valid[max(0, first - start) : max(0, last + 1 - start)] = False
    if not valid.any():
        raise InputError(
            movie.source,
            "bad_frames",
            "all frames that are used are among them",
            "Frames count from 0, before the column frames: name those without usable data alone.",
        )
    return Validity.of(valid, "named by the user")


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
