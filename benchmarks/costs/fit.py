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

from neurocine.resources import MEASURED_FILE, Linear, Work

PICTURE = ROOT / "docs" / "images" / "costs.png"

#: Coefficients are written with so many digits, rounded up.
DIGITS = 4


def work(row: Measurement) -> Work:
    """Return the work of a measured job."""
    return Work(row.frames, row.pixels, row.rois)


def fit(works: Sequence[Work], values: Sequence[float]) -> Linear:
    """Return the linear function of the work under which all `values` lie."""
    terms = np.array([Linear.terms(one) for one in works])
    wanted = np.array(values)
    # What varies with nothing measured can't be told: a column without spread stays at 0.
    coefficients, _ = nnls(terms / wanted[:, None], np.ones(len(wanted)))
    raised = coefficients * max(1.0, float((wanted / (terms @ coefficients)).max()))
    return Linear(**{f.name: rounded_up(value) for f, value in zip(fields(Linear), raised, strict=True)})


def rounded_up(value: float) -> float:
    """Return `value` with four significant digits, not less than it is."""
    if value < 1e-9:
        return 0.0
    step = 10.0 ** (np.floor(np.log10(value)) + 1 - DIGITS)
    return float(f"{np.ceil(value / step - 1e-9) * step:.{DIGITS}g}")


def cost_name(rule: str) -> str:
    """Return the name under which a rule asks: the exports share one."""
    return "export" if rule.startswith("export_") else rule


def fitted(rows: Iterable[Measurement]) -> list[dict[str, Any]]:
    """Return rule, engine and coefficients of all that was measured."""
    groups: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for row in rows:
        groups[cost_name(row.rule), row.engine].append(row)
    return [
        {
            "rule": rule,
            "engine": engine,
            "memory_mb": asdict(fit([work(row) for row in some], [row.max_rss_mb for row in some])),
            "cpu_seconds": asdict(fit([work(row) for row in some], [row.cpu_seconds for row in some])),
        }
        for (rule, engine), some in sorted(groups.items())
    ]


def draw(rows: Sequence[Measurement], costs: Iterable[dict[str, Any]], target: Path) -> None:
    """Draw each rule's processor time and memory, measured against fitted."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.6), layout="constrained")
    for axes, field, label in zip(
        figure.subplots(1, 2),
        ("cpu_seconds", "max_rss_mb"),
        ("processor time, s", "largest memory, MB"),
        strict=True,
    ):
        for i, cost in enumerate(costs):
            some = [r for r in rows if (cost_name(r.rule), r.engine) == (cost["rule"], cost["engine"])]
            line = Linear(**cost["cpu_seconds" if field == "cpu_seconds" else "memory_mb"])
            name = " ".join(filter(None, (cost["rule"], cost["engine"])))
            axes.plot(
                [line(work(row)) for row in some],
                [getattr(row, field) for row in some],
                "osD^v"[i // 10],
                color=f"C{i % 10}",
                label=name,
                markersize=5,
            )
        low, high = axes.get_xlim()[0], max(axes.get_xlim()[1], axes.get_ylim()[1])
        axes.axline((1, 1), slope=1, color="0.6", lw=1)
        axes.set(xscale="log", yscale="log", xlabel=f"fitted {label}", ylabel=f"measured {label}")
        axes.set(xlim=(max(low, 0.2), high * 1.2), ylim=(max(low, 0.2), high * 1.2))
    axes.legend(fontsize=7, loc="upper left", ncols=2)
    figure.savefig(target, dpi=110)


def main() -> None:
    """Fit and draw."""
    rows = read_table()
    costs = fitted(rows)
    lines = ",\n".join(json.dumps(cost) for cost in costs)
    MEASURED_FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    draw(rows, costs, PICTURE)


if __name__ == "__main__":
    main()
