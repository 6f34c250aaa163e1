"""Activity inference against its plain windowed form: processor time for the same cells and weights."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from neurocine.activity import infer
from neurocine.config import ActivitySettings
from neurocine.core import Movie, RoiSet
from neurocine.io.contracts import read_movie, read_rois
from neurocine.models import Registry
from neurocine.network.grid import Grid, ModelMovie, statistics
from neurocine.network.inputs import cells, windows
from neurocine.simulation import simulate


def plain(movie: Movie, rois: RoiSet, settings: ActivitySettings) -> np.ndarray:
    """Return the probabilities (N, T) window by window: every frame encoded as often as windows hold it."""
    registry = Registry.load()
    model = registry.model(registry.serving("any", movie.indicator), "activity")
    grid = Grid.of(movie, model.entry.frame_rate_hz, model.entry.pixel_size_um)
    frames = ModelMovie(movie, grid, statistics(movie, grid)).read(0, grid.n_frames)
    length = model.architecture.window_frames
    patches = cells(grid.rois(rois), model.architecture.window_px)
    merged = np.zeros((len(rois), grid.n_frames), dtype=np.float32)
    for cell in range(len(rois)):
        for start in windows(grid.n_frames, length, settings.overlap):
            seen = patches.cut(frames[start : start + length], cell)
            found = model.networks.full(np.moveaxis(seen, 0, -1)[None], training=False)
            part = merged[cell, start : start + length]
            np.maximum(part, np.asarray(found)[0], out=part)
    return grid.to_movie(merged)


def timed(work) -> tuple[float, np.ndarray]:
    """Return processor seconds and result of `work`."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def main(n_cells: int) -> None:
    """Simulate a movie of 2,500 frames and measure both."""
    with TemporaryDirectory() as folder:
        simulate("paper", 99, Path(folder))
        movie = read_movie(Path(folder) / "movie.h5")
        rois = read_rois(Path(folder) / "rois.h5").select(np.arange(n_cells))
        settings = ActivitySettings()
        infer(movie, rois.select([0]), settings)  # loading and tracing are not what is compared
        fast, raster = timed(lambda: infer(movie, rois, settings))
        slow, probability = timed(lambda: plain(movie, rois, settings))
    apart = float(np.abs(raster.probability - probability).max())
    print(f"{n_cells} cells, {movie.n_frames} frames, overlap {settings.overlap}")
    print(f"streamed: {fast / n_cells:.2f} CPU-s a cell")
    print(f"plain windows: {slow / n_cells:.2f} CPU-s a cell: {slow / fast:.1f} times as much")
    print(f"largest difference: {apart:.1e}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 16)
