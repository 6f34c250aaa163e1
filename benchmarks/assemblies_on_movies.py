"""Planted cell assemblies through the whole of activity inference: neurocine beside deconvolution of traces.

``python benchmarks/assemblies_on_movies.py FOLDER [--preset ca1-development] [--seeds 2] [--per-min 6]``

Movies of a hybrid preset with planted assemblies are simulated into FOLDER, kept there and used again. Of the
true contours each method makes a raster: neurocine infers it from the movie, cell types told first; OASIS
gets the traces, and its events count above a threshold, chosen for the highest F1 on a movie of the split
validation without planted assemblies. ``truth`` is the true raster, what the search for assemblies can give
at best. Of each raster assemblies are found, and compared with those planted (adjusted Rand index) and with
the other methods'. A movie is 250 s, a fifth of DeepCINAC's recordings, so events are planted more often than
in `benchmarks/assemblies.py`: ``--per-min`` of each assembly.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.activity import infer
from neurocine.assemblies import agreement, find_assemblies, recovery
from neurocine.assemblies.figures import agreement_png
from neurocine.celltype import classify
from neurocine.config import ActivitySettings, AssembliesSettings, CelltypeSettings, EvaluationSettings
from neurocine.core.indicators import decay_s
from neurocine.evaluation.activity.activity_cases import ActivityCase, baseline_traces
from neurocine.evaluation.activity.baselines import UNITS, key, signals
from neurocine.evaluation.activity.evaluated_cells import measure_activity
from neurocine.evaluation.activity.thresholds import choose_threshold
from neurocine.io.atomic import write_text
from neurocine.io.result_files import read_movie, read_rois, read_truth
from neurocine.simulation import PRESETS, HybridPreset, PlantedAssemblies, simulate

BASELINE = "oasis"
QUICK = {"starts": 10, "max_clusters": 10, "surrogate_starts": 3}
FIRST_SEED, TUNING_SEED = 600, 650


def movie(folder: Path, preset: str, seed: int, per_min: float, split: str) -> ActivityCase:
    """Return a movie with its truth, simulated unless it is there; nothing is planted at 0 a minute."""
    made = PRESETS[preset]
    if not isinstance(made, HybridPreset):
        raise SystemExit(f"{preset} isn't a hybrid preset")
    planted = PlantedAssemblies(per_min=per_min) if per_min else None
    path = folder / f"{split}-{preset}-{per_min:g}-{seed}"
    if not (path / "truth.h5").is_file():
        simulate(replace(made, assemblies=planted), seed, path, split=split)
    rois = read_rois(path / "rois.h5")
    return ActivityCase(path.name, read_movie(path / "movie.h5"), rois, rois, read_truth(path / "truth.h5"))


def baseline_threshold(case: ActivityCase, min_dprime: float) -> tuple[str, float]:
    """Return the unit and threshold of `BASELINE` with the highest F1 on the active cells of `case`."""
    measured = measure_activity(case, EvaluationSettings(baselines=(BASELINE,)), overlap=False)
    counted = [cell.at_least(min_dprime) for cell in measured.cells if cell.is_neuron]
    active = [cell for cell in counted if cell.is_active]
    units = [key(BASELINE, unit) for unit in UNITS]
    best, unit = max((choose_threshold([cell.periods[unit] for cell in active]), unit) for unit in units)
    return unit, best.value


def rasters(case: ActivityCase, unit: str, threshold: float) -> dict[str, NDArray[np.bool_]]:
    """Return the raster (N, T) of each method."""
    types = classify(case.movie, case.rois, CelltypeSettings())
    settings = ActivitySettings(backend="openvino")
    ours = infer(case.movie, case.rois, settings, celltypes=types)
    events, _ = signals([BASELINE], baseline_traces(case), decay_s(case.movie.indicator))
    return {"truth": case.truth.raster, "neurocine": ours.active, BASELINE: events[unit] > threshold}


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", nargs="+", default=["ca1-development"])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--per-min", type=float, default=6.0)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for preset in given.preset:
        tuning = movie(given.folder, preset, TUNING_SEED, 0, "validation")
        unit, threshold = baseline_threshold(tuning, EvaluationSettings().min_dprime)
        print(f"{preset}: {unit} above {threshold:.3g}", flush=True)
        for seed in range(FIRST_SEED, FIRST_SEED + given.seeds):
            case = movie(given.folder, preset, seed, given.per_min, "test")
            neurons = np.array(case.truth.cell_types) != "noise"
            found = {
                name: find_assemblies(
                    raster[neurons],
                    case.movie.frame_rate_hz,
                    AssembliesSettings(**QUICK),
                    ids=case.rois.ids[neurons],
                )
                for name, raster in rasters(case, unit, threshold).items()
            }
            row: dict[str, Any] = {"preset": preset, "seed": seed, "neurons": int(neurons.sum())}
            for name, assemblies in found.items():
                planted = recovery(assemblies, case.truth)
                row[name] = planted.to_json() | {"events": len(assemblies.frame)}
                print(
                    f"{case.name}, {name}: {planted.n_second} of {planted.n_first} assemblies, adjusted "
                    f"Rand {planted.adjusted_rand:.2f}, {len(assemblies.frame)} events",
                    flush=True,
                )
            for first, second in combinations(found, 2):
                same = agreement(found[first], found[second])
                row[f"{first}, {second}"] = same.to_json()
                print(
                    f"{case.name}, {first} and {second}: adjusted Rand {same.adjusted_rand:.2f}", flush=True
                )
            picture = given.folder / f"{case.name}.png"
            picture.write_bytes(agreement_png(found["neurocine"], found[BASELINE], ("neurocine", BASELINE)))
            rows.append(row)
            write_text(given.folder / "assemblies.json", json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
