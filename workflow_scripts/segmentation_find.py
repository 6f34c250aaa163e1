"""Rule segmentation: find the ROIs of a registered movie."""

from pathlib import Path
from typing import Any

from neurocine import pipeline
from neurocine.config import EnginesSettings, SegmentationSettings
from neurocine.io.movies import open_movie
from neurocine.workflow import LoggedProgress, logged, paths_of


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    pipeline.segmentation(
        open_movie(Path(job.input.movie)),
        Path(job.output.rois),
        SegmentationSettings(**job.params.settings),
        given=next(iter(paths_of(job.params.rois)), None),
        engines=EnginesSettings(**job.config.get("engines", {})),
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
