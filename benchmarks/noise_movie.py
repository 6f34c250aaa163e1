"""A registered movie of noise, for benchmarks in which what a movie shows makes no difference."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from neurocine.core import Movie
from neurocine.io.result_files import MovieWriter, Registration, Stamp
from neurocine.motion.summary import SummaryAccumulator

#: Frames that differ; they are repeated.
BLOCK = 250
STAMP = Stamp("c" * 64, hashlib.sha256(b"movie").hexdigest())


def write_noise(folder: Path, n_frames: int, edge: int) -> None:
    """Write ``ingest/source.json`` and ``motion/movie.h5`` of `n_frames` of `edge` × `edge` pixels."""
    noise = np.random.default_rng(0).integers(100, 900, (BLOCK, edge, edge)).astype(np.uint16)
    like = Movie(np.broadcast_to(noise[:1], (n_frames, edge, edge)), 30.0, 1.0, "GCaMP6s")
    (folder / "ingest").mkdir(parents=True)
    source = {
        "files": [],
        "sha256": STAMP.source_sha256,
        "format": "tiff",
        "shape": [n_frames, edge, edge],
        "dtype": "uint16",
        "frame_rate_hz": 30.0,
        "pixel_size_um": 1.0,
        "indicator": "GCaMP6s",
        "pixels": {"mean": 500.0, "min": 100.0, "max": 900.0, "saturated": 0.0},
    }
    (folder / "ingest" / "source.json").write_text(json.dumps(source))
    summary = SummaryAccumulator(noise[0])
    summary.add(noise)
    still, picture = np.zeros(n_frames, dtype=np.float32), np.zeros((edge, edge), dtype=np.float32)
    with MovieWriter(folder / "motion" / "movie.h5", like, STAMP) as writer:
        for start in range(0, n_frames, BLOCK):
            writer.write(start, noise[: n_frames - start])
        writer.finish(summary.result(), Registration(still, still, still, still > 0, picture, picture, {}))
