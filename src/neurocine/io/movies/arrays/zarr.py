"""Zarr folders (versions 2 and 3)."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

from neurocine.core import DamagedFile, InputError
from neurocine.io.movies.arrays.axes import as_frames, pick_dataset
from neurocine.io.movies.frames import OpenedMovie
from neurocine.io.movies.metadata import number, text
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.safe.damage import DEFLATE_RATIO, check_unpacked

#: A folder with one of these is a Zarr array or group.
MARKS = ("zarr.json", ".zarray", ".zgroup")


#: Codecs that chunks may be stored with. Others are refused: the codec `pickle` runs code from the file.
CODECS = (
    "adler32", "astype", "bitround", "blosc", "bytes", "bz2", "crc32", "crc32c", "delta", "fixedscaleoffset",
    "fletcher32", "gzip", "jenkins_lookup3", "lz4", "lzma", "packbits", "quantize", "sharding_indexed",
    "shuffle", "transpose", "zlib", "zstd",
)  # fmt: skip


def is_zarr(path: Path) -> bool:
    """Return whether the folder `path` is a Zarr array or group."""
    return path.is_dir() and (
        path.suffix.lower() == ".zarr" or any((path / mark).is_file() for mark in MARKS)
    )


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the frames of a Zarr array, or of `dataset` or the only 3-D array of a group.

    Raises
    ------
    InputError
        If the folder isn't Zarr, or several arrays could be the movie; if its chunks have other codecs than
        `CODECS`, or it declares more than is stored.
    """
    import zarr

    try:
        node = zarr.open(path, mode="r")
    except (OSError, ValueError, KeyError, zarr.errors.BaseZarrError) as error:
        raise DamagedFile(
            path, "folder", f"isn't a readable Zarr array or group ({error})", "Save or copy it again."
        ) from error
    attributes = dict(node.attrs)
    if isinstance(node, zarr.Array):
        frames = node
    else:
        members = node.members(max_depth=None)
        arrays = {name: array for name, array in members if isinstance(array, zarr.Array)}
        _, frames = pick_dataset(path, arrays, dataset)
        attributes |= dict(frames.attrs)
    _check(path, frames)
    pictures, layout = as_frames(path, frames)
    return OpenedMovie(
        pictures,
        number(attributes, "frame_rate_hz"),
        number(attributes, "pixel_size_um"),
        text(attributes, "indicator"),
        layout=layout,
    )


def _check(path: Path, frames: Any) -> None:
    """Raise `InputError` unless chunks are stored with known codecs and can hold what is declared."""
    metadata = frames.metadata.to_dict()
    codecs = set(_codecs([metadata.get(key) for key in ("compressor", "filters", "codecs")]))
    if unknown := sorted(codecs - set(CODECS)):
        raise InputError(
            path,
            "codecs",
            f"{', '.join(unknown)}: not supported",
            f"Save the movie with one of: {', '.join(CODECS)}.",
        )
    stored = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    size = frames.dtype.itemsize
    check_unpacked(path, "shape", prod(frames.shape) * size, stored, DEFLATE_RATIO)
    check_unpacked(path, "chunks", prod(frames.chunks) * size, stored, DEFLATE_RATIO)


def _codecs(metadata: Any) -> Iterator[str]:
    """Yield the names of all codecs in the metadata: ``id`` in version 2, ``name`` in version 3."""
    if isinstance(metadata, dict):
        yield from (
            str(metadata[key]).removeprefix("numcodecs.") for key in ("id", "name") if key in metadata
        )
        yield from _codecs(list(dict(metadata.get("configuration") or {}).values()))
    elif isinstance(metadata, list | tuple):
        for item in metadata:
            yield from _codecs(item)


MOVIE_FORMATS.register(
    MovieFormat(
        name="Zarr",
        suffixes=(".zarr",),
        read=read,
        has_datasets=True,
        files_in=lambda folder: [folder] if is_zarr(folder) else [],
        folder_content=" or ".join(MARKS),
    )
)
