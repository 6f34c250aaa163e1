"""An evaluation written down: JSON, a table of cells, pictures and a page of its own."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from neurocine import __version__
from neurocine.drawing.pages import embedded, p_text, page_environment, percent, quartile_text
from neurocine.evaluation.activity.criterion import METRICS, Criterion
from neurocine.evaluation.activity.result import ActivityEvaluation
from neurocine.io.atomic import atomic_path, write_text
from neurocine.io.documents import write_json, write_pictures

#: Columns of the table: one row a cell, method and criterion.
COLUMNS = (
    "recording", "roi_id", "truth_id", "cell_type", "called_type", "overlapping", "snr", "criterion",
    "method",
    "true_positive", "false_negative", "false_positive", "true_negative",
    *METRICS, "coverage",
)  # fmt: skip

#: What each picture shows.
CAPTIONS = {
    "scores": "Sensitivity, precision and F1 of each active cell, with medians (numbers), quartiles and "
    "whiskers of 1.5 times their distance.",
    "coverage": "Share of a true rise, onset to peak, that is called active; detected transients only.",
    "snr": "F1 of each active cell over the signal-to-noise ratio of its ΔF/F, and medians between the grey "
    "lines.",
    "dprime": "Share of all cells' true transients that each method detects, by their detectability d'. Left "
    "of the dotted line they are doubtful.",
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
        What was found.
    out
        The JSON file.
    table
        Tab-separated table, one row a cell, method and criterion.
    page
        One HTML page that needs no other file.
    pictures
        Folder for the pictures as PNG files.
    """
    write_json(out, evaluation.as_dict())
    if table is not None:
        write_table(table, evaluation)
    if page is None and pictures is None:
        return
    from neurocine.evaluation.activity.figures import draw_all

    drawn = draw_all(evaluation)
    if page is not None:
        write_page(page, evaluation, drawn)
    if pictures is not None:
        write_pictures(pictures, drawn)


def write_table(path: Path, evaluation: ActivityEvaluation) -> None:
    """Write one row a cell, method and criterion (`visible`, then `all`), tab-separated, atomically.

    ``coverage`` is the mean share of the cell's detected rises that is called active; empty if there are
    none.
    """
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for name, criterion in evaluation.criteria.items():
            for method in criterion.methods:
                writer.writerows(_rows(name, criterion, method))


def _rows(name: str, criterion: Criterion, method: str) -> Iterator[list[str | int]]:
    cells = criterion.cells
    shares = criterion.coverage(cells, method)
    for cell, score, share in zip(cells, criterion.scores(cells, method), shares, strict=True):
        yield [
            cell.recording, cell.roi_id, cell.truth_id, cell.cell_type, cell.called_type or "",
            int(cell.overlapping), f"{cell.snr:.4g}", name, method,
            score.true_positive, score.false_negative, score.false_positive, score.true_negative,
            *(f"{getattr(score, metric):.6f}" for metric in METRICS),
            f"{share.mean():.6f}" if len(share) else "",
        ]  # fmt: skip


def write_page(path: Path, evaluation: ActivityEvaluation, pictures: dict[str, bytes]) -> None:
    """Write one HTML page that needs no other file."""
    from neurocine.evaluation.activity.figures import dprime_name

    environment = page_environment("neurocine.evaluation")
    environment.filters["percent"] = percent
    environment.filters["quartiles"] = quartile_text
    environment.filters["p"] = p_text
    environment.filters["dprime"] = dprime_name
    template = environment.get_template("evaluation.html.j2")
    images = [(name, embedded(data), CAPTIONS[name]) for name, data in pictures.items()]
    write_text(path, template.render(found=evaluation.as_dict(), images=images, version=__version__))
