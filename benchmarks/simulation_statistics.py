"""Statistics of simulated and of real movies, side by side: light, noise, motion, neuropil, vessels, masks.

``python benchmarks/simulation_statistics.py OUT [--real NAME=FILE,RATE,PIXEL_UM ...] [--preset NAME ...]``

Each movie is measured by its pixels alone, real and simulated alike. Real movies are TIFF files (T, Y, X),
registered by whole pixels first; of simulated ones there are ``--movies`` of each preset, from ``--seed`` on.
Fields with masks (``--field NAME=IMAGE,MASKS,PIXEL_UM``: TIFF or JPEG, and NPZ with ``shape``, ``k``, ``y``
and ``x``) are measured by their masks, beside the contours of simulated movies. The table (JSON) goes to OUT.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage, stats

from neurocine.core.truth import SPLITS
from neurocine.simulation.hybrid.make import make_hybrid
from neurocine.simulation.hybrid.presets import HYBRID_PRESETS
from neurocine.simulation.library.scene import align, noise_of
from neurocine.simulation.presets import sampled
from neurocine.simulation.tissue.make import make_tissue
from neurocine.simulation.tissue.ranges import TISSUE_PRESETS

mpl.use("Agg")
from matplotlib import pyplot as plt

#: Side of the blocks in which slow fluctuation is measured, and blur before frames are compared, µm.
BLOCK_UM, BLUR_UM = 8.0, 1.5
#: Most frames of a movie that are measured.
MOST_FRAMES = 1000
Frames = NDArray[np.float32]


@dataclass(frozen=True)
class Sampled:
    """Frames (T, Y, X) in counts, their rate in Hz and the size of a pixel in µm."""

    frames: Frames
    rate: float
    pixel_um: float


def movie_statistics(movie: Sampled) -> dict[str, float]:
    """Return the figures of one movie; those that it is too short for are left out."""
    frames = movie.frames[:MOST_FRAMES]
    mean = frames.mean(axis=0)
    gain, intercept, shared = noise_of(frames)
    gain = max(gain, 1e-6)
    dark = (
        -intercept / gain if -intercept / gain < np.percentile(mean, 5) else float(np.percentile(mean, 0.5))
    )
    found = {
        "photons a pixel, if all noise is theirs": float(np.median(mean - dark)) / gain,
        "noise shared by neighbours, r": shared,
        "rows: noise in common": _row_noise(frames),
        "odd rows displaced, px": _odd_rows(mean),
        "correlation of successive frames": _successive(movie, frames),
        "share of pixels at full scale, ‰": 1e3 * float(np.mean(frames >= frames.max())),
        **picture_statistics(mean - dark, movie.pixel_um),
    }
    if len(frames) >= 90:
        found |= _fluctuation(movie, frames, dark)
        found |= _motion(movie, frames)
        found |= _skewness(movie, frames)
    return {name: value for name, value in found.items() if np.isfinite(value)}


def picture_statistics(mean: NDArray[np.floating], pixel_um: float) -> dict[str, float]:
    """Return the figures of a mean picture (Y, X), darkness 0."""
    smooth = ndimage.gaussian_filter(mean, 4 / pixel_um)
    middle = max(float(np.median(mean)), 1e-6)
    return {
        "mean picture: 99th percentile over median": float(np.percentile(mean, 99)) / middle,
        "mean picture: 1st percentile over median": float(np.percentile(mean, 1)) / middle,
        "dark share of the field (under half the median)": float(np.mean(smooth < 0.5 * np.median(smooth))),
        "slope of the spatial spectrum": _spectral_slope(mean, pixel_um),
    }


def mask_statistics(
    masks: list[NDArray[np.bool_]], mean: NDArray[np.floating], pixel_um: float
) -> dict[str, float]:
    """Return size, density and brightness of `masks` (Y, X) on a mean picture."""
    area = np.array([m.sum() for m in masks]) * pixel_um**2
    taken = np.any(masks, axis=0)
    ratio = []
    for mask in masks:
        rows, cols = (slice(max(0, int(i.min()) - 12), int(i.max()) + 13) for i in np.nonzero(mask))
        away = ndimage.distance_transform_edt(~mask[rows, cols]) * pixel_um
        ring = (away > 2) & (away < 8) & ~taken[rows, cols]
        if ring.sum() > 5:
            ratio.append(mean[mask].mean() / max(float(mean[rows, cols][ring].mean()), 1e-6))
    found = {"masks a mm²": len(masks) / (mean.size * pixel_um**2 * 1e-6)}
    for p in (10, 50, 90):
        found[f"mask area, µm², {p} %"] = float(np.percentile(area, p))
        found[f"mask over surround, {p} %"] = float(np.percentile(ratio, p))
    return found


def _successive(movie: Sampled, frames: Frames) -> float:
    """Return the median correlation of successive frames, lightly blurred."""
    few = frames[:200]
    blurred = ndimage.gaussian_filter(few, (0, BLUR_UM / movie.pixel_um, BLUR_UM / movie.pixel_um))
    flat = blurred.reshape(len(few), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    return float(np.median((flat[1:] * flat[:-1]).sum(axis=1)))


def _row_noise(frames: Frames) -> float:
    """Return the sd that the pixels of a row share, relative to a pixel's noise."""
    change = np.diff(frames[:300], axis=0)
    change -= change.mean(axis=(1, 2), keepdims=True)
    rows = change.mean(axis=2)
    excess = rows.var() - change.var() / frames.shape[2] * 2  # what neighbours share counts twice, about
    return float(np.sqrt(max(excess, 0) / change.var()))


