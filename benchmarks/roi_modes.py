"""Which ROIs the later steps should get: each `active.mode` on simulated validation movies of all presets.

``python benchmarks/roi_modes.py OUT`` makes movies of each preset from the split `validation`, finds ROIs by
suite2p and STNeuroNet as they are set by default, and prints the mean F1 of each mode, by preset. The
default of the config is chosen by this table, which therefore doesn't say how well that default does.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from neurocine.active.annotate import annotate_active
from neurocine.config import ActiveSettings, SegmentationSettings, StneuronetSettings
from neurocine.evaluation.segmentation.groups import evaluate_groups, groups_of
from neurocine.io.atomic import write_text
from neurocine.io.result_files import read_movie, read_rois, read_truth, write_rois
from neurocine.segmentation import segment
from neurocine.simulation import PRESETS, simulate

Mode = Literal["engine", "stneuronet", "union", "intersection"]
MODES: tuple[Mode, ...] = get_args(Mode)
#: Movies of the paper's preset have neither a scale of their own nor a visible outline.
TRIED = tuple(name for name in PRESETS if name != "paper")
FIRST_SEED = 801
SECONDS, EDGE_UM = 100.0, 160.0


def main() -> None:
    """Find ROIs, score them and write ``modes.md``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--movies", type=int, default=2, help="of each preset")
    parser.add_argument("--presets", nargs="+", default=TRIED, choices=TRIED)
    parser.add_argument("--model", default=StneuronetSettings().model)
    given = parser.parse_args()
    lines = [f"| preset | {' | '.join(MODES)} |", "|---" * (1 + len(MODES)) + "|"]
    rows = []
    for preset in given.presets:
        folders = [_movie(given.out, preset, FIRST_SEED + i) for i in range(given.movies)]
        rows.append(np.mean([_f1(folder, given.model) for folder in folders], axis=0))
        lines.append(_line(f"`{preset}`", rows[-1]))
        print(lines[-1], flush=True)
    lines.append(_line("mean", np.mean(rows, axis=0)))
    print(lines[-1])
    write_text(given.out / "modes.md", "\n".join(lines) + "\n")


def _line(name: str, row: np.ndarray) -> str:
    return f"| {name} | {' | '.join(f'{f1:.3f}' for f1 in row)} |"


def _movie(out: Path, preset: str, seed: int) -> Path:
    folder = out / f"{preset}-{seed}"
    if not (folder / "truth.h5").is_file():
        made = PRESETS[preset]
        size = {
            "n_frames": round(SECONDS * made.frame_rate_hz),
            "fov_px": round(EDGE_UM / made.pixel_size_um),
        }
        simulate(preset, seed, folder, split="validation", **size)
    return folder


def _f1(folder: Path, model: str) -> list[float]:
    """Return the F1 (IoU) of each mode on one movie."""
    movie, cells = read_movie(folder / "movie.h5"), read_rois(folder / "rois.h5")
    groups = groups_of(read_truth(folder / "truth.h5"), cells)
    if not (folder / "suite2p.h5").is_file():
        write_rois(folder / "suite2p.h5", segment(movie, SegmentationSettings(engine="suite2p")))
    rois = read_rois(folder / "suite2p.h5")
    chosen = (
        annotate_active(movie, rois, ActiveSettings(mode=m), StneuronetSettings(model=model)) for m in MODES
    )
    return [evaluate_groups(found, cells, groups).iou.score.f1 for found in chosen]


if __name__ == "__main__":
    main()
