"""Whether planted cells and the mirrored movie say of simulated movies what their truth says.

Usage: python benchmarks/controls_against_truth.py FOLDER [--presets A,B] [--frames N] [--fov N] [--rounds N]
Movies of the split ``validation`` are made, or found, in FOLDER; the steps run with default settings. Writes
FOLDER/controls.json, and prints a table: what the controls say, with their interval, beside the truth.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from neurocine.activity import infer
from neurocine.celltype import classify
from neurocine.config import Config
from neurocine.controls import measures
from neurocine.controls.planting import Planted
from neurocine.controls.recorded import recorded
from neurocine.controls.run import joined, run_controls
from neurocine.core import RoiSet
from neurocine.core.matching import match
from neurocine.core.raster import active_runs
from neurocine.core.truth import MIN_DPRIME, Truth
from neurocine.io.result_files import (
    read_rois,
    read_truth,
)
from neurocine.io.results import RecordingResults
from neurocine.simulation import simulate

PRESETS = "cortex-6s,cortex-6f,ca1-development,ca1-interneurons"


def as_planted(rois: RoiSet, truth: Truth) -> Planted:
    """Return the true cells in the form of planted ones, so that the same is counted in them."""
    assert truth.hybrid is not None
    assert truth.calcium is not None
    return Planted(
        rois, (), np.zeros(len(rois)), truth.calcium, truth.roi_id, truth.onset, truth.peak,
        truth.hybrid.detectability.astype(np.float64),
    )  # fmt: skip


def true_figures(results: RecordingResults, rois: RoiSet, truth: Truth, config: Config) -> dict[str, Any]:
    """Return what the truth says of all that the controls estimate."""
    cells = as_planted(rois, truth)
    pairs = match(results.rois, rois).pairs
    others = results.rois.select(np.setdiff1d(np.arange(len(results.rois)), pairs[:, 0]))
    listed = joined(others, rois)
    types = classify(results.movie, listed, config.celltype)
    only = np.arange(len(listed)) >= len(others)
    active = infer(results.movie, listed, config.activity, celltypes=types, only=only).active
    counts = measures.planted_counts(active, cells)
    neurons = ~cells.silent
    segmented = np.isin(np.arange(len(rois)), pairs[:, 1])
    largest = measures.largest_dprime(cells)[neurons]
    recall = measures.by_dprime(largest, segmented[neurons], measures.NEURON_EDGES)
    visible = cells.dprime >= MIN_DPRIME
    row, onset, peak = active_runs(results.raster.active)
    of_true = dict(pairs.tolist())
    true = [
        bool(cells.raster[of_true[r], a : b + 1].any()) if r in of_true else False
        for r, a, b in zip(row.tolist(), onset, peak, strict=True)
    ]
    matched = np.isin(row, pairs[:, 0])
    false = float(1 - np.mean(true)) if len(row) else None
    called = counts.true_calls[neurons].sum() + counts.false_calls[neurons].sum()
    return {
        "cells": len(rois),
        "rois": len(results.rois),
        "recall": [asdict(row) for row in recall],
        "sensitivity": [asdict(row) for row in measures.by_dprime(cells.dprime, counts.found)],
        "neurons_found": float(segmented[neurons].mean()),
        "visible_found": float(counts.found[visible].mean()),
        "coverage": float(counts.coverage[counts.found].mean()),
        "precision": float(counts.true_calls[neurons].sum() / max(called, 1)),
        "false_per_min_active": float(counts.false_calls[neurons].mean() / minutes(results)),
        "false_per_min_silent": (
            float(counts.false_calls[~neurons].mean() / minutes(results)) if (~neurons).any() else None
        ),
        "false_masks": float(1 - len(pairs) / max(len(results.rois), 1)),
        "false_by_planted": false,
        "false_by_mirror": false,
        "false_transients_of_neurons": float(1 - np.array(true)[matched].mean()) if matched.any() else None,
        "own_per_min": len(row) / max(len(results.rois), 1) / minutes(results),
    }


def minutes(results: RecordingResults) -> float:
    """Return the length of the movie in minutes."""
    return results.movie.n_frames / results.movie.frame_rate_hz / 60


def main() -> None:
    """Compare controls and truth on a movie of each preset."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--presets", default=PRESETS)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--fov", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args()
    config = Config.model_validate({"controls": {"run": True, "rounds": asked.rounds}})
    out = asked.folder / "controls.json"
    rows = json.loads(out.read_text()) if out.is_file() else {}
    for preset in asked.presets.split(","):
        folder = asked.folder / preset
        if not (folder / "truth.h5").is_file():
            simulate(preset, asked.seed, folder, n_frames=asked.frames, fov_px=asked.fov, split="validation")
        began = time.perf_counter()
        results = recorded(folder / "movie.h5", config)
        steps_s = time.perf_counter() - began
        began = time.perf_counter()
        controls = asdict(run_controls(results, config))
        controls_s = time.perf_counter() - began
        truth = true_figures(results, read_rois(folder / "rois.h5"), read_truth(folder / "truth.h5"), config)
        rows[preset] = {"controls": controls, "truth": truth, "steps_s": steps_s, "controls_s": controls_s}
        out.write_text(json.dumps(rows, indent=1))
        print(f"{preset}: steps {steps_s:.0f} s, controls {controls_s:.0f} s, {truth['cells']} cells")
        for name, value in controls.items():
            if isinstance(value, dict):
                said = "–" if value["value"] is None else "{value:.3f} ({low:.3f}–{high:.3f})".format(**value)
                print(f"  {name:20} {said:24} truth {truth.get(name)}")
            elif isinstance(value, tuple):
                for mine, its in zip(value, truth[name], strict=True):
                    said = f"{mine['found']}/{mine['n']}, truth {its['found']}/{its['n']}"
                    print(f"  {name} d' from {mine['low']:g}: {said}")
        print({k: truth[k] for k in truth if k.startswith(("false", "own"))}, flush=True)


if __name__ == "__main__":
    main()
