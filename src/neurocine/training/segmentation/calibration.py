"""The values between STNeuroNet's probabilities and its masks, chosen by leave-one-out cross-validation.

As in the paper (Soltanian-Zadeh et al. 2019, SI Fig. S5) those are best that have the highest mean F1 over
recordings; what they are worth is measured on each recording with the values that the others chose.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.active.detect import maps
from neurocine.active.fusion import Fusion
from neurocine.active.instances import instances
from neurocine.active.preprocessing import BinnedMovie
from neurocine.config.section import Backend
from neurocine.core import InputError, RoiSet
from neurocine.core.truth import MIN_DPRIME
from neurocine.evaluation.segmentation.groups import Groups, evaluate_groups, groups_of
from neurocine.io.atomic import write_text
from neurocine.io.result_files import read_movie, read_rois, read_truth
from neurocine.networks.segmentation.postprocessing import Postprocessing
from neurocine.networks.segmentation.segmenter import Segmenter
from neurocine.networks.weights import load_segmentation_weights, save_segmentation_weights
from neurocine.progress import Progress, silent
from neurocine.training.corpus import split_corpus

log = logging.getLogger(__name__)

#: The rules by which ROIs match, and what each gives, in the order of the arrays below.
RULES, FIGURES = ("containment", "iou"), ("recall", "precision", "f1")
F1 = FIGURES.index("f1")


@dataclass(frozen=True, eq=False)
class MappedRecording:
    """What a network made of a recording, and what is true.

    Attributes
    ----------
    name
        For the table.
    maps
        Probabilities on the movie's pixels, (K, Y, X) float16.
    frames
        The movie's frames that each map is of, half-open, (K, 2) int64.
    pixel_size_um
        Edge of a pixel, µm.
    rois, groups
        The true ROIs, and which of them are to be found.
    """

    name: str
    maps: NDArray[np.float16]
    frames: NDArray[np.int64]
    pixel_size_um: float
    rois: RoiSet
    groups: Groups


@dataclass(frozen=True)
class Candidates:
    """The values of `Postprocessing` that are tried, each with each."""

    threshold: tuple[float, ...] = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97)
    min_area_um2: tuple[float, ...] = (8.0, 15.0, 25.0, 40.0, 60.0)
    min_maps: tuple[int, ...] = (1, 2, 3)
    min_confidence: tuple[float, ...] = (0.0, 0.8, 0.85, 0.9, 0.93, 0.96, 0.98, 0.995)

    def of(self, base: Postprocessing) -> list[Postprocessing]:
        """Return every combination, the other values as in `base`."""
        return [
            replace(base, threshold=threshold, min_area_um2=area, min_maps=n, min_confidence=confidence)
            for threshold, area, n, confidence in product(
                self.threshold, self.min_area_um2, self.min_maps, self.min_confidence
            )
        ]


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was chosen, and what it is worth.

    Attributes
    ----------
    postprocessing
        The values with the highest mean F1 by the containment rule over all recordings.
    names
        Of the R recordings.
    left_out
        For each recording the values that the others chose.
    scores
        Of each recording with `postprocessing`, (R, 2, 3): by `RULES` and `FIGURES`.
    left_out_scores
        The same with `left_out`: those tell what to expect.
    """

    postprocessing: Postprocessing
    names: tuple[str, ...]
    left_out: tuple[Postprocessing, ...]
    scores: NDArray[np.float64]
    left_out_scores: NDArray[np.float64]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "postprocessing": asdict(self.postprocessing),
            "mean": {
                "chosen": _figures(self.scores.mean(axis=0)),
                "left_out": _figures(self.left_out_scores.mean(axis=0)),
            },
            "recordings": [
                {
                    "name": name,
                    "chosen": _figures(chosen),
                    "left_out": _figures(left_out),
                    "left_out_postprocessing": asdict(values),
                }
                for name, values, chosen, left_out in zip(
                    self.names, self.left_out, self.scores, self.left_out_scores, strict=True
                )
            ],
        }


def calibrate(
    recordings: Sequence[MappedRecording],
    candidates: Candidates | None = None,
    base: Postprocessing | None = None,
    progress: Progress = silent,
) -> Calibration:
    """Choose the values between probabilities and masks.

    Best is the highest mean F1 by the containment rule; among equals the highest by IoU alone.

    Parameters
    ----------
    recordings
        Two or more that the network wasn't trained on.
    candidates, base
        What is tried, and the values that aren't.
    progress
        Reports the recordings done.

    Raises
    ------
    InputError
        If there are fewer than two recordings.
    """
    if len(recordings) < 2:
        raise InputError("calibration", "recordings", f"there are {len(recordings)}", "Use two or more.")
    tried = (candidates or Candidates()).of(base or Postprocessing())
    every = np.empty((len(recordings), len(tried), len(RULES), len(FIGURES)))
    for index, recording in enumerate(recordings):
        every[index] = _scores(recording, tried)
        progress("calibration", index + 1, len(recordings))
    best = _best(every)
    others = [_best(np.delete(every, index, axis=0)) for index in range(len(recordings))]
    return Calibration(
        postprocessing=tried[best],
        names=tuple(recording.name for recording in recordings),
        left_out=tuple(tried[index] for index in others),
        scores=every[:, best],
        left_out_scores=every[np.arange(len(recordings)), others],
    )


