"""How the defaults, and what they replaced, do on a movie of NAOMi, which neurocine's simulator didn't make.

Usage: python benchmarks/naomi.py MOVIE.tif TRUTH.npz OUT
Nothing is chosen by this movie, except the thresholds of OASIS: it is given those that are best on it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from naomi_truth import DARK_OFFSET, FRAME_RATE_HZ, INDICATOR, PIXEL_SIZE_UM, naomi_cells
from neurocine.cli.app import app
from neurocine.io.result_files import read_movie, read_summary, write_rois, write_truth

#: Settings of the config, by the name in the tables.
ROIS = {
    "stneuronet-tissue, the default": "{}",
    "stneuronet": "{segmentation: {stneuronet: {model: stneuronet}}}",
    "suite2p": "{segmentation: {engine: suite2p}}",
}
ACTIVITY = {"cinac-tissue, the default": "{}", "cinac-general": "{activity: {model: cinac-general}}"}


def neurocine(*arguments: object) -> None:
    """Run a command."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exit_code:
        sys.exit(f"{arguments}: {done.output} {done.exception}")


def main() -> None:
    """Print two tables: ROIs, and activity in the true outlines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("movie", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    out = asked.out
    out.mkdir(parents=True, exist_ok=True)
    registered, truth, config, figures = (
        out / "movie.h5",
        out / "truth",
        out / "config.yaml",
        out / "figures.json",
    )
    neurocine(
        "motion", asked.movie, "--frame-rate", FRAME_RATE_HZ, "--pixel-size", PIXEL_SIZE_UM,
        "--indicator", INDICATOR, "--dark-offset", DARK_OFFSET, "--out", registered,
    )  # fmt: skip
    cells = naomi_cells(asked.truth, read_movie(registered), read_summary(registered).mean)
    write_rois(truth / "rois.h5", cells.rois)
    write_truth(truth / "truth.h5", cells.truth())
    print(f"{len(cells.rois)} somata are cut, {cells.counted.sum()} count\n")
    print("| ROIs | to be found | recall | precision | F1 |\n|---|---|---|---|---|")
    for name, settings in ROIS.items():
        config.write_text(settings)
        neurocine("segmentation", registered, "--config", config, "--out", out / "rois.h5")
        neurocine(
            "evaluate", "segmentation", out / "rois.h5", truth, "--movie", registered, "--json", figures
        )
        (recording,) = json.loads(figures.read_text())["recordings"]
        score = recording["methods"]["found"]["visible"]["iou"]
        scores = " | ".join(f"{score[key]:.2f}" for key in ("recall", "precision", "f1"))
        print(f"| {name} | {recording['n_positive']} | {scores} |", flush=True)
    print("\n| activity | median F1, visible | detected, missed, false | median F1, all |\n|---|---|---|---|")
    for name, settings in ACTIVITY.items():
        config.write_text(settings)
        neurocine("activity", registered, truth / "rois.h5", "--config", config, "--out", out / "activity.h5")
        neurocine(
            "evaluate", "activity", out / "activity.h5", truth, "--movie", registered, "--json", figures
        )
        criteria = json.loads(figures.read_text())["criteria"]
        show(name, criteria, "neurocine")
    show("OASIS, its thresholds chosen on this very movie", criteria, "oasis")


def show(name: str, criteria: dict[str, Any], method: str) -> None:
    """Print the row of a method of inferring activity."""
    visible, every = (criteria[key]["methods"][method]["active"] for key in ("visible", "all"))
    counts = ", ".join(str(visible[key]) for key in ("true_positive", "false_negative", "false_positive"))
    print(f"| {name} | {visible['f1']['median']:.2f} | {counts} | {every['f1']['median']:.2f} |", flush=True)


if __name__ == "__main__":
    main()
