"""Output of an evaluation of activity: JSON, a table of cells, pictures and a page."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from neurocine import __version__
from neurocine.drawing.pages import embedded, p_text, page_environment, percent, quartile_text
from neurocine.evaluation.activity.activity_evaluation import ActivityEvaluation
from neurocine.evaluation.activity.criterion import METRICS
from neurocine.io.atomic import write_text
from neurocine.io.documents import write_json, write_pictures
from neurocine.io.tables import write_table

#: What each picture shows.
CAPTIONS = {
    "scores": "Sensitivity, precision and F1 of each active cell, with medians (numbers), quartiles and "
    "whiskers of 1.5 times their distance.",
    "coverage": "Share of the frames from onset to peak of a true transient that are called active; detected "
    "transients only.",
    "snr": "F1 of each active cell over the signal-to-noise ratio of its ΔF/F, and medians between the grey "
    "lines.",
    "dprime": "Share of all cells' true transients that each method detects, by their detectability d'. "
    "Those left of the dotted line are doubtful.",
    "scores_all": "All transients: sensitivity, precision and F1 of each active cell.",
    "coverage_all": "All transients: share of a detected rise that is called active.",
    "confusion": "Cell types: numbers of cells, and shares of the true type.",
}


def write_evaluation(
    evaluation: ActivityEvaluation,
    out: Path,
    *,
    table: Path | None = None,
    page: Path | None = None,
    pictures: Path | None = None,
) -> None:
    """Write `evaluation` as JSON to `out`, and whatever else has a path.

    Parameters
    ----------
    evaluation
        The evaluation.
    out
        The JSON file.
    table
        Tab-separated table, one row per cell, method and criterion.
    page
        One HTML page that needs no other file.
    pictures
        Folder for the pictures as PNG files.
    """
    write_json(out, evaluation.as_dict())
    if table is not None:
        write_table(table, cell_rows(evaluation))
    if page is None and pictures is None:
        return
    from neurocine.evaluation.activity.activity_figures import draw_activity

    drawn = draw_activity(evaluation)
    if page is not None:
        write_page(page, evaluation, drawn)
    if pictures is not None:
        write_pictures(pictures, drawn)


def cell_rows(evaluation: ActivityEvaluation) -> Iterator[dict[str, Any]]:
    """Yield one row per cell, method and criterion (`visible`, then `all`), where the method says anything.

    ``coverage`` is the mean share of the cell's detected rises that is called active; None if there are none.
    """
    for name, criterion in evaluation.criteria.items():
        cells = criterion.cells
        for method in criterion.methods:
            scores, shares = criterion.scores(cells, method), criterion.coverage(cells, method)
            known = criterion.known(cells, method)
            for cell, score, share in itertools.compress(zip(cells, scores, shares, strict=True), known):
                yield {
                    "recording": cell.recording,
                    "roi_id": cell.roi_id,
                    "truth_id": cell.truth_id,
                    "cell_type": cell.cell_type,
                    "called_type": cell.called_type,
                    "overlapping": int(cell.overlapping),
                    "snr": cell.snr,
                    "criterion": name,
                    "method": method,
                    **asdict(score),
                    **{metric: getattr(score, metric) for metric in METRICS},
                    "coverage": share.mean() if len(share) else None,
                }


def write_page(path: Path, evaluation: ActivityEvaluation, pictures: dict[str, bytes]) -> None:
    """Write one HTML page that needs no other file."""
    from neurocine.evaluation.activity.activity_figures import dprime_name

    environment = page_environment("neurocine.evaluation")
    environment.filters["percent"] = percent
    environment.filters["quartiles"] = quartile_text
    environment.filters["p"] = p_text
    environment.filters["dprime"] = dprime_name
    template = environment.get_template("activity.html.j2")
    images = [(name, embedded(data), CAPTIONS[name]) for name, data in pictures.items()]
    write_text(path, template.render(evaluation=evaluation.as_dict(), images=images, version=__version__))
