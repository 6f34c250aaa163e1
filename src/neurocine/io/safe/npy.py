"""NumPy files; their headers are compared with the size of the file before memory is allocated."""

from __future__ import annotations

import zipfile
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError
from neurocine.io.safe.damage import FREE_BYTES, MAX_RATIO, reraise_as_input_error

_REMEDY = "Save it again with numpy.save."
#: Bytes that all arrays of an archive may always unpack to: stacks of masks compress well.
_FREE = 8 * FREE_BYTES


def load_array(path: str | Path, *, mapped: bool = False) -> NDArray[Any]:
    """Return the array of a ``.npy`` file, which holds no Python objects.

    Parameters
    ----------
    path
        The file.
    mapped
        Whether it stays on disk until it is read.

    Raises
    ------
    InputError
        If the file isn't NumPy's, is cut short, or holds Python objects.
    """
    path = Path(path)
    with reraise_as_input_error(path, "a whole NumPy array of numbers", _REMEDY):
        with path.open("rb") as file:
            needed = _header_bytes(file)
            left = path.stat().st_size - file.tell()
        if needed > left:
            raise ValueError(f"its header declares {needed:,} bytes, the file holds {left:,}")
        array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise ValueError("it is an archive")
        return array


def load_arrays(path: str | Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file, which hold no Python objects.

    Raises
    ------
    InputError
        If the file isn't NumPy's, is cut short, holds Python objects, or unpacks to far more than it is.
    """
    path = Path(path)
    with reraise_as_input_error(path, "a readable NumPy file", _REMEDY), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        total = sum(member.file_size for member in members)
        if total > _FREE + MAX_RATIO * path.stat().st_size:
            raise InputError(path, "file", f"unpacks to {total:,} bytes", _REMEDY)
        return {member.filename.removesuffix(".npy"): _member(archive, member) for member in members}


def object_header(path: Path) -> int | None:
    """Return where the pickle of an array of Python objects begins in a ``.npy`` file; None without one."""
    with path.open("rb") as file:
        dtype = _header(file)[1]
        return file.tell() if dtype.hasobject else None


def holds_one_object(path: Path) -> bool:
    """Return whether a ``.npy`` file holds a single Python object, as `numpy.save` writes a dict."""
    with path.open("rb") as file:
        shape, dtype = _header(file)
    return shape == () and dtype.hasobject


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(member) as file:
        needed = _header_bytes(file)
    with archive.open(member) as file:
        if needed > member.file_size:
            raise ValueError(f"{member.filename} is cut short")
        return np.lib.format.read_array(file, allow_pickle=False)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"it is of version {version}")
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(file)
    return shape, dtype


def _header_bytes(file: IO[bytes]) -> int:
    """Return how many bytes follow the header that is read from `file`, as the header declares."""
    shape, dtype = _header(file)
    if dtype.hasobject or dtype.names is not None or any(n < 0 for n in shape):
        raise ValueError(f"it holds {dtype} of shape {shape}, not numbers")
    return prod(shape) * dtype.itemsize
