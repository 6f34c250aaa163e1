"""Check a project's inputs before hours are spent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurocine.activity import check_length
from neurocine.config import Config
from neurocine.config.engines import STNEURONET
from neurocine.config.recordings import check_rois
from neurocine.core import Movie, NeurocineError, Recording
from neurocine.ingest import MovieRecord, gathered_warnings, ingest, without_path
from neurocine.io.rois import open_cropped
from neurocine.networks.registry import Registry

#: Frames of each movie that `check_recording` reads.
SAMPLE_FRAMES = 200


def check_models(config: Config) -> None:
    """Raise `InputError` if a network that `config` names isn't in the registry, or is for another task."""
    registry, looked_for = Registry.load(), config.active.mode != "off"
    registry.get(config.celltype.model, "celltype")
    if config.activity.model != "auto":
        registry.get(config.activity.model, "activity")
    if looked_for or config.segmentation.engine == STNEURONET:
        registry.get(config.segmentation.stneuronet.model, STNEURONET)


def check_recording(recording: Recording, config: Config) -> MovieRecord:
    """Open what `recording` names as far as can be done in seconds; return what was understood of its movie.

    Raises
    ------
    InputError
        On anything that would make a step fail later: a movie that can't be read, lacks metadata or is
        shorter than the activity network's window; contours that don't fit it, none where the config wants
        them, or some where it doesn't.
    """
    record = ingest(
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
    check_length(_like(record), config.activity)
    check_rois(config.recordings, recording, config.segmentation.engine)
    if recording.rois is not None:
        open_cropped(recording.rois, fov_shape=record.shape[1:], crop=recording.selection.crop)
    return record


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
        What was understood of its movie; None if there is a problem.
    """

    recording: str
    problem: str | None
    warnings: tuple[str, ...]
    movie: MovieRecord | None


def findings(recording: Recording, config: Config) -> Findings:
    """Return what `check_recording` finds, a problem included."""
    movie, problem = None, None
    with gathered_warnings(quiet=True) as warnings:
        try:
            movie = check_recording(recording, config)
        except NeurocineError as error:
            problem = str(error)
    first = recording.movie[0]
    return Findings(recording.name, problem, tuple(without_path(text, first) for text in warnings), movie)


def _like(record: MovieRecord) -> Movie:
    """Return a movie of the shape and the metadata of `record`, without its pixels."""
    blank = np.broadcast_to(np.zeros((), record.dtype), record.shape)
    return Movie(blank, record.frame_rate_hz, record.pixel_size_um, record.indicator, record.files[0].path)
