"""Engines of segmentation compared on recordings without truth, by their controls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from neurocine import __version__
from neurocine.comparison.tuning import TunedSettings
from neurocine.config import Config, tuned
from neurocine.controls.recorded import recorded
from neurocine.controls.run import run_controls
from neurocine.core.controls import MEASURES, Controls
from neurocine.drawing.pages import page_environment
from neurocine.io.atomic import write_text
from neurocine.io.documents import write_json
from neurocine.io.tables import write_table
from neurocine.progress import Progress, silent


def controls_by_engine(
    movie: Path, best: TunedSettings, config: Config, progress: Progress = silent
) -> Controls:
    """Return the controls of a recording whose ROIs are found by an engine with its tuned settings.

    All other steps are those of the config; the step `active` doesn't change what the engine found.

    Parameters
    ----------
    movie
        The registered movie's file.
    best
        The engine and its settings.
    config
        Settings of the other steps.
    """
    alone = config.model_copy(
        update={
            "segmentation": tuned(config.segmentation, best.engine, best.point),
            "active": config.active.model_copy(update={"mode": "off"}),
        }
    )
    return run_controls(recorded(movie, alone, progress=progress), alone, progress)


def write_without_truth(
    controls: Mapping[str, Mapping[str, Controls]], out: Path, *, table: Path, page: Path
) -> None:
    """Write the controls of each recording by each engine as JSON to `out`, as a table, and as a page.

    Parameters
    ----------
    controls
        By recording, then by engine.
    """
    write_json(out, {name: {e: asdict(c) for e, c in row.items()} for name, row in controls.items()})
    write_table(table, table_rows(controls))
    template = page_environment("neurocine.comparison", "neurocine.evaluation").get_template(
        "without_truth.html.j2"
    )
    write_text(page, template.render(controls=controls, measures=MEASURES, version=__version__))


def table_rows(controls: Mapping[str, Mapping[str, Controls]]) -> Iterable[dict[str, Any]]:
    """Yield one row for each recording, engine and measure."""
    for recording, by_engine in controls.items():
        for engine, found in by_engine.items():
            for measure in MEASURES:
                estimate = asdict(getattr(found, measure.name))
                yield {"recording": recording, "engine": engine, "measure": measure.name, **estimate}
