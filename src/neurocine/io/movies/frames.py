"""Frames that stay on disk until they are read, and the metadata of their file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import FrameSource, Validity
from neurocine.core.recording import Crop
from neurocine.io.movies.layout import Layout


@dataclass(frozen=True, eq=False)
class OpenedMovie:
    """The frames of one file and its metadata; None for values that the file doesn't give.

    Attributes
    ----------
    frames
        Frames (T, Y, X), read lazily.
    frame_rate_hz
        Frames per second.
    pixel_size_um
        µm per pixel.
    indicator
        Calcium indicator.
    validity
        Which frames hold data, where the file says so.
    layout
        Channels and planes whose frames alternate in `frames`, where the file says so; `frame_rate_hz` is
        then that of one channel of one plane.
    dark_offset
        Value of a pixel without light, in counts, where the file is neurocine's own.
    crop
        Which part of the whole picture the frames show, where the file is neurocine's own; None: all of it.
    is_volume_rate
        Whether `frame_rate_hz` is that of one plane even if the user says that planes alternate.
    numbers
        The microscope's own number of each stored frame, (T,); channels of one frame may share it. None if
        the file has none.
    slots
        Place of each stored frame in a recording whose channels alternate fastest, then planes, (T,), where
        the file is part of a set that tells it.
    span_s
        When the first and the last stored frame were recorded, in seconds by a clock that goes on in the next
        file; None if the file doesn't say.
    """

    frames: FrameSource
    frame_rate_hz: float | None = None
    pixel_size_um: float | None = None
    indicator: str | None = None
    validity: Validity | None = None
    dark_offset: float = 0.0
    crop: Crop | None = None
    layout: Layout | None = None
    is_volume_rate: bool = False
    numbers: NDArray[np.int64] | None = None
    slots: NDArray[np.int64] | None = None
    span_s: tuple[float, float] | None = None


class LazyFrames(ABC):
    """Base of frame sources that read a range of frames at a time.

    Parameters
    ----------
    shape
        (T, Y, X).
    dtype
        Pixel type.
    """

    def __init__(self, shape: Sequence[int], dtype: Any) -> None:
        self._shape = tuple(int(n) for n in shape)
        self._dtype: np.dtype[Any] = np.dtype(dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """(T, Y, X)."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Pixel type."""
        return self._dtype

    def __len__(self) -> int:
        return self._shape[0]

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Return frames by number or slice of time, cropped by any further indices of rows and columns."""
        time, rest = (key[0], tuple(key[1:])) if isinstance(key, tuple) else (key, ())
        if not isinstance(time, slice):
            frame = range(len(self))[time]  # negative ones count from the end
            return np.asarray(self._read(frame, frame + 1)[(0, *rest)])
        start, stop, step = time.indices(len(self))
        if step < 1:
            raise IndexError("frames are read forwards only")
        if step == 1:
            frames = self._read(start, max(start, stop))
        else:
            frames = self._read_every(range(start, max(start, stop), step))
        return np.asarray(frames[(slice(None), *rest)])

    @abstractmethod
    def _read(self, start: int, stop: int) -> NDArray[Any]:
        """Return frames ``start:stop``, within the movie, as an array (stop - start, Y, X)."""

    def _read_every(self, times: range) -> NDArray[Any]:
        """Return the frames `times`, within the movie; overridden where those between need no decoding."""
        return self._read(times.start, times.stop)[:: times.step]


class Mapped(LazyFrames):
    """Frames that lie in a file as in memory. It is mapped for each read: thousands of files may be open."""

    def __init__(self, path: Path, dtype: Any, offset: int, shape: Sequence[int]) -> None:
        super().__init__(shape, dtype)
        self._path, self._offset = path, offset

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return np.memmap(self._path, self.dtype, "r", self._offset, self.shape)[start:stop]


class Spaced(LazyFrames):
    """Frames that lie in a file as in memory, each `step` bytes after the one before."""

    def __init__(self, path: Path, dtype: Any, offset: int, shape: Sequence[int], step: int) -> None:
        super().__init__(shape, dtype)
        self._path, self._offset, self._step = path, offset, step

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        stored = np.memmap(self._path, np.uint8, "r")
        pixel = self.dtype.itemsize
        strides = (self._step, self.shape[2] * pixel, pixel)
        return np.ndarray(self.shape, self.dtype, stored.data, self._offset, strides)[start:stop]


class Native(LazyFrames):
    """The frames of `source` in the byte order of this machine."""

    def __init__(self, source: FrameSource) -> None:
        super().__init__(source.shape, np.dtype(source.dtype).newbyteorder("="))
        self._source = source

    @property
    def source(self) -> FrameSource:
        """The frames as the file stores them."""
        return self._source

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return np.asarray(self._source[start:stop]).astype(self.dtype)

    def _read_every(self, times: range) -> NDArray[Any]:
        return np.asarray(self._source[times.start : times.stop : times.step]).astype(self.dtype)


class Signed(LazyFrames):
    """The frames of `source`, of uint16, in which 32768 stands for 0."""

    def __init__(self, source: FrameSource) -> None:
        super().__init__(source.shape, np.int16)
        self._source = source

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return self._read_every(range(start, stop))

    def _read_every(self, times: range) -> NDArray[Any]:
        stored = np.asarray(self._source[times.start : times.stop : times.step]).astype(np.uint16)
        return (stored ^ 0x8000).view(np.int16)


class Reordered(LazyFrames):
    """An array with its axes in any order, as pictures (N, Y, X).

    Parameters
    ----------
    source
        The array; what is asked for is read from it.
    axes
        A letter per axis: ``y`` and ``x`` for rows and columns. Along the others, the pictures follow one
        another as they lie in the array, the last axis first.
    owner
        Kept alive beside the source, such as the open file.
    """

    def __init__(self, source: Any, axes: str, owner: object = None) -> None:
        self._y, self._x = axes.index("y"), axes.index("x")
        self._along = [i for i, axis in enumerate(axes) if axis not in "yx"]
        lengths = [int(n) for n in source.shape]
        self._lengths = [lengths[i] for i in self._along]
        super().__init__((prod(self._lengths), lengths[self._y], lengths[self._x]), source.dtype)
        self._source, self._owner = source, owner

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return self._read_every(range(start, stop))

    def _read_every(self, times: range) -> NDArray[Any]:
        if not times:
            return np.empty((0, *self.shape[1:]), self.dtype)
        places = np.unravel_index(np.asarray(times), self._lengths)
        moving = [i for i, place in zip(self._along, places, strict=True) if (place != place[0]).any()]
        if len(moving) > 1:
            return np.concatenate([self._read_every(times[i : i + 1]) for i in range(len(times))])
        kept = moving[0] if moving else self._along[0]
        key: list[Any] = [slice(None)] * len(self._source.shape)
        for i, place in zip(self._along, places, strict=True):
            step = int(place[1] - place[0]) if len(place) > 1 else 1
            key[i] = slice(int(place[0]), int(place[-1]) + 1, step) if i == kept else int(place[0])
        part = np.asarray(self._source[tuple(key)])
        left = sorted((kept, self._y, self._x))
        return part.transpose([left.index(i) for i in (kept, self._y, self._x)])


class Concatenated(LazyFrames):
    """Several sources of the same picture size and type, one after the other in time."""

    def __init__(self, parts: Sequence[FrameSource]) -> None:
        self._parts = list(parts)
        self._ends = np.cumsum([part.shape[0] for part in parts]).tolist()
        super().__init__((self._ends[-1], *parts[0].shape[1:]), parts[0].dtype)

    @property
    def lengths(self) -> list[int]:
        """Frames of each source."""
        return [part.shape[0] for part in self._parts]

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return self._read_every(range(start, stop))

    def _read_every(self, times: range) -> NDArray[Any]:
        frames = np.empty((len(times), *self.shape[1:]), dtype=self.dtype)
        first = bisect_right(self._ends, times.start)
        for i in range(first, len(self._parts)):
            start = self._ends[i - 1] if i else 0
            held = _within(times, start, self._ends[i])
            if held:
                wanted = slice(times[held.start] - start, times[held.stop - 1] + 1 - start, times.step)
                frames[held.start : held.stop] = self._parts[i][wanted]
            if held.stop == len(times):
                break
        return frames


class Selected(LazyFrames):
    """The frames `times` of `source`, cropped to `rows` and `columns`."""

    def __init__(self, source: FrameSource, times: range, rows: range, columns: range) -> None:
        super().__init__((len(times), len(rows), len(columns)), source.dtype)
        self._source, self._times = source, times
        self._crop = slice(rows.start, rows.stop), slice(columns.start, columns.stop)

    @property
    def source(self) -> FrameSource:
        """The frames that these are selected from."""
        return self._source

    @property
    def times(self) -> range:
        """Positions of the frames in `source`."""
        return self._times

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        if start == stop:
            return np.empty((0, *self.shape[1:]), dtype=self.dtype)
        times = self._times[start:stop]
        return np.asarray(self._source[(slice(times[0], times[-1] + 1, times.step), *self._crop)])


class Picked(LazyFrames):
    """The frames of `source` at `positions`, which rise but needn't be evenly spaced."""

    def __init__(self, source: FrameSource, positions: NDArray[np.int64]) -> None:
        super().__init__((len(positions), *source.shape[1:]), source.dtype)
        self._source, self._positions = source, positions

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        wanted = self._positions[start:stop]
        if not len(wanted):
            return np.empty((0, *self.shape[1:]), self.dtype)
        steps = np.diff(wanted)
        # A gap ends one evenly spaced part, and the frame after it begins the next.
        ends = [*(np.flatnonzero(steps != np.median(steps)) + 1).tolist(), len(wanted)] if len(steps) else [1]
        parts, first = [], 0
        for end in ends:
            own = wanted[first:end]
            step = int(own[1] - own[0]) if len(own) > 1 else 1
            parts.append(np.asarray(self._source[int(own[0]) : int(own[-1]) + 1 : step]))
            first = end
        return np.concatenate(parts)


