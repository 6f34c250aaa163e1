"""How well cell types are told in movies whose cells glow as recorded neurons did, of data sets apart.

``python benchmarks/celltype_on_recorded.py SPIKES_FOLDER OUT [--models FOLDER ...] [--movies 4] [--seed 1]``

SPIKES_FOLDER is ``Ground_truth`` of the CASCADE database. Cells of these movies have the ΔF/F that was
recorded of a neuron, not one computed from its spikes; all else is ``tissue-types``. No neuron of the
library's split ``train`` is used: those of ``validation`` are in the movies that thresholds may be chosen on,
the others, with those that the library lacks, in the movies to report. ``cortex`` has excitatory cells and
PV, SST and VIP interneurons of visual cortex; ``spinal`` has excitatory and inhibitory cells of the spinal
cord, a region and two data sets that ``tissue-types`` leaves out.

Each folder of models has a cell-type network. ``OUT/summary.json`` tells for each network and kind of movies
the confusion, the macro F1, and the area under the ROC curve of interneuron against pyramidal cell among
neurons; ``by_threshold``: the same with neurons whose type is unknown below it, which count as missed.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from neurocine.celltype import classify
from neurocine.config import CelltypeSettings
from neurocine.core import CELL_TYPES, CellTypes, clear_types
from neurocine.evaluation.celltypes import evaluate_types
from neurocine.io.documents import write_json
from neurocine.io.result_files import read_movie, read_rois, read_truth
from neurocine.networks.registry import Registry
from neurocine.simulation import PRESETS, simulate
from neurocine.simulation.hybrid.activity import (
    AMPLITUDE_JITTER,
    LARGEST_PEAK,
    LEAST_PEAK,
    CellActivity,
    draw_cells,
)
from neurocine.simulation.library import load
from neurocine.simulation.library.recordings import (
    DATA_SETS,
    FURTHER_SETS,
    data_set_of,
    find_files,
    neuron_of,
    read_recordings,
)

SETS = {**DATA_SETS, **FURTHER_SETS}
SPINAL = ("DS40", "DS41")
THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
#: Frames, frames per second, µm a pixel and pixels a side of a movie.
N_FRAMES, RATE_HZ, PIXEL_UM, FOV_PX = 1200, 10.0, 2.0, 80
#: Data sets of a type, each with its neurons' traces (T,) at `RATE_HZ`.
Recorded = dict[str, dict[str, dict[str, list[NDArray[np.float64]]]]]


def recorded(folder: Path, split: str, region: str) -> Recorded:
    """Return the recorded traces of a region by type, data set and neuron, in the units of their ΔF/F."""
    splits = {n.name: s for s in ("train", "validation") for n in _library(s)}
    found: Recorded = {"pyramidal": {}, "interneuron": {}}
    for path in find_files(folder, SETS):
        data_set, neuron = data_set_of(path), neuron_of(path)
        if (data_set in SPINAL) != (region == "spinal") or splits.get(neuron, "test") != split:
            continue
        kind = "pyramidal" if SETS[data_set][0] == "excitatory" else "interneuron"
        for recording in read_recordings(path):
            rate = recording.frame_rate_hz
            width = max(1, round(rate / RATE_HZ))
            smooth = np.convolve(recording.dff, np.ones(width) / width, "same")
            at = np.arange(0, len(smooth) - 1, rate / RATE_HZ)
            trace = np.interp(at, np.arange(len(smooth)), smooth)
            found[kind].setdefault(data_set, {}).setdefault(neuron, []).append(trace)
    return found


def _library(split: str) -> list[Any]:
    parts = load(split)
    return [*parts.neurons, *parts.further]


def as_recorded(traces: Recorded) -> Any:
    """Return a stand-in for `draw_cells` whose cells glow as `traces` do."""

    def drawn(rng: np.random.Generator, *given: Any) -> CellActivity:
        simulated = draw_cells(rng, *given)
        dff, names = np.zeros_like(simulated.dff), []
        for row, kind in zip(dff, simulated.cell_types, strict=True):
            names.append("")
            if kind == "noise":
                continue
            data_set = str(rng.choice(sorted(traces[kind])))
            names[-1] = str(rng.choice(sorted(traces[kind][data_set])))
            several = traces[kind][data_set][names[-1]]
            row[:] = _piece(rng, several[rng.integers(len(several))], len(row))
        return replace(simulated, neurons=tuple(names), dff=dff)

    return drawn


def _piece(rng: np.random.Generator, trace: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return a random piece of `trace`, mirrored where it is too short, as large as cells of movies are."""
    if len(trace) < length:
        trace = np.pad(trace, (0, length - len(trace)), mode="reflect")
    start = rng.integers(len(trace) - length + 1)
    piece = trace[start : start + length] - np.percentile(trace, 10)
    top = float(np.percentile(piece, 99.5))
    level = np.clip(top * np.exp(rng.normal(0, AMPLITUDE_JITTER)), LEAST_PEAK, LARGEST_PEAK)
    return np.asarray(np.clip(piece * level / max(top, 1e-6), -0.5, 1.5 * LARGEST_PEAK))


