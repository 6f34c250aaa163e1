"""The pictures of an evaluation, as PNG bytes: the same bytes for the same evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neurocine.core import CALLED_TYPES
from neurocine.drawing.rendering import METHOD_COLOURS, png
from neurocine.evaluation.activity.activity_evaluation import ActivityEvaluation
from neurocine.evaluation.activity.criterion import DPRIME_EDGES, METRICS, Criterion
from neurocine.evaluation.celltypes import TypeReport
from neurocine.evaluation.statistics import quartiles

#: Dots drawn per box; more would merge into a blot.
MAX_DOTS = 1500
#: Names of more methods than this would run into each other: they stand upright.
MAX_LEVEL_NAMES = 4


def draw_activity(evaluation: ActivityEvaluation) -> dict[str, bytes]:
    """Return all pictures for which the evaluation has values, by name."""
    main, all_transients, types = evaluation.visible, evaluation.all_transients, evaluation.types
    pictures = {
        "scores": png(lambda figure: scores(figure, main), (10, 3.6)),
        "coverage": png(lambda figure: coverage(figure, main), (8, 3.6)),
        "snr": png(lambda figure: f1_by_snr(figure, main), (8, 4)),
    }
    if any(main.sensitivity_by_dprime(method) for method in main.methods):
        pictures["dprime"] = png(lambda figure: sensitivity_by_dprime(figure, main), (8, 4))
    if main.n_doubtful:
        pictures["scores_all"] = png(lambda figure: scores(figure, all_transients), (10, 3.6))
        pictures["coverage_all"] = png(lambda figure: coverage(figure, all_transients), (8, 3.6))
    if types is not None:
        pictures["confusion"] = png(lambda figure: confusion(figure, types), (4.6, 4))
    return pictures


def scores(figure: Figure, criterion: Criterion) -> None:
    """Draw boxes of sensitivity, precision and F1 of each method, one dot per cell (DeepCINAC, Fig. 7)."""
    for axes, metric in zip(figure.subplots(1, 3, sharey=True), METRICS, strict=True):
        rows = [criterion.values(criterion.active, method, metric) for method in criterion.methods]
        boxes(axes, 100 * _padded(rows), criterion.methods)
        axes.set_title("F1 score" if metric == "f1" else metric.capitalize())
    figure.axes[0].set_ylabel("% (one dot per cell)")


def coverage(figure: Figure, criterion: Criterion) -> None:
    """Draw boxes of the share of each detected rise that is called active (DeepCINAC, Fig. 7-2)."""
    shares = {method: criterion.coverage(criterion.active, method) for method in criterion.methods}
    transients, cells = figure.subplots(1, 2, sharey=True)
    pooled = [np.concatenate([*rows, np.empty(0)]) for rows in shares.values()]
    boxes(transients, 100 * _padded(pooled), criterion.methods)
    transients.set_title("One dot per detected transient")
    means = [np.array([row.mean() for row in rows if len(row)]) for rows in shares.values()]
    boxes(cells, 100 * _padded(means), criterion.methods)
    cells.set_title("One dot per cell (mean)")
    transients.set_ylabel("frames of the rise called active (%)")


def f1_by_snr(figure: Figure, criterion: Criterion) -> None:
    """Draw F1 of each cell over its signal-to-noise ratio, with medians between the edges."""
    axes = figure.subplots()
    cells = criterion.active
    snr = np.array([max(cell.snr, 0.1) for cell in cells])
    for method, colour in zip(criterion.methods, _colours(len(criterion.methods)), strict=True):
        f1 = 100 * criterion.values(cells, method, "f1")
        axes.plot(snr, f1, "o", color=colour, alpha=0.35, markersize=3, markeredgewidth=0)
        middles = []
        for part in criterion.groups()["snr"].values():
            if part:
                values = criterion.values(part, method, "f1")
                value = quartiles(values[np.isfinite(values)])["median"]
                middles.append((float(np.median([max(c.snr, 0.1) for c in part])), value))
        x, y = zip(*middles, strict=True) if middles else ((), ())
        axes.plot(x, [100 * (value or 0) for value in y], "-s", color=colour, markersize=5, label=method)
    for edge in criterion.snr_edges:
        axes.axvline(edge, color="#d5dbe1", linewidth=0.8, zorder=0)
    if cells:
        axes.set_xscale("log")
        ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100) if snr.min() / 1.5 <= tick <= snr.max() * 1.5]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
    axes.set_ylim(-3, 103)
    axes.set_xlabel("signal-to-noise ratio of ΔF/F")
    axes.set_ylabel("F1 (%): dots cells, squares medians")
    axes.legend(loc="lower right", fontsize=8)


def sensitivity_by_dprime(figure: Figure, criterion: Criterion) -> None:
    """Draw the share of true transients that each method detects, over their detectability d'."""
    axes = figure.subplots()
    positions = np.arange(len(DPRIME_EDGES))
    names: list[str] = []
    for method, colour in zip(criterion.methods, _colours(len(criterion.methods)), strict=True):
        rows = criterion.sensitivity_by_dprime(method)
        shares = [np.nan if row["sensitivity"] is None else 100 * row["sensitivity"] for row in rows]
        axes.plot(positions, shares, "-o", color=colour, markersize=5, label=method)
        names = [f"{dprime_name(row)}\n({row['transients']})" for row in rows]
    axes.axvline(
        float(np.interp(criterion.min_dprime, DPRIME_EDGES, positions)) - 0.5, color="#8a8a8a", linestyle=":"
    )
    axes.set_xticks(positions, names)
    axes.set_ylim(-3, 103)
    axes.set_xlabel("d' of the transient (number of transients)")
    axes.set_ylabel("detected (%)")
    axes.legend(loc="lower right", fontsize=8)


