"""Rule export_suite2p: write a folder that suite2p's GUI opens."""

from pathlib import Path
from typing import Any

from neurocine.export import write_suite2p_folder
from neurocine.io.results import collect
from neurocine.workflow import logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    out = Path(job.output.folder)
    write_suite2p_folder(collect(out.parents[1]), out)


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
