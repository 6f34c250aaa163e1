"""Rule export_tables: write a recording's tables of cells and transients."""

from pathlib import Path
from typing import Any

from neurocine.export import write_tables
from neurocine.io.results import collect
from neurocine.workflow import input_files, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    results = collect(input_files(job), job.wildcards.recording)
    write_tables(results, Path(job.output.cells), Path(job.output.transients))


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
