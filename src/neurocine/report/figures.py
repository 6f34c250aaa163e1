"""The report's plots, each drawn for a light and for a dark page."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from neurocine.assemblies.figures import draw_assemblies
from neurocine.core import CALLED_TYPES, Assemblies, RoiSet
from neurocine.core.controls import Controls
from neurocine.core.raster import active_runs
from neurocine.drawing.pictures import Themed
from neurocine.drawing.rendering import MAX_COLUMNS, Theme, envelope, themed
from neurocine.io.results import RecordingResults


def registration(results: RecordingResults) -> Themed:
    """Draw shifts and the correlation with the template over time, flagged frames marked."""
    motion = results.registration
    seconds = np.arange(results.movie.n_frames) / results.movie.frame_rate_hz
    flagged = np.nonzero(motion.unregistered)[0]

    def draw(figure: Figure, theme: Theme) -> None:
        shifts, correlation = figure.subplots(2, 1, sharex=True)
        for values, name, colour in (
            (motion.y, "y (down)", theme.accent),
            (motion.x, "x (right)", theme.second),
        ):
            shifts.plot(*envelope(seconds, values), color=colour, linewidth=0.7, label=name)
        shifts.axhline(0, color=theme.faint, linewidth=0.6, zorder=0)
        shifts.set_ylabel("shift (px)")
        micrometres = shifts.secondary_yaxis(
            "right",
            functions=(
                lambda v: v * results.movie.pixel_size_um,
                lambda v: v / results.movie.pixel_size_um,
            ),
        )
        micrometres.set_ylabel("shift (µm)")
        shifts.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=8)
        correlation.plot(*envelope(seconds, motion.correlation), color=theme.accent, linewidth=0.7)
        correlation.plot(
            seconds[flagged], motion.correlation[flagged], "o", color=theme.alert, markersize=3,
            markeredgewidth=0, label=f"flagged: {len(flagged):,} frames",
        )  # fmt: skip
        if len(flagged):
            correlation.legend(loc="lower right", bbox_to_anchor=(1, 0.95), fontsize=8)
        correlation.set_ylabel("correlation with\nthe template")
        for axes in (shifts, correlation):
            _shade_invalid(axes, results, theme)
        _time_axis(correlation, float(seconds[0]), float(seconds[-1]))

    return themed(draw, 3.6)


def _shade_invalid(axes: Axes, results: RecordingResults, theme: Theme) -> None:
    """Shade the frames without data."""
    rate, validity = results.movie.frame_rate_hz, results.movie.validity
    for part in validity.invalid if validity else ():
        axes.axvspan((part.first - 0.5) / rate, (part.last + 0.5) / rate, color=theme.alert, alpha=0.15, lw=0)


def traces(results: RecordingResults, positions: NDArray[np.int64], start: int, stop: int) -> Themed:
    """Draw ΔF/F of the ROIs at `positions` in frames ``start:stop``, activity shaded, probability beneath.

    A line above marks when STNeuroNet saw the neuron active.
    """
    rate = results.movie.frame_rate_hz
    seconds = np.arange(start, stop) / rate
    dff = results.traces.dff[positions, start:stop]
    raster = results.raster
    probability = raster.probability[positions, start:stop]
    rows, onsets, peaks = active_runs(raster.active[positions, start:stop])

    def draw(figure: Figure, theme: Theme) -> None:
        axes = figure.subplots()
        labels = []
        for k, position in enumerate(positions):
            base = -float(k)
            cell_type = results.types[position]
            low, high = _limits(dff[k])
            trace = base + 0.3 + 0.62 * np.clip((dff[k] - low) / (high - low), 0, 1)
            begin, length = seconds[onsets[rows == k]], (peaks - onsets + 1)[rows == k] / rate
            axes.broken_barh(
                list(zip((begin - 0.5 / rate).tolist(), length.tolist(), strict=True)), (base + 0.02, 0.94),
                color=theme.types[cell_type], alpha=0.22, linewidth=0,
            )  # fmt: skip
            axes.plot(*envelope(seconds, trace), color=theme.ink, linewidth=0.65)
            for first, last in results.rois.active_intervals[position]:
                span = np.clip([first - start, last - start], 0, stop - start) / rate + seconds[0]
                axes.plot(span, [base + 0.97] * 2, color=theme.second, linewidth=1.6, solid_capstyle="butt")
            x, y = envelope(seconds, probability[k])
            axes.fill_between(
                x, base + 0.04, base + 0.04 + 0.2 * y, color=theme.types[cell_type], linewidth=0
            )
            labels.append(f"ROI {results.rois.ids[position]}")
            axes.annotate(
                f"{low:.2g} to {high:.2g}".replace("-", "−"), (1.005, base + 0.5),
                xycoords=("axes fraction", "data"), va="center", fontsize=7.5,
            )  # fmt: skip
        axes.annotate(
            "ΔF/F range", (1.005, 1.1), xycoords=("axes fraction", "data"), va="bottom", fontsize=7.5
        )
        axes.set_yticks(0.5 - np.arange(len(positions)), labels, fontsize=7.5)
        for label, position in zip(axes.get_yticklabels(), positions, strict=True):
            label.set_color(theme.types[results.types[position]])
        axes.set_ylim(-len(positions) + 0.95, 1.1)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        _shade_invalid(axes, results, theme)
        _time_axis(axes, float(seconds[0]), float(seconds[-1]))

    return themed(draw, 0.75 + 0.42 * len(positions))


def raster(results: RecordingResults) -> Themed:
    """Draw the raster of all ROIs by type, the busiest of each on top, and the population's activity."""
    active = results.raster.active
    type_rank = np.array([CALLED_TYPES.index(cell_type) for cell_type in results.types])
    order = np.lexsort((-active.sum(axis=1), type_rank))
    seconds = np.arange(results.movie.n_frames) / results.movie.frame_rate_hz
    edges = np.linspace(0, len(seconds), min(len(seconds), MAX_COLUMNS) + 1).astype(int)
    binned = np.maximum.reduceat(active[order], edges[:-1], axis=1)
    share = 100 * active[results.is_cell].mean(axis=0) if results.is_cell.any() else np.zeros(len(seconds))

    def draw(figure: Figure, theme: Theme) -> None:
        heights = (3, 1)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=heights)
        colours = np.array([to_rgb(theme.types[results.types[i]]) for i in order])
        image = np.zeros((*binned.shape, 4))
        image[..., :3] = colours[:, None]
        image[..., 3] = binned
        extent = (seconds[0], seconds[-1], len(order) - 0.5, -0.5)
        upper.imshow(image, aspect="auto", interpolation="nearest", extent=extent)
        upper.set_ylabel("ROIs by type, busiest first")
        upper.yaxis.set_major_locator(MaxNLocator(integer=True))
        for boundary in np.nonzero(np.diff(type_rank[order]))[0]:
            upper.axhline(boundary + 0.5, color=theme.faint, linewidth=0.8)
        x, y = envelope(seconds, share.astype(np.float64))
        lower.fill_between(x, 0, y, color=theme.accent, alpha=0.35, linewidth=0)
        lower.plot(x, y, color=theme.accent, linewidth=0.7)
        lower.set_ylim(bottom=0)
        lower.set_ylabel("cells active (%)")
        _shade_invalid(lower, results, theme)
        _time_axis(lower, float(seconds[0]), float(seconds[-1]))

    return themed(draw, 2.6 + min(3.0, 0.05 * len(order)))


