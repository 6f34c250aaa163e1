"""suite2p's registered binary, ``data.bin``, with the settings beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurocine.core import InputError
from neurocine.io.movies.frames import Mapped, OpenedMovie
from neurocine.io.movies.metadata import number
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.safe.unpickle import load_dict

BINARY = "data.bin"
#: Files with the size of the picture and the frame rate: suite2p 0.x, then 1.x.
SETTINGS = ("ops.npy", "db.npy", "settings.npy", "reg_outputs.npy")


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the int16 frames of a binary of suite2p.

    Raises
    ------
    InputError
        If the settings beside it are missing or don't fit its size.
    """
    settings = read_settings(path.parent)
    height, width = settings.get("Ly"), settings.get("Lx")
    if not (isinstance(height, int | np.integer) and isinstance(width, int | np.integer)):
        raise InputError(
            path,
            "Ly, Lx",
            f"neither {' nor '.join(SETTINGS)} beside it gives the size of the picture",
            "Keep all files of suite2p's folder together.",
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
    return OpenedMovie(frames, number(settings, "fs"))


def read_settings(folder: Path) -> dict[str, Any]:
    """Return the settings in all of suite2p's files in `folder`; those of later versions win."""
    merged: dict[str, Any] = {}
    for name in SETTINGS:
        if (folder / name).is_file():
            merged |= load_dict(folder / name)
    return merged


def files_in(folder: Path) -> list[Path]:
    """Return suite2p's binary if it lies in `folder`."""
    return [path for path in (folder / BINARY,) if path.is_file()]


MOVIE_FORMATS.register(
    MovieFormat(name="suite2p", suffixes=(".bin",), read=read, files_in=files_in, folder_content=BINARY)
)
