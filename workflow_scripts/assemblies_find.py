"""Rule assemblies: find the cell assemblies in a recording's activity, and draw them."""

from pathlib import Path
from typing import Any

from neurocine import pipeline
from neurocine.config import AssembliesSettings
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    out = Path(job.output.assemblies)
    pipeline.assemblies(
        Path(job.input.activity),
        out,
        AssembliesSettings(**job.params.settings),
        celltypes=Path(job.input.celltypes),
        progress=LoggedProgress(),
    )
    pipeline.draw_assemblies(out, Path(job.output.picture), rois=Path(job.input.rois))


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
