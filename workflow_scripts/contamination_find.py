"""Rule contamination: find transients that an overlapping neighbour's light causes."""

from pathlib import Path
from typing import Any

from neurocine import pipeline
from neurocine.io.movies import open_movie
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs and outputs."""
    pipeline.contamination(
        open_movie(Path(job.input.movie)),
        Path(job.input.rois),
        Path(job.input.activity),
        Path(job.output.contamination),
        celltypes=Path(job.input.celltypes),
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
