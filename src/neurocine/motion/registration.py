"""Registration of a movie, streamed from the raw movie into the movie file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from neurocine.config import EnginesSettings, MotionSettings
from neurocine.core import Movie, NoValidFrame, Validity
from neurocine.core.movie import BLOCK_BYTES
from neurocine.core.validate import check_edges
from neurocine.io.result_files import MovieWriter, Registration, Stamp, Summary
from neurocine.motion.engines import Registrar, limit_px, prepared
from neurocine.motion.metrics import (
    ChunkMeans,
    TemplateCorrelation,
    crispness,
    residual_flow_p95,
    unregistered,
    unregistrable,
)
from neurocine.motion.structural import StructuralMean
from neurocine.motion.summary import SummaryAccumulator
from neurocine.motion.template import sample_frames
from neurocine.progress import Progress, silent

#: Smallest height and width, in pixels, that engines register.
MIN_EDGE = 6


def register(
    movie: Movie,
    settings: MotionSettings,
    out: Path,
    stamp: Stamp,
    progress: Progress = silent,
    engines: EnginesSettings | None = None,
    structural: Movie | None = None,
) -> None:
    """Register `movie` and write it, its summary images and its shifts to `out`.

    The sampled frames are read for the template, then all frames once; about ten blocks are in memory at a
    time, never the movie. The pixel type is kept. Frames that can't be registered are flagged, not removed.

    Parameters
    ----------
    movie
        The raw movie.
    settings
        Engine and its parameters.
    out
        The movie file to write, read by `neurocine.io.result_files.read_movie`.
    stamp
        Provenance written into the file.
    progress
        Called after each block.
    engines
        How programs in their own environments are run; None: the defaults.
    structural
        The structural channel of the same frames, whose mean picture is moved by the shifts of `movie` and
        written, too; None if there is none.

    Raises
    ------
    InputError
        If pictures are too small to be registered; if sampled frames are blank, or no frame holds data; if
        the engine can't be run; if the structural channel has other frames.
    """
    if settings.engine != "none":
        check_edges(movie.fov_shape, MIN_EDGE, movie.source, "registration", ", or set motion.engine to none")
    sample = sample_frames(movie, settings.template_frames)
    margin = limit_px(settings, movie.pixel_size_um, movie.fov_shape)
    # Engines work in float32, whatever the pixel type.
    block_bytes = BLOCK_BYTES * movie.dtype.itemsize // 4
    with (
        # Arrays are small: threads of NumPy's libraries would wait for one another.
        threadpool_limits(1),
        prepared(sample, settings, movie.pixel_size_um, engines or EnginesSettings()) as registrar,
        MovieWriter(out, movie, stamp) as writer,
    ):
        measured = _Measured(registrar, movie, margin)
        other = None if structural is None else StructuralMean(structural, movie)
        for start, frames in movie.blocks(block_bytes):
            moved = registrar.apply(frames)
            writer.write(start, moved.frames)
            measured.before(start, frames)
            measured.after(start, moved.frames)
            part = slice(start, start + len(frames))
            measured.y[part], measured.x[part], measured.at_limit[part] = moved.y, moved.x, moved.at_limit
            if other is not None:
                other.add(start, moved, measured.correlation[: part.stop])
            progress("motion", start + len(frames), movie.n_frames)
        summary = measured.summary.result()
        registration = measured.registration(summary, settings.flag_mad)
        lost = unregistrable(registration.correlation, registration.unregistered)
        try:
            validity = Validity.of(~lost, "unregistrable")
            if movie.validity:
                validity |= movie.validity.moved(registration.y, movie.fov_shape[0])
        except NoValidFrame as error:
            raise error.at(movie.source) from error
        pictures = None if other is None else other.result(summary.mean)
        writer.finish(summary, registration, validity, pictures)


class _Measured:
    """Shifts, quality and summary images, accumulated block by block."""

    def __init__(self, registrar: Registrar, movie: Movie, margin: int) -> None:
        self.template = registrar.template
        self.margin = margin
        self.summary = SummaryAccumulator(registrar.template)
        self.y, self.x, self.correlation, self._before = np.zeros((4, movie.n_frames), dtype=np.float32)
        self.at_limit = np.zeros(movie.n_frames, dtype=bool)
        self._raw_sum = np.zeros(movie.fov_shape)
        self._chunks = ChunkMeans(movie.n_frames, movie.fov_shape)
        self._correlation = TemplateCorrelation(registrar.template, margin)

    def before(self, start: int, frames: NDArray[np.generic]) -> None:
        """Add raw `frames`."""
        self._before[start : start + len(frames)] = self._correlation(frames)
        self._raw_sum += frames.sum(axis=0, dtype=np.float64)

    def after(self, start: int, frames: NDArray[np.generic]) -> None:
        """Add registered `frames`."""
        self.correlation[start : start + len(frames)] = self._correlation(frames)
        self.summary.add(frames)
        self._chunks.add(start, frames)

    def registration(self, summary: Summary, flag_mad: float) -> Registration:
        """Return shifts, flags and quality of the registration."""
        flagged = unregistered(self.correlation, self.at_limit, flag_mad)
        kept = ~flagged if not flagged.all() else np.ones_like(flagged)
        shift = np.hypot(self.y, self.x)[kept]
        raw_mean = (self._raw_sum / len(flagged)).astype(np.float32)
        metrics = {
            "correlation_before": float(self._before[kept].mean(dtype=np.float64)),
            "correlation_after": float(self.correlation[kept].mean(dtype=np.float64)),
            "crispness_before": crispness(raw_mean),
            "crispness_after": crispness(summary.mean),
            "residual_flow_p95_px": residual_flow_p95(self.template, self._chunks.result(), self.margin),
            "max_shift_px": float(shift.max()),
            "unregistered_share": float(flagged.mean()),
        }
        return Registration(self.y, self.x, self.correlation, flagged, self.template, raw_mean, metrics)
