"""Where the probability of activity should be cut: F1 by how far the readout's bias is moved, on all presets.

``python benchmarks/activity_threshold.py OUT [--model NAME ...] [--movies 2] [--fields FILE]``

The movies are those of ``roi_modes.py`` (split `validation`). Each model infers the activity of the true
contours; moving its bias by some logits is the same as another threshold. For each move, the table in
``OUT/threshold.md`` has the mean F1 of the cells, averaged over presets, of visible transients, of all, and
their mean, by which a model's bias is chosen.

``--write FOLDER --move 0.5`` writes the (one) model, its bias moved, as a registry to install from.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from neurocine.activity import infer
from neurocine.activity.inference import extended
from neurocine.config import ActivitySettings
from neurocine.core import CELL_TYPES
from neurocine.core.truth import MIN_DPRIME
from neurocine.evaluation.activity.activity_cases import run_dprime
from neurocine.evaluation.activity.scored_transients import scored_transients
from neurocine.io.atomic import write_text
from neurocine.networks.registry import Registry, install
from neurocine.networks.weights import load_cell_weights, save_cell_weights
from neurocine.training.corpus import load_recording
from validation_movies import TRIED, made

#: Moves of the bias tried, in logits.
MOVES = np.arange(-1, 2.01, 0.25)
CRITERIA = {"visible": MIN_DPRIME, "all": 0.0}
#: F1 of each cell after each move, (cells, moves), by criterion.
Scores = dict[str, list[NDArray[np.float64]]]


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", nargs="+", default=["cinac-general", "cinac-tissue"])
    parser.add_argument("--movies", type=int, default=2, help="of each preset")
    parser.add_argument("--presets", nargs="+", default=TRIED, choices=TRIED)
    parser.add_argument("--fields", type=Path, help="real fields for every other movie of tissue")
    parser.add_argument("--write", type=Path, help="folder for the model with its bias moved")
    parser.add_argument("--move", type=float, help="by how much, logits")
    given = parser.parse_args()
    if given.write is not None:
        write_moved(given.model[0], given.move, given.write)
        return
    lines = ["| model | criterion | " + " | ".join(f"{move:+g}" for move in MOVES) + " |"]
    lines.append("|---" * (2 + len(MOVES)) + "|")
    for model in given.model:
        means: dict[str, list[NDArray[np.float64]]] = {name: [] for name in CRITERIA}
        for preset in given.presets:
            folders = [made(given.out, "validation", preset, i, given.fields) for i in range(given.movies)]
            for name, cells in scores(folders, model).items():
                means[name].append(np.mean(cells, axis=0))
            print(model, preset, flush=True)
        curves = {name: np.mean(rows, axis=0) for name, rows in means.items()}
        curves["mean"] = np.mean(list(curves.values()), axis=0)
        for name, curve in curves.items():
            lines.append(f"| `{model}` | {name} | {' | '.join(f'{f1:.3f}' for f1 in curve)} |")
    print("\n".join(lines))
    write_text(given.out / "threshold.md", "\n".join(lines) + "\n")


def scores(folders: Sequence[Path], model: str) -> Scores:
    """Return the F1 of each neuron with a transient that counts."""
    found: Scores = {name: [] for name in CRITERIA}
    for folder in folders:
        one = load_recording(folder)
        # At a threshold of 1 nothing is extended: these are the network's own probabilities.
        own = infer(one.movie, one.rois, ActivitySettings(model=model, threshold=1.0)).probability
        logits = logit(np.clip(own.astype(np.float64), 1e-7, 1 - 1e-7))
        settings = ActivitySettings()
        moved = [
            extended(expit(logits + move).astype(np.float32), settings.threshold, settings.extent)
            for move in MOVES
        ]
        for cell, kind in enumerate(one.truth.cell_types):
            if kind == CELL_TYPES[-1]:
                continue
            signals = [signal[cell] for signal in moved]
            parts = scored_transients(
                one.truth.raster[cell], one.traces[cell], signals, one.truth.counted(cell)
            )
            dprime = run_dprime(one.truth, cell)
            for name, least in CRITERIA.items():
                kept = dprime >= least
                if kept.any():
                    f1 = [part.select(kept).score(settings.threshold).f1 for part in parts]
                    found[name].append(np.array(f1))
    return found


def write_moved(model: str, move: float, folder: Path) -> None:
    """Write a registry with the model, whose bias is moved by `move` logits."""
    registry, name = Registry.load().resolve(model)
    entry = registry.get(name, "activity")
    networks, architecture, metadata = load_cell_weights(registry.folder / entry.file)
    bias = networks.head.get_layer("readout").bias
    bias.assign(bias + np.float32(move))
    metadata["bias_moved"] = metadata.get("bias_moved", 0.0) + move
    weights = folder / "moved.h5"
    save_cell_weights(weights, networks, architecture, metadata=metadata)
    install(folder, name, entry, weights, (registry.folder / entry.card).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
