"""Fit what rules ask for to the measurements, and draw it.

``python benchmarks/costs/fit.py`` reads ``measurements.tsv`` and writes ``src/neurocine/measured_costs.json``
and the picture in ``docs/images/costs.png``. Each quantity is a linear function of the work with coefficients
of at least 0, fitted to relative errors (non-negative least squares), and then raised as a whole until no
measurement lies above it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from measure import ROOT, Measurement, read_table
from scipy.optimize import nnls

from neurocine.cluster.resources import MEASURED_FILE, Linear, Work
from neurocine.steps import BY_NAME

PLANS = Path(__file__).with_name("plans.tsv")
PICTURE = ROOT / "docs" / "images" / "costs.png"

#: What memory depends on besides a base. Movies are read in blocks: only suite2p's segmentation, which bins a
#: movie in time, needs memory for all of it. Traces are held as a whole.
MOVIE_TERMS = ("base", "per_block_mpixel")
BINNED_TERMS = (*MOVIE_TERMS, "per_gpixel")
TRACE_TERMS = (*MOVIE_TERMS, "per_mvalue")
MOVIE_RULES = ("ingest", "motion", "segmentation", "active")

#: What processor time depends on.
TIME_TERMS = ("base", "per_gpixel", "per_mvalue")

#: Coefficients are written with so many digits, rounded up.
DIGITS = 4


def work(row: Measurement) -> Work:
    """Return the work of a measured job."""
    return Work(row.frames, row.pixels, row.rois)


def fit(rows: Sequence[Measurement], field: str, terms: Sequence[str]) -> Linear:
    """Return the linear function of the work, with these terms, above which no measured `field` lies."""
    places = [[f.name for f in fields(Linear)].index(term) for term in terms]
    matrix = np.array([Linear.terms(work(row)) for row in rows])[:, places]
    wanted = np.array([getattr(row, field) for row in rows])
    coefficients, _ = nnls(matrix / wanted[:, None], np.ones(len(wanted)))
    raised = coefficients * max(1.0, float((wanted / (matrix @ coefficients)).max()))
    return Linear(**{name: rounded_up(value) for name, value in zip(terms, raised, strict=True)})


def rounded_up(value: float) -> float:
    """Return `value` with four significant digits, not less than it is."""
    if value < 1e-9:
        return 0.0
    step = 10.0 ** (np.floor(np.log10(value)) + 1 - DIGITS)
    return float(f"{np.ceil(value / step - 1e-9) * step:.{DIGITS}g}")


def memory_terms(rule: str, engine: str) -> tuple[str, ...]:
    """Return what the memory of a rule depends on."""
    if (rule, engine) == ("segmentation", "suite2p"):
        return BINNED_TERMS
    return MOVIE_TERMS if rule in MOVIE_RULES else TRACE_TERMS


def fitted(rows: Iterable[Measurement]) -> list[dict[str, Any]]:
    """Return rule, engine and coefficients of all that was measured."""
    groups: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for row in rows:
        groups[BY_NAME[row.rule].word, row.engine].append(row)
    return [
        {
            "rule": rule,
            "engine": engine,
            "memory_mb": asdict(fit(some, "max_rss_mb", memory_terms(rule, engine))),
            "cpu_seconds": asdict(fit(some, "cpu_seconds", TIME_TERMS)),
        }
        for (rule, engine), some in sorted(groups.items())
    ]


def draw(rows: Sequence[Measurement], costs: Iterable[dict[str, Any]], target: Path) -> None:
    """Draw processor time against pixels and values of traces, memory, and plans of many recordings."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 8), layout="constrained")
    ((movie, traces), (memory, plans)) = figure.subplots(2, 2)
    for i, cost in enumerate(costs):
        some = [row for row in rows if (BY_NAME[row.rule].word, row.engine) == (cost["rule"], cost["engine"])]
        line, held = Linear(**cost["cpu_seconds"]), Linear(**cost["memory_mb"])
        style: dict[str, Any] = {"color": f"C{i % 10}", "marker": "os"[i // 10], "markersize": 4}
        style["label"] = " ".join(filter(None, (cost["rule"], cost["engine"])))
        # What belongs to the other axis is taken off.
        for axes, part, size in ((movie, "per_mvalue", 2), (traces, "per_gpixel", 3)):
            other, place = cost["cpu_seconds"][part], 5 - size
            x = [Linear.terms(work(row))[size] for row in rows if row in some]
            y = [row.cpu_seconds - other * Linear.terms(work(row))[place] for row in some]
            axes.plot(x, y, ls="", **style)
            ends = np.array([0, max(x)])
            slope = line.per_gpixel if size == 2 else line.per_mvalue
            axes.plot(ends, line.base + slope * ends, color=style["color"], lw=1)
        fitted_mb = [held(work(row)) for row in some]
        memory.plot(fitted_mb, [row.max_rss_mb for row in some], ls="", **style)
    movie.set(xlabel="pixels of the movie, 10⁹", ylabel="processor time, s", yscale="log")
    traces.set(xlabel="ROIs × frames, 10⁶", ylabel="processor time, s", ylim=(0, 25))
    memory.axline((100, 100), slope=1, color="0.6", lw=1)
    memory.set(xscale="log", yscale="log", xlabel="memory fitted, MB", ylabel="largest memory, MB")
    memory.legend(fontsize=7, ncols=2)
    n, _, _, seconds, peak_mb = np.loadtxt(PLANS, skiprows=1).T
    plans.plot(n, seconds, "o-", label="processor time, s")
    plans.plot(n, peak_mb / 10, "s-", label="largest memory, 10 MB")
    plans.set(xlabel="recordings in a dry run", ylim=(0, None), xlim=(0, None))
    plans.legend(fontsize=8)
    figure.savefig(target, dpi=100)


def main() -> None:
    """Fit and draw."""
    rows = read_table()
    costs = fitted(rows)
    lines = ",\n".join(json.dumps(cost) for cost in costs)
    MEASURED_FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    draw(rows, costs, PICTURE)


if __name__ == "__main__":
    main()
