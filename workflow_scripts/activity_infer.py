"""Rule activity: tell in which frames every ROI is active."""

from pathlib import Path
from typing import Any

from neurocine import steps
from neurocine.config import ActivitySettings
from neurocine.io.movies import open_movie
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    steps.activity(
        open_movie(Path(job.input.movie)),
        Path(job.input.rois),
        Path(job.output.activity),
        ActivitySettings(**job.params.settings),
        celltypes=Path(job.input.celltypes),
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
