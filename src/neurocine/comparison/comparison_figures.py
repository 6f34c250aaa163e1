"""The pictures of a comparison, as PNG bytes: the same bytes for the same results."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import NDArray

from neurocine.comparison.scores_and_costs import Comparison
from neurocine.drawing.rendering import METHOD_COLOURS, png
from neurocine.evaluation.activity.activity_figures import coverage, scores
from neurocine.evaluation.segmentation.graders import METRICS
from neurocine.evaluation.segmentation.segmentation_comparison import (
    MAIN_CRITERION,
    MAIN_RULE,
    SegmentationComparison,
)
from neurocine.evaluation.segmentation.segmentation_figures import recall_by_psnr
from neurocine.evaluation.statistics import rank_sum

#: Levels of p that one and two stars stand for (Soltanian-Zadeh et al. 2019, Fig. 4).
STARS = (0.05, 0.005)


def draw_comparison(comparison: Comparison) -> dict[str, bytes]:
    """Return all pictures for which there are values, by name."""
    segmentation = comparison.segmentation
    pictures = {
        "segmentation_scores": png(lambda figure: segmentation_scores(figure, segmentation), (10, 3.6))
    }
    if comparison.speed_tests() or len(segmentation.methods) == 1:
        pictures["segmentation_speed"] = png(lambda figure: score_by_speed(figure, comparison), (6.4, 4))
    rows = segmentation.by_psnr()
    if rows is not None:
        pictures["segmentation_psnr"] = png(lambda figure: recall_by_psnr(figure, rows), (8, 3.8))
    if comparison.activity is not None:
        visible = comparison.activity.visible
        width = max(10.0, 2.2 * len(visible.methods))
        pictures["activity_scores"] = png(lambda figure: scores(figure, visible), (width, 3.6))
        pictures["activity_coverage"] = png(lambda figure: coverage(figure, visible), (width, 3.6))
    if comparison.motion:
        pictures["registration"] = png(lambda figure: registration(figure, comparison), (8, 3.4))
    return pictures


def segmentation_scores(figure: Figure, segmentation: SegmentationComparison) -> None:
    """Draw mean and SD of each engine's recall, precision and F1, one dot per recording (Fig. 4A)."""
    methods = segmentation.methods
    for axes, metric in zip(figure.subplots(1, 3, sharey=True), METRICS, strict=True):
        rows = [segmentation.values(method, MAIN_CRITERION, MAIN_RULE, metric) for method in methods]
        for k, row in enumerate(rows):
            _bar(axes, k, 100 * row, METHOD_COLOURS[k % len(METHOD_COLOURS)])
        for k, row in enumerate(rows[1:], 1):
            axes.annotate(
                _stars(rows[0], row), (k, 1.0), xycoords=("data", "axes fraction"), ha="center", va="bottom",
                fontsize=8,
            )  # fmt: skip
        axes.set_xticks(range(len(methods)), methods, rotation=20, ha="right")
        axes.set_ylim(0, 104)
        axes.set_title("F1 score" if metric == "f1" else metric.capitalize())
    figure.axes[0].set_ylabel("% (one dot per recording)")


def score_by_speed(figure: Figure, comparison: Comparison) -> None:
    """Draw F1 of each engine over its frames per second, with SDs (STNeuroNet, Fig. 4B)."""
    axes, segmentation = figure.subplots(), comparison.segmentation
    names = [recording.name for recording in segmentation.recordings]
    for k, method in enumerate(segmentation.methods):
        f1 = 100 * segmentation.values(method, MAIN_CRITERION, MAIN_RULE, "f1")
        speed = np.array([comparison.speed(comparison.segmentation_costs, method, name) for name in names])
        colour = METHOD_COLOURS[k % len(METHOD_COLOURS)]
        axes.plot(speed, f1, "o", color=colour, alpha=0.35, markersize=3.5, markeredgewidth=0)
        axes.errorbar(
            speed.mean(), f1.mean(), xerr=_sd(speed), yerr=_sd(f1), fmt="s", color=colour, markersize=6,
            capsize=3, label=method,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(0, 104)
    axes.set_xlabel("frames per second, start of the program included")
    axes.set_ylabel("F1 (%)")
    axes.legend(fontsize=8, loc="lower left")


def registration(figure: Figure, comparison: Comparison) -> None:
    """Draw the error of each registration, one dot per movie."""
    axes = figure.subplots()
    names = list(dict.fromkeys(name for name, _ in comparison.motion))
    for k, name in enumerate(names):
        errors = np.array([error.rms for (other, _), error in comparison.motion.items() if other == name])
        _bar(axes, k, errors, METHOD_COLOURS[k % len(METHOD_COLOURS)])
    axes.set_yscale("log")
    axes.set_xticks(range(len(names)), names)
    axes.set_ylabel("error of shifts, RMS (pixels)")


def _bar(axes: Axes, place: int, values: NDArray[np.float64], colour: str) -> None:
    axes.bar(place, values.mean(), width=0.62, color=colour, alpha=0.35, linewidth=0)
    axes.errorbar(place, values.mean(), yerr=_sd(values), color=colour, capsize=4, linewidth=1.4)
    spread = (np.arange(len(values)) * 0.6180339887) % 1 - 0.5
    axes.plot(place + 0.4 * spread, values, "o", color=colour, markersize=3.4, markeredgewidth=0)


def _sd(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _stars(first: Sequence[float] | NDArray[np.float64], second: NDArray[np.float64]) -> str:
    p = rank_sum(first, second).p
    if p is None:
        return ""
    return "*" * sum(p < level for level in STARS) or "n.s."
