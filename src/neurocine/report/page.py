"""The page of one recording."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import yaml

from neurocine import __version__
from neurocine.config import ReportSettings
from neurocine.config.engines import STNEURONET
from neurocine.core import CELL_TYPES, InputError
from neurocine.drawing.pages import page_environment
from neurocine.drawing.pictures import (
    ACTIVE_COLOURS,
    COLOURS,
    FOUND_COLOURS,
    Picture,
    Themed,
    active_colour,
    grey_picture,
    outlines,
    svg_path,
)
from neurocine.export.provenance import read_usage, versions
from neurocine.io.atomic import write_text
from neurocine.io.results import RecordingResults
from neurocine.networks.registry import Registry
from neurocine.progress import Progress, silent
from neurocine.report import figures, stats
from neurocine.report.clip import make_clip
from neurocine.steps import IMPL

_log = logging.getLogger(__name__)

#: Length of the close view of the traces, in seconds.
CLOSE_S = 60.0

#: Metrics of the registration: name, unit, number format, and what it says.
METRICS = {
    "correlation_before": ("Correlation with the template, before", "", ".3f", "mean over frames, raw movie"),
    "correlation_after": (
        "Correlation with the template, after", "", ".3f", "higher than before: frames look more alike",
    ),
    "crispness_before": (
        "Crispness, before", "counts/px", ".4g", "edge strength of the raw movie's mean: motion blurs it",
    ),
    "crispness_after": (
        "Crispness, after", "counts/px", ".4g", "higher than before: registration made the mean sharper",
    ),
    "residual_flow_p95_px": (
        "Residual motion", "px", ".2f", "95th percentile of what still moves; below 1 px is good",
    ),
    "max_shift_px": ("Largest shift", "px", ".1f", "of the frames that were registered"),
    "unregistered_share": ("Flagged frames", "", ".2%", "could not be registered well; they are kept"),
}  # fmt: skip


#: What each mode of the step active lets pass.
MODES = {
    "engine": "All ROIs of the engine went on, found by STNeuroNet or not.",
    "stneuronet": "Only STNeuroNet's masks went on.",
    "union": "The engine's ROIs went on, and the neurons that STNeuroNet found besides.",
    "intersection": "Only ROIs of the engine that STNeuroNet found, too, went on.",
}


@dataclass(frozen=True)
class Outline:
    """One ROI on the field of view: its SVG path, where its label goes, and what its tooltip says.

    `found` is a key of `FOUND_COLOURS`, `active` the colour of its active probability.
    """

    roi_id: int
    kind: str
    found: str
    active: str
    path: str
    x: float
    y: float
    tip: str


@dataclass(frozen=True)
class Metric:
    """One quality number of the registration, in words."""

    label: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Network:
    """A network that had a part in the results: what it tells, and how well it did on which data."""

    name: str
    task: str
    measured: str


def write_report(
    results: RecordingResults,
    settings: ReportSettings,
    config: Mapping[str, Any],
    out: Path,
    progress: Progress = silent,
) -> None:
    """Write the page of a recording: one HTML file that needs nothing else.

    Parameters
    ----------
    results
        All that is shown.
    settings
        Length of the clip and number of traces.
    config
        The settings that the results were made with, shown on the page.
    out
        The HTML file, ``results/<recording>/report/report.html``.
    progress
        Called after each part.

    Raises
    ------
    InputError
        If a result is missing or damaged.
    """
    cells = stats.cell_rows(results)
    progress("report", 1, 4)
    plots = _plots(results, settings)
    if results.assemblies is not None:
        plots["assemblies"] = figures.assemblies(results.assemblies, results.rois)
    progress("report", 2, 4)
    clip = make_clip(results, settings.clip_s, progress)
    progress("report", 3, 4)
    text = (
        environment()
        .get_template("report.html.j2")
        .render(
            results=results,
            cells=cells,
            assemblies=results.assemblies,
            types=stats.type_rows(cells),
            engines=stats.engine_rows(cells) if stats.looked_for_active(results) else [],
            n_active=int(results.rois.found_by(STNEURONET).sum()),
            mode=MODES.get(dict(config.get("active") or {}).get("mode", ""), ""),
            median_rate=stats.median([cell.rate_per_min for cell in cells if cell.kind != "noise"]),
            warnings=stats.warnings(results),
            outlines=outline_rows(results, cells),
            pictures=_pictures(results),
            plots=plots,
            clip=clip,
            metrics=metric_rows(results.registration.metrics),
            networks=network_rows(results, config),
            scale_bar_um=scale_bar_um(results),
            benchmarks=read_usage(out.parents[1]),
            versions=versions(),
            algorithms=IMPL,
            config=yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True),
        )
    )
    write_text(out, text)
    progress("report", 4, 4)


@cache
def environment() -> jinja2.Environment:
    """Return the templates; everything put into them is escaped."""
    found = page_environment("neurocine.report")
    found.globals.update(version=__version__, colours=COLOURS, cell_types=CELL_TYPES)
    found.globals.update(found_colours=FOUND_COLOURS, active_colours=ACTIVE_COLOURS)
    found.filters["intervals"] = intervals
    found.filters["duration"] = duration
    found.filters["filename"] = lambda path: Path(path).name
    found.filters["number"] = number
    return found


def _plots(results: RecordingResults, settings: ReportSettings) -> dict[str, Themed]:
    plots = {"registration": figures.registration(results)}
    if len(results.rois):
        chosen = stats.most_active(results, settings.max_traces)
        start, stop = stats.busiest(results, CLOSE_S)
        plots["close"] = figures.traces(results, chosen[:12], start, stop)
        if results.duration_s > CLOSE_S or len(chosen) > 12:
            plots["traces"] = figures.traces(results, chosen, 0, results.movie.n_frames)
        plots["raster"] = figures.raster(results)
    return plots


def _pictures(results: RecordingResults) -> dict[str, Picture]:
    summary = results.summary
    return {
        "mean": grey_picture(summary.mean),
        "correlation": grey_picture(summary.correlation),
        "max": grey_picture(summary.max),
        "before": grey_picture(results.registration.raw_mean, max_edge=512),
    }


def outline_rows(results: RecordingResults, cells: list[stats.CellRow]) -> list[Outline]:
    """Return every ROI's outline over the field of view."""
    centres = results.rois.centroids() + 0.5
    rows = []
    for cell, lines, (y, x) in zip(cells, outlines(results.rois), centres, strict=True):
        likely = max(cell.probability)
        tip = (
            f"ROI {cell.roi_id}: {cell.kind} ({likely:.0%}), SNR {cell.snr:.1f}, "
            f"{cell.transients} transients, {cell.rate_per_min:.2f} a minute"
        )
        if np.isfinite(cell.active_probability):
            tip += f"; active neuron {cell.active_probability:.0%}, found by {cell.engine}"
        found, colour = who_found(cell.engine), active_colour(cell.active_probability)
        path = svg_path(lines)
        rows.append(Outline(cell.roi_id, cell.kind, found, colour, path, float(x), float(y), tip))
    return rows


