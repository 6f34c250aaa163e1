"""A comparison of segmentations written down: JSON, a table of scores, pictures and a page of its own."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from neurocine import __version__
from neurocine.drawing.pages import embedded, p_text, page_environment, percent, spread_text
from neurocine.evaluation.segmentation.compare import CRITERIA, MeasuredSegmentation, SegmentationComparison
from neurocine.evaluation.segmentation.gallery import Pictured
from neurocine.evaluation.segmentation.graders import RULES
from neurocine.io.atomic import atomic_path, write_text
from neurocine.io.documents import write_json, write_pictures

#: Columns of the table: one row a recording, method, criterion and rule.
COLUMNS = (
    "recording", "method", "criterion", "rule", "recall", "precision", "f1", "matched", "missed", "false",
    "doubtful", "mean_iou",
)  # fmt: skip


def write_segmentation(
    comparison: SegmentationComparison,
    out: Path,
    *,
    table: Path | None = None,
    page: Path | None = None,
    pictures: Path | None = None,
    pictured: Sequence[Pictured] = (),
) -> None:
    """Write `comparison` as JSON to `out`, and whatever else has a path.

    Parameters
    ----------
    comparison
        What was found.
    out
        The JSON file.
    table
        Tab-separated table, one row a recording, method, criterion and rule.
    page
        One HTML page that needs no other file.
    pictures
        Folder for the pictures as PNG files.
    pictured
        The recordings that are drawn.
    """
    write_json(out, comparison.as_dict())
    if table is not None:
        write_segmentation_table(table, comparison)
    if page is None and pictures is None:
        return
    from neurocine.evaluation.segmentation.figures import draw_segmentation

    drawn = draw_segmentation(comparison, pictured)
    if page is not None:
        write_segmentation_page(page, comparison, drawn)
    if pictures is not None:
        write_pictures(pictures, drawn)


def write_segmentation_table(path: Path, comparison: SegmentationComparison) -> None:
    """Write one row a recording, method, criterion and rule, tab-separated, atomically."""
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for one in comparison.recordings:
            writer.writerows(_rows(one))


def _rows(one: MeasuredSegmentation) -> Iterator[list[str | int]]:
    for method, criterion, rule in product(one.scores, CRITERIA, RULES):
        judged = getattr(one.scores[method][criterion], rule)
        score = judged.score
        yield [
            one.name, method, criterion, rule,
            *(f"{value:.6f}" for value in (score.recall, score.precision, score.f1)),
            score.matched, len(judged.matching.missed), len(judged.matching.false), len(judged.doubtful),
            f"{score.mean_iou:.6f}" if score.matched else "",
        ]  # fmt: skip


def write_segmentation_page(
    path: Path, comparison: SegmentationComparison, pictures: dict[str, bytes]
) -> None:
    """Write one HTML page that needs no other file."""
    from neurocine.evaluation.segmentation.figures import psnr_name

    environment = page_environment("neurocine.evaluation")
    environment.filters["spread"] = spread_text
    environment.filters["psnr"] = psnr_name
    environment.filters["percent"] = percent
    environment.filters["p"] = p_text
    template = environment.get_template("segmentation.html.j2")
    images = [(name, embedded(data)) for name, data in pictures.items()]
    write_text(path, template.render(found=comparison.as_dict(), images=images, version=__version__))
