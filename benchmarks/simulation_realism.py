"""Set simulated movies beside a real one: noise, footprints, SNR, ΔF/F and power spectra.

``python benchmarks/simulation_realism.py MOVIE.h5 PRESET OUT [--contours FILE] [--average N]``

MOVIE is a recording's ``motion/movie.h5``. The preset's movies take its frame rate, pixel size, field of view
and light a µm², and the step ``segmentation`` finds ROIs in the real and in the simulated movies: both are
measured alike, by those ROIs. Contours that people drew on the real movie are set beside the simulated
movies' true ones. Pictures and a table of figures (JSON) go to OUT.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray
from scipy import signal

from neurocine.config import SegmentationSettings
from neurocine.core import Movie, RoiSet
from neurocine.core.matching import match
from neurocine.io.result_files import read_movie, read_rois, read_summary
from neurocine.io.rois import open_rois
from neurocine.segmentation import segment
from neurocine.simulation import simulate
from neurocine.simulation.hybrid.presets import HYBRID_PRESETS

mpl.use("Agg")
from matplotlib import pyplot as plt

REAL, SIMULATED = "black", "tab:red"
#: A contour counts as found if an ROI shares this much of their union: suite2p's footprints aren't people's.
FOUND_IOU = 0.3


@dataclass
class Measured:
    """What one movie and its ROIs are like."""

    label: str
    mean: NDArray[np.float64]
    frame: NDArray[np.float64]
    noise_mean: NDArray[np.float64]
    noise_variance: NDArray[np.float64]
    neighbour_correlation: float
    rois_per_mm2: float
    diameter_um: NDArray[np.float64]
    noise_100um2: NDArray[np.float64]
    dff: NDArray[np.float64]
    snr: NDArray[np.float64]
    peak: NDArray[np.float64]
    frequency: NDArray[np.float64]
    power: NDArray[np.float64]


def measure(movie: Movie, rois: RoiSet, label: str, dark: float | None = None) -> Measured:
    """Measure a movie and its ROIs; brightness is in units of the gain (photons, if all noise is theirs).

    ``noise_100um2`` is CASCADE's noise level (% / √Hz) that an ROI of 100 µm² had: light alone decides it.
    """
    frames = movie.read(0, movie.n_frames).astype(np.float64)
    change = np.diff(frames, axis=0) / np.sqrt(2)
    variance, mean = change.var(axis=0), frames.mean(axis=0)
    slope, intercept = np.polyfit(mean.ravel(), variance.ravel(), 1)
    if dark is None:
        dark = -intercept / slope  # where the line says there is no noise
    pairs = (change[:, :, 1:] * change[:, :, :-1]).mean(0) / np.sqrt(variance[:, 1:] * variance[:, :-1])
    traces = (rois.matrix() @ frames.reshape(len(frames), -1).T) / np.asarray(rois.areas())[:, None]
    rest = np.percentile(traces, 20, axis=1, keepdims=True)
    dff = (traces - rest) / np.maximum(rest - min(dark, float(rest.min()) - 1), 1e-9)
    noise = 1.4826 * np.median(np.abs(np.diff(dff, axis=1)), axis=1) / np.sqrt(2)
    area_um2 = np.asarray(rois.areas()) * movie.pixel_size_um**2
    level = 100 * np.median(np.abs(np.diff(dff, axis=1)), axis=1) / np.sqrt(movie.frame_rate_hz)
    frequency, power = signal.welch(dff, movie.frame_rate_hz, nperseg=min(512, dff.shape[1]), axis=1)
    return Measured(
        label=label,
        mean=mean,
        frame=frames[len(frames) // 2],
        noise_mean=(mean.ravel() - dark) / slope,
        noise_variance=variance.ravel() / slope**2,
        neighbour_correlation=float(np.median(pairs)),
        rois_per_mm2=len(rois) / (mean.size * movie.pixel_size_um**2 * 1e-6),
        diameter_um=2 * np.sqrt(area_um2 / np.pi),
        noise_100um2=level * np.sqrt(area_um2 / 100),
        dff=dff,
        snr=np.percentile(dff, 99.5, axis=1) / noise,
        peak=np.percentile(dff, 99.5, axis=1),
        frequency=frequency,
        power=power / power.sum(axis=1, keepdims=True),
    )


@dataclass
class Compared:
    """One movie: by the ROIs that suite2p finds, by its contours, and how many of these are found."""

    found: Measured
    contours: Measured | None
    share_found: float


def compare(movie: Movie, contours: RoiSet | None, label: str, dark: float | None = None) -> Compared:
    """Find ROIs and measure `movie` by them, and by `contours`."""
    rois = segment(movie, SegmentationSettings(engine="suite2p"))
    found = measure(movie, rois, label, dark)
    if contours is None:
        return Compared(found, None, float("nan"))
    pairs = match(rois, contours, min_iou=FOUND_IOU).pairs
    return Compared(found, measure(movie, contours, label, dark), len(pairs) / len(contours))


def averaged(movie: Movie, n: int) -> Movie:
    """Return `movie` with each `n` frames averaged to one."""
    frames = movie.read(0, movie.n_frames // n * n).astype(np.float32)
    means = frames.reshape(-1, n, *movie.fov_shape).mean(axis=1)
    return replace(movie, frames=means, frame_rate_hz=movie.frame_rate_hz / n)


def simulated_like(real: Movie, name: str, seeds: range) -> list[Compared]:
    """Simulate and measure movies of preset `name` with the rate, scale, length and field of `real`."""
    preset = replace(HYBRID_PRESETS[name], fov_shape=real.fov_shape)
    compared = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            out = simulate(
                preset,
                seed,
                Path(folder) / str(seed),
                n_frames=min(real.n_frames, 2000),
                frame_rate_hz=real.frame_rate_hz,
                pixel_size_um=real.pixel_size_um,
            )
            movie, contours = read_movie(out / "movie.h5"), read_rois(out / "rois.h5")
            compared.append(compare(movie, contours, f"seed {seed}"))
    return compared


def draw_pictures(real: Measured, simulated: list[Measured], path: Path) -> None:
    """Draw mean pictures and single frames of the real and the first simulated movies."""
    shown = [real, *simulated[:3]]
    figure, axes = plt.subplots(2, len(shown), figsize=(1.45 * len(shown), 3.1))
    for column, movie in enumerate(shown):
        for axis, picture in zip(axes[:, column], (movie.mean, movie.frame), strict=True):
            axis.imshow(
                picture, cmap="gray", vmin=np.percentile(picture, 1), vmax=np.percentile(picture, 99.5)
            )
            axis.set_axis_off()
        axes[0, column].set_title(movie.label, fontsize=9)
    figure.tight_layout(pad=0.4)
    save(figure, path)


def draw_presets(path: Path) -> None:
    """Draw the mean of a short movie of each preset."""
    names = ("paper", *HYBRID_PRESETS)
    figure, axes = plt.subplots(1, len(names), figsize=(1.35 * len(names), 1.65))
    with tempfile.TemporaryDirectory() as folder:
        for axis, name in zip(axes, names, strict=True):
            out = simulate(name, 1, Path(folder) / name, n_frames=300)
            mean = read_summary(out / "movie.h5").mean
            axis.imshow(mean, cmap="gray", vmin=np.percentile(mean, 1), vmax=np.percentile(mean, 99.5))
            axis.set_axis_off()
            axis.set_title(name, fontsize=8)
    figure.tight_layout(pad=0.3)
    save(figure, path)


def draw_traces(real: Measured, simulated: list[Measured], frame_rate_hz: float, path: Path) -> None:
    """Draw ΔF/F of cells at even ranks of SNR."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), sharex=True)
    for axis, (label, dff, snr) in zip(
        axes,
        (
            ("real", real.dff, real.snr),
            (
                "simulated",
                np.concatenate([m.dff for m in simulated]),
                np.concatenate([m.snr for m in simulated]),
            ),
        ),
        strict=True,
    ):
        order = np.argsort(snr)[np.linspace(0, len(snr) - 1, 9).astype(int)]
        for row, cell in enumerate(order):
            scaled = dff[cell] / max(np.ptp(dff[cell]), 1e-9)
            axis.plot(np.arange(dff.shape[1]) / frame_rate_hz, scaled + row, lw=0.4, color="black")
        axis.set(title=f"{label}: ROIs found, by SNR, lowest first", xlabel="time (s)", yticks=[])
        axis.title.set_fontsize(9)
    figure.tight_layout()
    save(figure, path)


