"""Rule report: write a recording's page."""

from pathlib import Path
from typing import Any

from neurocine.config import ReportSettings
from neurocine.report import write_report
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    out = Path(job.output.html)
    write_report(
        out.parents[1],
        ReportSettings(**job.params.settings),
        job.params.config,
        out,
        progress=LoggedProgress(),
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
