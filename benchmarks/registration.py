"""Error and cost of the registration engines: `python benchmarks/registration.py OUT`.

Simulated movies of six kinds, whose displacement is known at every pixel (`registration_movies.py`); with
`--naomi MOVIE TRUTH` also one of NAOMi, of which the displacement of each frame is known; with `--real MOVIE`
recordings, of which quality measures alone are known. All engines register the same frames in one thread.

The error is that of the displacement per axis, away from the edges. The template may lie anywhere and be
distorted, so the median over time is subtracted at each pixel. Processor time (user + system) is that of
registering frames; what the template costs stands beside it. Writes ``registration.tsv``, ``real.tsv`` and
``registration.webp``, which shows where in the field of view each engine errs.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from threadpoolctl import threadpool_limits

from neurocine.config import EnginesSettings, MotionSettings
from neurocine.core import InputError, Movie
from neurocine.io.movies import open_movie
from neurocine.io.result_files import Stamp, read_registration
from neurocine.io.tables import write_table
from neurocine.motion import register
from neurocine.motion.engines import Moved, limit_px, prepared
from neurocine.motion.template import sample_frames
from registration_movies import KINDS, Motion, make_movie

ENGINES = {
    "neurocine": {"engine": "neurocine"},
    "neurocine, rigid": {"engine": "neurocine", "nonrigid": False},
    "suite2p": {"engine": "suite2p"},
    "suite2p, rigid": {"engine": "suite2p", "nonrigid": False},
    "cinac": {"engine": "cinac"},
}
#: Frames registered at a time, and the distance of the pixels at which the error is taken.
BLOCK, EVERY_PX = 64, 4
Picture = NDArray[np.float32]


class Measured(NamedTuple):
    """Error of one engine on one movie: the table's row, and the root mean square at each place (Y, X)."""

    row: dict[str, Any]
    error: Picture


def main() -> None:
    """Measure, print, and write tables and picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11])
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--edge", type=int, default=256)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES))
    parser.add_argument("--naomi", type=Path, nargs=2, metavar=("MOVIE", "TRUTH"))
    parser.add_argument("--real", type=Path, nargs="+", default=[])
    parser.add_argument("--caiman-python", help="Python of an environment with CaImAn")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    engines = {name: MotionSettings(**ENGINES[name]) for name in given.engines}
    run = EnginesSettings.model_validate({"caiman": {"python": given.caiman_python}})
    if given.caiman_python:
        engines["NoRMCorre"] = MotionSettings(engine="caiman")
    rows: list[dict[str, Any]] = []
    pictures: dict[str, dict[str, Picture]] = {}
    with threadpool_limits(1):
        warm_up(engines, run)
        for kind in given.kinds:
            for seed in given.seeds:
                frames, motion, pixel_um = make_movie(kind, seed, given.frames, given.edge)
                for name, settings in engines.items():
                    found = known(Movie(frames, 30.0, pixel_um, source=kind), motion, settings, run)
                    rows.append({"movie": kind, "seed": seed, "engine": name, **found.row})
                    pictures.setdefault(kind, {}).setdefault(name, found.error)
                    print(*(f"{v:.3f}" if isinstance(v, float) else v for v in rows[-1].values()), flush=True)
        if given.naomi:
            rows += naomi(given.naomi, engines, run)
        write_table(given.out / "registration.tsv", rows)
        if given.real:
            write_table(given.out / "real.tsv", real(given.real, engines, run, given.out))
    if pictures:
        draw(pictures, given.out / "registration.webp")


def warm_up(engines: dict[str, MotionSettings], run: EnginesSettings) -> None:
    """Load and compile what each engine needs, which isn't measured."""
    frames = np.random.default_rng(0).poisson(50, (12, 128, 128)).astype(np.uint16)
    for settings in engines.values():
        with prepared(frames, settings, 1.0, run) as registrar:
            registrar.apply(frames)


def processor_s() -> float:
    """Return the processor time of this process so far, seconds."""
    times = os.times()
    return times.user + times.system


def blocks(
    movie: Movie, settings: MotionSettings, run: EnginesSettings
) -> Iterator[tuple[int, Moved, dict[str, float]]]:
    """Register `movie`; yield each block's first frame, the block, and the processor time so far."""
    start = processor_s()
    sample = sample_frames(movie, settings.template_frames)
    with prepared(sample, settings, movie.pixel_size_um, run) as registrar:
        cost = {"template_cpu_s": processor_s() - start, "cpu_s_per_gpx": 0.0}
        for first in range(0, movie.n_frames, BLOCK):
            frames = movie.read(first, min(first + BLOCK, movie.n_frames))
            start = processor_s()
            moved = registrar.apply(frames)
            cost["cpu_s_per_gpx"] += (processor_s() - start) / (movie.n_frames * frames[0].size) * 1e9
            yield first, moved, cost


