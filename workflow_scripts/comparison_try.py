"""Rule comparison_try: try all combinations of an engine's settings on one training recording."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from neurocine.comparison.recording_files import movie_in, truth_in
from neurocine.comparison.tuning import try_points
from neurocine.config import EnginesSettings, EvaluationSettings, SegmentationSettings, grid_points, tuned
from neurocine.config.comparison import Point
from neurocine.core import RoiSet
from neurocine.evaluation.segmentation.segmentation_cases import open_truth
from neurocine.io.documents import write_json
from neurocine.segmentation import segment
from neurocine.workflow import LoggedProgress, logged, paths_of


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    engine, recording = job.wildcards.engine, job.wildcards.recording
    movie, evaluation = movie_in(Path(job.input.movie)), EvaluationSettings(**job.params.evaluation)
    rois, groups = open_truth(
        truth_in(*paths_of(job.params.truth)),
        movie,
        min_dprime=evaluation.min_dprime,
        min_snr=job.params.min_snr,
    )
    base = SegmentationSettings(**job.params.settings)
    engines = EnginesSettings(**job.config.get("engines", {}))

    def find(point: Point) -> RoiSet:
        return segment(movie, tuned(base, engine, point), engines=engines)

    points = grid_points(job.params.grid)
    tried = try_points(engine, recording, find, points, rois, groups, evaluation, progress=LoggedProgress())
    write_json(Path(job.output.tried), asdict(tried))


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
