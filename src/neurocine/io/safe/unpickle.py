"""NumPy files with Python objects, such as suite2p's, read without running anything in them.

A pickle is a program. This reader admits containers, numbers, text, dates, paths and the few functions of
NumPy that rebuild arrays. Stand-ins for these functions record their arguments; arrays are made from the
records once they are checked. Paths become text: nothing follows them.

It builds on Python's private unpickler written in Python: the public one, in C, allocates whatever size a
pickle announces, and both hash dict keys, which crashes the process where these are nested deeply.
"""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from math import prod
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neurocine.core import DamagedFile, FileMissing, InputError
from neurocine.io.safe.damage import PARSER_ERRORS, reraise_as_input_error, short_message
from neurocine.io.safe.npy import load_array, object_header

#: Element types that arrays may have: numbers, text and objects; no structures, whose fields may overlap.
_PLAIN_TYPE = re.compile(r"[<>|=]?(?:[biufcSU]\d{1,9}|O8?)")
#: Types of dict keys.
_KEY_TYPES = (str, int, float, bytes, np.generic)
#: Nesting of containers; suite2p's are three levels deep.
MAX_DEPTH = 32
#: Values beyond one per byte of the file: a value that is used several times counts several times.
FREE_VALUES = 100_000
_UNSET = object()


class _Function:
    """Stand-in for a name of NumPy; None as `call`: a pickle may name it but not call it."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any] | None) -> None:
        self._call = call

    def __call__(self, *arguments: Any) -> Any:
        if self._call is None:
            raise pickle.UnpicklingError("it calls a name that it may only mention")
        return self._call(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("it changes a function")


class _ArrayType:
    """Record of an array's element type."""

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


class _ArrayRecord:
    """Record of an array; its values come as its state or, from protocol 5 on, as an argument."""

    __slots__ = ("values",)

    def __init__(self, *_: Any) -> None:
        self.values: Any = _UNSET

    def __setstate__(self, state: Any) -> None:
        _, shape, element, is_fortran, values = state
        self.values = _checked(values, element, shape, "F" if is_fortran else "C")


def _checked(values: Any, element: Any, shape: Any, order: str) -> Any:
    """Return an array of numbers or text, or ``(shape, order, list)`` of objects, all of the size given."""
    if not isinstance(element, _ArrayType) or not isinstance(shape, tuple) or order not in ("C", "F", "A"):
        raise pickle.UnpicklingError("an array isn't in NumPy's layout")
    if not all(isinstance(n, int) and n >= 0 for n in shape):
        raise pickle.UnpicklingError(f"an array has the shape {shape!r:.40}")
    dtype = element.dtype
    n_values = len(values) if dtype.hasobject else len(values) // max(1, dtype.itemsize)
    if n_values != prod(shape):
        raise pickle.UnpicklingError(f"an array of shape {shape} has {n_values} values")
    if not dtype.hasobject:
        flat: NDArray[Any] = np.frombuffer(bytes(values), dtype) if n_values else np.empty(0, dtype)
        return flat.reshape(shape, order="F" if order == "F" else "C").copy("K")
    if not isinstance(values, list):
        raise pickle.UnpicklingError("the values of an array of objects aren't a list")
    return shape, order, values


def _from_buffer(values: Any, element: Any, shape: Any, order: Any) -> _ArrayRecord:
    array = _ArrayRecord()
    array.values = _checked(values, element, shape, order)
    return array


def _scalar(element: Any, value: bytes = b"") -> Any:
    if isinstance(element, _ArrayType) and element.dtype.hasobject:
        return value
    return _checked(value, element, (), "C")[()]


def _latin1(value: str, encoding: str) -> bytes:
    """Return bytes, which pickles of protocol 2 hold as text."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes encoded as {encoding!r:.40}")
    return value.encode("latin1")


def _date(state: Any) -> date:
    return date(*_calendar_day(_state(state, 4)))


def _datetime(state: Any, zone: Any = None) -> datetime:
    """Return the date and time of a pickle's 10 bytes, all checked: Python itself checks the month alone."""
    values = _state(state, 10)
    if zone is not None and not isinstance(zone, timezone):
        raise pickle.UnpicklingError("a time has an unknown time zone")
    year, month, day = _calendar_day(values)
    hour, minute, second = values[4:7]
    microsecond = int.from_bytes(values[7:], "big")
    return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=zone, fold=values[2] >> 7)


def _state(state: Any, size: int) -> bytes:
    if not isinstance(state, bytes) or len(state) != size:
        raise pickle.UnpicklingError("a date isn't in Python's layout")
    return state


def _calendar_day(state: bytes) -> tuple[int, int, int]:
    """Return year, month and day; the month's highest bit is that of a repeated hour."""
    return int.from_bytes(state[:2], "big"), state[2] & 127, state[3]


def _timedelta(*parts: Any) -> timedelta:
    if len(parts) > 3 or not all(isinstance(part, int) for part in parts):
        raise pickle.UnpicklingError("a duration isn't in Python's layout")
    return timedelta(*parts)


def _timezone(offset: Any, *name: Any) -> timezone:
    if not isinstance(offset, timedelta) or len(name) > 1 or not all(isinstance(one, str) for one in name):
        raise pickle.UnpicklingError("a time zone isn't in Python's layout")
    return timezone(offset, *name)


def _path_text(flavour: type[PurePath]) -> Callable[..., str]:
    def text(*parts: Any) -> str:
        if not all(isinstance(part, str) for part in parts):
            raise pickle.UnpicklingError("a path isn't made of text")
        return str(flavour(*parts))

    return text


