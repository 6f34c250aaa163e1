"""The page of one recording."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import yaml

from neurocine import __version__
from neurocine.config import ReportSettings
from neurocine.config.engines import STNEURONET
from neurocine.core import CALLED_TYPES, CELL_TYPES, UNKNOWN, InputError
from neurocine.core.controls import MEASURES, sentence
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
from neurocine.export.tables import CELL_COLUMNS, CellColumn, cells_table
from neurocine.ingest.summary import duration
from neurocine.io.atomic import write_text
from neurocine.io.results import RecordingResults
from neurocine.networks.registry import Registry
from neurocine.progress import Progress, silent
from neurocine.report import figures, stats
from neurocine.report.clip import make_clip
from neurocine.report.downloads import download_of
from neurocine.steps import IMPL

_log = logging.getLogger(__name__)

#: Length of the close view of the traces, in seconds.
CLOSE_S = 60.0

#: Rows of the table of cells with transients of their neighbours.
CONTAMINATION_ROWS = 15

#: Metrics of the registration: name, unit, number format, and how to read it.
METRICS = {
    "correlation_before": (
        "Correlation with the template, before", "", ".3f", "mean over the frames of the raw movie",
    ),
    "correlation_after": (
        "Correlation with the template, after", "", ".3f", "should be higher than before",
    ),
    "crispness_before": (
        "Crispness, before", "counts/px", ".4g", "edge strength of the raw movie's mean; motion blurs edges",
    ),
    "crispness_after": (
        "Crispness, after", "counts/px", ".4g", "should be higher than before: a sharper mean image",
    ),
    "residual_flow_p95_px": (
        "Residual motion", "px", ".2f", "95th percentile of the motion that is left; below 1 px is good",
    ),
    "max_shift_px": ("Largest shift", "px", ".1f", "among the registered frames"),
    "unregistered_share": ("Flagged frames", "", ".2%", "badly registered; kept if they hold data"),
}  # fmt: skip


#: Which ROIs each mode of the step active passes on.
MODES = {
    "engine": "All ROIs of the engine were kept, whether STNeuroNet found them or not.",
    "stneuronet": "Only the ROIs that STNeuroNet found were kept.",
    "union": "The engine's ROIs were kept, and neurons that only STNeuroNet found were added.",
    "intersection": "Only ROIs that both the engine and STNeuroNet found were kept.",
}


@dataclass(frozen=True)
class Outline:
    """The outline of an ROI over the field of view.

    Attributes
    ----------
    roi_id, cell_type
        The ROI and its type.
    found_by
        Who found it, a key of `FOUND_COLOURS`.
    active_colour
        Colour of its active probability.
    path
        Its SVG path.
    x, y
        Where its label stands.
    tooltip
        Its numbers in words.
    label
        The type that its label in the structural channel tells; empty if it has none.
    """

    roi_id: int
    cell_type: str
    found_by: str
    active_colour: str
    path: str
    x: float
    y: float
    tooltip: str
    label: str


@dataclass(frozen=True)
class Metric:
    """A quality metric of the registration, formatted."""

    label: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Network:
    """A network behind the results: what it infers, and how well it performed on which data."""

    name: str
    task: str
    measured: str


def write_report(
    results: RecordingResults,
    settings: ReportSettings,
    config: Mapping[str, Any],
    out: Path,
    *,
    tables: Sequence[Path] = (),
    progress: Progress = silent,
) -> None:
    """Write the page of a recording as one self-contained HTML file.

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
    tables
        Files that the page offers as downloads: ``cells.tsv`` and ``transients.tsv``.
    progress
        Called after each part.

    Raises
    ------
    InputError
        If a result is missing or damaged.
    """
    cells = cells_table(results)
    downloads = [download_of(path, results.name) for path in tables]
    progress("report", 1, 4)
    plots = _plots(results, settings)
    if results.assemblies is not None:
        plots["assemblies"] = figures.assemblies(results.assemblies, results.rois)
    if results.controls is not None:
        plots["controls"] = figures.controls(results.controls)
    progress("report", 2, 4)
    clip = make_clip(results, settings.clip_s, progress)
    progress("report", 3, 4)
    text = (
        environment()
        .get_template("report.html.j2")
        .render(
            results=results,
            cells=cells.to_dict("records"),
            columns=page_columns(cells),
            intervals_seen=intervals_seen(results),
            downloads=downloads,
            assemblies=results.assemblies,
            contamination=results.contamination,
            contamination_rows=CONTAMINATION_ROWS,
            controls=results.controls,
            measures=MEASURES,
            controls_say=None if results.controls is None else sentence(results.controls),
            types=stats.type_rows(cells),
            engines=stats.engine_rows(cells) if stats.looked_for_active(results) else [],
            n_active=int(results.rois.found_by(STNEURONET).sum()),
            mode=MODES.get(dict(config.get("active") or {}).get("mode", ""), ""),
            median_rate=stats.median(cells["rate_per_min"][results.is_cell]),
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
    templates = page_environment("neurocine.report")
    templates.globals.update(version=__version__, colours=COLOURS, cell_types=CALLED_TYPES)
    templates.globals.update(found_colours=FOUND_COLOURS, active_colours=ACTIVE_COLOURS)
    templates.filters["duration"] = duration
    templates.filters["filename"] = lambda path: Path(path).name
    templates.filters["number"] = number
    return templates


def page_columns(cells: pd.DataFrame) -> list[CellColumn]:
    """Return the columns of the page's table of ROIs: those with a heading and at least one value."""
    return [column for column in CELL_COLUMNS if column.heading and cells[column.name].notna().any()]


