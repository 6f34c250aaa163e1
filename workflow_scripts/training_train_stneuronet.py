"""Rule train_stneuronet: train the network that segments active neurons."""

from pathlib import Path
from typing import Any

from neurocine.config import StneuronetTraining
from neurocine.training.segmentation.train import train_stneuronet
from neurocine.workflow import LoggedProgress, logged, on_each_task, paths_of


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    train_stneuronet(
        StneuronetTraining(**job.params.settings),
        [Path(name) for name in job.input.corpus],
        Path(job.output.network).parent,
        progress=LoggedProgress(),
        labelled=paths_of(job.params.labelled),
    )


if __name__ == "__main__":
    on_each_task(snakemake)
    with logged(snakemake):
        main(snakemake)
