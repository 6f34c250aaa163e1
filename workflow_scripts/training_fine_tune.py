"""Rule fine_tune: train a registered model on, with a lab's own labelled cells."""

from pathlib import Path
from typing import Any

from neurocine.config import FineTuneSettings
from neurocine.training.cells.fine_tune import fine_tune
from neurocine.workflow import LoggedProgress, logged, paths_of


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    fine_tune(
        FineTuneSettings(**job.params.settings),
        paths_of(job.params.labelled),
        Path(job.output.weights).parent,
        corpus=[Path(folder) for folder in job.input.corpus],
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
