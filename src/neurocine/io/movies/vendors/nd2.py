"""Nikon's ``.nd2``, read frame by frame by the package `nd2` (pure Python, maintained; extra ``formats``)."""

from __future__ import annotations

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
from neurocine.io.safe.damage import DEFLATE_RATIO, check_unpacked

#: nd2's names of loops, with the axis that each is.
_AXES = {"TimeLoop": "T", "NETimeLoop": "T", "ZStackLoop": "Z", "XYPosLoop": "P"}

#: Most frames of an experiment whose times are read: nd2 lists the loops of all of them.
_MOST_TIMED = 200_000


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

    The frame rate comes from the times at which frames were recorded, or else from the settings.

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
        order = "C" + "".join(axis for axis, _ in reversed(loops))
        order += "".join(axis for axis in "ZT" if axis not in order)
        names = [str(channel.channel.name) for channel in file.metadata.channels or ()]
        layout = Layout(channel_names(names, n_channels), counts.get("Z", 1), order=order)
        rate = _frame_rate(file, loops, n_recorded)
        if order.endswith("T"):
            n_recorded = whole_volumes(path, layout, n_recorded * n_channels) // n_channels
        frames = _Nd2Frames(path, n_recorded, n_channels, shape, file.dtype)
        return OpenedMovie(frames, rate, _pixel_size(file, path), layout=layout)


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


def _frame_rate(file: Any, loops: list[tuple[str, int]], n_recorded: int) -> float | None:
    """Return the rate of one plane in Hz: from the first and the last time, else from the planned period."""
    axes = [axis for axis, _ in loops]
    after = axes.index("T") + 1 if "T" in axes else len(axes)
    step = prod(n for _, n in loops[after:])  # frames from one time to the next, of the same plane
    n_intervals = (n_recorded - 1) // step if axes[:after] in ([], ["T"]) else dict(loops).get("T", 1) - 1
    planned = prod(n for _, n in loops)
    if n_intervals > 0 and planned <= _MOST_TIMED:
        first, last = (_time_ms(file, frame) for frame in (0, n_intervals * step))
        if first is not None and last is not None and last > first:
            return 1000 * n_intervals / (last - first)
    for loop in file.experiment:
        period = getattr(loop.parameters, "periodMs", 0)
        if _AXES.get(loop.type) == "T" and period and isfinite(period) and period > 0:
            return float(1000 / period)
    return None


def _time_ms(file: Any, frame: int) -> float | None:
    """Return when a frame was recorded, in ms; None if the file doesn't say."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It says so as a warning.
            time = float(file.frame_metadata(frame).channels[0].time.relativeTimeMs)
    except (LookupError, AttributeError):
        return None
    return time if isfinite(time) else None


MOVIE_FORMATS.register(MovieFormat(name="Nikon", suffixes=(".nd2",), read=read))
