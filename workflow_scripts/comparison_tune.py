"""Rule comparison_tune: choose the settings of an engine by their scores on training recordings."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from neurocine.comparison.tuning import TriedSettings, tune
from neurocine.config import grid_points
from neurocine.io.documents import write_json
from neurocine.workflow import logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    tried = [TriedSettings.of(json.loads(Path(path).read_text("utf-8"))) for path in job.input.tried]
    best = tune(job.wildcards.engine, tried, grid_points(job.params.grid))
    write_json(Path(job.output.tuned), asdict(best))


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
