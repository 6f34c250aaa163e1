"""``motion/movie.h5``: the registered movie, its summary images and its shifts."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurocine.core import DamagedFile, InvalidFrames, Movie, Validity
from neurocine.core.recording import Crop
from neurocine.io.atomic_hdf5 import NewFile
from neurocine.io.result_files.stamp import (
    Stamp,
    as_strings,
    attribute,
    create,
    dataset,
    open_checked,
    opened,
    strings,
)
from neurocine.io.safe.damage import reraise_as_input_error

#: Frames, rows and columns of a chunk: a 25 x 25 window over all frames touches 1-4 chunks per 64 frames,
#: and blocks of whole frames are read in multiples of its 64 frames.
CHUNK = (64, 32, 32)


@dataclass(frozen=True, eq=False)
class Summary:
    """Summary images of a movie, each (Y, X) float32 in the movie's counts.

    `correlation` is unitless: the mean correlation of each pixel's trace with its eight neighbours'.
    """

    mean: NDArray[np.float32]
    max: NDArray[np.float32]
    std: NDArray[np.float32]
    correlation: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Registration:
    """How each of T frames was moved onto the template.

    Attributes
    ----------
    y, x
        Displacement of each frame's content from the template in pixels, (T,) float32; positive is down and
        right. The frame was moved back by as much.
    correlation
        Correlation of each registered frame with the template, (T,) float32.
    unregistered
        Frames that could not be registered, (T,) bool; they are kept in the movie.
    template
        The picture that frames were registered onto, (Y, X) float32.
    raw_mean
        Mean of the frames before they were moved, (Y, X) float32.
    metrics
        Quality numbers by name.
    """

    y: NDArray[np.float32]
    x: NDArray[np.float32]
    correlation: NDArray[np.float32]
    unregistered: NDArray[np.bool_]
    template: NDArray[np.float32]
    raw_mean: NDArray[np.float32]
    metrics: dict[str, float]


@dataclass(frozen=True, eq=False)
class StructuralChannel:
    """Pictures of the structural channel, moved as the movie was.

    Attributes
    ----------
    mean
        Mean of the frames that hold data, (Y, X) float32, counts.
    corrected
        The same without what the functional channel's mean adds to it, (Y, X) float32; may be negative.
    bleed_through
        Share of the functional channel's counts that appear in the structural one.
    """

    mean: NDArray[np.float32]
    corrected: NDArray[np.float32]
    bleed_through: float


class MovieWriter(AbstractContextManager["MovieWriter"]):
    """Write a movie file block by block; it appears at its path only once it is whole.

    Parameters
    ----------
    path
        The file.
    like
        Movie whose frame count, field of view, rate, pixel size, indicator and crop the file takes over.
    stamp
        Provenance.
    dtype
        Pixel type; that of `like` unless given.

    Examples
    --------
    >>> with MovieWriter(path, movie, stamp) as writer:  # doctest: +SKIP
    ...     for start, frames in movie.blocks():
    ...         writer.write(start, frames)
    ...     writer.finish(summary, registration)
    """

    def __init__(self, path: Path, like: Movie, stamp: Stamp, dtype: DTypeLike | None = None) -> None:
        self._context = create(path, "movie", stamp)
        self._like = like
        self._dtype = np.dtype(like.dtype if dtype is None else dtype)
        self._finished = False

    def __enter__(self) -> MovieWriter:
        self._file: NewFile = self._context.__enter__()
        shape = (self._like.n_frames, *self._like.fov_shape)
        chunk = tuple(min(a, b) for a, b in zip(CHUNK, shape, strict=True))
        data = self._file.create_dataset("movie", shape=shape, dtype=self._dtype, chunks=chunk)
        # Attributes that NWB requires of a movie's dataset, so that an NWB file can link to this one.
        data.attrs.update(unit="n.a.", conversion=1.0, resolution=-1.0, offset=0.0)
        for owner in (self._file, data):
            owner.attrs["frame_rate_hz"] = self._like.frame_rate_hz
            owner.attrs["pixel_size_um"] = self._like.pixel_size_um
            owner.attrs["indicator"] = self._like.indicator
            owner.attrs["dark_offset"] = self._like.dark_offset
        if self._like.crop is not None:
            crop = self._like.crop
            self._file.attrs["crop"] = np.array([*crop.rows, *crop.columns, *crop.whole], dtype=np.int64)
        return self

    def write(self, start: int, frames: NDArray[Any]) -> None:
        """Write `frames` (n, Y, X) from frame `start` on; integers are rounded and clipped, never wrapped."""
        if self._dtype.kind in "iu" and frames.dtype != self._dtype:
            limits = np.iinfo(self._dtype)
            frames = np.clip(np.rint(frames), limits.min, limits.max)
        self._file["movie"][start : start + len(frames)] = frames.astype(self._dtype, copy=False)
        self._file.check()

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return frames already written."""
        return np.asarray(self._file["movie"][start:stop])

    def finish(
        self,
        summary: Summary,
        registration: Registration,
        validity: Validity | None = None,
        structural: StructuralChannel | None = None,
    ) -> None:
        """Write pictures, shifts and validity; a movie file isn't complete without them."""
        known = validity or Validity(self._like.n_frames)
        self._file["valid"] = known.valid
        for name in ("first", "last"):
            self._file[f"invalid/{name}"] = np.array(
                [getattr(part, name) for part in known.invalid], np.int64
            )
        self._file["invalid/reason"] = as_strings(part.reason for part in known.invalid)
        self._file["invalid/rows"] = np.array(known.rows, np.int64).reshape(-1, 3)
        for name in ("mean", "max", "std", "correlation"):
            self._file[f"summary/{name}"] = np.asarray(getattr(summary, name), dtype=np.float32)
        for name in ("y", "x", "correlation", "template", "raw_mean"):
            self._file[f"motion/{name}"] = np.asarray(getattr(registration, name), dtype=np.float32)
        self._file["motion/unregistered"] = np.asarray(registration.unregistered, dtype=bool)
        for name, value in sorted(registration.metrics.items()):
            self._file["motion"].attrs[name] = float(value)
        if structural is not None:
            for name in ("mean", "corrected"):
                self._file[f"structural/{name}"] = np.asarray(getattr(structural, name), dtype=np.float32)
            self._file.attrs["bleed_through"] = float(structural.bleed_through)
        self._finished = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        if kind is None and not self._finished:
            error = RuntimeError("MovieWriter closed before finish() was called")
            self._context.__exit__(RuntimeError, error, None)
            raise error
        return self._context.__exit__(kind, error, trace)


