"""MATLAB's files of versions 4 to 7 (``.mat``), read by SciPy after a look at what they declare.

Version 7.3 is HDF5: see `neurocine.io.safe.hdf5`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError
from neurocine.io.safe.damage import DEFLATE_RATIO, FREE_BYTES, check_unpacked, reraise_as_input_error

_REMEDY = "Copy it again, or save it again with MATLAB."
#: MATLAB's names of classes of numbers, with NumPy's.
_NUMERIC = {name: name for name in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")}
_NUMERIC |= {"single": "float32", "double": "float64"}
#: Bytes of the header of version 5; then come elements: type, number of bytes, content.
_HEADER, _COMPRESSED, _MATRIX = 128, 15, 14
#: Largest file of settings, bytes, and the most arrays in it: SciPy's stack overflows at 8,000 nested ones.
_MOST_BYTES, _MOST_ARRAYS = 16 * 1024**2, 2000


@dataclass(frozen=True)
class NumericArray:
    """What a file declares of an array.

    Attributes
    ----------
    shape
        Lengths of its axes from MATLAB's last to its first, as NumPy and HDF5 order them in memory.
    dtype
        Type of its values.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def n_bytes(self) -> int:
        """Bytes that it takes in memory."""
        return prod(self.shape) * self.dtype.itemsize


def numeric_arrays(path: Path) -> dict[str, NumericArray]:
    """Return the arrays of numbers in a file, by name.

    Raises
    ------
    DamagedFile
        If it isn't a MATLAB file of version 4 to 7, or declares more than it can hold.
    """
    from scipy.io import whosmat

    with _reading(path):
        found = {
            name: NumericArray(tuple(int(n) for n in reversed(shape)), np.dtype(_NUMERIC[kind]))
            for name, shape, kind in whosmat(str(path), appendmat=False)
            if kind in _NUMERIC
        }
    for name, array in found.items():
        check_unpacked(path, name, array.n_bytes, path.stat().st_size, DEFLATE_RATIO)
    return found


def load_array(path: Path, name: str) -> NDArray[Any]:
    """Return one of the `numeric_arrays`, its axes in MATLAB's order."""
    from scipy.io import loadmat

    with _reading(path):
        return np.asarray(loadmat(str(path), appendmat=False, variable_names=[name])[name])


def load_struct(path: Path, name: str) -> dict[str, Any]:
    """Return the struct `name` of a small file of settings as a dict; structs in it are dicts, too.

    Raises
    ------
    InputError
        If the file isn't MATLAB's, is of version 7.3, large or deeply nested, or holds no such struct.
    """
    from scipy.io import loadmat

    with _reading(path):
        if h5py.is_hdf5(path):
            raise InputError(path, "version", "is 7.3", "Save it with save(..., '-v7').")
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(path, "size", f"is over {_MOST_BYTES:,} bytes", f"It should only hold {name}.")
        if sum(map(_arrays_at_most, _contents(path.read_bytes()))) > _MOST_ARRAYS:
            raise InputError(path, name, f"holds more than {_MOST_ARRAYS} arrays", _REMEDY)
        value = loadmat(str(path), appendmat=False, simplify_cells=True, variable_names=[name]).get(name)
    if not isinstance(value, dict):
        raise InputError(path, name, "isn't a struct in this file", _REMEDY)
    return value


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn errors of SciPy's reader into `DamagedFile`."""
    from scipy.io.matlab import MatReadError

    with reraise_as_input_error(path, "a whole MATLAB file of version 4 to 7", _REMEDY):
        try:
            yield
        except MatReadError as error:
            raise ValueError(str(error)) from error


def _contents(data: bytes) -> Iterator[bytes]:
    """Yield the elements of a file, those that are compressed unpacked."""
    order = ">" if data[126:128] == b"MI" else "<"
    at = _HEADER
    while at + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        content = data[at + 8 : at + 8 + size]
        if kind == _COMPRESSED:
            unpacking = zlib.decompressobj()
            content = unpacking.decompress(content, FREE_BYTES)
            if unpacking.unconsumed_tail:
                raise ValueError(f"it unpacks to more than {FREE_BYTES:,} bytes")
        yield data[at : at + 8] + content if kind != _COMPRESSED else content
        at += 8 + size


def _arrays_at_most(content: bytes) -> int:
    """Return how many arrays may begin in an element: each does with its type, at a multiple of 8 bytes."""
    words = np.frombuffer(content[: len(content) // 8 * 8], np.uint32)[::2]
    return int(np.count_nonzero((words == _MATRIX) | (words == _MATRIX << 24)))
