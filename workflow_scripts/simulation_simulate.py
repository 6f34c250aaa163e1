"""Rule simulation: simulate one movie with known truth."""

from pathlib import Path
from typing import Any

from neurocine.simulation import simulate
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    simulate(out=Path(job.output.folder), **job.params.made, progress=LoggedProgress())


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
