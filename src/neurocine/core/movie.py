"""A movie whose frames are read on demand, never all at once, and which of them hold data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from neurocine.core.errors import InputError, NoValidFrame
from neurocine.core.recording import Crop
from neurocine.core.validate import check_fov, positive

#: How much of a movie is held at a time by the steps that stream it, in bytes.
BLOCK_BYTES = 64 * 1024**2
#: Seconds without data that may lie within a transient; longer ones may hide an end and another begin.
LONGEST_SPAN_S = 2.0
#: Frames of which the median stands in for pixels without a number.
_USUAL_FRAMES = 64


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


@dataclass(frozen=True)
class InvalidFrames:
    """Frames ``first`` to ``last`` (0-based, inclusive) that hold no data, and why."""

    first: int
    last: int
    reason: str


@dataclass(frozen=True)
class Validity:
    """Which of T frames hold data.

    Attributes
    ----------
    n_frames
        T.
    invalid
        Frames without data, in order; they neither touch nor overlap.
    rows
        Rows without data in other frames: frame, first and last row, all 0-based and inclusive.

    Raises
    ------
    InputError
        If a frame lies outside the movie.
    NoValidFrame
        If no frame is valid.
    """

    n_frames: int
    invalid: tuple[InvalidFrames, ...] = ()
    rows: tuple[tuple[int, int, int], ...] = ()

    def __post_init__(self) -> None:
        for part in self.invalid:
            if not 0 <= part.first <= part.last < self.n_frames:
                raise InputError(
                    "invalid frames",
                    part.reason,
                    f"frames {part.first} to {part.last} aren't all in a movie of {self.n_frames}",
                    f"Give frames of 0 to {self.n_frames - 1}.",
                )
        if not self.valid.any():
            raise NoValidFrame("movie", "frames", "none holds data", "Was the shutter open?")

    @classmethod
    def of(cls, valid: NDArray[np.bool_], reason: str) -> Validity:
        """Return the validity of frames (T,), those that are False being invalid for one `reason`."""
        return cls(len(valid), tuple(InvalidFrames(first, last, reason) for first, last in false_runs(valid)))

    @cached_property
    def valid(self) -> NDArray[np.bool_]:
        """True for frames that hold data, (T,)."""
        valid = np.ones(self.n_frames, dtype=bool)
        for part in self.invalid:
            valid[part.first : part.last + 1] = False
        return valid

    def __or__(self, other: Validity) -> Validity:
        """Return what is invalid by one or the other; where both have a reason, the first's counts."""
        reasons = self._reasons()
        return _validity(np.where(reasons == "", other._reasons(), reasons), {*self.rows, *other.rows})

    def selected(self, times: range, rows: range) -> Validity:
        """Return the validity of the frames `times` cropped to `rows`."""
        places = {time: i for i, time in enumerate(times)}
        kept = {
            (places[frame], max(first, rows.start) - rows.start, min(last, rows.stop - 1) - rows.start)
            for frame, first, last in self.rows
            if frame in places and first < rows.stop and last >= rows.start
        }
        return _validity(self._reasons()[times.start : times.stop : times.step], kept)

    def placed(self, times: NDArray[np.int64], n_frames: int) -> Validity:
        """Return the validity of a movie of `n_frames`, by this one of its frames `times`."""
        reasons = np.full(n_frames, "", dtype=object)
        reasons[times] = self._reasons()
        return _validity(reasons, {(int(times[frame]), first, last) for frame, first, last in self.rows})

    def moved(self, y: NDArray[np.floating[Any]], height: int) -> Validity:
        """Return the validity of a registered movie: rows are where their frames' content was moved to.

        `y` is how far down the content of each frame was, (T,); `height` is that of the frames.
        """
        rows = {
            (frame, max(0, int(np.floor(first - y[frame]))), min(height - 1, int(np.ceil(last - y[frame]))))
            for frame, first, last in self.rows
        }
        return _validity(self._reasons(), {(frame, a, b) for frame, a, b in rows if a <= b})

    def _reasons(self) -> NDArray[Any]:
        """Return why each frame holds no data, (T,); empty for valid ones."""
        reasons = np.full(self.n_frames, "", dtype=object)
        for part in self.invalid:
            reasons[part.first : part.last + 1] = part.reason
        return reasons


def _validity(reasons: NDArray[Any], rows: set[tuple[int, int, int]]) -> Validity:
    """Return the validity of frames by why they hold no data, (T,), and of `rows` of them."""
    edges = np.flatnonzero(np.append(True, reasons[1:] != reasons[:-1]))
    stops = np.append(edges[1:], len(reasons)) - 1
    frames = tuple(
        InvalidFrames(int(first), int(last), str(reasons[first]))
        for first, last in zip(edges, stops, strict=True)
        if reasons[first]
    )
    return Validity(len(reasons), frames, tuple(sorted(rows)))


def joined_validity(parts: Sequence[tuple[int, Validity | None]]) -> Validity | None:
    """Return the validity of movies that follow each other, by their numbers of frames; None: all valid."""
    invalid: list[InvalidFrames] = []
    start = 0
    for n_frames, validity in parts:
        for part in validity.invalid if validity else ():
            invalid.append(InvalidFrames(start + part.first, start + part.last, part.reason))
        start += n_frames
    return Validity(start, tuple(invalid)) if invalid else None


