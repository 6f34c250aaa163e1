"""Time and memory of a job, from the file that Snakemake's ``benchmark:`` writes."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from neurocine.core import InputError
from neurocine.io.tables import read_table


@dataclass(frozen=True)
class JobCost:
    """Time and memory of one job, from the start of its program on.

    Attributes
    ----------
    wall_s
        Elapsed time in seconds.
    cpu_s
        Processor time of all its processes in seconds; NaN if the job ended before it was measured.
    peak_mb
        Highest resident memory of all its processes together in MB; NaN likewise.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float


def read_job_costs(path: Path) -> list[JobCost]:
    """Return the cost of each run of a job that Snakemake measured, in the order of the runs.

    Raises
    ------
    InputError
        If the file isn't a benchmark of Snakemake, or holds no run time.
    """
    try:
        table = read_table(path, missing=("", "-", "NA"))
        runs = table.reindex(columns=["s", "cpu_time", "max_rss"]).astype(float).dropna(subset=["s"])
    except (InputError, ValueError) as error:
        raise _not_a_benchmark(path) from error
    if runs.empty:
        raise _not_a_benchmark(path)
    return [JobCost(*run) for run in runs.to_numpy().tolist()]


def mean_job_cost(path: Path) -> JobCost:
    """Return the cost of a job, the mean of its runs.

    Raises
    ------
    InputError
        As `read_job_costs`.
    """
    runs = [astuple(run) for run in read_job_costs(path)]
    return JobCost(*np.mean(runs, axis=0).tolist())


def _not_a_benchmark(path: Path) -> InputError:
    return InputError(
        path, "s", "is no benchmark of Snakemake: it holds no run time", "Delete it, and run the job again."
    )
