"""Rule export_provenance: record how a recording's results were made."""

from pathlib import Path
from typing import Any

from neurocine.export import write_provenance
from neurocine.workflow import input_files, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    out = Path(job.output.provenance)
    write_provenance(input_files(job), job.params.config, job.wildcards.recording, out)


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
