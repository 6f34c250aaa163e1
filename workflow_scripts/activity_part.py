"""Rule activity_part: infer in which frames some ROIs of a large recording are active."""

from pathlib import Path
from typing import Any

from neurocine import pipeline
from neurocine.config import ActivitySettings
from neurocine.io.movies import open_movie
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    pipeline.activity(
        open_movie(Path(job.input.movie)),
        Path(job.input.rois),
        Path(job.output.activity),
        ActivitySettings(**job.params.settings),
        celltypes=Path(job.input.celltypes),
        part=(int(job.wildcards.part) - 1, int(job.wildcards.parts)),
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