def draw_distributions(real: Measured, simulated: list[Measured], path: Path) -> None:
    """Draw the noise, footprints, SNR, ΔF/F and power spectra of both."""
    figure, axes = plt.subplots(1, 5, figsize=(13, 2.8))
    for movie in simulated:
        axes[0].plot(*binned(movie.noise_mean, movie.noise_variance), color=SIMULATED, lw=0.8, alpha=0.7)
        axes[4].loglog(movie.frequency[1:], np.median(movie.power, axis=0)[1:], color=SIMULATED, lw=0.8)
    axes[0].loglog(*binned(real.noise_mean, real.noise_variance), color=REAL, lw=1.5)
    axes[4].loglog(real.frequency[1:], np.median(real.power, axis=0)[1:], color=REAL, lw=1.5)
    axes[0].set(title="noise variance over mean", xlabel="mean (gains)", ylabel="variance (gains²)")
    axes[4].set(title="power of ΔF/F, median cell", xlabel="frequency (Hz)")
    for axis, name, label in (
        (axes[1], "diameter_um", "footprint diameter (µm)"),
        (axes[2], "snr", "SNR of an ROI's trace"),
        (axes[3], "peak", "ΔF/F, 99.5th percentile"),
    ):
        for values, colour, who in (
            (np.concatenate([getattr(m, name) for m in simulated]), SIMULATED, "simulated"),
            (getattr(real, name), REAL, "real"),
        ):
            ranked = np.sort(values)
            axis.plot(ranked, np.arange(1, len(ranked) + 1) / len(ranked), color=colour, label=who)
        axis.set(title=label, ylim=(0, 1))
        if name != "diameter_um":
            axis.set_xscale("log")
            axis.xaxis.set_minor_formatter(NullFormatter())
    axes[1].legend(fontsize=8)
    axes[1].set_ylabel("share of ROIs found")
    for axis in axes:
        axis.title.set_fontsize(9)
    figure.tight_layout()
    save(figure, path)


