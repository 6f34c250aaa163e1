"""Cells and structs of MATLAB's files of version 5, read in Python: SciPy crashes on damaged ones.

Read are numbers, cells and structs; text and other classes become None. The layout is that of MathWorks'
"MAT-File Format".
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator
from math import prod
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from neurocine.core import DamagedFile, InputError
from neurocine.io.safe.damage import FREE_BYTES, MAX_RATIO, reraise_as_input_error

#: Kind and content of an element.
Element = tuple[int, memoryview]

#: Bytes of the header, at whose end the version and the order of bytes are.
_HEADER = 128
_ORDERS = {b"\x00\x01IM": "<", b"\x01\x00MI": ">"}
#: Kinds of elements, and NumPy's names of those that hold numbers.
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
#: Classes of arrays.
_CELL, _STRUCT, _NUMERIC = 1, 2, range(6, 16)
#: Nesting of cells and structs, and how many values they hold together.
MAX_DEPTH = 16
MAX_VALUES = 2**21
#: Bytes within which the name of a variable is.
_NAME_WITHIN = 4096


def load_cells(path: str | Path, names: Collection[str]) -> dict[str, Any]:
    """Return those of the variables `names` that a ``.mat`` file holds; others aren't unpacked.

    Returns
    -------
    dict
        Numbers as arrays, a cell as a list, a struct as a dict, and an array of structs as a list of dicts.

    Raises
    ------
    InputError
        If the file is of another version, damaged, or unpacks to far more than it is.
    """
    path = Path(path)
    if h5py.is_hdf5(path):
        raise InputError(
            path,
            "version",
            "is MATLAB 7.3",
            "Save it in MATLAB by save(file, 'stat', 'ops', 'iscell', '-v7').",
        )
    with (
        reraise_as_input_error(path, "a whole MATLAB file of version 5"),
        path.open("rb") as file,
    ):
        order = _ORDERS.get(file.read(_HEADER)[-4:])
        if order is None:
            raise ValueError("its header isn't that of version 5")
        read = _Matrices(order)
        return {
            name: read(_body(path, file, is_compressed, size))
            for name, is_compressed, size in _variables(path, file, order)
            if name in names
        }


def _variables(path: Path, file: IO[bytes], order: str) -> Iterator[tuple[str, bool, int]]:
    """Yield the name of each variable, whether it is compressed, and its size; `file` is where it begins."""
    end = path.stat().st_size
    while len(tag := file.read(8)) == 8:
        kind, size = struct.unpack(f"{order}II", tag)
        start = file.tell()
        if start + size > end:
            raise ValueError("it is cut short")
        if kind in (_MATRIX, _COMPRESSED):
            head = file.read(min(size, _NAME_WITHIN))
            if kind == _COMPRESSED:
                head = zlib.decompressobj().decompress(head, _NAME_WITHIN)[8:]
            elements = _elements(memoryview(head), order)
            _, _, name = (_next(elements) for _ in range(3))
            file.seek(start)
            yield bytes(name[1]).decode("ascii"), kind == _COMPRESSED, size
        file.seek(start + size)


def _body(path: Path, file: IO[bytes], is_compressed: bool, size: int) -> memoryview:
    """Return the content of the variable at which `file` is."""
    stored = file.read(size)
    if not is_compressed:
        return memoryview(stored)
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(stored, FREE_BYTES + MAX_RATIO * len(stored))
    if unpacker.unconsumed_tail:
        raise DamagedFile(path, "file", "unpacks to far more than it can hold", "Save it again.")
    return memoryview(content)[8:]


def _elements(data: memoryview, order: str) -> Iterator[Element]:
    """Yield kind and content of each element of `data`; raise `ValueError` if one is cut short."""
    at = 0
    while at < len(data):
        (word,) = struct.unpack_from(f"{order}I", data, at)
        if word >> 16:  # kind, size and content in 8 bytes
            kind, size, start, step = word & 0xFFFF, word >> 16, at + 4, 4
        else:
            (size,) = struct.unpack_from(f"{order}I", data, at + 4)
            kind, start, step = word, at + 8, -(-size // 8) * 8
        content = data[start : start + size]
        if len(content) != size or size > step:
            raise ValueError("it is cut short")
        yield kind, content
        at = start + step


def _next(elements: Iterator[Element]) -> Element:
    for element in elements:
        return element
    raise ValueError("it is cut short")


class _Matrices:
    """Reads matrices, up to a number of them that no file of results has."""

    def __init__(self, order: str) -> None:
        self._order = order
        self._left = MAX_VALUES

    def __call__(self, data: memoryview, depth: int = 0) -> Any:
        """Return the content of a matrix without its tag."""
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            raise ValueError("it holds too many values, or they are nested too deeply")
        if not len(data):
            return np.empty(0)
        elements = _elements(data, self._order)
        kind = int(self._numbers(elements)[0]) & 0xFF
        shape = tuple(int(n) for n in self._numbers(elements))
        if not all(n >= 0 for n in shape):
            raise ValueError(f"an array has the shape {shape}")
        _next(elements)  # the name
        if kind in _NUMERIC:
            return self._numbers(elements).reshape(shape, order="F")
        if kind == _CELL:
            return [self(_next(elements)[1], depth + 1) for _ in range(prod(shape))]
        if kind == _STRUCT:
            return self._structs(elements, prod(shape), depth)
        return None

    def _structs(self, elements: Iterator[Element], n: int, depth: int) -> Any:
        width = int(self._numbers(elements)[0])
        text = bytes(_next(elements)[1])
        if width < 1:
            raise ValueError("the names of a struct have no length")
        fields = [text[at : at + width].split(b"\0")[0].decode("ascii") for at in range(0, len(text), width)]
        if not fields:
            return {}
        structs = [{name: self(_next(elements)[1], depth + 1) for name in fields} for _ in range(n)]
        return structs[0] if n == 1 else structs

    def _numbers(self, elements: Iterator[Element]) -> NDArray[Any]:
        kind, content = _next(elements)
        if kind not in _NUMBERS:
            raise ValueError(f"it holds an element of kind {kind} in place of numbers")
        return np.frombuffer(content, self._order + _NUMBERS[kind])
