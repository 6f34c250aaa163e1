"""A movie's pixels read once: their statistics, and which hold no number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import DamagedFile, InputError, Movie
from neurocine.core.recording import Range
from neurocine.ingest.artefacts import FrameStatistics
from neurocine.ingest.missing import MissingPixels
from neurocine.ingest.scan_phase import ScanPhaseSum
from neurocine.io.safe.damage import PARSER_ERRORS, short_message
from neurocine.progress import Progress, silent

#: The largest value of a pixel, without its sign: the steps sum squares of pixels in single precision.
MOST_COUNTS = 1e12


@dataclass(frozen=True)
class PixelStatistics:
    """Statistics of a movie's pixels, in its counts.

    Attributes
    ----------
    mean, min, max
        Over all pixels and frames.
    saturated
        Fraction of pixels equal to `max`, in [0, 1]: close to 0 unless the recording was clipped.
    """

    mean: float
    min: float
    max: float
    saturated: float


def sample_runs(n_frames: int, most: int, run: int = 25) -> list[Range]:
    """Return first and last frame (inclusive) of runs of about `run` frames, spread over a movie.

    They hold `most` frames at most, the first and the last frame of the movie among them; all frames if there
    aren't more than `most`.
    """
    if n_frames <= most:
        return [(0, n_frames - 1)]
    n_runs = max(2, most // run)
    length = max(1, most // n_runs)
    starts = np.rint(np.linspace(0, n_frames - length, n_runs)).astype(int).tolist()
    return [(start, start + length - 1) for start in starts]


def check_pixels(
    movie: Movie,
    progress: Progress = silent,
    statistics: FrameStatistics | None = None,
    missing: MissingPixels | None = None,
    runs: Sequence[Range] | None = None,
    phase: ScanPhaseSum | None = None,
) -> PixelStatistics:
    """Read every pixel of `movie` once, in blocks, and return their statistics.

    Parameters
    ----------
    movie
        The movie.
    progress
        Called after each block.
    statistics
        What tells frames without data; each block is added to it.
    missing
        What counts pixels without a number; each block is added to it.
    runs
        First and last frame (inclusive) of the parts to read; None: the whole movie.
    phase
        What measures the phase of the scan; each block is added to it.

    Raises
    ------
    InputError
        If a frame can't be read, all pixels are the same, or values exceed `MOST_COUNTS`.
    """
    total: float = 0
    lowest, highest, at_highest = np.inf, -np.inf, 0
    n_read = 0
    for start, raw in _blocks(movie, runs or [(0, movie.n_frames - 1)]):
        if missing is not None:
            missing.add(raw)
        frames = movie.filled(start, raw)
        block_lowest, block_highest = frames.min().item(), frames.max().item()
        _check_size(movie, start, block_lowest, block_highest)
        if statistics is not None:
            statistics.add(frames)
        if phase is not None:
            phase.add(frames)
        # Integers are summed exactly, so the block size doesn't matter.
        total += frames.sum(dtype=np.float64).item() if frames.dtype.kind == "f" else int(frames.sum())
        lowest = min(lowest, block_lowest)
        if block_highest > highest:
            highest, at_highest = block_highest, 0
        at_highest += int(np.count_nonzero(frames == highest))
        n_read += len(frames)
        progress("pixels", start + len(frames), movie.n_frames)
    if lowest == highest:
        raise InputError(
            movie.source,
            "pixels",
            f"all have the value {highest:g}",
            "Check whether the shutter was open and the channel is right.",
        )
    n_pixels = n_read * movie.fov_shape[0] * movie.fov_shape[1]
    return PixelStatistics(float(total / n_pixels), float(lowest), float(highest), at_highest / n_pixels)


def _check_size(movie: Movie, start: int, lowest: float, highest: float) -> None:
    """Raise `InputError` if a value from frame `start` on is too large to be calculated with."""
    largest = max(lowest, highest, key=abs)
    if not abs(largest) <= MOST_COUNTS:
        raise InputError(
            movie.source,
            "pixels",
            f"reach {largest:.3g} from frame {start} on, which no detector counts: sums over frames overflow",
            "If such values stand for missing pixels, save these as NaN; else divide the movie by a number "
            f"that leaves values below {MOST_COUNTS:.0e}.",
        )


def _blocks(movie: Movie, runs: Sequence[Range]) -> Iterator[tuple[int, NDArray[Any]]]:
    step = movie.block_frames()
    for first, last in runs:
        for start in range(first, last + 1, step):
            yield start, _readable(movie, start, min(start + step, last + 1))


def _readable(movie: Movie, start: int, stop: int) -> NDArray[Any]:
    try:
        return np.asarray(movie.frames[start:stop])
    except PARSER_ERRORS as error:
        raise DamagedFile(
            movie.source,
            f"frames {start}-{stop - 1}",
            f"can't be read ({short_message(error)})",
            "The file is damaged: copy it again.",
        ) from error
