"""One function a step, from files to files: what a rule's script and a command of the same name both call."""

from __future__ import annotations

from pathlib import Path

from neurocine.config import (
    ActivitySettings,
    CelltypeSettings,
    MotionSettings,
    SegmentationSettings,
    TracesSettings,
)
from neurocine.core import Movie
from neurocine.core.progress import Progress, silent
from neurocine.io.contracts import (
    Stamp,
    read_celltypes,
    read_stamp,
    settings_hash,
    write_activity,
    write_celltypes,
    write_rois,
    write_traces,
)
from neurocine.io.movies import open_movie
from neurocine.io.rois import open_rois


def motion(
    movie: Movie,
    out: Path,
    settings: MotionSettings,
    *,
    source_sha256: str = "",
    progress: Progress = silent,
) -> None:
    """Register `movie` and write the movie file `out`."""
    from neurocine.motion import register

    stamp = Stamp(settings_hash(settings.model_dump()), source_sha256)
    register(movie, settings, out, stamp, progress)


def segmentation(
    movie_file: Path,
    out: Path,
    settings: SegmentationSettings,
    *,
    given: Path | None = None,
    progress: Progress = silent,
) -> None:
    """Find the ROIs of a registered movie, or take those of the file `given`, and write `out`."""
    from neurocine.segmentation import segment

    movie = open_movie(movie_file)
    contours = None if given is None else open_rois(given, fov_shape=movie.fov_shape)
    rois = segment(movie, settings, given=contours, progress=progress)
    write_rois(out, rois, _stamp(movie_file, settings.model_dump()))


def traces(
    movie_file: Path, rois_file: Path, out: Path, settings: TracesSettings, *, progress: Progress = silent
) -> None:
    """Extract the traces of `rois_file` from a registered movie and write `out`."""
    from neurocine.traces import extract

    movie = open_movie(movie_file)
    rois = open_rois(rois_file, fov_shape=movie.fov_shape)
    found = extract(movie, rois, settings, progress=progress)
    write_traces(out, found, _stamp(movie_file, settings.model_dump()))


def celltype(
    movie_file: Path, rois_file: Path, out: Path, settings: CelltypeSettings, *, progress: Progress = silent
) -> None:
    """Tell the type of every ROI and write the table `out`."""
    from neurocine.celltype import classify

    movie = open_movie(movie_file)
    rois = open_rois(rois_file, fov_shape=movie.fov_shape)
    types = classify(movie, rois, settings, progress=progress)
    write_celltypes(out, types, _stamp(movie_file, settings.model_dump()))


def activity(
    movie_file: Path,
    rois_file: Path,
    out: Path,
    settings: ActivitySettings,
    *,
    celltypes_file: Path | None = None,
    progress: Progress = silent,
) -> None:
    """Tell in which frames every ROI is active and write `out`."""
    from neurocine.activity import infer

    movie = open_movie(movie_file)
    rois = open_rois(rois_file, fov_shape=movie.fov_shape)
    types = None if celltypes_file is None else read_celltypes(celltypes_file)
    raster = infer(movie, rois, settings, celltypes=types, progress=progress)
    write_activity(out, raster, _stamp(movie_file, settings.model_dump()))


def _stamp(movie_file: Path, settings: dict[str, object]) -> Stamp:
    return Stamp(settings_hash(settings), read_stamp(movie_file).source_sha256)