def known(movie: Movie, motion: Motion, settings: MotionSettings, run: EnginesSettings) -> Measured:
    """Return the error at every place of a movie of known `motion`."""
    margin = limit_px(settings, movie.pixel_size_um, movie.fov_shape)
    places = np.mgrid[margin : movie.fov_shape[0] - margin, margin : movie.fov_shape[1] - margin]
    places = places[:, ::EVERY_PX, ::EVERY_PX].astype(np.float32)
    off, cost = [], {}
    for first, moved, cost in blocks(movie, settings, run):  # noqa: B007
        for t, field in enumerate(displacements(moved, movie.fov_shape), first):
            here = field[:, *places.astype(int)]
            true = [ndimage.map_coordinates(part, places + here, order=1) for part in motion.of(t)]
            off.append(here - np.stack(true))
    error = np.stack(off) - np.median(off, axis=0)
    row = {f"rms_{axis}_px": _rms(error[:, i]) for i, axis in enumerate("yx")}
    row |= {"rms_px": _rms(error), "p95_px": float(np.percentile(np.abs(error), 95)), **cost}
    return Measured(row, np.sqrt((error**2).mean(axis=(0, 1))))


def displacements(moved: Moved, fov_shape: tuple[int, int]) -> Iterator[Picture]:
    """Yield the displacement (2, Y, X) at each pixel of the registered frames: ramps are moved alike."""
    ramps = np.indices(fov_shape).astype(np.float32)
    n = len(moved.y)
    if moved.move_alike is None:
        for shift in zip(moved.y, moved.x, strict=True):
            yield np.broadcast_to(np.array(shift, dtype=np.float32)[:, None, None], (2, *fov_shape))
        return
    y, x = (moved.move_alike(np.broadcast_to(ramp, (n, *fov_shape)).copy()) - ramp for ramp in ramps)
    yield from np.stack([y, x], axis=1)


def naomi(
    paths: list[Path], engines: dict[str, MotionSettings], run: EnginesSettings
) -> Iterator[dict[str, Any]]:
    """Yield the error of the mean displacement of each frame of NAOMi's movie, one row per engine."""
    movie = open_movie(paths[0], frame_rate_hz=20.0, pixel_size_um=1.0)
    with np.load(paths[1]) as file:
        true = file["motion_halfum"][:, :2] / 2.0
    for name, settings in engines.items():
        found, cost = [], {}
        for _, moved, cost in blocks(movie, settings, run):  # noqa: B007
            found.append(np.stack([moved.y, moved.x], axis=1))
        shift = np.concatenate(found)
        # Its sign may be that of the content or that of the objective.
        sign = np.sign((shift * (true - true.mean(axis=0))).sum())
        error = shift - sign * true
        error -= np.median(error, axis=0)
        row = {f"rms_{axis}_px": _rms(error[:, i]) for i, axis in enumerate("yx")}
        row |= {"rms_px": _rms(error), "p95_px": float(np.percentile(np.abs(error), 95)), **cost}
        print("naomi", name, row, flush=True)
        yield {"movie": "NAOMi (frames)", "seed": 0, "engine": name, **row}


def real(
    paths: list[Path], engines: dict[str, MotionSettings], run: EnginesSettings, out: Path
) -> Iterator[dict[str, Any]]:
    """Yield the quality measures of each engine on each recording."""
    for path in paths:
        movie = open_movie(path, frame_rate_hz=30.0, pixel_size_um=1.0)
        for name, settings in {**engines, "none": MotionSettings(engine="none")}.items():
            try:
                register(movie, settings, out / "moved.h5", Stamp(), engines=run)
            except InputError as error:
                yield {"movie": path.stem, "engine": name, "failed": str(error)}
                continue
            metrics = read_registration(out / "moved.h5").metrics
            print(path.stem, name, metrics, flush=True)
            yield {"movie": path.stem, "engine": name, **metrics}
        (out / "moved.h5").unlink()


def draw(pictures: dict[str, dict[str, Picture]], path: Path) -> None:
    """Draw where in the field of view each engine errs: one row per kind, one column per engine."""
    names = list(next(iter(pictures.values())))
    figure = Figure(figsize=(1.7 * len(names) + 1.2, 1.75 * len(pictures)), layout="constrained")
    axes = figure.subplots(len(pictures), len(names), squeeze=False)
    for line, (kind, by_engine) in zip(axes, pictures.items(), strict=True):
        for panel, (name, error) in zip(line, by_engine.items(), strict=True):
            image = panel.imshow(error, vmin=0, vmax=0.6, cmap="magma")
            panel.set(xticks=[], yticks=[], title=f"{name}: {np.sqrt((error**2).mean()):.2f}")
            panel.title.set_fontsize(8)
        line[0].set_ylabel(kind, fontsize=9)
    figure.colorbar(image, ax=axes, label="RMS error per axis (px)", shrink=0.6)
    part = path.with_suffix(".png")
    figure.savefig(part, dpi=110)
    Image.open(part).convert("RGB").save(path, quality=80, method=6)
    part.unlink()


def _rms(values: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


if __name__ == "__main__":
    main()
