"""Rule celltype: classify the cell type of each ROI."""

from pathlib import Path
from typing import Any

from neurocine import pipeline
from neurocine.config import CelltypeSettings
from neurocine.io.movies import open_movie
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    pipeline.celltype(
        open_movie(Path(job.input.movie)),
        Path(job.input.rois),
        Path(job.output.celltypes),
        CelltypeSettings(**job.params.settings),
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
