"""Rule comparison_compare: compare all engines with truth, on one page."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from neurocine.comparison.compare import (
    ComparedRecording,
    ComparisonFiles,
    ComparisonInputs,
    compare,
    segmentation_cases,
)
from neurocine.comparison.comparison_report import write_comparison
from neurocine.config import ComparisonSettings, EvaluationSettings
from neurocine.evaluation import write_evaluation
from neurocine.evaluation.segmentation.gallery import MAX_PICTURED, picture
from neurocine.evaluation.segmentation.segmentation_report import write_segmentation
from neurocine.workflow import LoggedProgress, logged


def sources(names: Sequence[str], movies: Sequence[str], truth: Sequence[str]) -> list[ComparedRecording]:
    """Return recordings with their files."""
    return [ComparedRecording(*one) for one in zip(names, map(Path, movies), map(Path, truth), strict=True)]


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    given, params, out, progress = job.input, job.params, job.output, LoggedProgress()
    settings, comparison = EvaluationSettings(**params.settings), ComparisonSettings(**params.comparison)
    measured = sources(params.measured, given.movies, given.truth)
    what = ComparisonInputs(
        measured=measured,
        active=[source for source in measured if source.name in params.active],
        training=sources(params.training, given.training, given.training_truth),
        segmentation=params.segmentation,
        deconvolution=params.deconvolution,
        motion=params.motion,
        moved=params.moved,
        datasets=params.datasets,
        left_out=params.left_out,
    )
    layout = ComparisonFiles(Path(out.json).parent)
    result = compare(what, layout, settings, comparison, progress)
    shown = islice(segmentation_cases(what, layout, settings, comparison), MAX_PICTURED)
    pictured = [picture(case, settings, progress) for case in shown]
    page = Path(out.segmentation)
    write_segmentation(result.segmentation, page.with_suffix(".json"), page=page, pictured=pictured)
    if result.activity is not None:
        page = Path(out.activity)
        write_evaluation(result.activity, page.with_suffix(".json"), page=page)
    write_comparison(
        result,
        Path(out.json),
        table=Path(out.table),
        summary=Path(out.summary),
        page=Path(out.page),
        pictures=Path(out.pictures),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
