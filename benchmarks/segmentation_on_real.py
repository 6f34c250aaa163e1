"""Segmentation of a real recording with anatomical truth: recall on active neurons, precision against all.

``python benchmarks/segmentation_on_real.py MOVIE [--regions regions.json] [--methods suite2p correlation]``

MOVIE is a data set of Neurofinder, or a movie with ``--regions``. Anatomical truth has neurons that are
silent in these frames, which no engine can find by activity. So recall is the share of the active true ROIs
that is found, precision the share of what is found that is any true ROI, and F1 the harmonic mean of the two.

A true ROI is active if it has a transient of a signal-to-noise ratio (SNR) over ``--snr``, see
`neurocine.evaluation.segmentation.anatomical`.

``suite2p`` keeps what its classifier takes for neurons, ``suite2p-all`` everything. ``correlation`` is a
baseline without training: the correlation of each pixel with its neighbours, in frames binned to about 6 Hz,
above a threshold; pieces are split and dropped as STNeuroNet's are. The threshold is in robust standard
deviations over the picture's median, as correlation itself depends on the noise, and is that of the highest
mean F1 on simulated validation movies: ``--choose FOLDER ...`` chooses it anew, from folders with
``movie.h5``, ``rois.h5`` and ``truth.h5``. A recording that is judged here has no part in it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.active.detect import detect
from neurocine.active.instances import instances
from neurocine.config import SegmentationSettings, StneuronetSettings
from neurocine.core import Movie, RoiSet
from neurocine.evaluation import match
from neurocine.evaluation.segmentation.anatomical import transient_snr
from neurocine.evaluation.segmentation.groups import evaluate_active
from neurocine.io.atomic import write_text
from neurocine.io.movies import open_movie
from neurocine.io.result_files import read_movie, read_rois
from neurocine.io.result_files.truth import read_truth
from neurocine.io.rois import open_rois
from neurocine.motion.summary import SummaryAccumulator
from neurocine.networks.registry import Registry
from neurocine.networks.segmentation.postprocessing import Postprocessing
from neurocine.segmentation import segment
from neurocine.traces.events import MAD_TO_STD

#: Frames are binned to about this rate before pixels are correlated.
BINNED_HZ = 6.0
#: Correlation from which on a pixel is a neuron's, in robust SD, chosen as the heading says.
THRESHOLD = 1.75
THRESHOLDS = np.arange(0.5, 6.1, 0.25)

Scores = dict[str, Any]


def correlation_picture(movie: Movie) -> NDArray[np.float32]:
    """Return the correlation of each pixel with its neighbours in binned frames, robust SD, (Y, X)."""
    length = max(1, round(movie.frame_rate_hz / BINNED_HZ))
    summary = SummaryAccumulator(movie.read(0, 1)[0])
    step = max(1, movie.block_frames() // length) * length
    for start in range(0, movie.n_frames - length + 1, step):
        frames = movie.read(start, min(start + step, movie.n_frames // length * length))
        summary.add(frames.reshape(-1, length, *movie.fov_shape).mean(axis=1))
    picture = summary.result().correlation
    middle = np.median(picture)
    return np.asarray((picture - middle) / (MAD_TO_STD * np.median(np.abs(picture - middle))))


def correlated(picture: NDArray[np.float32], pixel_size_um: float, threshold: float) -> RoiSet:
    """Return the pieces of a correlation picture above `threshold`."""
    found = instances((picture >= threshold).astype(np.float32), pixel_size_um, Postprocessing())
    height, width = picture.shape
    return RoiSet.from_pixels((height, width), [(one.y, one.x, None) for one in found], engine="correlation")


def choose(folders: Sequence[Path]) -> float:
    """Print the mean F1 of each threshold on simulated movies; return that of the highest."""
    scores = np.zeros((len(folders), len(THRESHOLDS)))
    for i, folder in enumerate(folders):
        movie, rois = read_movie(folder / "movie.h5"), read_rois(folder / "rois.h5")
        truth, picture = read_truth(folder / "truth.h5"), correlation_picture(movie)
        for j, threshold in enumerate(THRESHOLDS):
            found = correlated(picture, movie.pixel_size_um, float(threshold))
            scores[i, j] = evaluate_active(found, rois, truth).visible.iou.score.f1
    for threshold, column in zip(THRESHOLDS, scores.T, strict=True):
        print(f"threshold {threshold:.2f}: mean F1 {column.mean():.3f}, each {np.round(column, 2).tolist()}")
    return float(THRESHOLDS[int(np.argmax(scores.mean(axis=0)))])


def judge(found: RoiSet, truth: RoiSet, active: NDArray[np.bool_]) -> Scores:
    """Return recall on the active true ROIs, precision against all and F1, by both rules of matching."""
    scores: Scores = {"found": len(found)}
    for rule, containment in (("iou", False), ("containment", True)):
        pairs = match(found, truth, containment=containment).pairs
        recall = float(active[pairs[:, 1]].sum() / max(active.sum(), 1))
        precision = len(pairs) / max(len(found), 1)
        f1 = 2 * recall * precision / (recall + precision) if recall + precision else 0.0
        scores[rule] = {"recall": recall, "precision": precision, "f1": f1, "matched": len(pairs)}
    return scores


def methods(
    model: str | None, registry: Path | None, threshold: float
) -> dict[str, Callable[[Movie], RoiSet]]:
    """Return the engines by name."""
    own = StneuronetSettings() if model is None else StneuronetSettings(model=model)
    every = SegmentationSettings(engine="suite2p", min_probability=0.0)
    return {
        "suite2p": lambda movie: segment(movie, SegmentationSettings(engine="suite2p")),
        "suite2p-all": lambda movie: segment(movie, every),
        "correlation": lambda movie: correlated(correlation_picture(movie), movie.pixel_size_um, threshold),
        "stneuronet": lambda movie: detect(movie, own, registry=Registry.load(registry)).masks,
    }


def table(results: dict[str, dict[str, Scores]], least: Sequence[float], counts: Sequence[int]) -> str:
    """Return the scores as lines of text."""
    lines = []
    for level, count in zip(least, counts, strict=True):
        lines.append(f"active: {count} ROIs with a transient of SNR over {level:g}")
        head = "  ".join(f"{rule}: recall precision F1".rjust(34) for rule in ("iou", "containment"))
        lines.append(f"{'method':12} {'found':>5}  {head}")
        for name, scores in results.items():
            one = scores[f"{level:g}"]
            parts = [
                "{recall:.3f}    {precision:.3f}    {f1:.3f}".format(**one[rule]).rjust(34)
                for rule in ("iou", "containment")
            ]
            lines.append(f"{name:12} {one['found']:5d}  " + "  ".join(parts))
    return "\n".join(lines)


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("movie", type=Path)
    parser.add_argument("--regions", type=Path, help="true ROIs, if the movie isn't a data set with them")
    parser.add_argument("--frame-rate", type=float)
    parser.add_argument("--pixel-size", type=float)
    parser.add_argument("--indicator")
    known = list(methods(None, None, THRESHOLD))
    parser.add_argument("--methods", nargs="+", default=known, choices=known)
    parser.add_argument("--model", help="of stneuronet, if not the default")
    parser.add_argument("--registry", type=Path, help="of stneuronet, if not the one that ships")
    parser.add_argument("--snr", type=float, nargs="+", default=[8.0, 12.0])
    parser.add_argument("--choose", type=Path, nargs="+", help="folders of simulated validation movies")
    parser.add_argument("--out", type=Path, help="JSON file for the scores")
    given = parser.parse_args()
    movie = open_movie(
        given.movie,
        frame_rate_hz=given.frame_rate,
        pixel_size_um=given.pixel_size,
        indicator=given.indicator,
    )
    truth = open_rois(given.regions or given.movie, fov_shape=movie.fov_shape)
    height = transient_snr(movie, truth)
    counts = [int((height > least).sum()) for least in given.snr]
    threshold = choose(given.choose) if given.choose else THRESHOLD
    print(f"correlation's threshold: {threshold}; {len(truth)} true ROIs")
    engines = methods(given.model, given.registry, threshold)
    results: dict[str, dict[str, Scores]] = {}
    for name in given.methods:
        began = time.perf_counter()
        found = engines[name](movie)
        seconds = time.perf_counter() - began
        results[name] = {f"{least:g}": judge(found, truth, height > least) for least in given.snr}
        print(f"{name}: {len(found)} ROIs in {seconds:.1f} s", flush=True)
    print(table(results, given.snr, counts))
    if given.out:
        record = {"active": dict(zip(map(str, given.snr), counts, strict=True)), "methods": results}
        write_text(given.out, json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
