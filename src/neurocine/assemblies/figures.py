"""Pictures of assemblies: covariance of SCEs, cells in SCEs, map (DeepCINAC, Fig. 8-3)."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neurocine.assemblies.agreement import agreement
from neurocine.core import InputError, RoiSet
from neurocine.core.assemblies import NONE, Assemblies
from neurocine.drawing.rendering import DPI, png_bytes

#: Colours of the assemblies in turn, and of none (Okabe and Ito: safe for colour-blind readers).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#a6761d", "#7570b3")
NO_COLOUR = "#b4b4b4"


def draw_assemblies(
    figure: Figure, assemblies: Assemblies, rois: RoiSet | None = None, *, blank: str = "#ffffff"
) -> None:
    """Draw the clustered covariance of SCEs, the cells active in them and, with `rois`, the map.

    `blank` is the colour of a cell that takes no part.

    Raises
    ------
    InputError
        If `rois` lack a cell of the assemblies.
    """
    axes = figure.subplots(1, 2 if rois is None else 3)
    _covariance(axes[0], assemblies)
    _cells(axes[1], assemblies, blank)
    if rois is not None:
        _map(axes[2], assemblies, rois)


def assemblies_png(assemblies: Assemblies, rois: RoiSet | None = None) -> bytes:
    """Return the picture of `draw_assemblies` as PNG: the same bytes for the same assemblies."""
    style: dict[Any, Any] = {"font.family": "DejaVu Sans", "font.size": 8.5}
    with matplotlib.rc_context(style):
        size = (7.5 if rois is None else 11, 4)
        figure = Figure(figsize=size, dpi=DPI, facecolor="white", layout="constrained")
        draw_assemblies(figure, assemblies, rois)
        return png_bytes(figure)


def agreement_png(first: Assemblies, second: Assemblies, names: tuple[str, str]) -> bytes:
    """Return a picture of the cells of each assembly in two methods (Fig. 8-3C) as PNG.

    A bar is an assembly of the first, or one that only the second has: cells in both in its colour, those in
    one of them alone lighter, to the left those of the first, to the right those of the second.

    Raises
    ------
    InputError
        As `neurocine.assemblies.agreement`.
    """
    same = agreement(first, second)
    rows = [(colour(row.first), row.only_first, row.common, row.only_second) for row in same.matched]
    lone_first = set(range(len(first))) - {row.first for row in same.matched}
    lone_second = set(range(len(second))) - {row.second for row in same.matched}
    rows += [(colour(k), len(first.members(k)), 0, 0) for k in sorted(lone_first)]
    rows += [(NO_COLOUR, 0, 0, len(second.members(k))) for k in sorted(lone_second)]
    style: dict[Any, Any] = {"font.family": "DejaVu Sans", "font.size": 8.5}
    with matplotlib.rc_context(style):
        figure = Figure(
            figsize=(5.5, 1.2 + 0.35 * len(rows)), dpi=DPI, facecolor="white", layout="constrained"
        )
        axes = figure.subplots()
        for y, (shade, left, both, right) in enumerate(rows):
            axes.barh(y, both, left=-both / 2, color=shade)
            axes.barh(y, left, left=-both / 2 - left, color=shade, alpha=0.4)
            axes.barh(y, right, left=both / 2, color=shade, alpha=0.4)
            places = ((-both / 2 - left / 2, left), (0, both), (both / 2 + right / 2, right))
            for x, cells in places:
                if cells:
                    axes.text(x, y, str(cells), ha="center", va="center")
        axes.set_yticks(range(len(rows)), [str(k + 1) for k in range(len(rows))])
        axes.set_xticks([])
        axes.invert_yaxis()
        axes.set_ylabel("assembly")
        axes.set_xlabel(f"cells only by {names[0]}  |  by both  |  only by {names[1]}")
        axes.set_title(f"adjusted Rand {same.adjusted_rand:.2f} over {same.n_cells} cells")
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        return png_bytes(figure)


def colour(assembly: int) -> str:
    """Return the colour of an assembly, grey for none."""
    return NO_COLOUR if assembly == NONE else COLOURS[assembly % len(COLOURS)]


def event_order(assemblies: Assemblies) -> NDArray[np.int64]:
    """Return the SCEs (M,) by cluster and time, those without one last."""
    return np.lexsort((assemblies.frame, _last(assemblies.cluster))).astype(np.int64)


def cell_order(assemblies: Assemblies) -> NDArray[np.int64]:
    """Return the cells (N,) by assembly, the most often active first, those without one last."""
    return np.lexsort((-assemblies.participation.sum(axis=1), _last(assemblies.label))).astype(np.int64)


def _last(label: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(label == NONE, label.max(initial=0) + 1, label)


def _covariance(axes: Axes, assemblies: Assemblies) -> None:
    order = event_order(assemblies)
    values = assemblies.similarity[np.ix_(order, order)].copy()
    np.fill_diagonal(values, np.nan)
    top = float(np.nanpercentile(values, 99)) if len(order) > 1 else 1.0
    if len(order):
        image = axes.imshow(values, cmap="viridis", vmin=0, vmax=max(top, 0.05), interpolation="nearest")
        axes.figure.colorbar(
            image, ax=axes, label="normalised covariance", location="bottom", shrink=0.7, pad=0.02
        )
    sizes = [np.count_nonzero(assemblies.cluster == a) for a in range(len(assemblies))]
    for a, (start, size) in enumerate(zip(np.cumsum([0, *sizes]), sizes, strict=False)):
        _frame(axes, float(start), float(size), colour(a))
    axes.set_xlabel("SCEs by cluster")
    axes.set_ylabel("SCEs by cluster")
    axes.set_title(f"{len(order)} SCEs, {len(assemblies)} assemblies")


def _frame(axes: Axes, start: float, size: float, edge: str) -> None:
    low, high = start - 0.5, start + size - 0.5
    axes.plot([low, high, high, low, low], [low, low, high, high, low], color=edge, linewidth=1.6)


def _cells(axes: Axes, assemblies: Assemblies, blank: str) -> None:
    cells, events = cell_order(assemblies), event_order(assemblies)
    image = np.full((len(cells), len(events), 3), to_rgb(blank))
    for row, cell in enumerate(cells):
        image[row, assemblies.participation[cell, events]] = to_rgb(colour(int(assemblies.label[cell])))
    if image.size:
        axes.imshow(image, aspect="auto", interpolation="nearest")
    axes.set_xlabel("SCEs by cluster")
    axes.set_ylabel("cells by assembly")


def _map(axes: Axes, assemblies: Assemblies, rois: RoiSet) -> None:
    position = {int(roi): i for i, roi in enumerate(rois.ids)}
    image = np.zeros((*rois.fov_shape, 4))
    # Those with an assembly are drawn last, over the others.
    for cell in cell_order(assemblies)[::-1]:
        roi = int(assemblies.ids[cell])
        if roi not in position:
            raise InputError(rois.source, "ids", f"lack {roi}", f"Give the ROIs of {assemblies.source}.")
        y, x, _ = rois.pixels(position[roi])
        image[y, x, :3] = to_rgb(colour(int(assemblies.label[cell])))
        image[y, x, 3] = 0.35 if assemblies.label[cell] == NONE else 1.0
    axes.imshow(image, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for a in range(len(assemblies)):
        axes.plot(
            [], [], "s", color=colour(a), label=f"{a + 1}: {np.count_nonzero(assemblies.label == a)} cells"
        )
    if len(assemblies):
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=2, frameon=False)