def who_found(engine: str) -> str:
    """Return ``both``, ``engine`` or ``stneuronet`` for the engines that found an ROI."""
    names = engine.split("+")
    if STNEURONET not in names:
        return "engine"
    return "both" if len(names) > 1 else STNEURONET


def metric_rows(metrics: Mapping[str, float]) -> list[Metric]:
    """Return the metrics that are known, in words, then any others by their name."""
    rows = []
    for name in (*METRICS, *sorted(set(metrics) - set(METRICS))):
        if name in metrics:
            label, unit, style, meaning = METRICS.get(name, (name, "", ".4g", ""))
            rows.append(Metric(label, f"{metrics[name]:{style}} {unit}".strip(), meaning))
    return rows


def network_rows(results: RecordingResults, config: Mapping[str, Any]) -> list[Network]:
    """Return the networks of the results with what the registry of shipped models says of each."""
    if not len(results.rois):
        return []
    tasks = dict.fromkeys(sorted(set(results.raster.classifier)), "activity")
    if stats.looked_for_active(results):
        segmentation = dict(config.get("segmentation") or {})
        tasks[dict(segmentation.get(STNEURONET) or {}).get("model", STNEURONET)] = "active neurons"
    celltype_model = dict(config.get("celltype") or {}).get("model")
    if celltype_model:
        tasks[celltype_model] = "cell type"
    return [Network(name, task, _performance(name)) for name, task in tasks.items()]


def _performance(model: str) -> str:
    """Return how well a model performs, and on what, as its registry has it."""
    try:
        registry, name = Registry.load().resolve(model)
    except InputError as error:
        _log.warning("the report can't say how well the networks perform: %s", error)
        return "–"
    if name not in registry.entries:
        return "–"
    metrics = registry.entries[name].metrics
    values = ", ".join(f"{key} {value:.3g}" for key, value in metrics.values.items())
    return f"{metrics.on}: {values}"


def scale_bar_um(results: RecordingResults) -> float:
    """Return a round length in micrometres, about a fifth of the field of view's width."""
    fifth = results.movie.fov_shape[1] * results.movie.pixel_size_um / 5
    rounded = [step * 10**power for power in range(-1, 4) for step in (1, 2, 5)]
    return float(min(rounded, key=lambda length: abs(length - fifth)))


def duration(seconds: float) -> str:
    """Return a time span in words: ``5.2 s``, ``3 min 20 s`` or ``1 h 5 min``."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def intervals(spans: tuple[tuple[float, float], ...]) -> str:
    """Return spans of seconds in words, such as ``0.0 to 8.2 s, 31.5 to 40.0 s``."""
    return ", ".join(f"{start:.1f} to {stop:.1f} s" for start, stop in spans)


def number(value: float | None, style: str = ".2f") -> str:
    """Return `value` in `style`, or a dash where there is none."""
    return "–" if value is None or value != value else f"{value:{style}}"
