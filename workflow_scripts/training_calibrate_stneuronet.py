"""Rule calibrate_stneuronet: choose the thresholds that turn the network's probabilities into masks."""

from pathlib import Path
from typing import Any

from neurocine.training.segmentation.calibration import calibrate_weights
from neurocine.training.segmentation.card import measure_and_describe
from neurocine.workflow import LoggedProgress, logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    folders = [Path(name) for name in job.input.corpus]
    weights, progress = Path(job.output.weights), LoggedProgress()
    calibrate_weights(
        Path(job.input.network), folders, weights.parent, progress, min_dprime=job.params.min_dprime
    )
    measure_and_describe(weights, folders, weights.parent, progress)


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
