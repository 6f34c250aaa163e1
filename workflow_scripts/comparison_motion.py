"""Rule comparison_motion: register a simulated movie with synthetic motion."""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from neurocine import pipeline
from neurocine.comparison.recording_files import movie_in
from neurocine.comparison.synthetic_motion import add_motion, registration_error
from neurocine.config import EnginesSettings, MotionSettings
from neurocine.io.documents import write_json
from neurocine.io.result_files import read_registration, read_truth
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    folder, out = Path(job.input.folder), Path(job.output.error)
    movie, shifts = add_motion(movie_in(folder), job.params.seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        registered = Path(scratch) / "movie.h5"
        pipeline.motion(
            movie,
            registered,
            MotionSettings(**job.params.settings),
            engines=EnginesSettings(**job.config.get("engines", {})),
            progress=LoggedProgress(),
        )
        registration = read_registration(registered)
    true = shifts + read_truth(folder / "truth.h5").shifts
    write_json(out, asdict(registration_error(np.stack([registration.y, registration.x], axis=1), true)))


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