class Spread(LazyFrames):
    """The frames of `source` at `places`, which rise, among `n_frames`; those between aren't stored: 0."""

    def __init__(self, source: FrameSource, places: NDArray[np.int64], n_frames: int) -> None:
        super().__init__((n_frames, *source.shape[1:]), source.dtype)
        self._source, self._places = source, places

    @property
    def source(self) -> FrameSource:
        """The frames that are stored."""
        return self._source

    @property
    def places(self) -> NDArray[np.int64]:
        """Where each of them is, (frames of `source`,)."""
        return self._places

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        frames = np.zeros((stop - start, *self.shape[1:]), self.dtype)
        first, last = np.searchsorted(self._places, [start, stop]).tolist()
        if first < last:
            frames[self._places[first:last] - start] = self._source[first:last]
        return frames


def frames_of_files(frames: FrameSource) -> list[range]:
    """Return which frames of an opened movie each of its files holds, in the order of time.

    The range is empty for a file of which no frame is selected. Frames that are missing between those of a
    file count as its own.
    """
    if isinstance(frames, Selected):
        return [_within(frames.times, held.start, held.stop) for held in frames_of_files(frames.source)]
    if isinstance(frames, Native):
        return frames_of_files(frames.source)
    if isinstance(frames, Spread):
        places = frames.places.tolist()
        return [
            range(places[held.start], places[held.stop - 1] + 1) if held else range(0)
            for held in frames_of_files(frames.source)
        ]
    lengths = frames.lengths if isinstance(frames, Concatenated) else [frames.shape[0]]
    return [range(start, stop) for start, stop in pairwise([0, *np.cumsum(lengths).tolist()])]


def n_frames_stored(frames: FrameSource) -> int:
    """Return how many frames of its channel and plane an opened movie has, before some were selected."""
    if not isinstance(frames, Selected):
        return int(frames.shape[0])
    step = frames.times.step
    return len(range(frames.times.start % step, frames.source.shape[0], step))


def _within(times: range, start: int, stop: int) -> range:
    """Return the positions in `times` of those from `start` up to `stop`, excluded."""
    first, last = (min(max(-((times.start - end) // times.step), 0), len(times)) for end in (start, stop))
    return range(first, last)