def read_movie(path: Path) -> Movie:
    """Return the movie of a movie file; its frames stay on disk until read.

    Raises
    ------
    InputError
        If `path` isn't a movie file of neurocine.
    """
    file = open_checked(path, "movie")
    with reraise_as_input_error(path, "a movie file"):
        if not isinstance(file.get("movie"), h5py.Dataset):
            raise DamagedFile(path, "movie", "is missing", "The file is damaged: run motion again.")
        return Movie(
            frames=file["movie"],
            frame_rate_hz=float(attribute(file, "frame_rate_hz")),
            pixel_size_um=float(attribute(file, "pixel_size_um")),
            indicator=str(attribute(file, "indicator")),
            source=str(path),
            validity=_validity(file),
            dark_offset=float(file.attrs.get("dark_offset", 0.0)),
            crop=_crop(file),
        )


def _crop(file: h5py.File) -> Crop | None:
    """Return which part of the whole picture the movie shows, None if all of it."""
    if "crop" not in file.attrs:
        return None
    top, bottom, left, right, height, width = map(int, file.attrs["crop"])
    return Crop((top, bottom), (left, right), (height, width))


def _validity(file: h5py.File) -> Validity | None:
    """Return which frames and rows hold data, None if all do."""
    if "valid" not in file or not len(file["invalid/first"]) + len(file["invalid/rows"]):
        return None
    frames = zip(
        dataset(file, "invalid/first").tolist(),
        dataset(file, "invalid/last").tolist(),
        strings(file, "invalid/reason"),
        strict=True,
    )
    rows = tuple((int(frame), int(first), int(last)) for frame, first, last in dataset(file, "invalid/rows"))
    return Validity(len(dataset(file, "valid")), tuple(InvalidFrames(*part) for part in frames), rows)


def read_summary(path: Path) -> Summary:
    """Return the summary images of a movie file."""
    with opened(path, "movie") as file:
        return Summary(
            mean=dataset(file, "summary/mean"),
            max=dataset(file, "summary/max"),
            std=dataset(file, "summary/std"),
            correlation=dataset(file, "summary/correlation"),
        )


def read_structural(path: Path) -> StructuralChannel | None:
    """Return the pictures of the structural channel in a movie file; None if it has none."""
    with opened(path, "movie") as file:
        if "structural" not in file:
            return None
        return StructuralChannel(
            mean=dataset(file, "structural/mean"),
            corrected=dataset(file, "structural/corrected"),
            bleed_through=float(attribute(file, "bleed_through")),
        )


def read_registration(path: Path) -> Registration:
    """Return shifts and quality metrics of a movie file."""
    with opened(path, "movie") as file:
        return Registration(
            y=dataset(file, "motion/y"),
            x=dataset(file, "motion/x"),
            correlation=dataset(file, "motion/correlation"),
            unregistered=dataset(file, "motion/unregistered"),
            template=dataset(file, "motion/template"),
            raw_mean=dataset(file, "motion/raw_mean"),
            metrics={str(k): float(v) for k, v in file["motion"].attrs.items()},
        )
