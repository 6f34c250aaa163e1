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
from neurocine.io.movies.frames import LazyFrames, Mapped, OpenedMovie
from neurocine.io.movies.metadata import check_one_plane, number, square_size
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.safe.matlab import load_struct

#: Rows and columns of versions that don't say.
_ROWS, _COLUMNS = 512, 796


class _Inverted(LazyFrames):
    """Frames stored upside down: the more light, the lower the value."""

    def __init__(self, stored: LazyFrames) -> None:
        super().__init__(stored.shape, stored.dtype)
        self._stored = stored

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return np.asarray(np.uint16(65535) - self._stored[start:stop])


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

    Raises
    ------
    InputError
        If the settings beside it are missing or don't fit its size, or there are several channels or planes.
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
    check_one_plane(path, settings.n_channels, settings.n_planes)
    return OpenedMovie(
        _Inverted(Mapped(path, "<u2", 0, (n_frames, height, width))),
        settings.frame_rate_hz,
        square_size(settings.edges_um, path),
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
    n_planes = _n_planes(info)
    return Settings(
        fov_shape=(int(shape[0]), int(shape[1])),
        n_channels=_n_channels(info),
        n_planes=n_planes,
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


MOVIE_FORMATS.register(MovieFormat(name="Scanbox", suffixes=(".sbx",), read=read))
