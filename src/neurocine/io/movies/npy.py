"""NumPy files: memory-mapped, never unpickled."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurocine.core import InputError
from neurocine.io.movies.frames import Found


def read(path: Path, dataset: str | None = None) -> Found:
    """Return the array (T, Y, X) of a ``.npy`` file.

    Raises
    ------
    InputError
        If the file isn't NumPy's, is cut short or holds Python objects.
    """
    try:
        return Found(np.load(path, mmap_mode="r", allow_pickle=False))
    except (ValueError, EOFError, OSError) as error:
        raise InputError(
            path, "file", f"isn't a whole NumPy array of numbers ({error})", "Save it again with numpy.save."
        ) from error
