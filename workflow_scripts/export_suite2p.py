"""Rule export_suite2p: write a folder that suite2p's GUI opens."""

from pathlib import Path
from typing import Any

from neurocine.export import write_suite2p_folder
from neurocine.io.results import collect
from neurocine.workflow import input_files, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    write_suite2p_folder(collect(input_files(job), job.wildcards.recording), Path(job.output.suite2p))


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
