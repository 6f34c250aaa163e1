"""suite2p's registered binary, ``data.bin``, with the settings beside it."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import numpy as np

from neurocine.core import InputError
from neurocine.io.movies.frames import Mapped, OpenedMovie
from neurocine.io.movies.metadata import number
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.safe.unpickle import load_dict

logger = logging.getLogger(__name__)

BINARY = "data.bin"
#: Files with the size of the picture and the frame rate: suite2p 0.x, then 1.x.
SETTINGS = ("ops.npy", "db.npy", "settings.npy", "reg_outputs.npy")
#: A setting since version 0.6.9, the first whose frame rate is that of one plane.
_RATE_PER_PLANE = "bidi_corrected"
#: Folders in the folder ``suite2p``: one for each plane, and one with the results of all side by side.
_PLANE = re.compile(r"plane(\d+)|combined")


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the int16 frames of a binary of suite2p.

    Raises
    ------
    InputError
        If the settings beside it are missing or don't fit its size, or `path` is a folder of several planes.
    """
    if path.is_dir():
        path = only_plane(path, BINARY) / BINARY
    settings = read_settings(path.parent)
    height, width = settings.get("Ly"), settings.get("Lx")
    if not (isinstance(height, int | np.integer) and isinstance(width, int | np.integer)):
        raise InputError(
            path,
            "Ly, Lx",
            f"neither {' nor '.join(SETTINGS)} beside it gives the size of the picture",
            "Copy ops.npy (suite2p 0.x), or db.npy and settings.npy (1.x), of the plane's folder beside it.",
        )
    frame_bytes = 2 * int(height) * int(width)
    size = path.stat().st_size
    expected = number(settings, "nframes")
    n_frames = size // frame_bytes
    if size % frame_bytes or (expected is not None and n_frames < expected):
        raise InputError(
            path,
            "size",
            f"is {size} bytes, but frames of {height} x {width} take {frame_bytes} bytes each"
            + ("" if expected is None else f" and there should be {expected:.0f}"),
            "The file is cut short or belongs to other settings: copy or make it again.",
        )
    frames = Mapped(path, np.int16, 0, (n_frames, int(height), int(width)))
    return OpenedMovie(frames, _rate(path, settings))


def _rate(path: Path, settings: dict[str, Any]) -> float | None:
    """Return the frame rate; a warning says if it could be that of all planes together."""
    rate, n_planes = number(settings, "fs"), number(settings, "nplanes") or 1
    first_version = not any((path.parent / name).is_file() for name in SETTINGS[1:])
    if rate and n_planes > 1 and first_version and _RATE_PER_PLANE not in settings:
        logger.warning(
            "%s: fs is %g Hz and there are %d planes: before version 0.6.9, suite2p asked for the rate of "
            "all planes together. If this is it, give %g Hz as frame_rate_hz, and override",
            path,
            rate,
            n_planes,
            rate / n_planes,
        )
    return rate


def plane_folders(folder: Path, content: str) -> list[Path]:
    """Return the folders of planes in `folder` that hold the file `content`; ``combined`` is last."""
    found = [
        (match, file.parent)
        for file in folder.glob(f"*/{content}")
        if (match := _PLANE.fullmatch(file.parent.name))
    ]
    return [plane for _, plane in sorted(found, key=lambda pair: int(pair[0][1] or 10**9))]


def only_plane(folder: Path, content: str) -> Path:
    """Return the only folder of a plane in `folder` that holds the file `content`.

    Raises
    ------
    InputError
        If there are several; the message lists them.
    """
    planes = plane_folders(folder, content)
    if len(planes) != 1:
        raise InputError(
            folder,
            "planes",
            f"it holds {', '.join(plane.name for plane in planes) or 'none'}",
            f"Give the folder of one plane, such as {planes[0] if planes else folder / 'plane0'}.",
        )
    return planes[0]


def read_settings(folder: Path) -> dict[str, Any]:
    """Return the settings in all of suite2p's files in `folder`; those of later versions win."""
    merged: dict[str, Any] = {}
    for name in SETTINGS:
        if (folder / name).is_file():
            merged |= load_dict(folder / name)
    return merged


def files_in(folder: Path) -> list[Path]:
    """Return suite2p's binary in `folder` or in its only plane; the folder itself if it has several."""
    planes = [folder] if (folder / BINARY).is_file() else plane_folders(folder, BINARY)
    return [planes[0] / BINARY] if len(planes) == 1 else [folder] if planes else []


MOVIE_FORMATS.register(
    MovieFormat(name="suite2p", suffixes=(".bin",), read=read, files_in=files_in, folder_content=BINARY)
)
