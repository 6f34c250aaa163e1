"""Show what activity inference calls on a real recording, cell by cell: for eyes, where there is no truth.

``python benchmarks/activity_on_real.py MOVIE.h5 ROIS.h5 ACTIVITY.h5 OUT [--celltypes TABLE] [--cells 20]``

The files are a recording's ``motion/movie.h5``, ``active/rois.h5``, ``activity/activity.h5`` and
``celltype/celltypes.tsv``. Contact sheets (PNG) of some cells, sure and silent ones alike, a table of all
cells (``cells.tsv``) and sums over them (``summary.json``) go to OUT.

A rise is a putative transient of the smoothed raw trace, onset to peak. Its height is told in standard
deviations (SD) of the raw trace's frame-to-frame noise; ``around`` is by how much the ring around the cell
(neighbours included) brightens meanwhile, as a share of what the cell does: near 0 for the cell's own light,
near 1 or over it for the neuropil's or a neighbour's.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from neurocine.contamination import false_transients
from neurocine.core import Movie, Raster, RoiSet
from neurocine.core.raster import active_runs
from neurocine.drawing.pictures import COLOURS, outlines
from neurocine.io.atomic import atomic_path, write_text
from neurocine.io.result_files import read_activity, read_celltypes, read_movie, read_rois
from neurocine.traces.extraction import raw_traces
from real_cells import CLEAR_SD, Cell, Rise, measure

#: The share called is told of rises between these heights, SD.
EDGES_SD = (CLEAR_SD, 5.0, 10.0, np.inf)
#: A sheet is A4, in inches, and holds so many cells.
WIDTH, HEIGHT, MARGIN, DPI, PER_SHEET = 8.27, 11.69, 0.35, 140, 4
#: Inches that the heading takes, and a cell.
HEAD, BLOCK = 0.55, 2.75
HEADING = (
    "Sheet {sheet}: cells, the surest first, over time in seconds. Shaded: called active. p: probability. "
    "SD: noise of the trace.\n"
    f"Triangles: clear rises ({CLEAR_SD:g} SD and over) that aren't called. "
    "Around: how much the ring around brightens, as a share of the cell. Dotted: neighbours."
)
INK, PROBABILITY, MISSED = "#222222", "#009e73", "#b03060"


def drawn(cells: Sequence[Cell], n: int, seed: int) -> list[Cell]:
    """Return `n` cells, the surest first: one at random from each of `n` even parts of their ranks."""
    ranked = sorted(cells, key=lambda cell: -float(cell.probability.max()))
    rng = np.random.default_rng(seed)
    parts = np.array_split(np.arange(len(ranked)), min(n, len(ranked)))
    return [ranked[int(rng.choice(part))] for part in parts]


def crops(movie: Movie, rise: Rise, window: tuple[slice, slice]) -> list[NDArray[np.float64]]:
    """Return the mean picture before a rise, at its onset, at its peak, and peak less before."""
    half = max(1, round(0.1 * movie.frame_rate_hz))
    pictures = []
    for middle in (rise.onset - 2 * half - 1, rise.onset, rise.peak):
        middle = int(np.clip(middle, half, movie.n_frames - half - 1))
        pictures.append(movie.read(middle - half, middle + half + 1)[(slice(None), *window)].mean(axis=0))
    return [*pictures, pictures[2] - pictures[0]]


def draw_sheet(cells: Sequence[Cell], movie: Movie, rois: RoiSet, threshold: float, title: str) -> Figure:
    """Draw one sheet of cells."""
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white")
    place = _Placer(figure)
    figure.text(MARGIN / WIDTH, 1 - 0.14 / place.height, title, va="top", fontsize=7, linespacing=1.4)
    lines = outlines(rois)
    for row, cell in enumerate(cells):
        top = HEAD + BLOCK * row
        _draw_cell(place, top, cell, movie.frame_rate_hz, threshold)
        width = (WIDTH - 2 * MARGIN - 0.5) / 3
        for column, (name, rise) in enumerate(cell.shown()):
            left = MARGIN + column * (width + 0.25)
            _draw_rise(place, (left, top + 1.37, width), cell, name, rise, movie, rois, lines)
    return figure


@dataclass(frozen=True)
class _Placer:
    """Places axes by inches from the upper left corner."""

    figure: Figure

    @property
    def height(self) -> float:
        return float(self.figure.get_figheight())

    def __call__(self, left: float, top: float, width: float, height: float) -> Axes:
        bottom = self.height - top - height
        box = (left / WIDTH, bottom / self.height, width / WIDTH, height / self.height)
        axes = self.figure.add_axes(box)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=6, length=2, pad=1)
        return axes


def _draw_cell(place: _Placer, top: float, cell: Cell, rate: float, threshold: float) -> None:
    """Draw a cell's whole trace, the frames called active shaded, and its probability below."""
    colour = COLOURS["light"].get(cell.kind, INK)
    seconds = np.arange(len(cell.trace)) / rate
    upper = place(MARGIN + 0.15, top + 0.17, WIDTH - 2 * MARGIN - 0.15, 0.66)
    lower = place(MARGIN + 0.15, top + 0.87, WIDTH - 2 * MARGIN - 0.15, 0.2)
    for rise in cell.called:
        upper.axvspan((rise.onset - 0.5) / rate, (rise.peak + 0.5) / rate, color=colour, alpha=0.3, lw=0)
    missed = [rise.peak for rise in cell.not_called if rise.height >= CLEAR_SD]
    upper.plot(seconds, cell.trace, color=INK, lw=0.45)
    upper.plot(np.array(missed) / rate, cell.trace[missed], "v", color=MISSED, ms=3, mew=0)
    upper.tick_params(labelbottom=False)
    upper.set_ylabel("SD", fontsize=6, labelpad=1)
    lower.fill_between(seconds, cell.probability, color=PROBABILITY, lw=0)
    lower.axhline(threshold, color=INK, lw=0.4, ls=":")
    lower.set(ylim=(0, 1), yticks=(0, 1))
    lower.set_ylabel("p", fontsize=6, labelpad=1)
    for axes in (upper, lower):
        axes.set_xlim(0, seconds[-1])
    found, left = cell.clear()
    kind = f", {cell.kind}" if cell.kind else ""
    text = f"ROI {cell.roi_id}{kind}: highest p {cell.probability.max():.2f}; "
    text += f"{len(cell.called)} transients called, {found} of them clear; clear rises not called: {left}"
    upper.set_title(text, fontsize=8, loc="left", pad=2)


