"""What a job took, from the file that Snakemake's ``benchmark:`` writes."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from neurocine.core import InputError


@dataclass(frozen=True)
class Cost:
    """Time and memory of one job, start of the program included.

    Attributes
    ----------
    wall_s
        Seconds by the clock.
    cpu_s
        Seconds of processors, of all processes; NaN if the job was over too soon to be measured.
    peak_mb
        Highest resident memory of all processes together, MB; NaN likewise.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float


def read_cost(path: Path) -> Cost:
    """Return the cost in a file of Snakemake; the mean of several runs.

    Raises
    ------
    InputError
        If it isn't such a file.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    try:
        columns = [
            [_number(row[name]) for row in rows if row["s"] not in ("", "NA")]
            for name in ("s", "cpu_time", "max_rss")
        ]
        return Cost(*(sum(column) / len(column) for column in columns))
    except (KeyError, ValueError, ZeroDivisionError) as error:
        raise InputError(
            path,
            "columns",
            f"this is no benchmark of Snakemake ({error})",
            "Delete it and its job's outputs.",
        ) from error


def _number(text: str) -> float:
    return math.nan if text in ("", "-", "NA") else float(text)
