"""suite2p's ``Fall.mat``: the results of a plane for MATLAB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError
from neurocine.io.safe.damage import reraise_as_input_error
from neurocine.io.safe.matlab_cells import load_cells


def read_fall(
    path: Path,
) -> tuple[list[dict[str, Any]], NDArray[Any] | None, NDArray[Any] | None, dict[str, int]]:
    """Return what ``stat``, ``iscell`` and ``redcell.npy`` and the settings ``Ly`` and ``Lx`` hold otherwise.

    suite2p writes this file by SciPy: version 5, pixels counted from 0 as in Python.

    Raises
    ------
    InputError
        If the file is damaged, of another version, or has no ``stat`` with pixels.
    """
    names = ("stat", "iscell", "redcell", "ops")
    held = load_cells(path, names)
    stat, iscell, redcell, ops = map(held.get, names)
    stats = [stat] if isinstance(stat, dict) else stat
    if not isinstance(stats, list) or not all(isinstance(one, dict) for one in stats):
        raise InputError(
            path,
            "stat",
            "is missing or isn't a list of ROIs",
            "Give the Fall.mat of suite2p in Python, or the folder with stat.npy.",
        )
    sizes = {} if not isinstance(ops, dict) else {name: ops[name] for name in ("Ly", "Lx") if name in ops}
    with reraise_as_input_error(path, "a Fall.mat of suite2p, with ops.Ly and ops.Lx as numbers"):
        settings = {name: int(value.item()) for name, value in sizes.items()}
    decisions, labels = (
        table if isinstance(table, np.ndarray) and table.size else None for table in (iscell, redcell)
    )
    return stats, decisions, labels, settings
