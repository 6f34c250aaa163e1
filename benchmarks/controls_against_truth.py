"""Whether planted cells and the mirrored movie say of simulated movies what their truth says.

Usage: python benchmarks/controls_against_truth.py FOLDER [--presets A,B | --naomi] [--rounds N] [--frames N]
Movies of the split ``validation`` are made, or found, in FOLDER/PRESET; the steps run with default settings.
With --naomi FOLDER/naomi holds a movie of NAOMi (``raw.tif``, ``truth.npz``). Prints what the controls say,
the truth with its 95 % interval, and whether the two agree within .1 or the first lies in that interval;
FOLDER/*/controls.json has all of it.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naomi_truth import FRAME_RATE_HZ, INDICATOR, PIXEL_SIZE_UM, naomi_cells
from neurocine import pipeline
from neurocine.activity import infer
from neurocine.celltype import classify
from neurocine.config import Config
from neurocine.controls import measures
from neurocine.controls.planting import Planted
from neurocine.controls.recorded import recorded
from neurocine.controls.run import run_controls, with_outlines
from neurocine.core import Movie
from neurocine.core.controls import MEASURES, Controls, Estimate
from neurocine.core.matching import match
from neurocine.core.raster import active_runs
from neurocine.core.truth import MIN_DPRIME
from neurocine.evaluation.activity.criterion import DPRIME_EDGES
from neurocine.io.documents import write_json
from neurocine.io.movies import open_movie
from neurocine.io.result_files import read_rois, read_truth
from neurocine.io.results import RecordingResults
from neurocine.simulation import simulate

#: Controls hold within this of the truth.
NEAR = 0.1
PRESETS = "cortex-6s,cortex-6f,ca1-development,ca1-interneurons"


def of_simulator(folder: Path) -> Planted:
    """Return the true cells of one of the simulator's movies in the form of planted ones."""
    truth = read_truth(folder / "truth.h5")
    assert truth.hybrid is not None
    assert truth.calcium is not None
    return Planted(
        read_rois(folder / "rois.h5"), (), np.zeros(len(truth.ids)), truth.calcium, truth.roi_id, truth.onset,
        truth.peak, truth.hybrid.detectability.astype(np.float64),
    )  # fmt: skip


def of_naomi(folder: Path, movie: Movie, mean: NDArray[np.float32]) -> Planted:
    """Return those true cells of a NAOMi movie that count, in the form of planted ones."""
    cells = naomi_cells(folder / "truth.npz", movie, mean)
    kept = np.flatnonzero(cells.counted)
    rises = [cells.rises[i] for i in kept]
    owner = np.repeat(np.arange(len(kept)), [len(r.onset) for r in rises])
    return Planted(
        cells.rois.select(cells.counted), (), np.zeros(len(kept)), cells.dff[kept], owner.astype(np.int64),
        np.concatenate([r.onset for r in rises]), np.concatenate([r.peak for r in rises]),
        np.concatenate([cells.dprime[i] for i in kept]),
    )  # fmt: skip


def registered(folder: Path, config: Config) -> None:
    """Register ``raw.tif`` in `folder`, a NAOMi movie at 20 Hz and 1 µm, unless it is."""
    if not (folder / "movie.h5").is_file():
        raw = open_movie(
            folder / "raw.tif",
            frame_rate_hz=FRAME_RATE_HZ,
            pixel_size_um=PIXEL_SIZE_UM,
            indicator=INDICATOR,
        )
        pipeline.motion(raw, folder / "movie.h5", config.motion)


