"""Movies opened lazily: the selected channel, plane, frames and crop of all their files as one `Movie`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from neurocine.core import DamagedFile, FrameSource, InputError, Movie, Selection
from neurocine.core.movie import Validity
from neurocine.core.recording import Crop, Range
from neurocine.io.movies.files import FoundFiles, file_set_of, found_files, movie_files
from neurocine.io.movies.frames import OpenedMovie, Selected
from neurocine.io.movies.joining import joined
from neurocine.io.movies.layout import (
    Layout,
    Region,
    chosen_layout,
    chosen_region,
    layout_of_files,
)
from neurocine.io.movies.metadata import resolve_indicator, resolve_metadata
from neurocine.io.movies.missing_frames import shortened, warn_of_missing, with_missing
from neurocine.io.movies.names import sequence_problems
from neurocine.io.movies.registry import MovieFormat
from neurocine.io.safe.damage import reraise_as_input_error

logger = logging.getLogger(__name__)

_ALL = Selection()


def open_movie(
    path: Path | Sequence[Path],
    *,
    frame_rate_hz: float | None = None,
    pixel_size_um: float | None = None,
    indicator: str | None = None,
    override: bool = False,
    selection: Selection = _ALL,
) -> Movie:
    """Open a movie; its frames stay on disk until they are read.

    Parameters
    ----------
    path
        A file; a folder of TIFF files, a Zarr folder, suite2p's folder with ``data.bin`` or a data set of
        Neurofinder; or several of these in the order of time, which become one movie.
    frame_rate_hz, pixel_size_um
        Frames per second, and µm per pixel. Needed where the file doesn't give them; where it does, they must
        agree with it within 1 %, unless `override` is set.
    indicator
        Calcium indicator; overrides that of the file.
    override
        Whether the rate and the pixel size given here replace those of a file that says otherwise.
    selection
        Which part of the files is the movie: a dataset (HDF5), array (Zarr) or TwoPhotonSeries (NWB) where
        a file holds several; the channel and the plane where there are several; the frames; the rows and
        columns.

    Raises
    ------
    FileMissing
        If a file doesn't exist.
    UnknownFormat
        If a file or folder is in no known format.
    DamagedFile
        If a file is empty, cut short or not what its suffix says.
    MetadataMissing
        If neither the file nor the caller gives the frame rate or the pixel size.
    InputError
        If it holds colour or a single frame; if there are several channels or planes and none is selected; if
        files don't fit together; if the rate or the pixel size contradicts the file; if a channel, a plane,
        frames, rows or columns are selected that aren't there.
    """
    found = found_files(path, selection)
    movie_format, files, within = found.format, found.files, found.selection
    for problem in sequence_problems(files):
        logger.warning("%s: %s", files[0].parent, problem)
    dataset = within.dataset if movie_format.has_datasets else None
    parts = [_read(movie_format, file, dataset) for file in files]
    name = str(files[0]) if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    stored = found.set.layout_in_files(_common_layout(files, parts))
    layout = chosen_layout(name, stored, within)
    if within.dataset is not None and not movie_format.has_datasets and not layout.regions:
        raise InputError(
            files[0], "dataset", f"{movie_format.name} files hold a single movie", "Leave the dataset out."
        )
    # Where a format has datasets, its reader chose one.
    region = chosen_region(name, layout, within)
    frames, validity, times, gaps = joined(name, files, parts, layout, within)
    n_alternating = max(1, layout.n_planes // (stored or Layout()).n_planes)
    rate = resolve_metadata(
        name,
        "frame_rate_hz",
        "--frame-rate",
        frame_rate_hz,
        _rates(name, found, parts, n_alternating, frame_rate_hz),
        override=override,
    )
    gaps = gaps or found.set.gaps(name, len(times))
    counted = shortened(gaps, len(times), rate)
    warn_of_missing(name, gaps, counted, within.frames)
    if counted:
        frames, validity, times = with_missing(frames, validity, times, counted)
    frames, validity, crop = _selected(name, frames, validity, times, within, region)
    sizes = _sizes(found, parts, region)
    return Movie(
        frames=frames,
        frame_rate_hz=rate,
        pixel_size_um=resolve_metadata(
            name,
            "pixel_size_um",
            "--pixel-size",
            pixel_size_um,
            sizes,
            override=override,
        ),
        indicator=resolve_indicator(name, indicator, [part.indicator for part in parts]),
        source=name,
        validity=validity,
        dark_offset=parts[0].dark_offset,
        crop=crop.of(parts[0].crop) if crop else parts[0].crop,
    )


def probe(path: Path | Sequence[Path]) -> OpenedMovie:
    """Return the frames of all channels and planes of a movie, given as to `open_movie`, and its metadata.

    Of several files, they are those of the first, and the layout is that of all of them.

    Raises
    ------
    InputError
        As `open_movie`, except for missing metadata and choices.
    """
    movie_format, files = movie_files(path)
    found = file_set_of(movie_format, files)
    movie = _read(movie_format, files[0], None)
    if found is None:
        return movie
    return replace(
        movie,
        layout=found.layout_in_files(layout_of_files(found.places)),
        frame_rate_hz=movie.frame_rate_hz or found.frame_rate_hz,
        pixel_size_um=movie.pixel_size_um or found.pixel_size_um,
    )


def _read(movie_format: MovieFormat, file: Path, dataset: str | None) -> OpenedMovie:
    with reraise_as_input_error(file, f"a whole {movie_format.name} movie"):
        opened = movie_format.read(file, dataset)
    if 0 in opened.frames.shape:
        raise DamagedFile(
            file,
            "frames",
            f"there are none: frames, rows and columns are {tuple(map(int, opened.frames.shape))}",
            "The recording was stopped at once, or wasn't saved: give another file, or save it again.",
        )
    return opened


def _common_layout(files: Sequence[Path], parts: Sequence[OpenedMovie]) -> Layout | None:
    """Return the layout that all files have.

    Raises
    ------
    InputError
        If they differ.
    """
    first = parts[0].layout
    for file, part in zip(files, parts, strict=True):
        if part.layout != first:
            raise InputError(
                file,
                "channels and planes",
                f"are {part.layout or 'not known'}, but those of {files[0]} are {first or 'not known'}",
                "Give files of one recording.",
            )
    return first


def _rates(
    name: str, found: FoundFiles, parts: Sequence[OpenedMovie], n_alternating: int, given: float | None
) -> list[float | None]:
    """Return the frame rates of one plane that files give; that of settings beside them if none does.

    Where the user says that `n_alternating` planes alternate, a file's rate is mostly that of all of them,
    unless the file, or the rate that is `given`, says otherwise.
    """
    stored = [part.frame_rate_hz for part in parts]
    of_all = [rate for part, rate in zip(parts, stored, strict=True) if rate and not part.is_volume_rate]
    if n_alternating > 1 and of_all and not (given and all(abs(rate / given - 1) < 0.01 for rate in of_all)):
        if given is None:
            logger.warning(
                "%s: its frame rate, %g Hz, is taken for that of all %d planes together: %g Hz for each. "
                "If it is that of each plane already, give it as frame_rate_hz",
                name, of_all[0], n_alternating, of_all[0] / n_alternating,
            )  # fmt: skip
        stored = [
            rate if rate is None or part.is_volume_rate else rate / n_alternating
            for part, rate in zip(parts, stored, strict=True)
        ]
    return stored if any(stored) else [found.set.frame_rate_hz]


def _sizes(found: FoundFiles, parts: Sequence[OpenedMovie], region: Region | None) -> list[float | None]:
    """Return the pixel sizes that the region or the files give; that of settings beside them if none does."""
    if region is not None and region.pixel_size_um is not None:
        return [region.pixel_size_um]
    sizes = [part.pixel_size_um for part in parts]
    return sizes if any(sizes) else [found.set.pixel_size_um]


def _selected(
    name: str,
    frames: FrameSource,
    validity: Validity | None,
    times: range,
    selection: Selection,
    region: Region | None,
) -> tuple[FrameSource, Validity | None, Crop | None]:
    """Return the selected frames (of those at `times`), their validity, and their crop."""
    n_frames, height, width = (int(n) for n in frames.shape)
    all_rows, all_columns = range(height), range(width)
    if region is not None:
        plane = min(selection.plane or 0, len(region.rows) - 1)
        all_rows, all_columns = region.rows[plane] or all_rows, region.columns[plane] or all_columns
    elif selection.frames is None and selection.crop is None and times == range(n_frames):
        return frames, validity, None
    rows, columns = selection.crop or (None, None)
    kept_times = _part(name, "frames", selection.frames, times, "frames")
    kept_rows = _part(name, "crop", rows, all_rows, "rows")
    kept_columns = _part(name, "crop", columns, all_columns, "columns")
    kept = None if validity is None else validity.selected(kept_times, kept_rows)
    crop = Crop(*selection.crop, (len(all_rows), len(all_columns))) if selection.crop else None
    return Selected(frames, kept_times, kept_rows, kept_columns), kept, crop


def _part(name: str, field: str, chosen: Range | None, there: range, what: str) -> range:
    """Return the part of what is there from the first to the last that is chosen, all if None."""
    size = len(there)
    first, last = chosen or (0, size - 1)
    if not 0 <= first <= last < size:
        raise InputError(
            name,
            field,
            f"{what} {first} to {last} aren't all in the movie, which has {size}",
            f"They count from 0: give {what} of 0 to {size - 1}.",
        )
    return there[first : last + 1]
