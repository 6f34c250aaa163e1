"""How well planted cell assemblies are found, and whether any are found where there are none.

``python benchmarks/assemblies.py OUT.json [--preset NAME ...] [--seeds 20] [--quick] [--by pairs]``

Of each preset and seed a raster is simulated (`neurocine.simulation.simulate_raster`: the preset's own spikes
and network events, misses, false transients and jitter of a detector) with planted assemblies. Assemblies are
looked for in it; in the same raster with each cell's row rolled on its own; and in one of the same preset
with no assembly planted, whose network events are of cells drawn anew each time. OUT.json holds a row a
raster, a table is printed. ``--quick``: fewer starts of k-means than users have by default.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from neurocine.assemblies import agreement_of_labels, find_assemblies
from neurocine.assemblies.events import rolled
from neurocine.config import AssembliesSettings
from neurocine.io.atomic import write_text
from neurocine.simulation import simulate_raster

PRESETS = ("ca1-development", "geco", "low-rate", "ca1-interneurons", "cortex-6s", "cortex-6f")
QUICK = {"starts": 10, "max_clusters": 10, "surrogate_starts": 3}


def measured(
    preset: str, seed: int, cells: int, settings: AssembliesSettings
) -> dict[str, float | int | str]:
    """Return what was found in the rasters of one preset and seed."""
    planted = simulate_raster(preset, seed, n_cells=cells)
    none = simulate_raster(preset, seed, n_cells=cells, planted=None)
    rate = planted.frame_rate_hz
    began = time.process_time()
    found = find_assemblies(planted.active, rate, settings)
    spent = time.process_time() - began
    shuffled = find_assemblies(rolled(planted.active, np.random.default_rng(seed)), rate, settings)
    unplanted = find_assemblies(none.active, rate, settings)
    return {
        "preset": preset,
        "seed": seed,
        "planted": int(planted.label.max()) + 1,
        "events": len(found.frame),
        "found": len(found),
        "adjusted_rand": agreement_of_labels(planted.label, found.label).adjusted_rand,
        "cpu_s": spent,
        "events_shuffled": len(shuffled.frame),
        "found_shuffled": len(shuffled),
        "events_unplanted": len(unplanted.frame),
        "found_unplanted": len(unplanted),
    }


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--preset", nargs="+", choices=PRESETS, default=PRESETS)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=200, help="lower ones were looked at before")
    parser.add_argument("--quick", action="store_true", help="fewer starts of k-means")
    parser.add_argument("--by", choices=("events", "pairs"), default="events", help="what tells assemblies")
    parser.add_argument("--cells", type=int, default=120)
    given = parser.parse_args()
    settings = AssembliesSettings(by=given.by, **(QUICK if given.quick else {}))
    rows = []
    for preset in given.preset:
        for seed in range(given.first_seed, given.first_seed + given.seeds):
            rows.append(measured(preset, seed, given.cells, settings))
            write_text(given.out, json.dumps(rows, indent=1) + "\n")
        own = [row for row in rows if row["preset"] == preset]
        rand = np.array([row["adjusted_rand"] for row in own], dtype=float)
        print(
            f"{preset}: {len(own)} seeds, adjusted Rand median {np.median(rand):.3f}, "
            f"lowest {rand.min():.3f}, "
            f">= .9 in {(rand >= 0.9).sum()}; with assemblies though shuffled "
            f"{sum(bool(row['found_shuffled']) for row in own)}, though none were planted "
            f"{sum(bool(row['found_unplanted']) for row in own)}; "
            f"{np.median([row['cpu_s'] for row in own]):.1f} CPU-s",
            flush=True,
        )


if __name__ == "__main__":
    main()
