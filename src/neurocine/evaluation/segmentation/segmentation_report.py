"""Output of a comparison of segmentations: JSON, a table of scores, pictures and a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from neurocine import __version__
from neurocine.drawing.pages import embedded, p_text, page_environment, percent, spread_text
from neurocine.evaluation.segmentation.gallery import Pictured
from neurocine.evaluation.segmentation.graders import METRICS, RULES
from neurocine.evaluation.segmentation.segmentation_comparison import CRITERIA, SegmentationComparison
from neurocine.io.atomic import write_text
from neurocine.io.documents import write_json, write_pictures
from neurocine.io.tables import write_table


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
        The comparison.
    out
        The JSON file.
    table
        Tab-separated table, one row per recording, method, criterion and rule.
    page
        One HTML page that needs no other file.
    pictures
        Folder for the pictures as PNG files.
    pictured
        The recordings that are drawn.
    """
    write_json(out, comparison.as_dict())
    if table is not None:
        write_table(table, score_rows(comparison))
    if page is None and pictures is None:
        return
    from neurocine.evaluation.segmentation.segmentation_figures import draw_segmentation

    drawn = draw_segmentation(comparison, pictured)
    if page is not None:
        write_segmentation_page(page, comparison, drawn)
    if pictures is not None:
        write_pictures(pictures, drawn)


def score_rows(comparison: SegmentationComparison) -> Iterator[dict[str, Any]]:
    """Yield one row per recording, method, criterion and rule."""
    for recording in comparison.recordings:
        for method, criterion, rule in product(recording.scores, CRITERIA, RULES):
            judged = getattr(recording.scores[method][criterion], rule)
            score = judged.score
            yield {
                "recording": recording.name,
                "method": method,
                "criterion": criterion,
                "rule": rule,
                **{metric: getattr(score, metric) for metric in METRICS},
                "matched": score.matched,
                "missed": len(judged.matching.missed),
                "false": len(judged.matching.false),
                "doubtful": len(judged.doubtful),
                "mean_iou": score.mean_iou,
            }


def write_segmentation_page(
    path: Path, comparison: SegmentationComparison, pictures: dict[str, bytes]
) -> None:
    """Write one HTML page that needs no other file."""
    from neurocine.evaluation.segmentation.segmentation_figures import psnr_name

    environment = page_environment("neurocine.evaluation")
    environment.filters["spread"] = spread_text
    environment.filters["psnr"] = psnr_name
    environment.filters["percent"] = percent
    environment.filters["p"] = p_text
    template = environment.get_template("segmentation.html.j2")
    images = [(name, embedded(data)) for name, data in pictures.items()]
    write_text(path, template.render(comparison=comparison.as_dict(), images=images, version=__version__))