def _draw_rise(
    place: _Placer,
    box: tuple[float, float, float],
    cell: Cell,
    name: str,
    rise: Rise,
    movie: Movie,
    rois: RoiSet,
    lines: list[list[NDArray[np.float64]]],
) -> None:
    """Draw one rise: the trace about it, and the movie before, at onset and peak, and what changed."""
    left, top, width = box
    rate = movie.frame_rate_hz
    axes = place(left, top, width, 0.42)
    axes.set_axis_off()
    text = f"{name}: {rise.onset / rate:.1f} s, {rise.height:.1f} SD, p {rise.probability:.2f}"
    text += "" if np.isnan(rise.around) else f", around {round(100 * rise.around)} %"
    axes.set_title(text, fontsize=6.5, loc="left", pad=2, color=MISSED if "not" in name else INK)
    start = max(0, rise.onset - max(15, round(2 * rate)))
    stop = min(movie.n_frames, rise.peak + max(25, round(4 * rate)))
    frames = np.arange(start, stop)
    colour = COLOURS["light"].get(cell.kind, INK)
    _, first, last = active_runs(cell.active[None, start:stop])
    for a, b in zip(first + start, last + start, strict=True):
        axes.axvspan(a - 0.5, b + 0.5, color=colour, alpha=0.3, lw=0)
    axes.plot(frames, cell.trace[start:stop], color=INK, lw=0.7)
    ends = [rise.onset, rise.peak]
    axes.plot(ends, cell.trace[ends], "o", color=MISSED if "not" in name else colour, ms=2.5, mew=0)
    axes.set_xlim(start, stop - 1)
    window = _window(rois, cell.position)
    pictures = crops(movie, rise, window)
    low, high = np.percentile(np.stack(pictures[:3]), [1, 99.7])
    reach = float(np.percentile(np.abs(pictures[3]), 99.5)) or 1.0
    edge = (width - 0.09) / 4
    for k, (picture, label) in enumerate(
        zip(pictures, ("before", "onset", "peak", "peak − before"), strict=True)
    ):
        image = place(left + k * (edge + 0.03), top + 0.45, edge, edge)
        if k < 3:
            image.imshow(picture, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        else:
            image.imshow(picture, cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest")
        _draw_outlines(image, lines, cell.position, window, "#ffd400" if k < 3 else INK)
        image.set_axis_off()
        image.text(0.5, -0.15, label, fontsize=5.5, ha="center", transform=image.transAxes)


def _window(rois: RoiSet, index: int) -> tuple[slice, slice]:
    """Return rows and columns of a square about an ROI, twice its size, within the field of view."""
    y, x, _ = rois.pixels(index)
    edge = min(2 * int(max(np.ptp(y), np.ptp(x))) + 9, *rois.fov_shape)
    starts = [
        int(np.clip(round((axis.min() + axis.max()) / 2) - edge // 2, 0, size - edge))
        for axis, size in zip((y, x), rois.fov_shape, strict=True)
    ]
    return slice(starts[0], starts[0] + edge), slice(starts[1], starts[1] + edge)


def _draw_outlines(
    axes: Axes,
    lines: list[list[NDArray[np.float64]]],
    own: int,
    window: tuple[slice, slice],
    colour: str,
) -> None:
    """Draw the cell's outline, and those of its neighbours faintly; pixel centres are whole numbers."""
    offset = np.array([window[1].start + 0.5, window[0].start + 0.5])
    edge = window[0].stop - window[0].start
    for index, parts in enumerate(lines):
        for line in parts:
            x, y = (line - offset).T
            if index == own:
                axes.plot(x, y, color=colour, lw=0.8)
            elif x.max() > 0 and y.max() > 0 and x.min() < edge and y.min() < edge:
                axes.plot(x, y, color=colour, lw=0.6, ls=":")
    axes.set(xlim=(-0.5, edge - 0.5), ylim=(edge - 0.5, -0.5))


def save(figure: Figure, path: Path) -> None:
    """Write a sheet as a PNG of 128 colours, the same bytes each time."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=DPI, metadata={"Software": None})
    picture = Image.open(buffer).convert("RGB").quantize(128, method=Image.Quantize.FASTOCTREE, dither=0)
    with atomic_path(path) as part:
        picture.save(part, optimize=True)


def row(cell: Cell, sheet: int | None) -> dict[str, object]:
    """Return what the table says of a cell; what there is none of is empty."""
    found, left = cell.clear()
    missed = max(cell.not_called, key=lambda rise: rise.height, default=None)
    return {
        "roi_id": cell.roi_id,
        "type": cell.kind,
        "classifier": cell.classifier,
        "sheet": "" if sheet is None else sheet,
        "highest_probability": f"{cell.probability.max():.4f}",
        "called": len(cell.called),
        "called_clear": found,
        "not_called_clear": left,
        "called_median_sd": _text(_median(rise.height for rise in cell.called)),
        "called_median_around": _text(_median(rise.around for rise in cell.called)),
        "not_called_highest_sd": "" if missed is None else f"{missed.height:.3f}",
        "not_called_highest_probability": "" if missed is None else f"{missed.probability:.4f}",
        "not_called_highest_around": "" if missed is None else f"{missed.around:.3f}",
    }


def _median(values: Iterable[float]) -> float | None:
    known = [value for value in values if not np.isnan(value)]
    return round(float(np.median(known)), 4) if known else None


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def neighbours_share(movie: Movie, rois: RoiSet, raster: Raster) -> dict[str, int]:
    """Return how many transients an overlapping neighbour causes, and how many of them aren't called.

    The test is that of the evaluation (`neurocine.contamination`), which needs no truth.
    """
    false = false_transients(movie, rois, raw_traces(movie, rois))
    called = [
        bool(raster.active[roi, onset : peak + 1].any())
        for roi, onset, peak in zip(false.roi, false.onset, false.peak, strict=True)
    ]
    return {"pairs": len(false.pairs), "transients": len(false), "not_called": called.count(False)}


def summary(cells: Sequence[Cell], movie: Movie) -> dict[str, object]:
    """Return sums over all cells."""
    called = [rise for cell in cells for rise in cell.called]
    clear = [rise for rise in called if rise.height >= CLEAR_SD]
    missed = [rise for cell in cells for rise in cell.not_called if rise.height >= CLEAR_SD]
    minutes = movie.n_frames / movie.frame_rate_hz / 60
    return {
        "cells": len(cells),
        "cells_with_a_transient_called": sum(bool(cell.called) for cell in cells),
        "frames": movie.n_frames,
        "called": len(called),
        "called_per_cell_and_minute": round(len(called) / max(len(cells), 1) / minutes, 3),
        "clear_sd": CLEAR_SD,
        "clear_called": len(clear),
        "clear_not_called": len(missed),
        "clear_share_called": round(len(clear) / max(len(clear) + len(missed), 1), 4),
        "share_called_by_sd": {
            f"{low:g} to {high:g}": _share(called, cells, low, high) for low, high in pairwise(EDGES_SD)
        },
        "around_median_clear_called": _median(rise.around for rise in clear),
        "around_median_clear_not_called": _median(rise.around for rise in missed),
    }


def _share(called: Sequence[Rise], cells: Sequence[Cell], low: float, high: float) -> float | None:
    """Return the share called of all rises of `low` SD to under `high`."""
    found = sum(low <= rise.height < high for rise in called)
    left = sum(low <= rise.height < high for cell in cells for rise in cell.not_called)
    return round(found / (found + left), 4) if found + left else None


def write_table(path: Path, cells: Sequence[Cell], chosen: Sequence[Cell]) -> None:
    """Write one row a cell, tab-separated."""
    sheets = {cell.roi_id: 1 + index // PER_SHEET for index, cell in enumerate(chosen)}
    rows = [row(cell, sheets.get(cell.roi_id)) for cell in cells]
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("movie", "rois", "activity", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--celltypes", type=Path, help="table of cell types, to colour the cells by")
    parser.add_argument("--cells", type=int, default=20, help="how many are drawn")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    given = parser.parse_args()
    mpl.rcParams["font.family"] = "DejaVu Sans"
    movie, rois, raster = read_movie(given.movie), read_rois(given.rois), read_activity(given.activity)
    types = read_celltypes(given.celltypes).of(rois.ids) if given.celltypes else ("",) * len(rois)
    cells = measure(movie, rois, raster, types)
    chosen = drawn(cells, given.cells, given.seed)
    for start in range(0, len(chosen), PER_SHEET):
        sheet = 1 + start // PER_SHEET
        heading = HEADING.format(sheet=sheet)
        figure = draw_sheet(chosen[start : start + PER_SHEET], movie, rois, raster.threshold, heading)
        save(figure, given.out / f"cells-{sheet}.png")
    write_table(given.out / "cells.tsv", cells, chosen)
    found = summary(cells, movie) | {"of_overlapping_neighbours": neighbours_share(movie, rois, raster)}
    write_text(given.out / "summary.json", json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
