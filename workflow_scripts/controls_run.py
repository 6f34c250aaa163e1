"""Rule controls: run the controls of a recording."""

from pathlib import Path
from typing import Any

from neurocine import pipeline
from neurocine.config import Config
from neurocine.io.results import collect
from neurocine.workflow import LoggedProgress, input_files, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    pipeline.controls(
        collect(input_files(job), job.wildcards.recording),
        Path(job.output.controls),
        Config.model_validate(job.params.config),
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
