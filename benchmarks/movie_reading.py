"""Reading a movie file: whole frames, and one cell's window through all time, against a flat binary file."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from neurocine.core import Movie
from neurocine.io.result_files import MovieWriter, Registration, Stamp, read_movie
from neurocine.motion.summary import SummaryAccumulator

SHAPE = (4000, 256, 256)
REPEATS = 3


def written(folder: Path) -> tuple[np.memmap, Movie]:
    """Write the same noise as a flat file and as a movie file; return both."""
    flat = np.memmap(folder / "flat.bin", dtype=np.uint16, mode="w+", shape=SHAPE)
    movie = Movie(flat, frame_rate_hz=30.0, pixel_size_um=1.0)
    rng = np.random.default_rng(0)
    summary = SummaryAccumulator(flat[0])
    with MovieWriter(folder / "movie.h5", movie, Stamp()) as writer:
        for start in range(0, SHAPE[0], 256):
            flat[start : start + 256] = rng.integers(0, 4000, flat[start : start + 256].shape)
            writer.write(start, flat[start : start + 256])
            summary.add(flat[start : start + 256])
        still = np.zeros(SHAPE[0], dtype=np.float32)
        picture = np.zeros(SHAPE[1:], dtype=np.float32)
        writer.finish(summary.result(), Registration(still, still, still, still > 0, picture, picture, {}))
    flat.flush()
    return flat, read_movie(folder / "movie.h5")


def fastest(work: Callable[[], object]) -> float:
    """Return the seconds of the fastest of some runs."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    """Print the ratios; the window lies across four chunks, the worst case."""
    with TemporaryDirectory() as folder:
        flat, movie = written(Path(folder))
        whole = [
            fastest(lambda: [frames.sum() for _, frames in movie.blocks()]),
            fastest(lambda: [flat[i : i + 512].sum() for i in range(0, SHAPE[0], 512)]),
        ]
        cell = [
            fastest(lambda: np.asarray(movie.frames[:, 115:140, 115:140])),
            fastest(lambda: np.array(flat[:, 115:140, 115:140])),
        ]
    mb = np.prod(SHAPE) * 2 / 1e6
    print(f"movie of {mb:.0f} MB, in the file system's cache")
    print(f"whole frames: {mb / whole[0]:.0f} MB/s, {whole[1] / whole[0]:.2f} times the flat file's speed")
    print(f"one cell's window: {cell[0]:.3f} s, {cell[1] / cell[0]:.2f} times the flat file's speed")


if __name__ == "__main__":
    main()
