"""Activity inference by both backends against its plain windowed form: processor time for the same weights.

The plain form gives the whole network every window as it overlaps with others: each frame of a cell is cut,
masked and encoded as often as windows hold it. Weights are random, on which speed doesn't depend:
``python benchmarks/activity_inference.py [compact|reference] [cells]``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import keras
import numpy as np

from neurocine.activity import infer
from neurocine.config import ActivitySettings
from neurocine.config.section import Backend
from neurocine.core import Movie
from neurocine.io.result_files import read_movie, read_rois
from neurocine.networks.catalogue import CELL_ARCHITECTURES
from neurocine.networks.cells import CellArchitecture
from neurocine.networks.cells.grid import Grid, ModelMovie
from neurocine.networks.cells.inputs import Cells, windows
from neurocine.networks.cells.runner import Runner
from neurocine.networks.registry import Metrics, Model, ModelEntry, Registry, install
from neurocine.networks.weights import save_cell_weights
from neurocine.simulation import simulate

#: Cells read by the plain form: it is slow, and each costs the same.
PLAIN_CELLS = 2


def registered(folder: Path, architecture: CellArchitecture, movie: Movie) -> Registry:
    """Return a registry with one model of random weights, made for `movie`."""
    keras.utils.set_random_seed(0)
    networks = architecture.build()
    readout = networks.head.get_layer("readout")
    readout.kernel.assign(readout.kernel * 8)  # so that probabilities aren't all near a half
    save_cell_weights(folder / "weights.h5", networks, architecture, metadata={})
    entry = ModelEntry(
        task="activity",
        architecture=architecture.name,
        frame_rate_hz=movie.frame_rate_hz,
        pixel_size_um=movie.pixel_size_um,
        window_frames=architecture.window_frames,
        window_px=architecture.window_px,
        normalisation=architecture.normalisation,
        metrics=Metrics(on="nothing: random weights", values={}),
    )
    install(folder, "random", entry, folder / "weights.h5", "")
    return Registry.load(folder)


def window(architecture: CellArchitecture, patches: np.ndarray) -> np.ndarray:
    """Return what the whole network reads of the patches (n_inputs, T, px, px) of one window."""
    return patches.sum(axis=(2, 3)).T if architecture.family == "views" else np.moveaxis(patches, 0, -1)


def plain(frames: np.ndarray, cells: Cells, model: Model, size: int) -> np.ndarray:
    """Return the probabilities (PLAIN_CELLS, T) by the whole network, `size` windows at a time."""
    length, n_frames = model.architecture.window_frames, len(frames)
    merged = np.zeros((PLAIN_CELLS, n_frames), dtype=np.float32)
    starts = windows(n_frames, length, ActivitySettings().overlap)
    for cell in range(PLAIN_CELLS):
        for some in np.split(starts, range(size, len(starts), size)):
            cut = [cells.cut(frames[start : start + length], cell) for start in some]
            seen = np.stack([window(model.architecture, patches) for patches in cut])
            found = model.networks.full.predict_on_batch(seen)
            for start, probability in zip(some, found, strict=True):
                part = merged[cell, start : start + length]
                np.maximum(part, probability, out=part)
    return merged


def timed(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Return processor seconds and result of `work`."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def main(kind: str, n_cells: int) -> None:
    """Simulate a movie of 2,500 frames and measure."""
    architecture = CELL_ARCHITECTURES[f"activity-{kind}"]
    with TemporaryDirectory() as name:
        folder = Path(name)
        simulate("paper", 99, folder)
        movie, rois = read_movie(folder / "movie.h5"), read_rois(folder / "rois.h5")
        rois = rois.select(np.linspace(0, len(rois) - 1, n_cells).astype(int))
        registry = registered(folder, architecture, movie)
        print(f"{architecture.name}, {n_cells} cells, {movie.n_frames} frames: CPU-seconds")
        results = {}
        for backend in get_args(Backend):
            model = registry.model("random", "activity")
            start, _ = timed(lambda m=model, b=backend: Runner(m.networks, m.architecture, b)._blank)
            settings = ActivitySettings(model="random", extent=1, backend=backend)
            whole, results[backend] = timed(
                lambda s=settings: infer(movie, rois, s, registry=registry).probability
            )
            print(f"{backend}: {(whole - start) / n_cells:.3f} a cell, {start:.1f} once to compile")
        grid = Grid.of(movie, model.entry.frame_rate_hz, model.entry.pixel_size_um)
        seen = ModelMovie.of(movie, grid, model.entry.normalisation)
        frames = seen.read(0, grid.n_frames)
        cells = model.architecture.cells(grid.rois(rois), seen.statistics)
        for size in (1, 16):
            spent, wanted = timed(lambda n=size: plain(frames, cells, model, n))
            print(f"plain, {size} windows at a time: {spent / PLAIN_CELLS:.3f} a cell")
    for backend, found in results.items():
        apart = np.abs(found[:PLAIN_CELLS] - wanted).max()
        print(f"largest difference of {backend} from plain, whose SD is {wanted.std():.1e}: {apart:.1e}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "compact", int(sys.argv[2]) if len(sys.argv) > 2 else 16)
