"""Rule evaluate_labels: compare called cell types with labels in the structural channel."""

from pathlib import Path
from typing import Any

from neurocine.evaluation import evaluate_labels, write_json
from neurocine.io.result_files import read_celltypes
from neurocine.workflow import logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    files = zip(job.params.names, job.input.celltypes, strict=True)
    write_json(
        Path(job.output.json), evaluate_labels({name: read_celltypes(Path(path)) for name, path in files})
    )


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
