"""How good activity is on simulated movies that training never saw, beside what the traces alone give.

``python benchmarks/activity_accuracy.py OUT [--preset NAME ...] [--movies 2] [--seed 901] [--models FOLDER]``

Of each preset some movies of the split ``test`` are simulated, and two of ``train`` for the thresholds of the
baselines. Activity is inferred as users get it (cell types by the network, each cell by the classifier of its
type) and by each activity model for all cells, on the true contours and on suite2p's. To OUT go
``PRESET/{truth,suite2p}/activity.{json,tsv,html}`` with pictures, over the cells of all the preset's movies,
and ``summary.{md,json}``.

Started again it goes on where it was: what is in OUT isn't made again. Other models make new files; to
measure changed code, give another folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from accuracy_summary import markdown, summary
from neurocine.activity import infer
from neurocine.activity.inference import classifiers
from neurocine.celltype import classify
from neurocine.config import ActivitySettings, CelltypeSettings, EvaluationSettings, SegmentationSettings
from neurocine.core import CELL_TYPES, CellTypes, InputError, Raster
from neurocine.evaluation import (
    MAIN_METHOD,
    ActivityCase,
    evaluate_activity,
    open_activity_case,
    write_evaluation,
)
from neurocine.io.atomic import write_text
from neurocine.io.documents import write_json
from neurocine.io.result_files import (
    read_celltypes,
    read_movie,
    read_rois,
    read_truth,
    write_activity,
    write_celltypes,
    write_rois,
)
from neurocine.networks.registry import Registry
from neurocine.segmentation import segment
from neurocine.simulation import PRESETS, simulate

log = logging.getLogger("activity_accuracy")

DEFAULT_PRESETS = ("ca1-development", "cortex-6s", "cortex-6f", "ca1-interneurons", "geco", "low-rate")
CONTOURS = ("truth", "suite2p")
N_TRAINING = 2
#: The main method, had the cell types been known.
KNOWN_TYPES = "true types"


@dataclass(frozen=True)
class Recording:
    """One simulated movie with everything that is made from it, in a folder of its own."""

    folder: Path
    preset: str
    split: str
    seed: int
    n_frames: int

    @property
    def name(self) -> str:
        """What the evaluation calls it."""
        return f"{self.preset}-{self.split}-{self.seed}"

    def made(self) -> Recording:
        """Simulate the movie if it isn't there; its file is written last."""
        if not (self.folder / "movie.h5").is_file():
            log.info("%s: simulating %d frames", self.name, self.n_frames)
            simulate(self.preset, self.seed, self.folder, n_frames=self.n_frames, split=self.split)
        return self

    def rois(self, contours: str) -> Path:
        """Return the file of the true contours, or of suite2p's."""
        path = self.folder / ("rois.h5" if contours == "truth" else f"{contours}.h5")
        if not path.is_file():
            log.info("%s: finding cells by %s", self.name, contours)
            movie = read_movie(self.folder / "movie.h5")
            write_rois(path, segment(movie, SegmentationSettings(engine=contours)))
        return path


@dataclass(frozen=True)
class Inference:
    """The models that are measured, and how they run."""

    registry: Registry
    settings: ActivitySettings
    celltype: CelltypeSettings

    @property
    def models(self) -> list[str]:
        """Names of the activity models; none if there is but one, which is then every cell's anyway."""
        names = [name for name, entry in self.registry.entries.items() if entry.task == "activity"]
        return names if len(names) > 1 else []

    def tag(self, *models: str) -> str:
        """Return what names files made by some models: their checksums' checksum."""
        sums = "".join(self.registry.entries[name].sha256 for name in models)
        return hashlib.sha256(sums.encode()).hexdigest()[:8]

    def types(self, recording: Recording, contours: str) -> Path:
        """Return the table of the cell types that the network gives."""
        name = self.celltype.model
        path = recording.folder / contours / f"celltypes-{self.tag(name)}.tsv"
        if not path.is_file():
            log.info("%s: cell types of %s contours", recording.name, contours)
            movie, rois = read_movie(recording.folder / "movie.h5"), read_rois(recording.rois(contours))
            write_celltypes(path, classify(movie, rois, self.celltype, registry=self.registry))
        return path

    def activity(self, recording: Recording, contours: str, model: str) -> Path:
        """Return the activity by a model, or by that of each cell's type (``auto``); note what it cost."""
        used = list(self.registry.entries) if model == "auto" else [model]
        path = recording.folder / contours / f"{model}-{self.tag(*used)}.h5"
        if path.is_file():
            return path
        log.info("%s: activity of %s contours by %s", recording.name, contours, model)
        movie, rois = read_movie(recording.folder / "movie.h5"), read_rois(recording.rois(contours))
        types = None
        if model == "auto":
            types = read_celltypes(self.types(recording, contours))
        began = time.process_time()
        settings = self.settings.model_copy(update={"model": model})
        raster = infer(movie, rois, settings, celltypes=types, registry=self.registry)
        cost = {"cpu_s": time.process_time() - began, "cells": len(rois), "frames": movie.n_frames}
        write_json(path.with_suffix(".cost.json"), cost)
        write_activity(path, raster)
        return path

    def with_known_types(self, recording: Recording, rasters: dict[str, Raster]) -> Raster:
        """Return the activity on true contours had the types been known, from that of each model."""
        truth, rois = read_truth(recording.folder / "truth.h5"), read_rois(recording.rois("truth"))
        certain = np.array([[kind == name for name in CELL_TYPES] for kind in truth.cell_types])
        types = CellTypes(truth.ids, certain.astype(np.float32))
        movie = read_movie(recording.folder / "movie.h5")
        chosen = classifiers(movie, rois, self.settings, types, self.registry)
        rows = [rasters[name].probability[i] for i, name in enumerate(chosen)]
        main = rasters[MAIN_METHOD]
        return Raster(main.ids, main.frame_rate_hz, np.stack(rows), main.threshold, chosen)


