"""Rule segmentation: find the ROIs of a registered movie."""

from pathlib import Path
from typing import Any

from neurocine import pipeline
from neurocine.config import EnginesSettings, SegmentationSettings
from neurocine.io.movies import open_movie
from neurocine.io.rois import with_dataset
from neurocine.workflow import LoggedProgress, logged, paths_of


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    given = next(iter(paths_of(job.params.rois)), None)
    given_as = dict(job.params.given)
    if given is not None and given_as["dataset"] is not None:
        given = with_dataset(given, given_as["dataset"])
    pipeline.segmentation(
        open_movie(Path(job.input.movie)),
        Path(job.output.rois),
        SegmentationSettings(**job.params.settings),
        given=given,
        crop=given_as.get("crop"),
        engines=EnginesSettings(**job.config.get("engines", {})),
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
