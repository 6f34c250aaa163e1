"""NumPy files that hold Python objects, such as suite2p's, read without running what they may contain.

A pickle is a program. This one may build containers, numbers and text, and call names of NumPy that stand-ins
have here: they note what was asked for. Arrays are made of these notes, checked, afterwards.
NumPy itself would trust a pickle with an array's type, its size and, for objects, with addresses.
"""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neurocine.core import FileMissing, InputError
from neurocine.io.safe.damage import reraise_as_input_error, short_message
from neurocine.io.safe.npy import load_array, object_header

#: Types that arrays may have: numbers, text and objects; not structures, whose fields may overlap.
_PLAIN_TYPE = re.compile(r"[<>|=]?(?:[biufcSU]\d{1,9}|O8?)")
#: How deep containers may lie in each other: suite2p's lie three deep.
MOST_DEPTH = 32
#: Values that a file may hold beside one for each of its bytes: those that are used again count again.
FREE_VALUES = 100_000
_NOTHING = object()


class _Callable:
    """What a pickle may call in a name's place. It has no class to be called, nor attributes to be set."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[..., Any] | None) -> None:
        self._make = make

    def __call__(self, *arguments: Any) -> Any:
        if self._make is None:
            raise pickle.UnpicklingError("it calls what is only to be named")
        return self._make(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("it changes a function")


class _Type:
    """Note of an array's type."""

    __slots__ = ("dtype",)

    def __init__(self, name: Any, *_: Any) -> None:
        if not isinstance(name, str) or not _PLAIN_TYPE.fullmatch(name):
            raise pickle.UnpicklingError(f"it has the type {name!r:.40}")
        self.dtype: np.dtype[Any] = np.dtype(name)

    def __setstate__(self, state: Any) -> None:
        _, order, *structure = state[:5]
        if structure != [None, None, None] or order not in ("<", ">", "|", "="):
            raise pickle.UnpicklingError("it has a structured type")
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """Note of an array, whose values come as its state or, since protocol 5, as its argument."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: Any = _NOTHING

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, is_fortran, values = state
        self.values = _checked(values, kind, shape, "F" if is_fortran else "C")


def _checked(values: Any, kind: Any, shape: Any, order: str) -> Any:
    """Return the array that is told, or shape and list of objects; its size is that of what is there."""
    if not isinstance(kind, _Type) or not isinstance(shape, tuple) or order not in ("C", "F", "A"):
        raise pickle.UnpicklingError("an array is told otherwise than by NumPy")
    if not all(isinstance(n, int) and n >= 0 for n in shape):
        raise pickle.UnpicklingError(f"an array has the shape {shape!r:.40}")
    n_values = len(values) if kind.dtype.hasobject else len(values) // max(1, kind.dtype.itemsize)
    if n_values != prod(shape):
        raise pickle.UnpicklingError(f"an array of shape {shape} has {n_values} values")
    if not kind.dtype.hasobject:
        flat: NDArray[Any] = np.frombuffer(bytes(values), kind.dtype) if n_values else np.empty(0, kind.dtype)
        return flat.reshape(shape, order="F" if order == "F" else "C").copy("K")
    if not isinstance(values, list):
        raise pickle.UnpicklingError("an array of objects isn't told as a list")
    return shape, order, values


def _reconstructed(*_: Any) -> _Array:
    return _Array()


def _from_buffer(values: Any, kind: Any, shape: Any, order: Any) -> _Array:
    array = _Array()
    array.values = _checked(values, kind, shape, order)
    return array


def _scalar(kind: Any, value: bytes = b"") -> Any:
    if isinstance(kind, _Type) and kind.dtype.hasobject:
        return value
    return _checked(value, kind, (), "C")[()]


def _latin1(value: str, encoding: str) -> bytes:
    """Bytes, as pickles of the second protocol hold them."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes encoded as {encoding!r:.40}")
    return value.encode("latin1")


#: What rebuilds arrays of plain objects; NumPy 1 calls its inner module ``core``, NumPy 2 ``_core``.
_ALLOWED: dict[tuple[str, str], Callable[..., Any] | None] = {
    ("_codecs", "encode"): _latin1,
    ("numpy", "ndarray"): None,
    ("numpy", "dtype"): _Type,
    **{
        (f"numpy.{core}.{module}", name): make
        for core in ("core", "_core")
        for module, name, make in (
            ("multiarray", "_reconstruct", _reconstructed),
            ("multiarray", "scalar", _scalar),
            ("numeric", "_frombuffer", _from_buffer),
        )
    },
}


