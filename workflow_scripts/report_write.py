"""Rule report: write a recording's page."""

from pathlib import Path
from typing import Any

from neurocine.config import ReportSettings
from neurocine.io.results import collect
from neurocine.report import write_card, write_report
from neurocine.workflow import LoggedProgress, input_files, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    results = collect(input_files(job), job.wildcards.recording)
    write_report(
        results,
        ReportSettings(**job.params.settings),
        job.params.config,
        Path(job.output.report),
        tables=(Path(job.input.cells), Path(job.input.transients)),
        progress=LoggedProgress(),
    )
    write_card(results, Path(job.output.card))


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
