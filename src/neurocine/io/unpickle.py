"""NumPy files that hold Python objects, such as suite2p's, read without running what they may contain."""

from __future__ import annotations

import importlib
import pickle
from pathlib import Path
from typing import IO, Any

import numpy as np

from neurocine.core import InputError

#: What rebuilds arrays of plain objects; NumPy 1 calls its inner module ``core``, NumPy 2 ``_core``.
_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    *(
        (f"numpy.{core}.{module}", name)
        for core in ("core", "_core")
        for module, name in (
            ("multiarray", "_reconstruct"),
            ("multiarray", "scalar"),
            ("numeric", "_frombuffer"),
        )
    ),
}


def _latin1(value: str, encoding: str) -> bytes:
    """Bytes, as pickles of the second protocol hold them."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes encoded as {encoding!r}")
    return value.encode("latin1")


class _Restricted(pickle.Unpickler):
    """An unpickler that knows arrays, dtypes, NumPy scalars and plain containers, and nothing that acts."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):
            return _latin1
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        modern = module.replace("numpy.core", "numpy._core")
        try:
            return getattr(importlib.import_module(modern), name)
        except ImportError:  # NumPy 1
            return getattr(importlib.import_module(module.replace("numpy._core", "numpy.core")), name)


def load_npy(path: Path) -> Any:
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
    if not path.is_file():
        raise InputError(path, "file", "doesn't exist", "Check the path.")
    try:
        with path.open("rb") as file:
            if not _holds_objects(file):
                file.seek(0)
                return np.load(file, allow_pickle=False)
            value = _Restricted(file).load()
    except (pickle.UnpicklingError, ValueError, EOFError, OSError) as error:
        raise _refused(path, error) from error
    except (TypeError, AttributeError, IndexError, KeyError, ImportError, OverflowError) as error:
        # What the unpickler raises on a stream that is damaged or made up.
        raise _refused(path, error) from error
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


def _holds_objects(file: IO[bytes]) -> bool:
    """Read the header of a ``.npy`` file, and return whether a pickle follows."""
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        return False
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    return bool(header(file)[2].hasobject)


def _refused(path: Path, error: Exception) -> InputError:
    return InputError(
        path, "content", f"isn't plain arrays and containers ({error})", "Give the file as suite2p wrote it."
    )
