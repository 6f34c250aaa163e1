"""A movie whose frames are read on demand, never all at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neurocine.core.errors import InputError
from neurocine.core.validate import check_fov, positive

#: How much of a movie is held at a time by the steps that stream it, in bytes.
BLOCK_BYTES = 64 * 1024**2


class FrameSource(Protocol):
    """Anything that gives frames by slices of time: HDF5 dataset, memory map, TIFF reader."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(T, Y, X)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Pixel type."""

    def __getitem__(self, key: Any, /) -> Any:
        """Frames `start:stop`, shape (stop - start, Y, X)."""


@dataclass(frozen=True, eq=False)
class Movie:
    """A two-photon movie of one plane and one channel.

    Attributes
    ----------
    frames
        Frames (T, Y, X), integer or float32/float64, read lazily by slices of time.
    frame_rate_hz
        Frames per second.
    pixel_size_um
        µm per pixel; pixels are square.
    indicator
        Calcium indicator, such as ``GCaMP6s``; empty if unknown.
    source
        Where it came from, for messages.

    Raises
    ------
    InputError
        If the frames aren't (T, Y, X) grey values, are fewer than 2, or a rate or size isn't positive.
    """

    frames: FrameSource
    frame_rate_hz: float
    pixel_size_um: float
    indicator: str = ""
    source: str = "movie"

    def __post_init__(self) -> None:
        check_frames(self.frames, self.source)
        positive(self.frame_rate_hz, self.source, "frame_rate_hz", "Hz")
        positive(self.pixel_size_um, self.source, "pixel_size_um", "micrometres")

    @property
    def n_frames(self) -> int:
        """Number of frames T."""
        return int(self.frames.shape[0])

    @property
    def fov_shape(self) -> tuple[int, int]:
        """Height and width (Y, X) of the field of view in pixels."""
        return int(self.frames.shape[1]), int(self.frames.shape[2])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Pixel type."""
        return np.dtype(self.frames.dtype)

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return frames ``start:stop`` as an array (stop - start, Y, X) in the movie's type."""
        return np.asarray(self.frames[start:stop])

    def blocks(self, block_bytes: int = BLOCK_BYTES) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield ``(start, frames)`` over the whole movie, each block within `block_bytes`."""
        step = self.block_frames(block_bytes)
        for start in range(0, self.n_frames, step):
            yield start, self.read(start, min(start + step, self.n_frames))

    def block_frames(self, block_bytes: int = BLOCK_BYTES) -> int:
        """Return how many frames fit in `block_bytes`: a multiple of 64, or fewer than 64."""
        fitting = max(1, block_bytes // (self.fov_shape[0] * self.fov_shape[1] * self.dtype.itemsize))
        return fitting if fitting < 64 else fitting // 64 * 64


def check_frames(frames: FrameSource, where: str) -> None:
    """Raise `InputError` unless `frames` are grey values (T, Y, X) with at least 2 frames."""
    shape, dtype = frames.shape, np.dtype(frames.dtype)
    if len(shape) == 4 and shape[-1] in (3, 4):
        raise InputError(where, "frames", f"are colour pictures of shape {shape}", "Save one grey channel.")
    if len(shape) != 3:
        raise InputError(
            where,
            "frames",
            f"have shape {shape}, expected (T, Y, X)",
            "Save one plane and channel as (T, Y, X).",
        )
    if shape[0] < 2:
        raise InputError(
            where,
            "frames",
            f"there are {shape[0]}, a movie needs at least 2",
            "Check whether the file is a single picture.",
        )
    if 0 in shape:
        raise InputError(
            where, "frames", f"have an empty axis: {shape}", "The file is damaged: copy or save it again."
        )
    check_fov((int(shape[1]), int(shape[2])), where)
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise InputError(where, "dtype", f"is {dtype}", "Save the movie as (unsigned) integers or float32.")
