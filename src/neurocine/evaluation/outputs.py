"""An evaluation written down: JSON, a table of cells, pictures and a page of its own."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurocine import __version__
from neurocine.evaluation.result import ActivityEvaluation
from neurocine.evaluation.variant import METRICS, Variant
from neurocine.io.atomic import atomic_path, write_text

if TYPE_CHECKING:
    import jinja2

#: Columns of the table: one row a cell, method and variant.
COLUMNS = (
    "recording", "roi_id", "truth_id", "cell_type", "called_type", "overlapping", "snr", "variant", "method",
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
        Tab-separated table, one row a cell, method and variant.
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
    from neurocine.evaluation.figures import draw_all

    drawn = draw_all(evaluation)
    if page is not None:
        write_page(page, evaluation, drawn)
    if pictures is not None:
        write_pictures(pictures, drawn)


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write plain values as JSON, atomically."""
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_table(path: Path, evaluation: ActivityEvaluation) -> None:
    """Write one row a cell, method and variant (`visible`, then `all`), tab-separated, atomically.

    ``coverage`` is the mean share of the cell's detected rises that is called active; empty if there are
    none.
    """
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for name, variant in evaluation.variants.items():
            for method in variant.methods:
                writer.writerows(_rows(name, variant, method))


def _rows(name: str, variant: Variant, method: str) -> Iterator[list[str | int]]:
    cells = variant.cells
    shares = variant.coverage(cells, method)
    for cell, score, share in zip(cells, variant.scores(cells, method), shares, strict=True):
        yield [
            cell.recording, cell.roi_id, cell.truth_id, cell.cell_type, cell.called_type or "",
            int(cell.overlapping), f"{cell.snr:.4g}", name, method,
            score.true_positive, score.false_negative, score.false_positive, score.true_negative,
            *(f"{getattr(score, metric):.6f}" for metric in METRICS),
            f"{share.mean():.6f}" if len(share) else "",
        ]  # fmt: skip


def write_pictures(folder: Path, pictures: dict[str, bytes]) -> None:
    """Write each picture as a PNG file into `folder`."""
    for name, data in pictures.items():
        with atomic_path(folder / f"{name}.png") as part:
            part.write_bytes(data)


def write_page(path: Path, evaluation: ActivityEvaluation, pictures: dict[str, bytes]) -> None:
    """Write one HTML page that needs no other file."""
    from neurocine.evaluation.figures import dprime_name

    environment = page_environment()
    environment.filters["percent"] = percent
    environment.filters["quartiles"] = quartile_text
    environment.filters["p"] = p_text
    environment.filters["dprime"] = dprime_name
    template = environment.get_template("evaluation.html.j2")
    images = [
        (name, base64.b64encode(data).decode("ascii"), CAPTIONS[name]) for name, data in pictures.items()
    ]
    write_text(path, template.render(found=evaluation.as_dict(), images=images, version=__version__))


def page_environment() -> jinja2.Environment:
    """Return what pages of evaluations are made with."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("neurocine.evaluation"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def percent(value: float | None) -> str:
    """Return a share as a percentage, or a dash where there is none."""
    return "–" if value is None else f"{100 * value:.1f}"


def quartile_text(values: dict[str, float | None]) -> str:
    """Return a median and its quartiles in percent."""
    if values["median"] is None:
        return "–"
    return f"{percent(values['median'])} ({percent(values['q25'])}–{percent(values['q75'])})"


def p_text(value: float | None) -> str:
    """Return a p as the paper tells it: with one to three stars from .05, .01 and .001 on."""
    if value is None:
        return "–"
    stars = "*" * sum(value < level for level in (0.05, 0.01, 0.001))
    return f"{value:.2g} {stars}".strip()
