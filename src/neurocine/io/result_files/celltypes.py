"""``celltypes.tsv``: id, type and three probabilities, one row per ROI."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from neurocine.core import CELL_TYPES, CellTypes, FileMissing, InputError
from neurocine.io.atomic import atomic_path
from neurocine.io.result_files.stamp import Stamp
from neurocine.io.safe.damage import reraise_as_input_error

COLUMNS = ("roi_id", "type", *(f"p_{name}" for name in CELL_TYPES))


def write_celltypes(path: Path, celltypes: CellTypes, stamp: Stamp | None = None) -> None:
    """Write `celltypes` to `path`, atomically; the stamp goes into comment lines above the table."""
    stamp = stamp or Stamp()
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# schema_version={stamp.schema_version}\n")
        file.write(f"# config_hash={stamp.config_hash}\n")
        file.write(f"# source_sha256={stamp.source_sha256}\n")
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for roi, cell_type, row in zip(celltypes.ids, celltypes.types, celltypes.probability, strict=True):
            writer.writerow([int(roi), cell_type, *(f"{value:.6f}" for value in row)])


def read_celltypes(path: Path) -> CellTypes:
    """Return the cell types of a table that `write_celltypes` made.

    Raises
    ------
    InputError
        If the file is missing, lacks a column or holds something other than numbers.
    """
    if not path.is_file():
        raise FileMissing(path, "file", "doesn't exist", "Run the step celltype.")
    with (
        reraise_as_input_error(path, "a table", "Run the step celltype."),
        path.open(encoding="utf-8", newline="") as file,
    ):
        rows = list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t"))
        missing = [name for name in COLUMNS if rows and name not in rows[0]]
    if missing:
        raise InputError(path, missing[0], "this column is missing", f"Columns are {', '.join(COLUMNS)}.")
    try:
        ids = np.array([int(row["roi_id"]) for row in rows], dtype=np.int64)
        probability = np.array([[float(row[name]) for name in COLUMNS[2:]] for row in rows])
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(
            path, "table", f"holds something other than a number ({error})", "Run the step celltype again."
        ) from error
    return CellTypes(ids, probability.reshape(-1, len(CELL_TYPES)).astype(np.float32), source=str(path))