def binned(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return medians of `y` in 25 bins of equal numbers of `x`."""
    parts = np.array_split(np.argsort(x), 25)
    return np.array([np.median(x[p]) for p in parts]), np.array([np.median(y[p]) for p in parts])


def save(figure: plt.Figure, path: Path) -> None:
    """Write a small PNG, the same bytes each time."""
    figure.savefig(path, dpi=80, metadata={"Software": None})
    plt.close(figure)


def row(movies: list[Measured]) -> dict[str, float]:
    """Return medians (and 10th and 90th percentiles) over the ROIs of `movies`, and means over movies."""
    found: dict[str, float] = {"rois": sum(len(m.snr) for m in movies)}
    for name in ("diameter_um", "snr", "peak", "noise_100um2"):
        values = np.concatenate([getattr(m, name) for m in movies])
        found |= {f"{name}_p{p}": round(float(np.percentile(values, p)), 3) for p in (10, 50, 90)}
    medians = [np.median(m.snr) for m in movies if len(m.snr)]
    found |= {
        "movie_snr_least": round(float(min(medians)), 3),
        "movie_snr_most": round(float(max(medians)), 3),
    }
    low = np.concatenate([m.power[:, m.frequency < 1].sum(axis=1) for m in movies])
    means = {
        "rois_per_mm2": np.mean([m.rois_per_mm2 for m in movies]),
        "neighbour_correlation": np.mean([m.neighbour_correlation for m in movies]),
        "power_below_1_hz": low.mean(),
    }
    return found | {name: round(float(value), 3) for name, value in means.items()}


def figures(real: Compared, simulated: list[Compared]) -> dict[str, dict[str, float]]:
    """Return the table: both by the ROIs found, and by contours where there are any."""
    table: dict[str, dict[str, float]] = {}
    for who, movies in (("real", [real]), ("simulated", simulated)):
        table[f"{who}, found"] = row([m.found for m in movies])
        contours = [m.contours for m in movies if m.contours is not None]
        if contours:
            share = round(float(np.mean([m.share_found for m in movies])), 3)
            table[f"{who}, contours"] = row(contours) | {"share_found": share}
    return table


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("movie", type=Path)
    parser.add_argument("preset", choices=HYBRID_PRESETS)
    parser.add_argument("out", type=Path)
    parser.add_argument("--contours", type=Path, help="drawn by people on the real movie")
    parser.add_argument("--average", type=int, default=1, help="frames of the real movie averaged to one")
    parser.add_argument("--movies", type=int, default=14, help="simulated movies, from seed 1 on")
    parser.add_argument("--pixel-size", type=float, help="µm, if the movie file's is only nominal")
    parser.add_argument("--dark", type=float, help="counts of darkness in the real movie, if known")
    parser.add_argument("--no-pictures", action="store_true", help="the table of figures only")
    given = parser.parse_args()
    movie = averaged(read_movie(given.movie), given.average)
    if given.pixel_size:
        movie = replace(movie, pixel_size_um=given.pixel_size)
    contours = open_rois(given.contours, fov_shape=movie.fov_shape) if given.contours else None
    real = compare(movie, contours, "real", given.dark)
    simulated = simulated_like(movie, given.preset, range(1, given.movies + 1))
    given.out.mkdir(parents=True, exist_ok=True)
    if not given.no_pictures:
        found = [m.found for m in simulated]
        draw_pictures(real.found, found, given.out / f"{given.preset}-pictures.png")
        draw_traces(real.found, found, movie.frame_rate_hz, given.out / f"{given.preset}-traces.png")
        draw_distributions(real.found, found, given.out / f"{given.preset}-distributions.png")
        draw_presets(given.out / "presets.png")
    table = figures(real, simulated)
    (given.out / f"{given.preset}.json").write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(table, indent=2))


if __name__ == "__main__":
    main()
