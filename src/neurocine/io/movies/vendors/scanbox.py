"""Scanbox: ``NAME.sbx`` with raw pixels, and ``NAME.mat`` with the settings.

The pixels lie in the file as they come, so they are mapped, and few of the settings are needed. `sbxreader`
(pure Python, maintained) does the same, but reads settings without a look at what the file declares, and none
of versions without size. Meaning of the settings: scanbox.org, and the readers of sbxreader and CaImAn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import DamagedFile, FileMissing, InputError
from neurocine.io.movies.frames import LazyFrames, OpenedMovie
from neurocine.io.movies.layout import Layout, channel_names, whole_volumes
from neurocine.io.movies.metadata import number, square_size
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.safe.matlab import load_struct

#: Rows and columns of versions that don't say.
_ROWS, _COLUMNS = 512, 796


class _Pixels(LazyFrames):
    """The channels of each frame, one after the other. They are stored upside down: 65535 is dark."""

    def __init__(self, path: Path, n_recorded: int, shape: tuple[int, int], n_channels: int) -> None:
        super().__init__((n_recorded * n_channels, *shape), np.uint16)
        self._path, self._n_channels = path, n_channels

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return self._read_every(range(start, stop))

    def _read_every(self, times: range) -> NDArray[Any]:
        n_recorded = len(self) // self._n_channels
        stored = np.memmap(self._path, "<u2", "r", shape=(n_recorded, *self.shape[1:], self._n_channels))
        frames = np.empty((len(times), *self.shape[1:]), self.dtype)
        for i, time in enumerate(times):
            recorded, channel = divmod(time, self._n_channels)
            np.subtract(65535, stored[recorded, :, :, channel], out=frames[i])
        return frames


@dataclass(frozen=True)
class Settings:
    """What the pixels are.

    Attributes
    ----------
    fov_shape
        Rows and columns.
    n_channels
        Channels; they alternate from pixel to pixel.
    n_planes
        Depths of the lens (ETL or optotune); they alternate from frame to frame.
    frame_rate_hz
        Frames per second, all planes counted.
    edges_um
        Width and height of a pixel in µm; empty if unknown.
    """

    fov_shape: tuple[int, int]
    n_channels: int
    n_planes: int
    frame_rate_hz: float | None
    edges_um: tuple[float, ...]


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the uint16 frames of a Scanbox file, turned round so that light is bright.

    Channels have numbers from 1: mostly, 1 is green and 2 is red.

    Raises
    ------
    InputError
        If the settings beside it are missing or don't fit its size.
    """
    header = path.with_suffix(".mat")
    if not header.is_file():
        raise FileMissing(
            header,
            "file",
            "with the settings isn't there",
            f"Keep it beside {path.name}, as Scanbox wrote it.",
        )
    settings = read_settings(header)
    height, width = settings.fov_shape
    frame_bytes = 2 * height * width * settings.n_channels
    n_frames, rest = divmod(path.stat().st_size, frame_bytes)
    if rest:
        raise DamagedFile(
            path,
            "size",
            f"is {path.stat().st_size} bytes, but {header.name} says {settings.n_channels} channel(s) of "
            f"{height} x {width} pixels, which take {frame_bytes} bytes",
            "The file is cut short or belongs to other settings: copy it again.",
        )
    layout = Layout(channel_names((), settings.n_channels), settings.n_planes)
    n_pictures = whole_volumes(path, layout, n_frames * settings.n_channels)
    rate = settings.frame_rate_hz
    return OpenedMovie(
        _Pixels(path, n_pictures // settings.n_channels, settings.fov_shape, settings.n_channels),
        rate / settings.n_planes if rate else None,
        square_size(settings.edges_um, path),
        layout=layout,
    )


def read_settings(path: Path) -> Settings:
    """Return what Scanbox's ``.mat`` (versions 1 to 3) says of the pixels.

    Raises
    ------
    InputError
        If it isn't Scanbox's.
    """
    info = load_struct(path, "info")
    lines, resonance = number(info, "recordsPerBuffer"), number(info, "resfreq")
    bidirectional = number(info, "scanmode") == 0
    rows = lines * (2 if bidirectional else 1) if lines else _ROWS
    shape = np.ravel(info.get("sz", (rows, _COLUMNS)))
    if len(shape) != 2 or shape.dtype.kind not in "iuf" or not np.all((shape >= 1) & (shape < 2**16)):
        raise InputError(path, "info.sz", "isn't rows and columns", "Use the file that Scanbox wrote.")
    return Settings(
        fov_shape=(int(shape[0]), int(shape[1])),
        n_channels=_n_channels(info),
        n_planes=_n_planes(info),
        frame_rate_hz=resonance / lines if lines and resonance else None,
        edges_um=_edges(info),
    )


def _n_channels(info: Mapping[str, Any]) -> int:
    """Return how many channels are stored: counted since version 3, one of three choices before."""
    channels = info.get("chan")
    counted = number(channels, "nchan") if isinstance(channels, dict) else None
    return int(counted) if counted else 2 if number(info, "channels") == 1 else 1


def _n_planes(info: Mapping[str, Any]) -> int:
    """Return the length of the table of depths, if the lens was used."""
    if not number(info, "volscan"):
        return 1
    parameters = np.ravel(info.get("otparam", ()))
    lengths = [len(np.atleast_1d(info[key])) for key in ("etl_table", "otwave") if key in info]
    if len(parameters) == 3 and parameters.dtype.kind in "iuf" and parameters[2] >= 1:
        lengths.insert(0, int(parameters[2]))
    return next((n for n in lengths if n > 0), 1)


def _edges(info: Mapping[str, Any]) -> tuple[float, ...]:
    """Return width and height of a pixel in µm, as calibrated for the magnification."""
    edges = (number(info, "dxcal"), number(info, "dycal"))
    return tuple(edge for edge in edges if edge and 0 < edge < np.inf)


MOVIE_FORMATS.register(MovieFormat(name="Scanbox", suffixes=(".sbx",), read=read, settings_suffix=".mat"))
