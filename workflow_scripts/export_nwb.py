"""Rule export_nwb: write a recording's NWB file."""

from pathlib import Path
from typing import Any

from neurocine.config import ExportSettings
from neurocine.export import write_nwb
from neurocine.io.results import collect
from neurocine.workflow import input_files, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    write_nwb(
        collect(input_files(job), job.wildcards.recording),
        ExportSettings(**job.params.settings),
        Path(job.input.movie),
        Path(job.output.nwb),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
