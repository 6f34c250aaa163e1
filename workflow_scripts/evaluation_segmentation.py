"""Rule evaluate_segmentation: measure ROIs against the true neurons."""

from pathlib import Path
from typing import Any

from neurocine.config import EvaluationSettings
from neurocine.evaluation.segmentation.gallery import MAX_PICTURED, picture
from neurocine.evaluation.segmentation.segmentation_cases import open_segmentation_case
from neurocine.evaluation.segmentation.segmentation_comparison import SegmentationCase, compare_segmentations
from neurocine.evaluation.segmentation.segmentation_report import write_segmentation
from neurocine.io.movies import open_movie
from neurocine.workflow import LoggedProgress, logged, paths_of

ALL = "No recording has the split test, so these are all with truth."


def case(job: Any, i: int, settings: EvaluationSettings) -> SegmentationCase:
    """Return the recording of position `i`, with the engine's ROIs and those that went on as active."""
    given, truth = job.input, paths_of(job.params.truth)[i]
    rois_by_method = {job.params.engine: Path(given.rois[i])}
    if given.active:
        rois_by_method = {f"active_{job.params.mode}": Path(given.active[i]), **rois_by_method}
    return open_segmentation_case(
        job.params.names[i],
        truth.parent if truth.name == "truth.h5" else truth,
        rois_by_method,
        movie=open_movie(Path(given.movies[i])),
        min_dprime=settings.min_dprime,
    )


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    settings, progress, out = EvaluationSettings(**job.params.settings), LoggedProgress(), job.output
    cases = [case(job, i, settings) for i in range(len(job.params.names))]
    note = ALL if job.params.all_recordings else "Recordings of the split test."
    comparison = compare_segmentations(cases, settings, note=note, progress=progress)
    write_segmentation(
        comparison,
        Path(out.json),
        table=Path(out.table),
        page=Path(out.page),
        pictures=Path(out.pictures),
        pictured=[picture(one, settings, progress) for one in cases[:MAX_PICTURED]],
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