class _Restricted(pickle._Unpickler):
    """An unpickler of plain containers and of notes.

    Python's own in Python: that in C makes room for as many values, or as many bytes, as a pickle announces.
    """

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)
    read: Callable[[int], bytes]
    append: Callable[[Any], None]

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _Callable(_ALLOWED[module, name])

    def load_bytearray8(self) -> None:
        size = int.from_bytes(self.read(8), "little")
        self.append(bytearray(self.read(size)))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8


class _Plain:
    """Makes plain values of what an unpickler built, as many as the file can hold and no more."""

    def __init__(self, left: int) -> None:
        self._left = left

    def __call__(self, value: Any, depth: int = 0) -> Any:
        if depth > MOST_DEPTH:
            raise pickle.UnpicklingError("its containers lie too deep in each other")
        self._take(1)
        if isinstance(value, dict):
            return {self._key(key): self(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self(item, depth + 1) for item in value)
        if isinstance(value, _Array):
            return self._array(value.values, depth)
        if isinstance(value, _Type):
            return value.dtype
        if value is None or isinstance(
            value, bool | int | float | complex | str | bytes | bytearray | np.generic
        ):
            return value
        raise pickle.UnpicklingError(f"it holds a {type(value).__name__}")

    def _take(self, n: int) -> None:
        self._left -= n
        if self._left < 0:
            raise pickle.UnpicklingError("it holds more than its bytes can")

    @staticmethod
    def _key(key: Any) -> Any:
        if not isinstance(key, str | int | float | bytes | np.generic):
            raise pickle.UnpicklingError(f"it has a {type(key).__name__} as a key")
        return key

    def _array(self, values: Any, depth: int) -> NDArray[Any]:
        if isinstance(values, np.ndarray):
            self._take(values.size)
            return values
        if values is _NOTHING:
            raise pickle.UnpicklingError("it holds an array without values")
        shape, order, objects = values
        flat = np.empty(len(objects), dtype=object)
        for i, item in enumerate(objects):
            flat[i] = self(item, depth + 1)
        return flat.reshape(shape, order="F" if order == "F" else "C")


def load_npy(path: str | Path) -> Any:
    """Return the array of a ``.npy`` file; arrays of objects are read by the restricted unpickler.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    ndarray
        Of numbers, or of objects made of dict, list, tuple, int, float, str, bytes, bool, None and arrays.

    Raises
    ------
    InputError
        If the file is missing, damaged, or asks for anything else; nothing of it is run.
    """
    path = Path(path)
    if not path.is_file():
        raise FileMissing(path, "file", "doesn't exist", "Check the path.")
    with reraise_as_input_error(path, "a whole NumPy file", "Give the file as suite2p wrote it."):
        offset = object_header(path)
        if offset is None:
            return load_array(path)
        content = path.read_bytes()
        return _unpickled(path, content[offset:])


def _unpickled(path: Path, stream: bytes) -> NDArray[Any]:
    try:
        with reraise_as_input_error(path, "plain"):
            value = _Plain(FREE_VALUES + len(stream))(_Restricted(io.BytesIO(stream)).load())
    except pickle.UnpicklingError as error:
        raise _refused(path, error) from error
    except InputError as error:
        raise _refused(path, error.__cause__ or error) from error
    if not isinstance(value, np.ndarray):
        raise _refused(path, TypeError(f"it holds {type(value).__name__}, not an array"))
    return value


def load_dict(path: Path) -> dict[str, Any]:
    """Return the dict that a ``.npy`` file such as suite2p's ``ops.npy`` holds."""
    value = load_npy(path)
    item = value.item() if value.shape == () else None
    if not isinstance(item, dict):
        raise InputError(path, "content", "isn't a dict", "Is it suite2p's file?")
    return item


def _refused(path: Path, error: BaseException) -> InputError:
    return InputError(
        path,
        "content",
        f"isn't plain arrays and containers ({short_message(error)})",
        "Give the file as suite2p wrote it.",
    )
