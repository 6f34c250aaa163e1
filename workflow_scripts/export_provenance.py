"""Rule export_provenance: record how a recording's results were made."""

from pathlib import Path
from typing import Any

from neurocine.export import write_provenance
from neurocine.workflow import logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    out = Path(job.output.json)
    write_provenance(out.parents[1], job.params.config, job.wildcards.recording, out)


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
