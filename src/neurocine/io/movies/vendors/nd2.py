"""Nikon's ``.nd2``, read frame by frame by the package `nd2` (pure Python, maintained; extra ``formats``)."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError, ReaderMissing
from neurocine.io.movies.frames import LazyFrames, OpenedMovie
from neurocine.io.movies.layout import Layout, channel_names, whole_volumes
from neurocine.io.movies.metadata import square_size
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.movies.times import numbers_of, rate_of
from neurocine.io.safe.damage import DEFLATE_RATIO, check_unpacked

logger = logging.getLogger(__name__)

#: nd2's names of loops, with the axis that each is.
_AXES = {"TimeLoop": "T", "NETimeLoop": "T", "ZStackLoop": "Z", "XYPosLoop": "P"}

#: Most frames of an experiment whose times are read: nd2 lists the loops of all of them.
_MOST_TIMED = 200_000
#: The rate that was planned is doubtful if the times differ by more than this share of it.
_RATE_TOLERANCE = 0.01


class _Nd2Frames(LazyFrames):
    """The channels of each recorded frame, one after the other; the file is only open while they are read."""

    def __init__(
        self, path: Path, n_recorded: int, n_channels: int, shape: tuple[int, int], dtype: Any
    ) -> None:
        super().__init__((n_recorded * n_channels, *shape), dtype)
        self._path, self._n_channels = path, n_channels

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return self._read_every(range(start, stop))

    def _read_every(self, times: range) -> NDArray[Any]:
        frames = np.empty((len(times), *self.shape[1:]), self.dtype)
        last, channels = -1, np.empty(0)
        with _opened(self._path) as file:
            for i, time in enumerate(times):
                recorded, channel = divmod(time, self._n_channels)
                if recorded != last:
                    channels = file.read_frame(recorded).reshape(self._n_channels, *self.shape[1:])
                    last = recorded
                frames[i] = channels[channel]
        return frames


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the frames of an ``.nd2`` file, with its channels and planes.

    The rate comes from the times at which frames were recorded, or else from the settings; these times tell
    frames that are missing.

    Raises
    ------
    ReaderMissing
        If `nd2` isn't installed.
    InputError
        If the file is of version 1, damaged, or holds colour or several positions.
    """
    with _opened(path) as file:
        if file.is_legacy:
            raise InputError(path, "version", "is 1", "Save it as TIFF in NIS-Elements.")
        if file.components_per_channel == 3:
            raise InputError(path, "colour", "the pictures are colour", "Save one grey channel.")
        loops = [
            (_AXES.get(loop.type, loop.type), int(loop.count)) for loop in file.experiment if loop.count > 1
        ]
        counts = dict(loops)
        other = {axis: n for axis, n in loops if axis not in ("T", "Z")}
        if other or len(counts) != len(loops):
            named = ", ".join(f"{axis}={n}" for axis, n in loops)
            raise InputError(
                path, "axes", f"more than time (T) and planes (Z): {named}", "Split it in NIS-Elements."
            )
        attributes = file.attributes
        n_channels = int(attributes.componentCount)
        shape = (int(attributes.heightPx), int(attributes.widthPx))
        # An experiment that was stopped has fewer frames than it planned.
        recorded = int(attributes.sequenceCount)
        n_recorded = min(recorded, prod(counts.values())) if loops else recorded
        n_bytes = n_recorded * n_channels * prod(shape) * file.dtype.itemsize
        check_unpacked(path, "frames", n_bytes, path.stat().st_size, DEFLATE_RATIO)
        order = "".join(axis for axis, _ in reversed(loops))
        order = ("C" if "Z" in order else "CZ") + order + ("" if "T" in order else "T")
        names = [str(channel.channel.name) for channel in file.metadata.channels or ()]
        layout = Layout(channel_names(names, n_channels), counts.get("Z", 1), order=order)
        times = _times_s(file, loops, n_recorded)
        rate = _frame_rate(file, path, times)
        numbers = None
        if order.endswith("T"):
            n_recorded = whole_volumes(path, layout, n_recorded * n_channels) // n_channels
            numbers = None if times is None else numbers_of(times)
        frames = _Nd2Frames(path, n_recorded, n_channels, shape, file.dtype)
        if numbers is not None:
            numbers = np.repeat(numbers, layout.per_volume)[: len(frames)]
        return OpenedMovie(frames, rate, _pixel_size(file, path), layout=layout, numbers=numbers)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        from nd2 import ND2File
    except ImportError as error:
        raise ReaderMissing(
            path, "reader", f"nd2 can't be loaded ({error})", "Install it: pip install 'neurocine[formats]'."
        ) from error
    with ND2File(path) as file:
        try:
            yield file
        except NameError as error:  # in nd2 0.12, of a channel without fluorescent probe
            raise ValueError(str(error)) from error


def _pixel_size(file: Any, path: Path) -> float | None:
    """Return µm per pixel, None if the objective wasn't calibrated."""
    volume = file.metadata.channels[0].volume
    edges = zip(volume.axesCalibration[:2], volume.axesCalibrated[:2], strict=True)
    return square_size([float(edge) for edge, known in edges if known and edge > 0], path)


def _times_s(file: Any, loops: list[tuple[str, int]], n_recorded: int) -> NDArray[np.float64] | None:
    """Return when the frames of the first plane were recorded, in seconds; None if the file doesn't say."""
    if prod(n for _, n in loops) > _MOST_TIMED:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It says so as a warning.
        times = np.array(file.events(orient="list").get("Time [s]", ()), dtype=np.float64)[:n_recorded]
    axes = [axis for axis, _ in loops]
    after = axes.index("T") + 1 if "T" in axes else len(axes)
    step = prod(n for _, n in loops[after:])  # frames from one time to the next, of the same plane
    n_times = -(-n_recorded // step) if axes[:after] in ([], ["T"]) else dict(loops).get("T", 1)
    own = times[: n_times * step : step]
    return own if len(times) == n_recorded and len(own) > 1 and np.isfinite(own).all() else None


def _frame_rate(file: Any, path: Path, times: NDArray[np.float64] | None) -> float | None:
    """Return the rate of one plane in Hz: from the `times` of its frames, else from the planned period."""
    measured = None if times is None else rate_of(times)
    periods = [
        getattr(loop.parameters, "periodMs", 0) for loop in file.experiment if _AXES.get(loop.type) == "T"
    ]
    planned = next((float(1000 / period) for period in periods if isfinite(period) and period > 0), None)
    if measured and planned and abs(measured - planned) > _RATE_TOLERANCE * measured:
        logger.warning(
            "%s: %g Hz were planned, but by their times frames were recorded at %g Hz, which is used",
            path, planned, measured,
        )  # fmt: skip
    return measured or planned


MOVIE_FORMATS.register(MovieFormat(name="Nikon", suffixes=(".nd2",), read=read))