#: Names that a pickle may use; NumPy 1 calls its inner package ``core``, NumPy 2 ``_core``.
_ALLOWED: dict[tuple[str, str], Callable[..., Any] | None] = {
    ("_codecs", "encode"): _latin1,
    ("datetime", "date"): _date,
    ("datetime", "datetime"): _datetime,
    ("datetime", "timedelta"): _timedelta,
    ("datetime", "timezone"): _timezone,
    **{
        (module, prefix + flavour.__name__.removeprefix("Pure")): _path_text(flavour)
        for module in ("pathlib", "pathlib._local")  # the latter in Python 3.13
        for flavour in (PurePosixPath, PureWindowsPath)
        for prefix in ("", "Pure")
    },
    ("numpy", "ndarray"): None,
    ("numpy", "dtype"): _ArrayType,
    **{
        (f"numpy.{core}.{module}", name): call
        for core in ("core", "_core")
        for module, name, call in (
            ("multiarray", "_reconstruct", _ArrayRecord),
            ("multiarray", "scalar", _scalar),
            ("numeric", "_frombuffer", _from_buffer),
        )
    },
}

#: Opcodes that arrays and plain containers don't need: sets, instances, extensions, outside references.
_REFUSED = (
    pickle.EMPTY_SET, pickle.ADDITEMS, pickle.FROZENSET, pickle.INST, pickle.OBJ, pickle.NEWOBJ,
    pickle.NEWOBJ_EX, pickle.EXT1, pickle.EXT2, pickle.EXT4, pickle.PERSID, pickle.BINPERSID,
    pickle.NEXT_BUFFER, pickle.READONLY_BUFFER,
)  # fmt: skip


def _refuse(unpickler: Any) -> None:
    raise pickle.UnpicklingError("it holds more than plain values, lists, tuples, dicts and arrays")


def _load_bytearray(unpickler: Any) -> None:
    size = int.from_bytes(unpickler.read(8), "little")
    unpickler.append(bytearray(unpickler.read(size)))


def _checking_keys(opcode: bytes, keys: slice) -> Callable[[Any], None]:
    """Return how to load an opcode that fills a dict, after a look at the keys: `keys` of the stack."""
    load = pickle._Unpickler.dispatch[opcode[0]]

    def checked(unpickler: Any) -> None:
        for key in unpickler.stack[keys]:
            if not isinstance(key, _KEY_TYPES):
                raise pickle.UnpicklingError(f"it has a {type(key).__name__} as a key")
        load(unpickler)

    return checked


class _Restricted(pickle._Unpickler):
    """An unpickler of plain containers and of records."""

    dispatch: ClassVar[dict[int, Any]] = {
        **pickle._Unpickler.dispatch,
        **{opcode[0]: _refuse for opcode in _REFUSED},
        pickle.BYTEARRAY8[0]: _load_bytearray,
        pickle.SETITEM[0]: _checking_keys(pickle.SETITEM, slice(-2, -1)),
        pickle.SETITEMS[0]: _checking_keys(pickle.SETITEMS, slice(None, None, 2)),
        pickle.DICT[0]: _checking_keys(pickle.DICT, slice(None, None, 2)),
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _Function(_ALLOWED[module, name])


class _PlainValues:
    """Turns records into arrays, and counts: a file holds no more values than its bytes can."""

    def __init__(self, max_values: int) -> None:
        self._left = max_values

    def __call__(self, value: Any, depth: int = 0) -> Any:
        if depth > MAX_DEPTH:
            raise pickle.UnpicklingError("its containers are nested too deeply")
        self._count(1)
        if isinstance(value, dict):
            return {key: self(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self(item, depth + 1) for item in value)
        if isinstance(value, _ArrayRecord):
            return self._array(value.values, depth)
        if isinstance(value, _ArrayType):
            return value.dtype
        if value is None or isinstance(
            value,
            bool | int | float | complex | str | bytes | bytearray | np.generic | date | timedelta | timezone,
        ):
            return value
        raise pickle.UnpicklingError(f"it holds a {type(value).__name__}")

    def _count(self, n: int) -> None:
        self._left -= n
        if self._left < 0:
            raise pickle.UnpicklingError("it holds more values than its bytes can")

    def _array(self, values: Any, depth: int) -> NDArray[Any]:
        if isinstance(values, np.ndarray):
            self._count(values.size)
            return values
        if values is _UNSET:
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
        Of numbers, or of objects made of dict, list, tuple, int, float, str, bytes, bool, None, dates, times
        and arrays; paths are read as text.

    Raises
    ------
    InputError
        If the file is missing, damaged, or asks for anything else; nothing of it is run.
    """
    path = Path(path)
    if not path.is_file():
        raise FileMissing(path, "file", "doesn't exist", "Check the path.")
    with reraise_as_input_error(path, "a whole NumPy file", "Use the file as its program wrote it."):
        offset = object_header(path)
        if offset is None:
            return load_array(path)
        content = path.read_bytes()
        return _unpickled(path, content[offset:])


def _unpickled(path: Path, stream: bytes) -> NDArray[Any]:
    try:
        value = _PlainValues(FREE_VALUES + len(stream))(_Restricted(io.BytesIO(stream)).load())
        if not isinstance(value, np.ndarray):
            raise pickle.UnpicklingError(f"it holds {type(value).__name__}, not an array")
    except (*PARSER_ERRORS, pickle.UnpicklingError) as error:
        raise DamagedFile(
            path,
            "content",
            f"isn't made of plain arrays and containers ({short_message(error)})",
            "Use the file as its program wrote it.",
        ) from error
    return value


def load_dict(path: str | Path) -> dict[str, Any]:
    """Return the dict that a ``.npy`` file such as suite2p's ``ops.npy`` holds."""
    value = load_npy(path)
    item = value.item() if value.shape == () else None
    if not isinstance(item, dict):
        raise InputError(path, "content", "isn't a dict", "Use the file as its program wrote it.")
    return item
