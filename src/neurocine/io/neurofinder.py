"""A whole data set of Neurofinder, from a movie and its ROIs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurocine.core import InputError, Movie, RoiSet
from neurocine.io.movies import neurofinder as images
from neurocine.io.rois import neurofinder as regions
from neurocine.progress import Progress, silent


def write_neurofinder(
    folder: Path,
    movie: Movie,
    rois: RoiSet | None = None,
    info: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> None:
    """Write ``images``, ``info.json`` and ``regions/regions.json``; the folder appears once it is complete.

    Parameters
    ----------
    folder
        The data set, which isn't there yet.
    movie, rois
        The recording and its ROIs, whose weights the format can't hold; without ROIs a data set to be solved.
    info
        Further entries of ``info.json``: ``id``, ``lab``, ``region``, ``animal`` or ``depth-microns``.
    progress
        Called with the number of frames written.

    Raises
    ------
    InputError
        If `folder` is there, or the ROIs are of another field of view.
    """
    if folder.exists():
        raise InputError(folder, "folder", "is there already", "Remove it or choose another name.")
    if rois is not None and rois.fov_shape != movie.fov_shape:
        raise InputError(
            rois.source,
            "fov_shape",
            f"is {rois.fov_shape} but the movie {movie.source} has {movie.fov_shape}",
            "Give the ROIs of this movie.",
        )
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    part.mkdir(parents=True)
    try:
        images.write(part, movie, info, progress)
        if rois is not None:
            regions.write(part / regions.REGIONS, rois)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
