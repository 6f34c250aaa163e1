"""Output of a comparison: JSON, a table, a summary in Markdown, pictures and a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neurocine import __version__
from neurocine.comparison.markdown_tables import markdown
from neurocine.comparison.scores_and_costs import Comparison
from neurocine.drawing.pages import embedded, p_text, page_environment, percent, quartile_text, spread_text
from neurocine.evaluation import write_evaluation
from neurocine.evaluation.segmentation.gallery import Pictured
from neurocine.evaluation.segmentation.segmentation_report import write_segmentation
from neurocine.io.atomic import write_text
from neurocine.io.documents import write_json, write_pictures
from neurocine.io.tables import write_table

#: What each picture shows.
CAPTIONS = {
    "segmentation_scores": "Mean and SD over recordings (dots) of recall, precision and F1, by the paper's "
    "rule; stars: rank-sum test against the first engine with p < .05 (*) or < .005 (**). As in "
    "STNeuroNet's Fig. 4A.",
    "segmentation_speed": "F1 over frames per second of elapsed time, means and SDs. As in STNeuroNet's "
    "Fig. 4B.",
    "segmentation_psnr": "Share of neurons found, over the peak signal-to-noise ratio of their trace. As in "
    "STNeuroNet's Fig. 4E.",
    "activity_scores": "Sensitivity, precision and F1 of each active cell, with medians (numbers) and "
    "quartiles. As in DeepCINAC's Fig. 7.",
    "activity_coverage": "Share of the frames from onset to peak of a true transient that are called active; "
    "detected transients only. As in DeepCINAC's figures of onset to peak.",
    "registration": "Distance between estimated and true shifts, root mean square over frames; one dot per "
    "movie.",
}


def write_comparison(
    comparison: Comparison,
    out: Path,
    *,
    table: Path,
    summary: Path,
    page: Path,
    pictures: Path,
) -> None:
    """Write `comparison` as JSON to `out`, one table, a summary in Markdown, one page, and its pictures."""
    from neurocine.comparison.comparison_figures import draw_comparison

    drawn = draw_comparison(comparison)
    write_json(out, comparison.as_dict())
    write_table(table, comparison.table())
    write_text(summary, markdown(comparison))
    write_pictures(pictures, drawn)
    write_page(page, comparison, drawn)


def write_task_reports(
    comparison: Comparison, *, segmentation: Path, activity: Path | None, pictured: Sequence[Pictured] = ()
) -> None:
    """Write the page of each evaluated task, with its JSON file beside it.

    Parameters
    ----------
    comparison
        The comparison that the pages belong to.
    segmentation, activity
        HTML files; None: no page of activity, which wasn't compared.
    pictured
        Recordings drawn on the page of the segmentations.
    """
    write_segmentation(
        comparison.segmentation, segmentation.with_suffix(".json"), page=segmentation, pictured=pictured
    )
    if activity is not None and comparison.activity is not None:
        write_evaluation(comparison.activity, activity.with_suffix(".json"), page=activity)


def write_page(path: Path, comparison: Comparison, pictures: dict[str, bytes]) -> None:
    """Write one HTML page that needs no other file."""
    environment = page_environment("neurocine.comparison", "neurocine.evaluation")
    environment.filters |= {
        "spread": spread_text,
        "percent": percent,
        "quartiles": quartile_text,
        "p": p_text,
        "number": number,
        "point": point_text,
    }
    images = [(name, embedded(data), CAPTIONS[name]) for name, data in pictures.items()]
    template = environment.get_template("comparison.html.j2")
    write_text(path, template.render(comparison=comparison.as_dict(), images=images, version=__version__))


def number(value: float | None) -> str:
    """Return a number with three digits, or a dash where there is none."""
    return "–" if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def point_text(point: dict[str, Any]) -> str:
    """Return the settings of a point of the grid in words."""
    return (
        ", ".join(
            f"{key.rsplit('.', 1)[-1]} {'as the model has it' if value is None else value}"
            for key, value in point.items()
        )
        or "as the config has it"
    )