def intervals_seen(results: RecordingResults) -> dict[int, str]:
    """Return when STNeuroNet saw each ROI active, in words, by ROI id."""
    rate, rois = results.movie.frame_rate_hz, results.rois
    return {
        roi_id: intervals((spans / rate).tolist())
        for roi_id, spans in zip(rois.ids.tolist(), rois.active_intervals, strict=True)
    }


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
    pictures = {
        "mean": summary.mean,
        "correlation": summary.correlation,
        "max": summary.max,
    }
    if results.structural is not None:
        pictures["structural"] = results.structural.corrected
    return {
        **{name: grey_picture(picture) for name, picture in pictures.items()},
        "before": grey_picture(results.registration.raw_mean, max_edge=512),
    }


def outline_rows(results: RecordingResults, cells: pd.DataFrame) -> list[Outline]:
    """Return every ROI's outline over the field of view; `cells` as of `cells_table`."""
    rows: Iterable[Any] = cells.itertuples()
    # The picture's first pixel spans 0 to 1, so its centre lies at 0.5.
    return [
        Outline(
            roi_id=cell.roi_id,
            cell_type=cell.type,
            found_by=who_found(cell.engines),
            active_colour=active_colour(cell.active_probability),
            path=svg_path(lines),
            x=cell.x_px + 0.5,
            y=cell.y_px + 0.5,
            tooltip=_tooltip(cell),
            label=label,
        )
        for cell, lines, label in zip(rows, outlines(results.rois), results.label_types, strict=True)
    ]


def _tooltip(cell: Any) -> str:
    """Return the numbers of a row of `cells_table` in words."""
    if cell.type == UNKNOWN:
        probable = ", ".join(f"{kind} {getattr(cell, f'p_{kind}'):.0%}" for kind in CELL_TYPES[:-1])
    else:
        probable = f"{getattr(cell, f'p_{cell.type}'):.0%}"
    text = (
        f"ROI {cell.roi_id}: {cell.type} ({probable}), SNR {cell.snr:.1f}, "
        f"{cell.transients} transients, {cell.rate_per_min:.2f} per minute"
    )
    if np.isfinite(cell.labelled_probability):
        text += f"; labelled {cell.labelled_probability:.0%}"
    if np.isfinite(cell.active_probability):
        text += f"; active neuron {cell.active_probability:.0%}, found by {cell.engines}"
    return text


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
    """Return the networks of the results and how well each performed, as its registry says."""
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
    """Return how well a model performed, and on which data, as its registry says."""
    try:
        registry, name = Registry.load().resolve(model)
    except InputError as error:
        _log.warning("the report lacks how well the networks performed: %s", error)
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


def intervals(spans: Sequence[Sequence[float]]) -> str:
    """Return spans of seconds in words, such as ``0.0 to 8.2 s, 31.5 to 40.0 s``."""
    return ", ".join(f"{start:.1f} to {stop:.1f} s" for start, stop in spans)


def number(value: float | None, style: str = ".2f") -> str:
    """Return `value` in `style`, or a dash where there is none."""
    return "–" if value is None or value != value else f"{value:{style}}"
