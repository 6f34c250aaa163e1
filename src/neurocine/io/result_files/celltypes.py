"""``celltypes.tsv``: id, type, three probabilities and the label in a structural channel, one row per ROI."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from neurocine.core import CELL_TYPES, UNKNOWN, CellTypes, FileMissing, InputError, Labels
from neurocine.io.atomic import atomic_path
from neurocine.io.result_files.stamp import Stamp
from neurocine.io.safe.damage import reraise_as_input_error

PROBABILITIES = tuple(f"p_{name}" for name in CELL_TYPES)
COLUMNS = ("roi_id", "type", *PROBABILITIES)
#: Probability that the cell is labelled, and the type that its label tells; empty where they aren't known.
LABEL_COLUMNS = ("labelled", "label")


def write_celltypes(path: Path, celltypes: CellTypes, stamp: Stamp | None = None) -> None:
    """Write `celltypes` to `path`, atomically; the stamp goes into comment lines above the table."""
    stamp = stamp or Stamp()
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# schema_version={stamp.schema_version}\n")
        file.write(f"# config_hash={stamp.config_hash}\n")
        file.write(f"# source_sha256={stamp.source_sha256}\n")
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow([*COLUMNS, *LABEL_COLUMNS])
        labels = celltypes.labels or Labels.of(np.full(len(celltypes.ids), np.nan, np.float32), "", 1)
        columns = (celltypes.ids, celltypes.types, celltypes.probability, labels.probability, labels.types)
        for roi, cell_type, row, labelled, label in zip(*columns, strict=True):
            known = "" if np.isnan(labelled) else f"{labelled:.6f}"
            writer.writerow([int(roi), cell_type, *(f"{value:.6f}" for value in row), known, label])


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
        probability = np.array([[float(row[name]) for name in PROBABILITIES] for row in rows])
        # Files of earlier versions lack these columns.
        labelled = np.array([float(row.get("labelled") or "nan") for row in rows], dtype=np.float32)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(
            path, "table", f"holds something other than a number ({error})", "Run the step celltype again."
        ) from error
    types = tuple(row.get("label") or "" for row in rows)
    clear = np.array([row["type"] != UNKNOWN for row in rows], dtype=bool)
    return CellTypes(
        ids,
        probability.reshape(-1, len(CELL_TYPES)).astype(np.float32),
        source=str(path),
        labels=None if np.isnan(labelled).all() else Labels(labelled, types),
        clear=None if clear.all() else clear,
    )
