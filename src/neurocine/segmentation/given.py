"""Contours that the user hands in."""

from __future__ import annotations

from neurocine.config import EnginesSettings, SegmentationSettings
from neurocine.core import InputError, Movie, RoiSet
from neurocine.progress import Progress


def find(
    movie: Movie,
    settings: SegmentationSettings,
    given: RoiSet | None,
    engines: EnginesSettings,
    progress: Progress,
) -> RoiSet:
    """Return `given`, checked to be of the field of view of `movie`.

    Raises
    ------
    InputError
        If there are none, or their field of view is another.
    """
    if given is None:
        raise InputError(
            movie.source,
            "rois",
            "segmentation.engine is 'given' but no contours were handed in",
            "Name a file in the column rois of the recordings table, or choose another engine.",
        )
    if given.fov_shape != movie.fov_shape:
        raise InputError(
            given.source,
            "fov_shape",
            f"is {given.fov_shape} but the movie {movie.source} has {movie.fov_shape}",
            "Give the contours of this movie; check the order of axes.",
        )
    progress("segmentation", movie.n_frames, movie.n_frames)
    return given
