"""Rule comparison_controls: run the controls of a recording whose ROIs an engine finds."""

import json
from pathlib import Path
from typing import Any

from neurocine.comparison.tuning import TunedSettings
from neurocine.comparison.without_truth import controls_by_engine
from neurocine.config import Config
from neurocine.io.result_files import write_controls
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    best = TunedSettings.of(json.loads(Path(job.input.tuned).read_text("utf-8")))
    config = Config.model_validate(job.params.config)
    found = controls_by_engine(Path(job.input.movie), best, config, progress=LoggedProgress())
    write_controls(Path(job.output.controls), found)


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
