"""The user's own ROIs as an engine."""

from __future__ import annotations

from neurocine.core import InputError, RoiSet
from neurocine.segmentation.engines import SegmentationRequest


def find(request: SegmentationRequest) -> RoiSet:
    """Return the user's ROIs, after a check of their field of view.

    Raises
    ------
    InputError
        If there are none, or their field of view isn't the movie's.
    """
    movie, given = request.movie, request.given
    if given is None:
        raise InputError(
            movie.source,
            "rois",
            "segmentation.engine is 'given' but no contours were given",
            "Name a file in the column rois of the recordings table, or choose another engine.",
        )
    if given.fov_shape != movie.fov_shape:
        raise InputError(
            given.source,
            "fov_shape",
            f"is {given.fov_shape} but the movie {movie.source} has {movie.fov_shape}",
            "Give the contours of this movie; check the order of axes.",
        )
    request.progress("segmentation", movie.n_frames, movie.n_frames)
    return given
