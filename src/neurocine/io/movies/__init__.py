"""Movies in any known format, opened lazily as one `Movie`.

A new format is one module with ``read(path, dataset) -> Found`` and one line of `FORMATS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurocine.core import DamagedFile, FileMissing, FrameSource, InputError, Movie, UnknownFormat
from neurocine.io.movies import hdf5, neurofinder, npy, nwb, suite2p_bin, tiff, zarr
from neurocine.io.movies.frames import Concatenated, Found, Native
from neurocine.io.movies.metadata import resolve_indicator, resolve_metadata
from neurocine.io.safe.damage import check_regular, reraise_as_input_error

__all__ = ["FORMATS", "Format", "Found", "find_movies", "movie_files", "natural_key", "open_movie", "probe"]


@dataclass(frozen=True)
class Format:
    """A movie format: name, suffixes of its files, reader, and whether a file may hold many datasets."""

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, str | None], Found]
    many: bool = False


FORMATS = (
    Format("TIFF", (".tif", ".tiff", ".btf", ".tf8"), tiff.read),
    Format("HDF5", (".h5", ".hdf5", ".hdf"), hdf5.read, many=True),
    Format("NWB", (".nwb",), nwb.read, many=True),
    Format("Zarr", (".zarr",), zarr.read, many=True),
    Format("suite2p", (".bin",), suite2p_bin.read),
    Format("NumPy", (".npy",), npy.read),
    Format("Neurofinder", (), neurofinder.read),
)
TIFF, ZARR, NEUROFINDER = FORMATS[0], FORMATS[3], FORMATS[6]


def open_movie(
    path: Path | Sequence[Path],
    *,
    frame_rate_hz: float | None = None,
    pixel_size_um: float | None = None,
    indicator: str | None = None,
    dataset: str | None = None,
) -> Movie:
    """Open a movie; its frames stay on disk until they are read.

    Parameters
    ----------
    path
        A file; a folder of TIFF files, a Zarr folder, suite2p's folder with ``data.bin`` or a data set of
        Neurofinder; or several of these in order of time, which become one movie.
    frame_rate_hz, pixel_size_um
        Frames a second, and edge of a pixel in micrometres. Needed where the file doesn't tell; where it
        does, they must agree with it within 1 %.
    indicator
        Calcium indicator, which takes precedence over what the file says.
    dataset
        Which dataset (HDF5), array (Zarr) or TwoPhotonSeries (NWB), where a file holds several.

    Raises
    ------
    InputError
        If a file is missing, empty, cut short or not what its suffix says; if it holds colour, several
        channels or planes, or a single frame; if files don't fit together; if the rate or the pixel size is
        unknown or contradicts the file.
    """
    if not isinstance(dataset, str | None):
        raise TypeError(f"dataset must be a name, not {dataset!r}")
    kind, files = movie_files(path)
    if dataset is not None and not kind.many:
        raise InputError(files[0], "dataset", f"{kind.name} files have none to choose from", "Leave it out.")
    parts = [_read(kind, file, dataset) for file in files]
    name = str(files[0]) if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    return Movie(
        frames=_joined(files, [part.frames for part in parts]),
        frame_rate_hz=resolve_metadata(
            name, "frame_rate_hz", "--frame-rate", frame_rate_hz, [part.frame_rate_hz for part in parts]
        ),
        pixel_size_um=resolve_metadata(
            name, "pixel_size_um", "--pixel-size", pixel_size_um, [part.pixel_size_um for part in parts]
        ),
        indicator=resolve_indicator(name, indicator, [part.indicator for part in parts]),
        source=name,
    )


def probe(path: Path) -> Found:
    """Return what the file or folder `path` tells of its movie, without a word from the user.

    Raises
    ------
    InputError
        As `open_movie`, but for what metadata lack.
    """
    kind, files = movie_files(path)
    return _read(kind, files[0], None)


def _read(kind: Format, file: Path, dataset: str | None) -> Found:
    with reraise_as_input_error(file, f"a whole {kind.name} movie"):
        return kind.read(file, dataset)


def find_movies(folder: Path) -> list[Path]:
    """Return the movies that lie in `folder` itself, in natural order: files, Zarr and Neurofinder's folders.

    Raises
    ------
    InputError
        If `folder` isn't one.
    """
    if not folder.is_dir():
        raise FileMissing(folder, "folder", "doesn't exist", "Give the folder that holds the movies.")
    suffixes = {suffix for kind in FORMATS for suffix in kind.suffixes}
    found = [
        path for path in folder.iterdir() if path.suffix.lower() in suffixes or neurofinder.is_dataset(path)
    ]
    return sorted((path for path in found if not path.name.startswith(".")), key=natural_key)


def movie_files(path: Path | Sequence[Path]) -> tuple[Format, list[Path]]:
    """Return the format of a movie and its files in order of time, each checked to exist and not be empty.

    Raises
    ------
    InputError
        If there are no files, one is missing or empty, its suffix is unknown, or formats are mixed.
    """
    given = [path] if isinstance(path, str | Path) else list(path)
    found = [(kind, file) for item in given for kind, file in _expanded(Path(item))]
    if not found:
        raise InputError("movie", "path", "names no file", "Give the movie's file or folder.")
    kinds = sorted({kind.name for kind, _ in found})
    if len(kinds) > 1:
        raise InputError(
            found[0][1], "files", f"mix formats: {', '.join(kinds)}", "Give files of one format."
        )
    return found[0][0], [file for _, file in found]


def _expanded(path: Path) -> Iterable[tuple[Format, Path]]:
    if not path.exists():
        raise FileMissing(path, "file", "doesn't exist", "Check the path.")
    check_regular(path)
    if path.is_dir():
        return _folder(path)
    if path.stat().st_size == 0:
        raise DamagedFile(path, "file", "is empty (0 bytes)", "Copy it again.")
    for kind in FORMATS:
        if path.suffix.lower() in kind.suffixes and kind is not ZARR:
            return [(kind, path)]
    known = "; ".join(f"{kind.name} ({', '.join(kind.suffixes) or 'folder'})" for kind in FORMATS)
    raise UnknownFormat(
        path, "suffix", f"{path.suffix or 'none'!r} isn't a known movie format", f"Known are {known}."
    )


def _folder(path: Path) -> Iterable[tuple[Format, Path]]:
    if zarr.is_zarr(path):
        return [(ZARR, path)]
    if (path / "data.bin").is_file():
        return _expanded(path / "data.bin")
    if neurofinder.is_dataset(path):
        return [(NEUROFINDER, path)]
    tiffs = [p for p in path.iterdir() if p.suffix.lower() in TIFF.suffixes and not p.name.startswith(".")]
    if not tiffs:
        raise InputError(
            path,
            "folder",
            "holds no TIFF files, no data.bin and isn't Zarr nor Neurofinder's",
            "Give the movie's file or the folder that holds it.",
        )
    return [pair for file in sorted(tiffs, key=natural_key) for pair in _expanded(file)]


def natural_key(path: Path) -> list[tuple[int, str]]:
    """Return a sort key that puts ``file2`` before ``file10``."""
    pieces = re.split(r"(\d+)", path.name)
    return [(int(piece), "") if i % 2 else (-1, piece) for i, piece in enumerate(pieces)]


def _joined(files: Sequence[Path], parts: Sequence[FrameSource]) -> FrameSource:
    first = parts[0]
    for file, part in zip(files[1:], parts[1:], strict=True):
        if part.shape[1:] != first.shape[1:] or part.dtype != first.dtype:
            raise InputError(
                file,
                "frames",
                f"are {part.shape[1:]} {part.dtype}, but "
                f"those of {files[0]} are {first.shape[1:]} {first.dtype}",
                "Give files of one recording.",
            )
    frames = Concatenated(parts) if len(parts) > 1 else first
    return frames if np.dtype(frames.dtype).isnative else Native(frames)