def _odd_rows(mean: NDArray[np.floating]) -> float:
    """Return by how many pixels odd rows are displaced against even ones."""
    even, odd = mean[:-2:2], mean[1:-1:2]
    between = 0.5 * (even + mean[2::2][: len(even)])
    steps = np.arange(-2.0, 2.01, 0.1)
    inner = slice(4, -4)
    fit = [
        np.corrcoef(ndimage.shift(between, (0, s), order=1)[:, inner].ravel(), odd[:, inner].ravel())[0, 1]
        for s in steps
    ]
    return float(abs(steps[int(np.argmax(fit))]))


def _blocks(movie: Sampled, frames: Frames) -> Frames:
    """Return the means of blocks, (T, n)."""
    side = max(2, round(BLOCK_UM / movie.pixel_um))
    h, w = (n // side for n in frames.shape[1:])
    cut = frames[:, : h * side, : w * side].reshape(len(frames), h, side, w, side)
    return cut.mean(axis=(2, 4)).reshape(len(frames), -1)


def _fluctuation(movie: Sampled, frames: Frames, dark: float) -> dict[str, float]:
    """Return how much blocks fluctuate beside noise, and how much of that they share."""
    course = _blocks(movie, frames).astype(np.float64)
    level = np.maximum(course.mean(axis=0) - dark, 1e-6)
    noise = np.diff(course, axis=0).var(axis=0) / 2
    beside = np.sqrt(np.maximum(course.var(axis=0) - noise, 0)) / level
    per_bin = max(1, round(movie.rate / 2))
    slow = course[: len(course) // per_bin * per_bin].reshape(-1, per_bin, course.shape[1]).mean(axis=1)
    slow = (slow - slow.mean(axis=0)) / level
    power = np.linalg.svd(slow, compute_uv=False) ** 2
    return {
        "slow fluctuation of 8 µm blocks, %, median": 100 * float(np.median(beside)),
        "slow fluctuation of 8 µm blocks, %, 95th percentile": 100 * float(np.percentile(beside, 95)),
        "slow fluctuation over noise": float(np.median(beside * level / np.sqrt(noise))),
        "share of the largest component": float(power[0] / power.sum()),
        "frame mean, sd from frame to frame, %": 100
        * float(np.diff(course.mean(axis=1)).std() / np.sqrt(2) / level.mean()),
    }


def _motion(movie: Sampled, frames: Frames) -> dict[str, float]:
    """Return the displacement of means of 0.2 s against the movie's mean."""
    n = max(1, round(0.2 * movie.rate))
    few = frames[: len(frames) // n * n].reshape(-1, n, *frames.shape[1:]).mean(axis=1)[:300]
    sigma = 1.0 / movie.pixel_um
    mean = ndimage.gaussian_filter(few.mean(axis=0), sigma)
    gy, gx = np.gradient(mean)
    basis = np.stack([g[4:-4, 4:-4].ravel() for g in (gy, gx, mean)], axis=1)
    basis -= basis.mean(axis=0)
    solve = np.linalg.pinv(basis)
    shifts = []
    for frame in few:
        change = (ndimage.gaussian_filter(frame, sigma) - mean)[4:-4, 4:-4].ravel()
        shifts.append(-(solve @ (change - change.mean()))[:2])
    size = np.hypot(*(np.asarray(shifts) - np.median(shifts, axis=0)).T) * movie.pixel_um
    return {
        "residual motion, µm, median": float(np.median(size)),
        "residual motion, µm, 99th percentile": float(np.percentile(size, 99)),
    }


def _skewness(movie: Sampled, frames: Frames) -> dict[str, float]:
    """Return the skewness of the courses of lightly blurred pixels, in bins of half a second."""
    n = max(1, round(0.5 * movie.rate))
    binned = frames[: len(frames) // n * n].reshape(-1, n, *frames.shape[1:]).mean(axis=1)
    blurred = ndimage.gaussian_filter(binned, (0, 1.0 / movie.pixel_um, 1.0 / movie.pixel_um))
    skew = stats.skew(blurred, axis=0).ravel()
    return {
        "skewness of pixels, median": float(np.median(skew)),
        "skewness of pixels, 99th percentile": float(np.percentile(skew, 99)),
        "skewness of pixels, 1st percentile": float(np.percentile(skew, 1)),
    }


def _spectral_slope(mean: NDArray[np.floating], pixel_um: float) -> float:
    """Return the exponent of the power of the logarithm of a picture between 1/40 and 1/5 cycles a µm."""
    log = np.log(np.maximum(mean, 0.05 * np.median(mean)))
    window = np.outer(*(np.hanning(side) for side in mean.shape))
    power = np.abs(np.fft.fft2((log - log.mean()) * window)) ** 2
    y, x = (np.fft.fftfreq(side, pixel_um) for side in mean.shape)
    frequency = np.hypot(y[:, None], x[None])
    edges = np.geomspace(1 / 40, min(1 / 5, 0.45 / pixel_um), 9)
    which = np.digitize(frequency.ravel(), edges) - 1
    points = [
        (np.sqrt(edges[i] * edges[i + 1]), power.ravel()[which == i].mean())
        for i in range(8)
        if np.any(which == i)
    ]
    x_log, y_log = np.log(np.array(points)).T
    return float(np.polyfit(x_log, y_log, 1)[0])


def real_movie(text: str) -> tuple[str, Sampled]:
    """Read ``NAME=FILE,RATE,PIXEL_UM``."""
    name, _, rest = text.partition("=")
    file, rate, pixel = rest.rsplit(",", 2)
    frames = tifffile.imread(file).astype(np.float32)
    return name, Sampled(align(frames), float(rate), float(pixel))


def real_field(text: str) -> tuple[str, dict[str, float]]:
    """Measure ``NAME=IMAGE,MASKS,PIXEL_UM``."""
    name, _, rest = text.partition("=")
    image, masks, pixel = rest.rsplit(",", 2)
    read = (
        tifffile.imread(image)
        if image.endswith((".tif", ".tiff"))
        else np.asarray(Image.open(image).convert("L"))
    )
    mean = read.reshape(-1, *read.shape[-2:]).mean(axis=0).astype(np.float64)
    mean -= np.percentile(mean, 0.5)
    with np.load(masks) as file:
        n, height, width = (int(v) for v in file["shape"])
        stack = np.zeros((n, height, width), dtype=bool)
        stack[file["k"], file["y"], file["x"]] = True
    um = float(pixel)
    return name, picture_statistics(mean, um) | mask_statistics([m for m in stack if m.any()], mean, um)


def simulated(name: str, seeds: range, n_frames: int, split: str) -> list[dict[str, float]]:
    """Measure movies of a preset."""
    found = []
    for seed in seeds:
        tissue = name in TISSUE_PRESETS
        preset = sampled((TISSUE_PRESETS if tissue else HYBRID_PRESETS)[name], n_frames)
        rois, truth, source = (make_tissue if tissue else make_hybrid)(preset, seed, split, name)  # type: ignore[operator]
        frames = source[0:n_frames].astype(np.float32)
        movie = Sampled(frames, preset.frame_rate_hz, preset.pixel_size_um)
        mean = frames.mean(axis=0) - float(
            source.camera.offset if hasattr(source, "camera") else source.detector.offset
        )
        masks = [rois.mask(i) for i in range(len(rois))]
        dprime = truth.hybrid.detectability if truth.hybrid else np.empty(0)
        found.append(
            movie_statistics(movie)
            | mask_statistics(masks, mean, movie.pixel_um)
            | {
                "transients with d′ over 5, share": float(np.mean(dprime > 5)),
                "transients a cell and minute": len(dprime) / len(rois) / (n_frames / movie.rate / 60),
            }
        )
    return found


def draw_kinds(path: Path, n_frames: int = 300) -> None:
    """Draw the mean of a short movie, and one frame, of each kind of tissue."""
    figure, axes = plt.subplots(2, len(TISSUE_PRESETS), figsize=(1.35 * len(TISSUE_PRESETS), 3.0))
    for column, (name, preset) in zip(axes.T, TISSUE_PRESETS.items(), strict=True):
        frames = make_tissue(replace(preset, n_frames=n_frames), 1, "train", name)[2][0:n_frames]
        for axis, picture in zip(column, (frames.mean(axis=0), frames[n_frames // 2]), strict=True):
            low, high = np.percentile(picture, (1, 99.7))
            axis.imshow(picture, cmap="gray", vmin=low, vmax=high)
            axis.set_axis_off()
        column[0].set_title(name.removeprefix("tissue-"), fontsize=8)
    figure.tight_layout(pad=0.3)
    figure.savefig(path, dpi=80, metadata={"Software": None})
    plt.close(figure)


def spread(found: list[dict[str, float]]) -> dict[str, list[float]]:
    """Return the median, the 10th and the 90th percentile of each figure over movies."""
    names = dict.fromkeys(name for one in found for name in one)
    return {
        name: [
            round(float(v), 4)
            for v in np.percentile([one[name] for one in found if name in one], (50, 10, 90))
        ]
        for name in names
    }


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--real", action="append", default=[], help="NAME=FILE,RATE,PIXEL_UM; repeatable")
    parser.add_argument("--field", action="append", default=[], help="NAME=IMAGE,MASKS,PIXEL_UM; repeatable")
    parser.add_argument("--preset", action="append", choices=[*HYBRID_PRESETS, *TISSUE_PRESETS], default=[])
    parser.add_argument("--movies", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--picture", type=Path, help="draw a movie of each kind of tissue to this PNG")
    given = parser.parse_args()
    if given.picture:
        draw_kinds(given.picture)
    table: dict[str, dict[str, list[float]]] = {}
    for text in given.real:
        name, movie = real_movie(text)
        table[name] = spread([movie_statistics(movie)])
    fields = [real_field(text) for text in given.field]
    for name in dict.fromkeys(name for name, _ in fields):
        table[name] = spread([found for n, found in fields if n == name])
    seeds = range(given.seed, given.seed + given.movies)
    for name in given.preset:
        table[name] = spread(simulated(name, seeds, given.frames, given.split))
    given.out.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for name, row in table.items():
        print(name)
        for figure, values in row.items():
            print(f"  {figure:55s}", *values)


if __name__ == "__main__":
    main()
