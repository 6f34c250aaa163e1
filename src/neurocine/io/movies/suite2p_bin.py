"""suite2p's registered binary, ``data.bin``, with the settings beside it."""

from __future__ import annotations

import logging
import re
from math import prod
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from neurocine.core import InputError, Validity
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
    if not (_is_size(height) and _is_size(width)):
        raise InputError(
            path,
            "Ly, Lx",
            f"neither {' nor '.join(SETTINGS)} beside it gives the size of the picture",
            "Copy ops.npy (suite2p 0.x), or db.npy and settings.npy (1.x), of the plane's folder beside it.",
        )
    n_frames = _n_frames(path, settings, int(height), int(width))
    frames = Mapped(path, np.int16, 0, (n_frames, int(height), int(width)))
    return OpenedMovie(frames, _rate(path, settings), validity=_validity(settings, n_frames))


def _validity(settings: dict[str, Any], n_frames: int) -> Validity | None:
    """Return which frames suite2p leaves out of detection: its ``badframes``; None if it leaves none out."""
    bad = np.asarray(settings.get("badframes", ()))
    if bad.shape != (n_frames,) or not bad.any() or bad.all():
        return None
    return Validity.of(~bad.astype(bool), "bad by suite2p")


def _is_size(value: object) -> TypeGuard[int]:
    return isinstance(value, int | np.integer) and bool(value > 0)


def _n_frames(path: Path, settings: dict[str, Any], height: int, width: int) -> int:
    """Return the number of frames, which the size of the binary and the settings beside it agree on.

    Raises
    ------
    InputError
        If they don't, or suite2p's mean picture has another height and width.
    """
    n_pixels, odd_byte = divmod(path.stat().st_size, 2)
    n_frames, over = divmod(n_pixels, height * width)
    expected = number(settings, "nframes")
    if odd_byte or over or (expected is not None and n_frames != expected):
        held = "" if expected is None else f"there should be {expected:.0f} of "
        raise InputError(
            path,
            "Ly, Lx" if expected is None else "Ly, Lx, nframes",
            f"{held or 'frames are '}{height} x {width} pixels of 2 bytes, but the file has "
            f"{path.stat().st_size:,} bytes, {n_pixels / (height * width):.6g} times one frame"
            + _what_fits(n_pixels, height, width, expected),
            "Copy the settings of the same run beside it. If the file was cut short, copy it again.",
        )
    for name in ("meanImg", "refImg"):
        shape = np.shape(settings.get(name, ()))
        if len(shape) == 2 and shape != (height, width):
            raise InputError(
                path,
                "Ly, Lx",
                f"are {height} and {width}, but {name} beside it has {shape[0]} x {shape[1]} pixels",
                "Copy the settings of the same run beside it.",
            )
    return n_frames


def _what_fits(n_pixels: int, height: int, width: int, n_frames: float | None) -> str:
    """Return which value of a single setting would fit the size of the binary, in words."""
    known = {"Ly": height, "Lx": width} | ({} if n_frames is None else {"nframes": int(n_frames)})
    product = prod(known.values())
    fitting = {
        name: n_pixels * value // product
        for name, value in known.items()
        if product and n_pixels * value % product == 0
    }
    listed = " or ".join(f"{name} {value}" for name, value in fitting.items())
    return f" (it would fit with {listed})" if listed and n_frames is not None else ""


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
