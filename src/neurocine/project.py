"""Check a project's inputs before hours are spent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurocine.activity import check_length
from neurocine.config import Config
from neurocine.config.engines import STNEURONET
from neurocine.config.recordings import check_rois
from neurocine.core import InputError, Movie, NeurocineError, Recording
from neurocine.ingest import MovieRecord, gathered_warnings, ingest, without_path
from neurocine.io.result_files import read_rois, read_truth
from neurocine.io.rois import open_cropped
from neurocine.networks.registry import Registry

#: Frames of each movie that `findings` reads.
SAMPLE_FRAMES = 200


def check_models(config: Config) -> None:
    """Raise `InputError` if a network that `config` names isn't in the registry, or is for another task."""
    registry, looked_for = Registry.load(), config.active.mode != "off"
    registry.get(config.celltype.model, "celltype")
    if config.activity.model != "auto":
        registry.get(config.activity.model, "activity")
    if looked_for or config.segmentation.engine == STNEURONET:
        registry.get(config.segmentation.stneuronet.model, STNEURONET)


@dataclass(frozen=True)
class Findings:
    """What was found of a recording.

    Attributes
    ----------
    recording
        Its name.
    problem
        Why it can't be used; None if it can.
    warnings
        What is doubtful.
    movie
        What was understood of its movie; None if the movie can't be read.
    n_rois
        How many ROIs the file of the table holds, rejected ones left out; None if it names none.
    """

    recording: str
    problem: str | None
    warnings: tuple[str, ...]
    movie: MovieRecord | None
    n_rois: int | None


def findings(recording: Recording, config: Config) -> Findings:
    """Open what `recording` names as far as can be done in seconds, and return what was found.

    Anything that would make a step fail later is its `problem`: a movie that can't be read, lacks metadata or
    is shorter than the activity network's window; contours or truth that don't fit it, no contours where the
    config wants them, or some where it doesn't.
    """
    movie = n_rois = problem = None
    with gathered_warnings(quiet=True) as warnings:
        try:
            movie = _sample(recording)
            check_length(_like(movie), config.activity)
            check_rois(config.recordings, recording, config.segmentation.engine)
            n_rois = _count_rois(recording, movie)
            _check_truth(recording, movie)
        except NeurocineError as error:
            problem = str(error)
    first = recording.movie[0]
    doubts = tuple(without_path(text, first) for text in warnings)
    return Findings(recording.name, problem, doubts, movie, n_rois)


def _sample(recording: Recording) -> MovieRecord:
    """Return what a sample of the movie of `recording` tells."""
    return ingest(
        recording.movie,
        frame_rate_hz=recording.frame_rate_hz,
        pixel_size_um=recording.pixel_size_um,
        indicator=recording.indicator,
        override=recording.override,
        dark_offset=recording.dark_offset,
        selection=recording.selection,
        channel_structural=recording.channel_structural,
        bad_frames=recording.bad_frames,
        sample=SAMPLE_FRAMES,
    )


def _count_rois(recording: Recording, movie: MovieRecord) -> int | None:
    """Return how many ROIs of the user's there are; None without a file of them."""
    if recording.rois is None:
        return None
    return len(open_cropped(recording.rois, fov_shape=movie.shape[1:], crop=movie.open().crop))


def _check_truth(recording: Recording, movie: MovieRecord) -> None:
    """Raise `InputError` unless the truth of `recording`, if it has any, is that of its movie."""
    truth, (n_frames, *fov_shape) = recording.ground_truth, movie.shape
    if truth is None:
        return
    if not (truth / "truth.h5").is_file():
        open_cropped(truth, fov_shape=(fov_shape[0], fov_shape[1]), crop=movie.open().crop)
        return
    known = read_truth(truth / "truth.h5").raster.shape[1], *read_rois(truth / "rois.h5").fov_shape
    if known != movie.shape:
        raise InputError(
            truth,
            "ground_truth",
            f"is that of {known[0]} frames of {known[1]} x {known[2]} pixels, but the recording has "
            f"{n_frames} of {fov_shape[0]} x {fov_shape[1]}",
            "Give the truth of this movie, of the frames, rows and columns that the table selects.",
        )


def _like(record: MovieRecord) -> Movie:
    """Return a movie of the shape and the metadata of `record`, without its pixels."""
    blank = np.broadcast_to(np.zeros((), record.dtype), record.shape)
    return Movie(blank, record.frame_rate_hz, record.pixel_size_um, record.indicator, record.files[0].path)
