"""Rule activity: infer in which frames each ROI is active, or gather the results of several jobs."""

from pathlib import Path
from typing import Any

from neurocine import pipeline
from neurocine.config import ActivitySettings
from neurocine.io.movies import open_movie
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    movie, rois, out = open_movie(Path(job.input.movie)), Path(job.input.rois), Path(job.output.activity)
    settings = ActivitySettings(**job.params.settings)
    if job.input.parts:
        pipeline.gather_activity(movie, [Path(part) for part in job.input.parts], rois, out, settings)
        return
    pipeline.activity(
        movie,
        rois,
        out,
        settings,
        celltypes=Path(job.input.celltypes),
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
