"""``contamination.json``: transients that an overlapping neighbour causes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from neurocine.core import DamagedFile, FileMissing
from neurocine.core.contamination import Contamination, NeighbourTransient
from neurocine.io.documents import write_json


def write_contamination(path: Path, contamination: Contamination) -> None:
    """Write `contamination` to `path` as JSON, atomically; with the counts, for people."""
    counts = {
        "overlapping_cells": contamination.n_overlapping,
        "false_transients": len(contamination.transients),
        "rejected": contamination.n_rejected,
    }
    write_json(path, counts | asdict(contamination))


def read_contamination(path: Path) -> Contamination:
    """Return the contamination of a file that `write_contamination` made.

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    if not path.is_file():
        raise FileMissing(path, "file", "doesn't exist", "Run the step contamination.")
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Contamination(
            cells=int(values["cells"]),
            pairs=tuple((int(first), int(second)) for first, second in values["pairs"]),
            transients=tuple(NeighbourTransient(**row) for row in values["transients"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedFile(
            path, "file", f"is damaged ({error})", "Run the step contamination again."
        ) from error