def dprime_name(row: dict[str, Any]) -> str:
    """Return the range of d' of a row of `Criterion.sensitivity_by_dprime`."""
    return f"{row['from']:g} and over" if row["to"] is None else f"{row['from']:g} to {row['to']:g}"


def confusion(figure: Figure, report: TypeReport) -> None:
    """Draw how many cells of each type were called each type."""
    axes = figure.subplots()
    counts = np.array(report.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        dark = shares[row, column] > 0.55
        axes.text(
            column, row, f"{counts[row, column]}\n{shares[row, column]:.0%}", ha="center", va="center",
            color="white" if dark else "#1f2a33",
        )  # fmt: skip
    axes.set_xticks(np.arange(len(CALLED_TYPES)), CALLED_TYPES)
    axes.set_yticks(np.arange(len(report.types)), report.types, rotation=90, va="center")
    axes.set_xlabel("called")
    axes.set_ylabel("true type")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def boxes(axes: Axes, rows: NDArray[np.float64], names: Sequence[str]) -> None:
    """Draw a box with whiskers and dots for each row of values (NaN: none)."""
    for k, (row, colour) in enumerate(zip(rows, _colours(len(names)), strict=True)):
        values = np.sort(row[np.isfinite(row)])
        if not len(values):
            continue
        axes.boxplot(
            values, positions=[k], widths=0.6, showfliers=False,
            boxprops={"color": colour}, whiskerprops={"color": colour}, capprops={"color": colour},
            medianprops={"color": colour, "linewidth": 2.2},
        )  # fmt: skip
        dots = values[np.linspace(0, len(values) - 1, min(len(values), MAX_DOTS)).astype(int)]
        # Steps of the golden ratio spread dots evenly, and the same way each time.
        spread = (np.arange(len(dots)) * 0.6180339887) % 1 - 0.5
        axes.plot(
            k + 0.45 * spread, dots, "o", color=colour, alpha=0.3, markersize=2.6, markeredgewidth=0, zorder=1
        )
        axes.annotate(
            f"{np.median(values):.1f}", (k, 1.0), xycoords=("data", "axes fraction"), ha="center",
            va="bottom", fontsize=7.5, color=colour,
        )  # fmt: skip
    axes.set_xticks(range(len(names)), names)
    if len(names) > MAX_LEVEL_NAMES:
        axes.tick_params(axis="x", rotation=90)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_ylim(-3, 106)
    axes.title.set_position((0.5, 1.08))


def _colours(n: int) -> list[str]:
    return [METHOD_COLOURS[k % len(METHOD_COLOURS)] for k in range(n)]


def _padded(rows: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return rows of any lengths as one array, NaN where a row is shorter."""
    padded = np.full((len(rows), max((len(row) for row in rows), default=0)), np.nan)
    for k, row in enumerate(rows):
        padded[k, : len(row)] = row
    return padded