def calibrate_weights(
    weights: Path,
    folders: Sequence[Path],
    out: Path,
    progress: Progress = silent,
    *,
    candidates: Candidates | None = None,
    min_dprime: float = MIN_DPRIME,
    backend: Backend = "openvino",
) -> Calibration:
    """Calibrate a trained network on the validation recordings of a corpus.

    Writes into `out`: ``weights.h5``, the network with its thresholds, and ``calibration.json``.

    Parameters
    ----------
    weights
        Of `neurocine.networks.segmentation.weights.save_segmentation_weights`.
    folders
        The corpus: recordings of the simulator, of the splits ``train``, ``validation`` and ``test``.
    out
        Folder, made if need be.
    progress
        Reports the movies and recordings done.
    candidates
        What is tried.
    min_dprime
        A neuron is to be found if a transient of it is as detectable as this; less visible ones count
        neither way.
    backend
        What runs the network.

    Raises
    ------
    InputError
        If a file is missing or damaged, the corpus lacks a split, or has fewer than two for validation.
    """
    model, architecture, base, metadata = load_segmentation_weights(weights)
    validation = split_corpus(folders).validation
    segmenter = Segmenter(model, architecture, backend)
    recordings = []
    for index, folder in enumerate(validation):
        recordings.append(mapped(folder, segmenter, min_dprime))
        progress("maps", index + 1, len(validation))
    chosen = calibrate(recordings, candidates, base, progress)
    figures = {"min_dprime": min_dprime, **chosen.as_dict()}
    for rule, values in figures["mean"]["left_out"].items():
        log.info("leaving one out, %s: recall %.3f, precision %.3f, F1 %.3f", rule, *values.values())
    out.mkdir(parents=True, exist_ok=True)
    save_segmentation_weights(
        out / "weights.h5", model, architecture, chosen.postprocessing, {**metadata, "calibration": figures}
    )
    write_text(out / "calibration.json", json.dumps(figures, indent=2) + "\n")
    return chosen


def mapped(folder: Path, segmenter: Segmenter, min_dprime: float = MIN_DPRIME) -> MappedRecording:
    """Return what a network makes of the simulated recording in `folder`, and its truth.

    Raises
    ------
    InputError
        If a file is missing or damaged, or contours and truth don't belong together.
    """
    movie, rois = read_movie(folder / "movie.h5"), read_rois(folder / "rois.h5")
    truth = read_truth(folder / "truth.h5")
    grid = BinnedMovie.of(movie, segmenter.architecture)
    windows = list(_halved(maps(movie, grid, segmenter)))
    return MappedRecording(
        folder.name,
        np.stack([picture for picture, _, _ in windows]),
        np.array([(start, stop) for _, start, stop in windows], dtype=np.int64),
        movie.pixel_size_um,
        rois,
        groups_of(truth, rois, min_dprime),
    )


def score(recording: MappedRecording, settings: Postprocessing) -> dict[str, dict[str, float]]:
    """Return the figures of one recording by rule."""
    return _figures(np.array(_judged(_fused(recording, settings).rois(), recording)))


def _halved(windows: Any) -> Iterator[tuple[NDArray[np.float16], int, int]]:
    for window in windows:
        yield window.probability.astype(np.float16), window.start, window.stop


def _scores(recording: MappedRecording, tried: Sequence[Postprocessing]) -> NDArray[np.float64]:
    """Return the figures (C, 2, 3) of one recording with each of the values `tried`.

    Masks are made and fused once per threshold and area; other values only select neurons.
    """
    scores = np.empty((len(tried), len(RULES), len(FIGURES)))
    made: tuple[float, float] | None = None
    for index, settings in enumerate(tried):
        if made != (settings.threshold, settings.min_area_um2):
            made = (settings.threshold, settings.min_area_um2)
            fusion = _fused(recording, settings)
            judged: dict[bytes, list[list[float]]] = {}
        rois = fusion.rois(settings)
        same = b"".join(part.tobytes() for part in (rois.indptr, rois.y, rois.x))
        if same not in judged:  # many choose the same neurons
            judged[same] = _judged(rois, recording)
        scores[index] = judged[same]
    return scores


def _fused(recording: MappedRecording, settings: Postprocessing) -> Fusion:
    fusion = Fusion(recording.rois.fov_shape, recording.pixel_size_um, settings)
    for picture, (start, stop) in zip(recording.maps, recording.frames.tolist(), strict=True):
        fusion.add(instances(picture.astype(np.float32), recording.pixel_size_um, settings), start, stop)
    return fusion


def _judged(rois: RoiSet, recording: MappedRecording) -> list[list[float]]:
    both = evaluate_groups(rois, recording.rois, recording.groups)
    scores = {"containment": both.containment.score, "iou": both.iou.score}
    return [[getattr(scores[rule], figure) for figure in FIGURES] for rule in RULES]


def _best(every: NDArray[np.float64]) -> int:
    """Return which of the candidates is best over the recordings of `every`, (R, C, 2, 3)."""
    contained, plain = every[..., F1].mean(axis=0).T.round(9)  # sums in another order are equal, too
    return int(np.lexsort((np.arange(len(contained)), -plain, -contained))[0])


def _figures(values: NDArray[np.float64]) -> dict[str, dict[str, float]]:
    return {
        rule: dict(zip(FIGURES, row.round(4).tolist(), strict=True))
        for rule, row in zip(RULES, values, strict=True)
    }
