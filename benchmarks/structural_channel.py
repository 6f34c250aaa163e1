"""Labelled cells in a simulated structural channel: `python benchmarks/structural_channel.py OUT`.

To a simulated movie (cortex-6s, seed 11, split test, 1,200 frames) a second channel is added: a dye in some
of its cells and in cells without an ROI, out-of-focus light, texture, a share of the functional channel's
light, and noise of its own. One table gives, for each share of bleed-through, the share that was
measured; the other, for each share of labelled cells, over 40 draws, how well the probability separates
labelled cells from others (AUC), and how often cells of a probability are labelled.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from neurocine.celltype import labelled_probability
from neurocine.config import MotionSettings
from neurocine.core import Movie, RoiSet
from neurocine.io.result_files import Stamp, read_movie, read_rois, read_structural
from neurocine.io.tables import write_table
from neurocine.motion import register
from neurocine.simulation import simulate

N_FRAMES, N_DRAWS = 1200, 40
SHARES = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)
BLEED_THROUGH = (0.0, 0.05, 0.15, 0.3)
#: Standard deviation of the structural channel's noise in a frame, and of its mean picture's texture,
#: relative to the mean brightness of a labelled cell.
NOISE, TEXTURE = 0.5, 0.05
Picture = NDArray[np.float64]


def main(out: Path) -> None:
    """Simulate, measure, and write both tables."""
    folder = out / "sim"
    if not (folder / "truth.h5").is_file():
        simulate("cortex-6s", 11, folder, n_frames=N_FRAMES, split="test")
    movie, rois = read_movie(folder / "movie.h5"), read_rois(folder / "rois.h5")
    write_table(out / "bleed_through.tsv", bleed_through_rows(movie, rois, out))
    write_table(out / "labelled.tsv", labelled_rows(movie, rois))


def dye(rois: RoiSet, labelled: NDArray[np.bool_], rng: np.random.Generator) -> Picture:
    """Return the mean picture of a dye in `labelled` cells, in some without an ROI, and out of focus."""
    height, width = rois.fov_shape
    brightness = np.where(labelled, rng.lognormal(-0.2, 0.6, len(rois)), 0)
    picture = (brightness @ rois.matrix()).reshape(height, width)
    some = labelled.any()
    y, x = np.mgrid[:height, :width]
    for _ in range(max(1, labelled.sum() // 10) if some else 0):
        a, b = rng.uniform(0, height), rng.uniform(0, width)
        picture += rng.lognormal(-0.2, 0.6) * (np.hypot(y - a, x - b) <= 5)
    spots = np.zeros((height, width))
    spots[rng.integers(height, size=30), rng.integers(width, size=30)] = some
    blurred = ndimage.gaussian_filter(spots, 12)
    texture = ndimage.gaussian_filter(rng.normal(size=picture.shape), 2)
    picture = ndimage.gaussian_filter(picture, 1) + 0.3 * blurred / max(blurred.max(), 1e-9)
    return 1 + picture + TEXTURE * texture / texture.std()


def bleed_through_rows(movie: Movie, rois: RoiSet, out: Path) -> Iterator[dict[str, float]]:
    """Yield the share of bleed-through that is measured, by the true one and the share of labelled cells."""
    functional = movie.read(0, movie.n_frames).astype(np.float32)
    # Two frames before and after show almost the same, with noise that is independent of this frame's and the
    # next one's.
    light = (np.roll(functional, 2, axis=0) + np.roll(functional, -2, axis=0)) / 2
    unit = float(functional.mean())
    for share in (0.0, 0.2, 1.0):
        for true in BLEED_THROUGH:
            rng = np.random.default_rng(1)
            still = unit * dye(rois, rng.random(len(rois)) < share, rng)
            structural = np.empty_like(functional)
            for t in range(movie.n_frames):
                structural[t] = still + true * light[t] + NOISE * unit * rng.normal(size=still.shape)
            second = Movie(structural, movie.frame_rate_hz, movie.pixel_size_um)
            path = out / "movie.h5"
            register(movie, MotionSettings(engine="none"), path, Stamp(), structural=second)
            pictures = read_structural(path)
            assert pictures is not None
            row = {"labelled": share, "true": true, "measured": round(pictures.bleed_through, 4)}
            print(row, flush=True)
            yield row


def labelled_rows(movie: Movie, rois: RoiSet) -> Iterator[dict[str, float]]:
    """Yield AUC, cells with a clear label and how many of them are labelled, and the calibration."""
    for share in SHARES:
        probability, truth, aucs = [], [], []
        for draw in range(N_DRAWS):
            rng = np.random.default_rng([draw, 3])
            labelled = rng.random(len(rois)) < share
            picture = dye(rois, labelled, rng) + NOISE / np.sqrt(N_FRAMES) * rng.normal(size=rois.fov_shape)
            found = labelled_probability(picture, rois, movie.pixel_size_um)
            probability.append(found)
            truth.append(labelled)
            if 0 < labelled.sum() < len(labelled):
                aucs.append(roc_auc_score(labelled, found))
        p, true = np.concatenate(probability), np.concatenate(truth)
        clear = p >= 0.9
        row = {
            "labelled": share,
            "auc": round(float(np.mean(aucs)), 4) if aucs else np.nan,
            "clear": int(clear.sum()),
            "right": int((clear & true).sum()),
            "all_labelled": int(true.sum()),
            **{
                f"labelled_at_{low}_to_{high}": round(float(true[(p >= low) & (p < high)].mean()), 3)
                if ((p >= low) & (p < high)).any()
                else np.nan
                for low, high in ((0, 0.1), (0.1, 0.5), (0.5, 0.9))
            },
        }
        print(row, flush=True)
        yield row


if __name__ == "__main__":
    main(Path(sys.argv[1]))
