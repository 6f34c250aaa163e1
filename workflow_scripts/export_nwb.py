"""Rule export_nwb: write a recording's NWB file."""

from pathlib import Path
from typing import Any

from neurocine.config import ExportSettings
from neurocine.export import write_nwb
from neurocine.io.results import collect
from neurocine.workflow import logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    out = Path(job.output.nwb)
    write_nwb(
        collect(out.parents[1]),
        ExportSettings(**job.params.settings),
        job.wildcards.recording,
        Path(job.input.movie),
        out,
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
