"""Rule comparison_segmentation: find the ROIs of a recording with the tuned settings of an engine."""

import json
from pathlib import Path
from typing import Any

from neurocine import pipeline
from neurocine.comparison.recording_files import movie_in
from neurocine.comparison.tuning import TunedSettings
from neurocine.config import EnginesSettings, SegmentationSettings, tuned
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    best = TunedSettings.of(json.loads(Path(job.input.tuned).read_text("utf-8")))
    pipeline.segmentation(
        movie_in(Path(job.input.movie)),
        Path(job.output.rois),
        tuned(SegmentationSettings(**job.params.settings), best.engine, best.point),
        engines=EnginesSettings(**job.config.get("engines", {})),
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
