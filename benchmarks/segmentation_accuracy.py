"""STNeuroNet and suite2p on simulated test movies whose neurons are known: recall, precision, F1, by PSNR.

The movies are made from neurons, outlines and random numbers of the split `test`, which neither the network's
weights nor its thresholds have seen. suite2p runs as it is set by default, and tuned: with the
`threshold_scaling` and `min_probability` that have the highest mean F1 on movies of the split `validation`,
by which STNeuroNet's thresholds were chosen, too.

Example: `python benchmarks/segmentation_accuracy.py OUT --seeds 5` writes OUT/{preset}.json and .html, and
OUT/summary.md.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from neurocine.config import EvaluationSettings, SegmentationSettings, StneuronetSettings
from neurocine.core import RoiSet
from neurocine.evaluation.segmentation.gallery import picture
from neurocine.evaluation.segmentation.groups import evaluate_groups, groups_of
from neurocine.evaluation.segmentation.segmentation_comparison import (
    SegmentationCase,
    SegmentationComparison,
    compare_segmentations,
)
from neurocine.evaluation.segmentation.segmentation_figures import psnr_name
from neurocine.evaluation.segmentation.segmentation_report import write_segmentation
from neurocine.io.atomic import write_text
from neurocine.io.result_files import read_movie, read_rois, read_truth, write_rois
from neurocine.segmentation import segment
from neurocine.simulation import simulate

PRESETS = ("cortex-6f", "cortex-6s", "ca1-development")
FIRST_SEED = 901
#: Movies of each preset whose masks and traces are drawn.
PICTURED = 2
#: What is tried of suite2p.
SCALINGS = (0.5, 0.75, 1.0, 1.5)
PROBABILITIES = (0.0, 0.2, 0.35, 0.5, 0.65)

log = logging.getLogger("segmentation_accuracy")


def main(
    out: Annotated[Path, typer.Argument(help="Folder for movies, ROIs and figures.")],
    seeds: Annotated[int, typer.Option(help="Test movies of each preset.")] = 5,
    validation: Annotated[int, typer.Option(help="Validation movies of each preset, to tune suite2p.")] = 3,
    model: Annotated[
        list[str] | None, typer.Option(help="Models of the registry, the main one first.")
    ] = None,
    preset: Annotated[list[str] | None, typer.Option(help="Presets.")] = None,
) -> None:
    """Measure STNeuroNet and suite2p on the same simulated test movies."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    presets, models = preset or list(PRESETS), model or ["stneuronet"]
    tuned = _tuned_suite2p([_movie(out, p, "validation", i) for p in presets for i in range(validation)])
    log.info("suite2p, tuned: threshold_scaling %g, min_probability %g", *tuned)
    comparisons = {}
    for name in presets:
        cases = [_case(_movie(out, name, "test", i), models, tuned) for i in range(seeds)]
        note = f"Split test, seeds {FIRST_SEED}-{FIRST_SEED + seeds - 1}. suite2p tuned on validation movies."
        comparisons[name] = compare_segmentations(cases, EvaluationSettings(), note=note)
        write_segmentation(
            comparisons[name],
            out / f"{name}.json",
            table=out / f"{name}.tsv",
            page=out / f"{name}.html",
            pictured=[picture(case, EvaluationSettings()) for case in cases[:PICTURED]],
        )
    table = _table(comparisons)
    write_text(out / "summary.md", table)
    typer.echo(table)


def _movie(out: Path, preset: str, split: str, index: int) -> Path:
    folder = out / "movies" / f"{split}-{preset}-{FIRST_SEED + index}"
    if not (folder / "truth.h5").is_file():
        simulate(preset, FIRST_SEED + index, folder, split=split)
    return folder


def _case(folder: Path, models: Sequence[str], tuned: tuple[float, float]) -> SegmentationCase:
    found = {
        name: _rois(
            folder, name, SegmentationSettings(engine="stneuronet", stneuronet=StneuronetSettings(model=name))
        )
        for name in models
    }
    found["suite2p"] = _suite2p(folder, 1.0, SegmentationSettings().min_probability)
    found["suite2p, tuned"] = _suite2p(folder, *tuned)
    rois, truth = read_rois(folder / "rois.h5"), read_truth(folder / "truth.h5")
    return SegmentationCase(folder.name, rois, groups_of(truth, rois), found, read_movie(folder / "movie.h5"))


def _rois(folder: Path, name: str, settings: SegmentationSettings) -> RoiSet:
    path = folder / f"{name}.h5"
    if not path.is_file():
        write_rois(path, segment(read_movie(folder / "movie.h5"), settings))
    return read_rois(path)


def _suite2p(folder: Path, scaling: float, probability: float) -> RoiSet:
    settings = SegmentationSettings(engine="suite2p", threshold_scaling=scaling, min_probability=0)
    found = _rois(folder, f"suite2p-{scaling:g}", settings)
    return found.select(found.probability >= probability)


def _tuned_suite2p(folders: Sequence[Path]) -> tuple[float, float]:
    """Return the threshold scaling and least probability with the highest mean F1 over movies."""
    tried = list(product(SCALINGS, PROBABILITIES))
    f1 = np.zeros((len(folders), len(tried)))
    for row, folder in zip(f1, folders, strict=True):
        rois = read_rois(folder / "rois.h5")
        groups = groups_of(read_truth(folder / "truth.h5"), rois)
        row[:] = [
            evaluate_groups(_suite2p(folder, *values), rois, groups).containment.score.f1 for values in tried
        ]
    return tried[int(np.argmax(f1.mean(axis=0)))]


def _table(comparisons: dict[str, SegmentationComparison]) -> str:
    lines = [
        "| preset | method | recall | precision | F1 | by IoU alone | F1, all active | by IoU alone |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for preset, comparison in comparisons.items():
        for method in comparison.methods:
            shown = [comparison.values(method, "visible", "containment", m) for m in ("recall", "precision")]
            shown += [
                comparison.values(method, criterion, rule, "f1")
                for criterion, rule in product(("visible", "all"), ("containment", "iou"))
            ]
            lines.append(f"| {preset} | {method} | {' | '.join(f'{v.mean():.3f}' for v in shown)} |")
    return "\n".join([*lines, "", "Recall in ranges of PSNR:", "", *_by_psnr(comparisons)]) + "\n"


def _by_psnr(comparisons: dict[str, SegmentationComparison]) -> list[str]:
    methods = next(iter(comparisons.values())).methods
    lines = [f"| preset | PSNR | neurons | {' | '.join(methods)} |", "|---" * (3 + len(methods)) + "|"]
    for preset, comparison in comparisons.items():
        for row in comparison.by_psnr() or []:
            recall = " | ".join(f"{row['recall'][method]:.2f}" for method in methods)
            lines.append(f"| {preset} | {psnr_name(row)} | {row['neurons']} | {recall} |")
    return lines


if __name__ == "__main__":
    typer.run(main)