def inferred(recording: Recording, contours: str, how: Inference) -> ActivityCase:
    """Return the case of a recording with the activity of all methods."""
    files = {MAIN_METHOD: how.activity(recording, contours, "auto")}
    files |= {name: how.activity(recording, contours, name) for name in how.models}
    case = open_activity_case(
        recording.name,
        recording.folder,
        rois=recording.rois(contours),
        activity=files,
        celltypes=how.types(recording, contours),
    )
    if contours != "truth" or not how.models:
        return case
    known = how.with_known_types(recording, dict(case.rasters))
    return replace(case, rasters={**case.rasters, KNOWN_TYPES: known})


def evaluate(
    out: Path, contours: str, test: list[Recording], training: list[Recording], how: Inference
) -> None:
    """Evaluate one set of contours over a preset's recordings, unless it was done from the same files."""
    folder = out / contours
    sources = [recording.rois(contours) for recording in (*test, *training)]
    for recording in test:
        sources += [how.activity(recording, contours, name) for name in ("auto", *how.models)]
    stamp = {str(path.relative_to(out)): path.stat().st_mtime_ns for path in sources}
    made_from, result = folder / "made_from.json", folder / "activity.json"
    if result.is_file() and made_from.is_file() and json.loads(made_from.read_text("utf-8")) == stamp:
        return
    log.info("%s: evaluating %s contours", out.name, contours)
    trained: Iterator[ActivityCase] = (
        open_activity_case(recording.name, recording.folder, rois=recording.rois(contours))
        for recording in training
    )
    evaluation = evaluate_activity(
        (inferred(recording, contours, how) for recording in test),
        EvaluationSettings(),
        training=trained,
        note=f"Simulated movies of the preset {out.name}, split test, on the contours of {contours}.",
    )
    write_evaluation(
        evaluation,
        result,
        table=folder / "activity.tsv",
        page=folder / "activity.html",
        pictures=folder / "pictures",
    )
    write_json(made_from, stamp)


def cost(test: Iterable[Recording], contours: str, how: Inference) -> float | None:
    """Return the CPU-seconds that a cell's activity took a 2,500 frames, loading of models included."""
    files = [how.activity(recording, contours, "auto").with_suffix(".cost.json") for recording in test]
    costs = [json.loads(path.read_text("utf-8")) for path in files]
    cells = sum(known["cells"] * known["frames"] / 2500 for known in costs)
    return sum(known["cpu_s"] for known in costs) / cells if cells else None


def run(given: argparse.Namespace, how: Inference) -> None:
    """Make everything, the summary anew after each preset."""
    rows = []
    for preset in given.preset:
        out = given.out / preset

        def recordings(split: str, n: int, out: Path = out, preset: str = preset) -> list[Recording]:
            seeds = range(given.seed, given.seed + n)
            folders = [out / "movies" / f"{split}-{seed}-{given.n_frames}" for seed in seeds]
            return [
                Recording(folder, preset, split, seed, given.n_frames).made()
                for folder, seed in zip(folders, seeds, strict=True)
            ]

        test, training = recordings("test", given.movies), recordings("train", N_TRAINING)
        for contours in CONTOURS:
            evaluate(out, contours, test, training, how)
            values = json.loads((out / contours / "activity.json").read_text("utf-8"))
            rows.append(summary(preset, contours, values, cost(test, contours, how)))
        write_json(given.out / "summary.json", {"rows": rows})
        write_text(given.out / "summary.md", markdown(rows))
        log.info("%s: done", preset)


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--preset", action="append", choices=sorted(PRESETS), help="repeatable; or all but paper"
    )
    parser.add_argument("--movies", type=int, default=2, help="test movies a preset")
    parser.add_argument("--seed", type=int, default=901, help="of the first movie; the others follow")
    parser.add_argument("--n-frames", type=int, default=2500)
    parser.add_argument("--models", type=Path, help="folder of another registry than the shipped one")
    parser.add_argument("--backend", choices=("keras", "openvino"), default="keras")
    given = parser.parse_args()
    given.preset = given.preset or list(DEFAULT_PRESETS)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    log.setLevel(logging.INFO)
    how = Inference(
        Registry.load(given.models),
        ActivitySettings(backend=given.backend),
        CelltypeSettings(backend=given.backend),
    )
    try:
        run(given, how)
    except InputError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
