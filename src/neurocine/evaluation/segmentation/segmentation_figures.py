"""The pictures of a comparison of segmentations, as PNG bytes: the same bytes for the same comparison."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from neurocine.core import RoiSet
from neurocine.drawing.rendering import METHOD_COLOURS, envelope, grey_image, outline_lines, png
from neurocine.evaluation.segmentation.gallery import Example, Pictured
from neurocine.evaluation.segmentation.segmentation_comparison import SegmentationComparison

#: Colours on grey pictures, which colour-blind readers can tell apart (Okabe and Ito).
OUTCOME_COLOURS = {"found": "#56b4e9", "missed": "#f0e442", "false": "#ff5a36", "doubtful": "#b0b0b0"}
#: The same on white.
DARK_COLOURS = {"missed": "#9a8700", "false": "#c0330f"}
#: A trace is drawn as the lowest and highest value of each of this many bins.
TRACE_COLUMNS = 700
#: Margin around an example's mask, pixels.
MARGIN = 12


def draw_segmentation(comparison: SegmentationComparison, pictured: Sequence[Pictured]) -> dict[str, bytes]:
    """Return all pictures for which there are values, by name."""
    pictures = {}
    rows = comparison.by_psnr()
    if rows is not None:
        pictures["psnr"] = png(lambda figure: recall_by_psnr(figure, rows), (8, 3.8))
    for one in pictured:
        pictures |= _of_recording(one)
    return pictures


def _of_recording(one: Pictured) -> dict[str, bytes]:
    """Return the masks of one recording, and the examples of each method."""
    height, width = one.correlation.shape
    edge = min(4.6, 12 / len(one.rois))
    size = (edge * len(one.rois), edge * height / width + 0.3)
    pictures = {f"masks/{one.name}": png(lambda figure: masks(figure, one), size)}
    for method, examples in one.examples.items():
        shown = [(outcome, example) for outcome, chosen in examples.items() for example in chosen]
        if shown:
            draw = partial(gallery, one=one, shown=shown)
            pictures[f"examples/{one.name}/{method}"] = png(draw, (10, 0.3 + 1.15 * len(shown)))
    return pictures


def recall_by_psnr(figure: Figure, rows: Sequence[dict[str, Any]]) -> None:
    """Draw the share of neurons found by each method over their PSNR (Fig. 4E)."""
    axes = figure.subplots()
    methods = list(rows[0]["recall"])
    for k, method in enumerate(methods):
        shares = [np.nan if row["recall"][method] is None else 100 * row["recall"][method] for row in rows]
        axes.plot(
            range(len(rows)),
            shares,
            "-o",
            color=METHOD_COLOURS[k % len(METHOD_COLOURS)],
            markersize=5,
            label=method,
        )
    axes.set_xticks(range(len(rows)), [f"{psnr_name(row)}\n({row['neurons']})" for row in rows])
    axes.set_ylim(-3, 103)
    axes.set_xlabel("PSNR of the neuron (number of neurons)")
    axes.set_ylabel("found (%)")
    axes.legend(loc="lower right", fontsize=8)


def psnr_name(row: dict[str, Any]) -> str:
    """Return the range of PSNR of a row of `recall_by_psnr`."""
    if row["from"] is None:
        return f"under {row['to']:g}"
    return f"{row['from']:g} and over" if row["to"] is None else f"{row['from']:g} to {row['to']:g}"


def masks(figure: Figure, one: Pictured) -> None:
    """Draw each method's masks over the correlation image, side by side."""
    for axes, (method, outcomes) in zip(
        figure.subplots(1, len(one.rois), squeeze=False)[0], one.rois.items(), strict=True
    ):
        grey_image(axes, one.correlation)
        for outcome, rois in outcomes.items():
            axes.add_collection(
                LineCollection(outline_lines(rois), colors=OUTCOME_COLOURS[outcome], linewidths=0.9)
            )
        counts = ", ".join(
            f"{len(rois)} {outcome}"
            for outcome, rois in outcomes.items()
            if outcome != "doubtful" or len(rois)
        )
        axes.set_title(f"{method}: {counts}", pad=4)


def gallery(figure: Figure, one: Pictured, shown: Sequence[tuple[str, Example]]) -> None:
    """Draw where each example is, and its trace with the frames in which it seems active."""
    grid = figure.subplots(len(shown), 2, squeeze=False, width_ratios=(1, 8))
    for (where, axes), (outcome, example) in zip(grid, shown, strict=True):
        _place(where, one, outcome, example)
        seconds = np.arange(len(example.trace)) / one.frame_rate_hz
        axes.plot(*envelope(seconds, example.trace, TRACE_COLUMNS), color="#33404d", linewidth=0.6)
        low, high = float(example.trace.min()), float(example.trace.max())
        for start, stop in example.intervals.tolist():
            axes.axvspan(
                start / one.frame_rate_hz,
                stop / one.frame_rate_hz,
                color=DARK_COLOURS[outcome],
                alpha=0.25,
                linewidth=0,
            )
        axes.set_xlim(0, float(seconds[-1]))
        axes.set_ylim(low, high + 0.05 * (high - low))
        axes.set_title(
            f"{outcome}: ROI {example.roi_id}, PSNR {example.psnr:.1f}", loc="left", fontsize=8, pad=3,
            color=DARK_COLOURS[outcome],
        )  # fmt: skip
        axes.set_ylabel("ΔF/F", fontsize=7.5)
        axes.tick_params(labelsize=7, labelbottom=axes is grid[-1][1])
    grid[-1][1].set_xlabel("time (s)", fontsize=7.5)


def _place(axes: Axes, one: Pictured, outcome: str, example: Example) -> None:
    """Draw the correlation image around an example, with its outline."""
    y, x = np.nonzero(example.mask)
    top, left = max(0, int(y.min()) - MARGIN), max(0, int(x.min()) - MARGIN)
    window = (slice(top, int(y.max()) + MARGIN + 1), slice(left, int(x.max()) + MARGIN + 1))
    grey_image(axes, one.correlation[window])
    only = RoiSet.from_masks(example.mask[window][None])
    axes.add_collection(LineCollection(outline_lines(only), colors=OUTCOME_COLOURS[outcome], linewidths=1.1))