def true_figures(results: RecordingResults, cells: Planted, config: Config) -> dict[str, Any]:
    """Return what the truth says of all that the controls estimate, with its own 95 % intervals."""
    rois = cells.rois
    pairs = match(results.rois, rois).pairs
    listed, segmented = with_outlines(results.rois, rois)
    types = classify(results.movie, listed, config.celltype)
    only = np.arange(len(listed)) >= len(listed) - len(rois)
    active = infer(results.movie, listed, config.activity, celltypes=types, only=only).active
    counts = measures.planted_counts(active, cells)
    neurons = ~cells.silent
    called = (counts.true_calls + counts.false_calls)[neurons]
    row, onset, peak = active_runs(results.raster.active)
    of_true = dict(pairs.tolist())
    true = np.array(
        [
            r in of_true and bool(cells.raster[of_true[r], a : b + 1].any())
            for r, a, b in zip(row.tolist(), onset, peak, strict=True)
        ]
    )
    n = len(results.rois)
    false = measures.share(np.bincount(row[~true], minlength=n), np.bincount(row, minlength=n))
    bounds = [*pairwise((*DPRIME_EDGES, np.inf))]
    return {
        "cells": len(rois),
        "rois": n,
        "neurons_found": measures.share(segmented[neurons], np.ones(neurons.sum())),
        "visible_found": found_by_cell(cells, counts.found, MIN_DPRIME, np.inf),
        "sensitivity": [found_by_cell(cells, counts.found, low, high) for low, high in bounds],
        "coverage": measures.share(counts.coverage[counts.found], np.ones(counts.found.sum())),
        "precision": measures.share(counts.true_calls[neurons], called),
        "false_masks": measures.counted(n - len(pairs), n),
        "false_by_planted": false,
        "false_by_mirror": false,
    }


def found_by_cell(cells: Planted, found: NDArray[np.bool_], low: float, high: float) -> Estimate:
    """Return the share of transients of d' from `low` to `high` that were found; cells are resampled."""
    inside = (cells.dprime >= low) & (cells.dprime < high)
    n = len(cells.rois)
    parts, wholes = (np.bincount(cells.roi_id[rows], minlength=n) for rows in (inside & found, inside))
    return measures.share(parts, wholes)


def holds(said: float | None, truth: Estimate) -> str:
    """Return in words whether an estimate is within .1 of the truth, or in the truth's interval."""
    if said is None or truth.value is None or truth.low is None or truth.high is None:
        return "unknown"
    return "holds" if abs(said - truth.value) <= NEAR or truth.low <= said <= truth.high else "misses"


def show(controls: Controls, truth: dict[str, Any]) -> None:
    """Print what the controls say beside the truth."""
    for row, true in zip(controls.sensitivity, truth["sensitivity"], strict=True):
        print(f"  found, d' from {row.low:g}: {text(row.share, row.n)}, truth {text(true.value, true.n)}"
              f": {holds(row.share, true)}")  # fmt: skip
    for measure in MEASURES:
        said: Estimate = getattr(controls, measure.name)
        true = truth.get(measure.name)
        if true is None:
            print(f"  {measure.name}: {text(said.value, said.n)} ({said.low} to {said.high})")
        else:
            ends = "–" if true.low is None else f"{true.low:.2f} to {true.high:.2f}"
            print(f"  {measure.name}: {text(said.value, said.n)}, truth {text(true.value, true.n)} ({ends})"
                  f": {holds(said.value, true)}")  # fmt: skip


def text(value: float | None, n: int) -> str:
    """Return a value and how many it rests on."""
    return f"{'–' if value is None else format(value, '.2f')} of {n}"


def main() -> None:
    """Compare controls and truth on a movie of each preset, or on a NAOMi movie."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--presets", default=PRESETS)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--fov", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--naomi", action="store_true", help="FOLDER/naomi/raw.tif and truth.npz")
    asked = parser.parse_args()
    config = Config.model_validate({"controls": {"run": True, "rounds": asked.rounds}})
    for name in ["naomi"] if asked.naomi else asked.presets.split(","):
        folder = asked.folder / name
        if asked.naomi:
            registered(folder, config)
        elif not (folder / "truth.h5").is_file():
            simulate(name, asked.seed, folder, n_frames=asked.frames, fov_px=asked.fov, split="validation")
        began = time.perf_counter()
        results = recorded(folder / "movie.h5", config)
        steps_s = time.perf_counter() - began
        began = time.perf_counter()
        controls = run_controls(results, config)
        controls_s = time.perf_counter() - began
        cells = of_naomi(folder, results.movie, results.summary.mean) if asked.naomi else of_simulator(folder)
        truth = true_figures(results, cells, config)
        print(f"{name}: steps {steps_s:.0f} s, controls {controls_s:.0f} s, {truth['cells']} cells")
        show(controls, truth)
        plain = {
            key: [asdict(v) for v in value] if isinstance(value, list)
            else asdict(value) if isinstance(value, Estimate) else value
            for key, value in truth.items()
        }  # fmt: skip
        made = {"controls": asdict(controls), "truth": plain, "steps_s": steps_s, "controls_s": controls_s}
        write_json(folder / "controls.json", made)


if __name__ == "__main__":
    main()
