"""``assemblies.h5``: synchronous calcium events (SCEs) and cell assemblies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neurocine.core.assemblies import Assemblies
from neurocine.io.result_files.stamp import Stamp, attribute, create, dataset, opened

_VALUES = ("frame_rate_hz", "threshold", "null_silhouette")
_ARRAYS = ("ids", "frame", "participation", "cluster", "silhouette", "label", "joined")


def write_assemblies(path: Path, assemblies: Assemblies, stamp: Stamp | None = None) -> None:
    """Write `assemblies` to `path`, atomically."""
    with create(path, "assemblies", stamp or Stamp()) as file:
        for name in _VALUES:
            file.attrs[name] = getattr(assemblies, name)
        for name in _ARRAYS:
            file[name] = getattr(assemblies, name)


def read_assemblies(path: Path) -> Assemblies:
    """Return the assemblies of a file that `write_assemblies` made.

    Raises
    ------
    InputError
        If the file is missing, damaged or of another kind.
    """
    with opened(path, "assemblies") as file:
        values: dict[str, Any] = {name: float(attribute(file, name)) for name in _VALUES}
        values |= {name: dataset(file, name) for name in _ARRAYS}
        return Assemblies(**values, source=str(path))
