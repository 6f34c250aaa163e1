"""A segmenting network measured on movies that neither weights nor thresholds have seen, and its card."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurocine.core.truth import MIN_DPRIME
from neurocine.io.atomic import write_text
from neurocine.io.result_files import read_movie
from neurocine.networks.registry import Metrics, ModelEntry, register_trained
from neurocine.networks.segmentation.architecture import SegmentationArchitecture
from neurocine.networks.segmentation.segmenter import Segmenter
from neurocine.networks.weights import load_segmentation_weights
from neurocine.progress import Progress, silent
from neurocine.training.card_parts import measured_on, repeat_lines, start_lines, training_line, versions_line
from neurocine.training.checkpoint import History
from neurocine.training.corpus import split_corpus
from neurocine.training.curves import read_table
from neurocine.training.segmentation.calibration import FIGURES, RULES, mapped, score

_LIMITS = """\
Trained on simulated recordings only, most of them made from real parts (docs/simulation.md says which, and
how they differ from real movies). The figures are measured on further simulated recordings, made from
neurons, outlines and random numbers that neither training nor the choice of thresholds saw; they say nothing
about your own recordings: look at some masks, or label a movie (`neurocine label`) and measure on it
(`neurocine evaluate segmentation`).
"""


def measure_and_describe(
    weights: Path, folders: Sequence[Path], out: Path, progress: Progress = silent
) -> dict[str, Any]:
    """Measure calibrated `weights` on the test movies of a corpus; write its card.

    ``metrics.json``, ``card.md`` and ``registry.yaml`` (for `neurocine models install`) go into `out`.

    Parameters
    ----------
    weights
        Of `neurocine.training.segmentation.calibration.calibrate_weights`.
    folders
        The corpus.
    out
        Folder to write into, in which the training left ``curves.csv``.
    progress
        Told about movies.

    Returns
    -------
    dict
        What ``metrics.json`` holds: mean recall, precision and F1 by rule, and those of each movie.
    """
    model, architecture, postprocessing, metadata = load_segmentation_weights(weights)
    segmenter = Segmenter(model, architecture)
    test = split_corpus(folders).test
    rows: list[dict[str, Any]] = []
    for index, folder in enumerate(test):
        figures = score(mapped(folder, segmenter), postprocessing)
        rows.append({"name": folder.name.removeprefix("test-"), **figures})
        progress("test", index + 1, len(test))
    mean = {
        rule: {name: float(np.mean([row[rule][name] for row in rows])) for name in FIGURES} for rule in RULES
    }
    metrics = {"task": "stneuronet", "min_dprime": MIN_DPRIME, "mean": mean, "movies": rows}
    write_text(out / "metrics.json", json.dumps(metrics, indent=2, sort_keys=True) + "\n")
    history = read_table(out / "curves.csv")
    write_text(out / "card.md", _card(model, architecture, metadata, metrics, history))
    indicators = {read_movie(folder / "movie.h5").indicator for folder in folders}
    register_trained(out, "stneuronet", _registry_entry(architecture, tuple(sorted(indicators)), metrics))
    return metrics


def _registry_entry(
    architecture: SegmentationArchitecture, indicators: tuple[str, ...], metrics: dict[str, Any]
) -> ModelEntry:
    """Return the registry entry; `indicators` are those of the corpus, `metrics` as in ``metrics.json``."""
    mean = metrics["mean"]
    values = {**mean["containment"], "f1_iou": mean["iou"]["f1"]}
    return ModelEntry(
        task="stneuronet",
        architecture=architecture.name,
        frame_rate_hz=architecture.frame_rate_hz,
        pixel_size_um=architecture.pixel_size_um,
        indicators=indicators,
        window_frames=architecture.window_frames,
        metrics=Metrics(
            on=measured_on(movie["name"] for movie in metrics["movies"]),
            values={name: round(value, 4) for name, value in values.items()},
        ),
    )


def _card(
    model: Any,
    architecture: SegmentationArchitecture,
    metadata: Mapping[str, Any],
    metrics: dict[str, Any],
    history: History,
) -> str:
    recipe, calibration, a = metadata["recipe"], metadata["calibration"], architecture
    settings = recipe["settings"]
    counts = {
        use: Counter("-".join(name.split("-")[1:-1]) for name in names)
        for use, names in recipe["movies"].items()
    }
    left_out = calibration["mean"]["left_out"]
    chosen = calibration["postprocessing"]
    lines = [
        f"# {a.name}",
        "",
        "Finds the active neurons of a registered movie, and when each is active.",
        "",
        f"- Network: {model.count_params():,} values, windows of {a.window_frames} frames binned to about "
        f"{a.frame_rate_hz:g} Hz at {a.pixel_size_um:g} µm a pixel, {a.maps} map(s) a window, weights stored "
        "as float16.",
        f"- Data: simulated movies, {_counted(counts['train'])} to train, {_counted(counts['validation'])} "
        "to choose the epoch and the thresholds. No recorded neuron, outline or random number is in two.",
        training_line(
            settings,
            f"crops of {settings['crop_px']} x {settings['crop_px']} pixels",
            history,
            metadata["best_epoch"],
        ),
        *start_lines(recipe["start"]),
        f"- Thresholds: {', '.join(f'{name} {value:g}' for name, value in chosen.items())}. With those that "
        "the other recordings chose, a left-out one has a mean F1 of "
        f"{left_out['containment']['f1']:.3f} (by IoU alone {left_out['iou']['f1']:.3f}).",
        versions_line(),
        "",
        "## On held-out recordings",
        "",
        f"Neurons with a transient of d' {metrics['min_dprime']:g} or more are to be found; less visible "
        "ones count neither way.",
        "",
        "| movie | recall | precision | F1 | F1, by IoU alone |",
        "|---|---|---|---|---|",
        *(_row(row["name"], row) for row in metrics["movies"]),
        _row("mean", metrics["mean"]),
        "",
        "## Limits",
        "",
        _LIMITS,
        *repeat_lines(
            "calibrate_stneuronet",
            [
                "training:",
                "  stneuronet:",
                *(f"    {name}: {value}" for name, value in settings.items()),
            ],
        ),
    ]
    return "\n".join(lines)


def _counted(counts: Counter[str]) -> str:
    return f"{counts.total()} ({', '.join(f'{preset} {n}' for preset, n in counts.items())})"


def _row(name: str, figures: Mapping[str, Any]) -> str:
    contained = figures["containment"]
    shown = [contained[figure] for figure in FIGURES] + [figures["iou"]["f1"]]
    return f"| {name} | {' | '.join(f'{value:.3f}' for value in shown)} |"
