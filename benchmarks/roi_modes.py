"""Which ROIs the later steps should get: each `active.mode` with each STNeuroNet, on simulated movies.

``python benchmarks/roi_modes.py OUT [--split validation] [--movies 2] [--model NAME ...] [--fields FILE]``

Makes movies of each preset, finds ROIs by suite2p with its defaults and by each model, and writes the recall,
precision and F1 (IoU) of each choice, by preset, to ``OUT/modes.md`` and ``.json``. The default of the config
is chosen on the split `validation`, whose figures therefore don't say how well that default does: those of
the split `test` do. Of the movies of tissue every other one has a field of FILE, if one is given
(`python -m neurocine.simulation.fields`). Started again, it makes only what is missing.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from neurocine.active.detect import detect
from neurocine.active.match import match_active
from neurocine.config import ActiveSettings, SegmentationSettings, StneuronetSettings
from neurocine.core import RoiSet
from neurocine.evaluation.segmentation.groups import Groups, evaluate_groups, groups_of
from neurocine.io.atomic import write_text
from neurocine.io.documents import write_json
from neurocine.io.result_files import read_movie, read_rois, read_truth, write_rois
from neurocine.segmentation import segment
from validation_movies import TRIED, made

Mode = Literal["engine", "stneuronet", "union", "intersection"]
MODES: tuple[Mode, ...] = get_args(Mode)
FIGURES = ("recall", "precision", "f1")
Scores = dict[str, list[float]]


def main() -> None:
    """Find ROIs, score them and write the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--movies", type=int, default=2, help="of each preset")
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--presets", nargs="+", default=TRIED, choices=TRIED)
    parser.add_argument("--model", nargs="+", default=[StneuronetSettings().model])
    parser.add_argument("--fields", type=Path, help="real fields for every other movie of tissue")
    given = parser.parse_args()
    rows: dict[str, list[Scores]] = {}
    for preset in given.presets:
        folders = [made(given.out, given.split, preset, i, given.fields) for i in range(given.movies)]
        rows[preset] = [_scores(folder, given.model) for folder in folders]
        tables = "\n".join(_table(rows, figure) for figure in FIGURES)
        write_json(given.out / "modes.json", rows)
        write_text(given.out / "modes.md", tables)
        print(preset, flush=True)
    print(tables)


def _scores(folder: Path, models: list[str]) -> Scores:
    """Return recall, precision and F1 of suite2p, and of each other mode with each model."""
    movie, cells = read_movie(folder / "movie.h5"), read_rois(folder / "rois.h5")
    groups = groups_of(read_truth(folder / "truth.h5"), cells)
    if not (folder / "suite2p.h5").is_file():
        write_rois(folder / "suite2p.h5", segment(movie, SegmentationSettings(engine="suite2p")))
    rois = read_rois(folder / "suite2p.h5")
    scores = {"engine": _judged(rois, cells, groups)}
    for model in models:
        path = folder / f"{model.replace('/', '+')}.h5"
        if not path.is_file():
            write_rois(path, detect(movie, StneuronetSettings(model=model)).masks)
        masks = read_rois(path)
        for mode in MODES[1:]:
            kept = match_active(rois, masks, ActiveSettings(mode=mode))
            scores[f"{mode}: {model}"] = _judged(kept, cells, groups)
    return scores


def _judged(found: RoiSet, cells: RoiSet, groups: Groups) -> list[float]:
    score = evaluate_groups(found, cells, groups).iou.score
    return [float(getattr(score, figure)) for figure in FIGURES]


def _table(rows: dict[str, list[Scores]], figure: str) -> str:
    """Return the means of a figure over movies: a line a preset, and one over presets."""
    names = list(next(iter(rows.values()))[0])
    index = FIGURES.index(figure)
    means = {
        preset: [float(np.mean([scores[name][index] for scores in movies])) for name in names]
        for preset, movies in rows.items()
    }
    lines = [f"| {figure} | {' | '.join(names)} |", "|---" * (1 + len(names)) + "|"]
    for name, row in {**means, "mean": np.mean(list(means.values()), axis=0).tolist()}.items():
        lines.append(f"| `{name}` | {' | '.join(f'{value:.3f}' for value in row)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
