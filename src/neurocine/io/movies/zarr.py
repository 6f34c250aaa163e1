"""Zarr folders (versions 2 and 3)."""

from __future__ import annotations

from pathlib import Path

from neurocine.core import InputError
from neurocine.io.movies.choose import choose, number, text
from neurocine.io.movies.frames import Found

#: A folder with one of these is a Zarr array or group.
MARKS = ("zarr.json", ".zarray", ".zgroup")


def is_zarr(path: Path) -> bool:
    """Return whether the folder `path` is a Zarr array or group."""
    return path.is_dir() and (
        path.suffix.lower() == ".zarr" or any((path / mark).is_file() for mark in MARKS)
    )


def read(path: Path, dataset: str | None = None) -> Found:
    """Return the frames of a Zarr array, or of `dataset` or the only 3-D array of a group.

    Raises
    ------
    InputError
        If the folder isn't Zarr or the array can't be told.
    """
    import zarr

    try:
        node = zarr.open(path, mode="r")
    except (OSError, ValueError, KeyError, zarr.errors.BaseZarrError) as error:
        raise InputError(
            path, "folder", f"isn't a readable Zarr array or group ({error})", "Save or copy it again."
        ) from error
    attributes = dict(node.attrs)
    if isinstance(node, zarr.Array):
        frames = node
    else:
        members = node.members(max_depth=None)
        arrays = {name: array for name, array in members if isinstance(array, zarr.Array)}
        _, frames = choose(path, arrays, dataset)
        attributes |= dict(frames.attrs)
    return Found(
        frames,
        number(attributes, "frame_rate_hz"),
        number(attributes, "pixel_size_um"),
        text(attributes, "indicator"),
    )
