"""Rule motion: register a recording's movie."""

from pathlib import Path
from typing import Any

from neurocine import pipeline
from neurocine.config import EnginesSettings, MotionSettings
from neurocine.ingest import read_source
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    source = read_source(Path(job.input.source))
    pipeline.motion(
        source.open(),
        Path(job.output.movie),
        MotionSettings(**job.params.settings),
        source_sha256=source.sha256,
        structural=source.open_structural(),
        scan_phase=source.scan_phase.pixels,
        engines=EnginesSettings(**job.config.get("engines", {})),
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
