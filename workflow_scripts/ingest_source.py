"""Rule ingest: check a raw movie and write what was found."""

import logging
from pathlib import Path
from typing import Any

from neurocine.core import Selection
from neurocine.ingest import ingest, summary, write_source
from neurocine.workflow import LoggedProgress, logged, paths_of

_log = logging.getLogger("neurocine.ingest")


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    record = ingest(
        paths_of(job.params.movie),
        **job.params.metadata,
        selection=Selection(**job.params.selection),
        progress=LoggedProgress(),
    )
    for line in summary(record, warnings=()):
        _log.info(line)
    write_source(Path(job.output.source), record)


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
