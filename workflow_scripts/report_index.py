"""Rule report_index: write the index of all reports."""

from pathlib import Path
from typing import Any

from neurocine.report import write_index
from neurocine.workflow import logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    folders = [Path(name).parents[1] for name in job.input.cards]
    write_index(folders, Path(job.output.html))


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
