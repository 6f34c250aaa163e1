"""Rule comparison_activity: infer type and activity of all true contours by neurocine's networks."""

from pathlib import Path
from typing import Any

from neurocine import pipeline
from neurocine.comparison.recording_files import movie_in, truth_in
from neurocine.config import ActivitySettings, CelltypeSettings
from neurocine.workflow import LoggedProgress, logged, paths_of


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    movie, rois = movie_in(Path(job.input.movie)), truth_in(*paths_of(job.params.truth)) / "rois.h5"
    celltypes, progress = Path(job.output.celltypes), LoggedProgress()
    pipeline.celltype(movie, rois, celltypes, CelltypeSettings(**job.params.celltype), progress=progress)
    pipeline.activity(
        movie,
        rois,
        Path(job.output.activity),
        ActivitySettings(**job.params.activity),
        celltypes=celltypes,
        progress=progress,
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