def movies(spikes: Path, out: Path, region: str, split: str, n: int, seed: int) -> list[Path]:
    """Return the folders of `n` movies, simulated unless they are there."""
    folders = [out / f"{region}-{split}-{seed + i}" for i in range(n)]
    missing = [folder for folder in folders if not (folder / "movie.h5").is_file()]
    preset = replace(PRESETS["tissue-types"], n_frames=N_FRAMES)
    with patch("neurocine.simulation.tissue.make.draw_cells", as_recorded(recorded(spikes, split, region))):
        for folder in missing:
            number = int(folder.name.rsplit("-", 1)[1])
            simulate(
                preset,
                number,
                folder,
                frame_rate_hz=RATE_HZ,
                pixel_size_um=PIXEL_UM,
                fov_px=FOV_PX,
                split=split,
            )
    return folders


def measured(folders: list[Path], registry: Registry) -> dict[str, Any]:
    """Return the figures of a network on the movies in `folders`, by threshold."""
    true: list[str] = []
    sets: list[str] = []
    parts = []
    for folder in folders:
        truth = read_truth(folder / "truth.h5")
        types = classify(
            read_movie(folder / "movie.h5"),
            read_rois(folder / "rois.h5"),
            CelltypeSettings(),
            registry=registry,
        )
        true += truth.cell_types
        names = [""] * len(truth.ids) if truth.hybrid is None else truth.hybrid.neuron
        sets += [name.split("/")[0] for name in names]
        parts.append(types.probability)
    probability = np.concatenate(parts)
    share = probability[:, 1] / probability[:, :2].sum(axis=1)
    neuron = np.array(true) != "noise"
    figures: dict[str, Any] = {
        "auc": float(roc_auc_score(np.array(true)[neuron] == "interneuron", share[neuron])),
        "by_threshold": {},
    }
    for threshold in THRESHOLDS:
        called = CellTypes(np.arange(len(true)), probability, clear=clear_types(probability, threshold)).types
        report = evaluate_types(true, called)
        by_set = {
            name or "noise": {
                c: sum(s == name and k == c for s, k in zip(sets, called, strict=True)) for c in {*called}
            }
            for name in sorted({*sets})
        }
        figures["by_threshold"][str(threshold)] = {**report.as_dict(), "by_set": by_set}
    return figures


def main() -> None:
    """Simulate, classify and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("spikes", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--models", type=Path, action="append", help="repeatable; or the models that ship")
    parser.add_argument("--movies", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    registries = {str(folder or "shipped"): Registry.load(folder) for folder in given.models or [None]}
    summary: dict[str, Any] = {name: {} for name in registries}
    for region in ("cortex", "spinal"):
        for split in ("validation", "test"):
            folders = movies(given.spikes, given.out, region, split, given.movies, given.seed)
            for name, registry in registries.items():
                summary[name][f"{region}-{split}"] = measured(folders, registry)
    write_json(given.out / "summary.json", summary)
    for name, kinds in summary.items():
        for kind, figures in kinds.items():
            plain = figures["by_threshold"]["0.5"]
            cells, f1, auc = plain["cells"], plain["macro_f1"], figures["auc"]
            print(f"{name} {kind}: macro F1 {f1:.2f}, AUC {auc:.2f}, {cells} cells")
            print(f"  {CELL_TYPES}: {plain['confusion']}")


if __name__ == "__main__":
    main()
