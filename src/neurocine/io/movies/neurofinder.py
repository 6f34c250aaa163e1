"""Neurofinder's data sets: a folder with ``images/image00000.tiff`` and so on, and ``info.json``."""

from __future__ import annotations

import json
import logging
import re
import reprlib
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from neurocine.core import DamagedFile, FrameSource, InputError, Movie
from neurocine.io.movies import tiff
from neurocine.io.movies.frames import LazyFrames, OpenedMovie
from neurocine.io.movies.metadata import number, text
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.safe.damage import short_message
from neurocine.progress import Progress, silent

logger = logging.getLogger(__name__)

IMAGES, INFO = "images", "info.json"
_NUMBERED = re.compile(r"(\d+)\.tiff?$", re.IGNORECASE)


class ImageFrames(LazyFrames):
    """Frames that are files of their own, each opened only when it is read.

    Parameters
    ----------
    files
        One TIFF file per frame, in order of time.

    Raises
    ------
    InputError
        If the first of the files, or the first of another size in bytes, isn't one whole picture, or
        pictures differ in size or type. Other damage shows when a file is read.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        first = tiff.read(files[0]).frames
        super().__init__((len(files), *first.shape[1:]), np.dtype(first.dtype).newbyteorder("="))
        self._files = list(files)
        for file in {file.stat().st_size: file for file in reversed(files)}.values():
            self._picture(file)

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        frames = np.empty((stop - start, *self.shape[1:]), dtype=self.dtype)
        for i, file in enumerate(self._files[start:stop]):
            frames[i] = self._picture(file)[0]
        return frames

    def _picture(self, file: Path) -> FrameSource:
        picture = tiff.read(file).frames
        dtype = np.dtype(picture.dtype).newbyteorder("=")
        if picture.shape != (1, *self.shape[1:]) or dtype != self.dtype:
            raise InputError(
                file,
                "picture",
                f"has shape {picture.shape} and type {dtype}, expected {(1, *self.shape[1:])} {self.dtype}",
                "Keep one frame per file, all of the same recording.",
            )
        return picture


def is_dataset(path: Path) -> bool:
    """Return whether the folder `path` is a data set of Neurofinder."""
    return (path / IMAGES).is_dir() and (path / INFO).is_file()


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the frames of a data set, with rate, pixel size and indicator of its ``info.json``.

    Raises
    ------
    InputError
        If images are missing, doubled or damaged, or ``info.json`` isn't an object or gives other sizes.
    """
    info = read_info(path / INFO)
    frames = ImageFrames(_images(path / IMAGES))
    _check_dimensions(path / INFO, info.get("dimensions"), frames.shape)
    return OpenedMovie(frames, *rate_and_size(info), text(info, "indicator"))


def rate_and_size(info: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return frames per second and µm per pixel, None for what ``info.json`` doesn't give."""
    density = number(info, "pixels-per-micron")
    return number(info, "rate-hz") or None, 1 / density if density else None


def read_info(path: Path) -> dict[str, Any]:
    """Return the content of ``info.json``.

    Raises
    ------
    InputError
        If it isn't a JSON object.
    """
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedFile(
            path, "content", f"isn't JSON ({short_message(error)})", "Copy it again."
        ) from error
    if not isinstance(info, dict):
        raise InputError(
            path, "content", f"is a {type(info).__name__}", 'Neurofinder\'s is {"rate-hz": 7, ...}.'
        )
    return info


def write(
    folder: Path, movie: Movie, info: Mapping[str, Any] | None = None, progress: Progress = silent
) -> None:
    """Write ``images`` and ``info.json`` into `folder`, which exists.

    Parameters
    ----------
    folder
        The data set.
    movie
        Its frames, written in their own type.
    info
        Further entries of ``info.json``, such as ``id``, ``lab`` or ``region``; the movie's own win.
    progress
        Called with the number of frames written.
    """
    height, width = movie.fov_shape
    metadata: dict[str, Any] = {
        "rate-hz": movie.frame_rate_hz,
        "pixels-per-micron": 1 / movie.pixel_size_um,
        "dimensions": [height, width, movie.n_frames],
    }
    if movie.indicator:
        metadata["indicator"] = movie.indicator
    (folder / IMAGES).mkdir()
    digits = max(5, len(str(movie.n_frames - 1)))
    for start, frames in movie.blocks():
        for i, frame in enumerate(frames, start):
            tifffile.imwrite(
                folder / IMAGES / f"image{i:0{digits}d}.tiff", frame, photometric="minisblack", metadata=None
            )
        progress("images", start + len(frames), movie.n_frames)
    text_of = json.dumps({**(info or {}), **metadata}, indent=2, ensure_ascii=False)
    (folder / INFO).write_text(text_of + "\n", encoding="utf-8")


def numbered(folder: Path) -> dict[int, Path]:
    """Return the TIFF files in `folder` by the number at the end of their names, in ascending order.

    Raises
    ------
    InputError
        If two files have the same number.
    """
    files: dict[int, Path] = {}
    for file in folder.iterdir():
        number_of = _NUMBERED.search(file.name)
        if number_of is None or file.name.startswith("."):
            continue
        twin = files.setdefault(int(number_of[1]), file)
        if twin != file:
            names = " and ".join(sorted((twin.name, file.name)))
            raise InputError(folder, "images", f"{names} are the same frame", "Remove one.")
    return dict(sorted(files.items()))


def _images(folder: Path) -> list[Path]:
    """Return the image files in order of their numbers, which leave none out."""
    files = numbered(folder)
    if not files:
        raise InputError(folder, "images", "there are no numbered TIFF files", "Copy the data set again.")
    n_missing = max(files) - min(files) + 1 - len(files)
    if n_missing:
        # Only the first is searched for: the last number may be astronomically large.
        first = next(i for i in count(min(files)) if i not in files)
        raise InputError(
            folder,
            "images",
            f"{n_missing} are missing between the first and the last: number {first}"
            + (" and others" if n_missing > 1 else ""),
            "Copy them again.",
        )
    return list(files.values())


def _check_dimensions(path: Path, dimensions: object, shape: tuple[int, ...]) -> None:
    """Compare ``dimensions``, both edges of the picture in any order and the number of frames."""
    if dimensions is None:
        return
    if (
        not isinstance(dimensions, list)
        or len(dimensions) != 3
        or not all(isinstance(n, int) for n in dimensions)
    ):
        raise InputError(
            path, "dimensions", f"is {reprlib.repr(dimensions)}", "It must be [height, width, frames]."
        )
    if sorted(dimensions[:2]) != sorted(shape[1:]) or dimensions[2] > shape[0]:
        raise InputError(
            path,
            "dimensions",
            f"is {dimensions} but the images are {shape[0]} of {shape[1]} x {shape[2]} pixels",
            "Images are missing or another recording's: copy the data set again, or correct the file.",
        )
    if dimensions[2] < shape[0]:
        logger.warning(
            "%s: dimensions give %d frames, there are %d images: all are used", path, dimensions[2], shape[0]
        )


MOVIE_FORMATS.register(
    MovieFormat(
        name="Neurofinder",
        read=read,
        files_in=lambda folder: [folder] if is_dataset(folder) else [],
        folder_content=f"{IMAGES} and {INFO}",
    )
)
