"""Rule comparison_compare: compare all engines with truth, on one page."""

from pathlib import Path
from typing import Any

from neurocine.comparison.compare import (
    ComparedRecording,
    ComparisonFiles,
    ComparisonInputs,
    compare,
    pictured_recordings,
)
from neurocine.comparison.comparison_report import write_comparison, write_task_reports
from neurocine.config import ComparisonSettings, EvaluationSettings
from neurocine.workflow import LoggedProgress, logged, paths_of


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    inputs, params, out, progress = job.input, job.params, job.output, LoggedProgress()
    settings, methods = EvaluationSettings(**params.settings), ComparisonSettings(**params.comparison)
    measured = ComparedRecording.listed(params.measured, inputs.movies, paths_of(params.truth))
    what = ComparisonInputs(
        measured=measured,
        active=[source for source in measured if source.name in params.active],
        training=ComparedRecording.listed(params.training, inputs.training, paths_of(params.training_truth)),
        segmentation=params.segmentation,
        deconvolution=params.deconvolution,
        motion=params.motion,
        moved=params.moved,
        datasets=params.datasets,
        left_out=params.left_out,
    )
    layout = ComparisonFiles(Path(out.json).parent)
    comparison = compare(what, layout, settings, methods, progress)
    write_task_reports(
        comparison,
        segmentation=Path(out.segmentation),
        activity=Path(out.activity) if out.activity else None,
        pictured=pictured_recordings(what, layout, settings, methods, progress),
    )
    write_comparison(
        comparison,
        Path(out.json),
        table=Path(out.table),
        summary=Path(out.summary),
        page=Path(out.page),
        pictures=Path(out.pictures),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
