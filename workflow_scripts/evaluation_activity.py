"""Rule evaluate_activity: measure activity and cell types against truth."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurocine.config import EnginesSettings, EvaluationSettings
from neurocine.evaluation import (
    MAIN_METHOD,
    ActivityCase,
    evaluate_activity,
    open_activity_case,
    write_evaluation,
)
from neurocine.workflow import LoggedProgress, logged, paths_of

ALL = "No recording has the split test, so these are all with truth."


def cases(job: Any, first: int, stop: int) -> Iterator[ActivityCase]:
    """Yield the recordings from `first` up to `stop`; those past the files of activity come without."""
    given, truth = job.input, paths_of(job.params.truth)
    for i in range(first, stop):
        evaluated = i < len(given.activity)
        yield open_activity_case(
            job.params.names[i],
            truth[i].parent,
            movie=Path(given.movies[i]),
            rois=Path(given.rois[i]),
            activity={MAIN_METHOD: Path(given.activity[i])} if evaluated else {},
            celltypes=Path(given.celltypes[i]) if evaluated else None,
        )


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    n_evaluated = len(job.input.activity)
    evaluation = evaluate_activity(
        cases(job, 0, n_evaluated),
        EvaluationSettings(**job.params.settings),
        training=cases(job, n_evaluated, len(job.params.names)),
        note=ALL if job.params.all_recordings else "Recordings of the split test.",
        engines=EnginesSettings(**job.config.get("engines", {})),
        progress=LoggedProgress(),
    )
    out = job.output
    write_evaluation(
        evaluation, Path(out.json), table=Path(out.table), page=Path(out.page), pictures=Path(out.pictures)
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
