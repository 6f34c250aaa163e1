"""suite2p's ``iscell.npy``: which ROIs are cells, and the probability behind it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocine.io.atomic import atomic_path


def iscell_table(accepted: ArrayLike, probability: ArrayLike) -> NDArray[np.float32]:
    """Return (N, 2): 1 or 0 for each of N ROIs, and its probability, 1 where it is NaN."""
    known = np.asarray(probability, dtype=np.float32)
    return np.stack([np.asarray(accepted, np.float32), np.where(np.isnan(known), 1, known)], axis=1)


def write_iscell(path: Path, accepted: Sequence[bool], probability: Sequence[float | None]) -> None:
    """Write an ``iscell.npy``, atomically."""
    known = [np.nan if value is None else value for value in probability]
    with atomic_path(path) as part, part.open("wb") as file:
        np.save(file, iscell_table(accepted, known))
