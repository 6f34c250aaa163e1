"""Rule active: annotate which ROIs are active neurons."""

from pathlib import Path
from typing import Any

from neurocine import pipeline
from neurocine.config import ActiveSettings, StneuronetSettings
from neurocine.io.movies import open_movie
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    pipeline.active(
        open_movie(Path(job.input.movie)),
        Path(job.input.rois),
        Path(job.output.rois),
        ActiveSettings(**job.params.settings),
        StneuronetSettings(**job.params.stneuronet),
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
