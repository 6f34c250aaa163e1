"""NumPy files: memory-mapped, never unpickled."""

from __future__ import annotations

from pathlib import Path

from neurocine.io.movies.frames import Found
from neurocine.io.safe.npy import load_array


def read(path: Path, dataset: str | None = None) -> Found:
    """Return the array (T, Y, X) of a ``.npy`` file.

    Raises
    ------
    InputError
        If the file isn't NumPy's, is cut short or holds Python objects.
    """
    return Found(load_array(path, mapped=True))
