"""Rule traces: extract the traces of a recording's ROIs."""

from pathlib import Path
from typing import Any

from neurocine import pipeline
from neurocine.config import EnginesSettings, TracesSettings
from neurocine.io.movies import open_movie
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    pipeline.traces(
        open_movie(Path(job.input.movie)),
        Path(job.input.rois),
        Path(job.output.traces),
        TracesSettings(**job.params.settings),
        engines=EnginesSettings(**job.config.get("engines", {})),
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
