"""Rules train_activity, train_interneuron and train_celltype: train a network on the corpus."""

from pathlib import Path
from typing import Any

from neurocine.config import NetworkTraining
from neurocine.training import train
from neurocine.workflow import LoggedProgress, logged, on_each_task


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    start = job.input.get("start")
    train(
        job.params.task,
        NetworkTraining(**job.params.settings),
        [Path(name) for name in job.input.corpus],
        Path(job.output.weights).parent,
        progress=LoggedProgress(),
        start=None if start is None else Path(start),
    )


if __name__ == "__main__":
    on_each_task(snakemake)
    with logged(snakemake):
        main(snakemake)