def false_runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last position (inclusive) of each run of False in `flags` (T,)."""
    change = np.diff(np.concatenate([[0], (~flags).astype(np.int8), [0]]))
    first, after = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    return [(int(a), int(b) - 1) for a, b in zip(first, after, strict=True)]


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
    validity
        Which frames hold data; all unless given. Frames and rows without data are read filled in.
    dark_offset
        Value of a pixel without light, in counts; it is subtracted from traces, not from the frames.
    crop
        Which part of the whole picture the movie shows; None: all of it.

    Raises
    ------
    InputError
        If the frames aren't (T, Y, X) grey values, are fewer than 2, or a rate or size isn't positive; if the
        validity is that of another number of frames.
    """

    frames: FrameSource
    frame_rate_hz: float
    pixel_size_um: float
    indicator: str = ""
    source: str = "movie"
    validity: Validity | None = field(default=None, repr=False)
    dark_offset: float = 0.0
    crop: Crop | None = None

    def __post_init__(self) -> None:
        check_frames(self.frames, self.source)
        if self.validity is not None and self.validity.n_frames != self.n_frames:
            raise InputError(
                self.source,
                "validity",
                f"is that of {self.validity.n_frames} frames, the movie has {self.n_frames}",
                "Make it again from this movie.",
            )
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

    @property
    def valid(self) -> NDArray[np.bool_]:
        """True for frames that hold data, (T,)."""
        return np.ones(self.n_frames, dtype=bool) if self.validity is None else self.validity.valid

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return frames ``start:stop`` as an array (stop - start, Y, X) in the movie's type, all finite.

        A frame without data is the mean of the nearest valid frames before and after it, weighted by how near
        they are; so are rows without data. A pixel that is NaN or infinite in a frame is its median over
        time; one that always is, the median of the nearest pixel that isn't.
        """
        return self.filled(start, np.asarray(self.frames[start:stop]))

    def filled(self, start: int, frames: NDArray[Any]) -> NDArray[Any]:
        """Return `frames` (n, Y, X) as `read` does; they are those stored from frame `start` on."""
        frames = self._finite(frames)
        stop = start + len(frames)
        if self.validity is None:
            return frames
        missing = np.flatnonzero(~self.validity.valid[start:stop])
        rows = [part for part in self.validity.rows if start <= part[0] < stop]
        if not len(missing) and not rows:
            return frames
        frames = frames.copy()
        neighbours: dict[int, NDArray[Any]] = {}  # read once for a whole run of frames
        for i in missing:
            frames[i] = self._between(start + int(i), slice(None), neighbours)
        for frame, first, last in rows:
            part = slice(first, last + 1)
            frames[frame - start, part] = self._between(frame, part, neighbours)
        return frames

    def window(self, start: int, stop: int, rows: slice, columns: slice) -> NDArray[Any]:
        """Return a rectangle of frames ``start:stop``, as `read` has it, without reading the rest."""
        frames = np.asarray(self.frames[start:stop, rows, columns])
        if self.validity is None:
            return frames
        incomplete = set((np.flatnonzero(~self.validity.valid[start:stop]) + start).tolist())
        incomplete |= {frame for frame, _, _ in self.validity.rows if start <= frame < stop}
        frames = frames.copy() if incomplete else frames
        for frame in incomplete:
            frames[frame - start] = self.read(frame, frame + 1)[0, rows, columns]
        return frames

    def _between(self, frame: int, rows: slice, neighbours: dict[int, NDArray[Any]]) -> NDArray[Any]:
        """Return `rows` of a frame as the nearest whole frames before and after it have them."""
        whole = self._whole
        place = int(np.searchsorted(whole, frame))
        before, after = whole[max(0, place - 1)], whole[min(place, len(whole) - 1)]
        if place == 0:
            before = after
        if place == len(whole):
            after = before
        share = 0.5 if after == before else (frame - before) / (after - before)
        for k in {int(before), int(after)} - neighbours.keys():
            neighbours[k] = self._finite(np.asarray(self.frames[k : k + 1]))[0]
        first, second = neighbours[int(before)][rows], neighbours[int(after)][rows]
        mixed = (1 - share) * first.astype(np.float64) + share * second.astype(np.float64)
        return (np.rint(mixed) if self.dtype.kind in "iu" else mixed).astype(self.dtype)

    def _finite(self, frames: NDArray[Any]) -> NDArray[Any]:
        if frames.dtype.kind != "f":
            return frames
        finite = np.isfinite(frames)
        return frames if finite.all() else np.where(finite, frames, self._usual)

    @cached_property
    def _usual(self) -> NDArray[Any]:
        """Each pixel's median over frames spread over the movie, or that of the nearest pixel that has one.

        It doesn't change with time, so that what is filled in shows no activity.
        """
        most = max(3, min(_USUAL_FRAMES, self.block_frames()))
        times = np.unique(np.linspace(0, self.n_frames - 1, most).astype(int))
        sample = np.concatenate([np.asarray(self.frames[time : time + 1]) for time in times.tolist()])
        finite = np.isfinite(sample)
        known = finite.any(axis=0)
        if not known.any():
            raise InputError(
                self.source, "pixels", "are all NaN or infinite", "Check how the movie was saved."
            )
        usual = np.zeros(self.fov_shape, self.dtype)
        usual[known] = np.nanmedian(np.where(finite, sample, np.nan)[:, known], axis=0)
        nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
        return np.asarray(usual[tuple(nearest)])

    @cached_property
    def _whole(self) -> NDArray[np.int64]:
        """The valid frames without a row missing."""
        whole = self.valid.copy()
        if self.validity is not None:
            whole[[frame for frame, _, _ in self.validity.rows]] = False
        return np.flatnonzero(whole if whole.any() else self.valid)

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
