"""``controls.json``: what planted cells and the mirrored movie say of a recording."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from neurocine.core import DamagedFile, FileMissing
from neurocine.core.controls import Controls, DprimeShare, Estimate
from neurocine.io.documents import write_json

_RANGES = ("recall", "sensitivity")
_COUNTS = ("rounds", "cells", "silent_cells")


def write_controls(path: Path, controls: Controls) -> None:
    """Write `controls` to `path` as JSON, atomically."""
    write_json(path, asdict(controls))


def read_controls(path: Path) -> Controls:
    """Return the controls of a file that `write_controls` made.

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    if not path.is_file():
        raise FileMissing(path, "file", "doesn't exist", "Run the step controls.")
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        known: dict[str, Any] = {f.name: _read(f.name, values[f.name]) for f in fields(Controls)}
        return Controls(**known)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedFile(path, "file", f"is damaged ({error})", "Run the step controls again.") from error


def _read(name: str, value: Any) -> object:
    if name in _COUNTS:
        return int(value)
    if name in _RANGES:
        return tuple(DprimeShare(**row) for row in value)
    return Estimate(**value)
