"""Set simulated movies beside a real one: noise, footprints, SNR, ΔF/F and power spectra.

``python benchmarks/simulation_realism.py MOVIE.h5 ROIS.h5 PRESET OUT [--movies 6] [--pixel-size UM]``

MOVIE and ROIS are a recording's ``motion/movie.h5`` and ``segmentation/rois.h5``. The preset's movies take
its frame rate, pixel size and field of view, so that both are measured alike. Pictures and a table of figures
(JSON) go to OUT.
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

from neurocine.core import Movie, RoiSet
from neurocine.io.contracts import read_movie, read_rois, read_summary
from neurocine.simulation import PRESETS, simulate
from neurocine.simulation.presets import preset_of

mpl.use("Agg")
from matplotlib import pyplot as plt

REAL, SIMULATED = "black", "tab:red"


@dataclass
class Measured:
    """What one movie is like; lists of arrays for several."""

    label: str
    mean: NDArray[np.float64]
    frame: NDArray[np.float64]
    noise_mean: NDArray[np.float64]
    noise_variance: NDArray[np.float64]
    neighbour_correlation: float
    diameter_um: NDArray[np.float64]
    dff: NDArray[np.float64]
    snr: NDArray[np.float64]
    peak: NDArray[np.float64]
    frequency: NDArray[np.float64]
    power: NDArray[np.float64]


def measure(movie: Movie, rois: RoiSet, label: str) -> Measured:
    """Measure a movie and its cells; brightness is in units of the gain (photons, if all noise is theirs)."""
    frames = movie.read(0, movie.n_frames).astype(np.float64)
    change = np.diff(frames, axis=0) / np.sqrt(2)
    variance, mean = change.var(axis=0), frames.mean(axis=0)
    slope, intercept = np.polyfit(mean.ravel(), variance.ravel(), 1)
    dark = -intercept / slope  # where the line says there is no noise
    pairs = (change[:, :, 1:] * change[:, :, :-1]).mean(0) / np.sqrt(variance[:, 1:] * variance[:, :-1])
    traces = (rois.matrix() @ frames.reshape(len(frames), -1).T) / np.asarray(rois.areas())[:, None]
    rest = np.percentile(traces, 20, axis=1, keepdims=True)
    dff = (traces - rest) / np.maximum(rest - min(dark, float(rest.min()) - 1), 1e-9)
    noise = 1.4826 * np.median(np.abs(np.diff(dff, axis=1)), axis=1) / np.sqrt(2)
    frequency, power = signal.welch(dff, movie.frame_rate_hz, nperseg=min(512, dff.shape[1]), axis=1)
    return Measured(
        label=label,
        mean=mean,
        frame=frames[len(frames) // 2],
        noise_mean=(mean.ravel() - dark) / slope,
        noise_variance=variance.ravel() / slope**2,
        neighbour_correlation=float(np.median(pairs)),
        diameter_um=2 * np.sqrt(np.asarray(rois.areas()) / np.pi) * movie.pixel_size_um,
        dff=dff,
        snr=np.percentile(dff, 99.5, axis=1) / noise,
        peak=np.percentile(dff, 99.5, axis=1),
        frequency=frequency,
        power=power / power.sum(axis=1, keepdims=True),
    )


def simulated_like(real: Movie, name: str, seeds: range) -> list[Measured]:
    """Simulate and measure movies of preset `name` with the rate, scale and field of the `real` one."""
    preset = preset_of(
        name,
        fov_shape=real.fov_shape,
        frame_rate_hz=real.frame_rate_hz,
        pixel_size_um=real.pixel_size_um,
        n_frames=min(real.n_frames, 2000),
    )
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            out = simulate(preset, seed, Path(folder) / str(seed))
            found.append(measure(read_movie(out / "movie.h5"), read_rois(out / "rois.h5"), f"seed {seed}"))
    return found


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
    figure, axes = plt.subplots(1, len(PRESETS), figsize=(1.35 * len(PRESETS), 1.65))
    with tempfile.TemporaryDirectory() as folder:
        for axis, name in zip(axes, PRESETS, strict=True):
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
        axis.set(title=f"{label}: cells by SNR, lowest first", xlabel="time (s)", yticks=[])
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
        (axes[2], "snr", "SNR of a trace"),
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
    axes[1].set_ylabel("share of cells below")
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


def figures(real: Measured, simulated: list[Measured]) -> dict[str, dict[str, float]]:
    """Return medians (and 10th and 90th percentiles) of both."""
    table: dict[str, dict[str, float]] = {}
    for who, movies in (("real", [real]), ("simulated", simulated)):
        row: dict[str, float] = {}
        for name in ("diameter_um", "snr", "peak", "noise_mean"):
            values = np.concatenate([getattr(m, name) for m in movies])
            row |= {f"{name}_p{p}": round(float(np.percentile(values, p)), 3) for p in (10, 50, 90)}
        row["neighbour_correlation"] = round(float(np.mean([m.neighbour_correlation for m in movies])), 3)
        low = [m.power[:, m.frequency < 1].sum(axis=1).mean() for m in movies]
        row["power_below_1_hz"] = round(float(np.mean(low)), 3)
        table[who] = row
    return table


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("movie", type=Path)
    parser.add_argument("rois", type=Path)
    parser.add_argument("preset")
    parser.add_argument("out", type=Path)
    parser.add_argument("--movies", type=int, default=6, help="simulated movies, from seed 1 on")
    parser.add_argument("--pixel-size", type=float, help="µm, if the movie file's is only nominal")
    given = parser.parse_args()
    movie = read_movie(given.movie)
    if given.pixel_size:
        movie = replace(movie, pixel_size_um=given.pixel_size)
    real = measure(movie, read_rois(given.rois), "real")
    simulated = simulated_like(movie, given.preset, range(1, given.movies + 1))
    given.out.mkdir(parents=True, exist_ok=True)
    draw_pictures(real, simulated, given.out / f"{given.preset}-pictures.png")
    draw_traces(real, simulated, movie.frame_rate_hz, given.out / f"{given.preset}-traces.png")
    draw_distributions(real, simulated, given.out / f"{given.preset}-distributions.png")
    draw_presets(given.out / "presets.png")
    table = figures(real, simulated)
    (given.out / f"{given.preset}.json").write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(table, indent=2))


if __name__ == "__main__":
    main()
