"""Rule comparison_without_truth: show the controls of recordings without truth by each engine."""

from pathlib import Path
from typing import Any

from neurocine.comparison.without_truth import write_without_truth
from neurocine.io.result_files import read_controls
from neurocine.workflow import logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    files = iter(job.input.controls)
    found = {
        recording: {engine: read_controls(Path(next(files))) for engine in job.params.engines}
        for recording in job.params.recordings
    }
    out = job.output
    write_without_truth(found, Path(out.json), table=Path(out.table), page=Path(out.page))


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