def assemblies(result: Assemblies, rois: RoiSet) -> Themed:
    """Draw covariance and cells of the synchronous events, and the map of the assemblies."""

    def draw(figure: Figure, theme: Theme) -> None:
        draw_assemblies(figure, result, rois, blank=theme.faint)

    return themed(draw, 4.2)


def controls(result: Controls) -> Themed:
    """Draw which share of planted transients, and of planted neurons, is found, by d'."""

    def draw(figure: Figure, theme: Theme) -> None:
        parts = [("transients", result.sensitivity), ("neurons, by their largest transient", result.recall)]
        shown = [(name, [row for row in rows if row.n]) for name, rows in parts if rows]
        for axes, (name, rows) in zip(np.ravel(figure.subplots(1, len(shown))), shown, strict=True):
            places = np.arange(len(rows))
            axes.bar(places, [100 * (row.share or 0) for row in rows], color=theme.accent, alpha=0.6)
            for place, row in enumerate(rows):
                axes.annotate(
                    f"{row.found} of {row.n}", (place, 100 * (row.share or 0)), ha="center", va="bottom",
                    fontsize=7.5,
                )  # fmt: skip
            axes.set_xticks(places, [_between(row.low, row.high) for row in rows])
            axes.set_ylim(0, 110)
            axes.set_xlabel(f"d′ of {name}")
            axes.set_ylabel("found (%)")

    return themed(draw, 2.8)


def _between(low: float, high: float | None) -> str:
    return f"≥ {low:g}" if high is None else f"{low:g}–{high:g}"


def _limits(values: NDArray[np.float32]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = np.percentile(finite, [0.5, 99.95])
    return float(low), float(max(high, low + 1e-6))


def _time_axis(axes: Axes, first: float, last: float) -> None:
    axes.set_xlim(first, last)
    axes.set_xlabel("time (s)")
    axes.xaxis.set_major_locator(MaxNLocator(10))
