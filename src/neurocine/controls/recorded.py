"""The results of a registered movie, made in one go and kept in memory."""

from __future__ import annotations

from pathlib import Path

from neurocine.active import annotate_active
from neurocine.activity import infer
from neurocine.celltype import classify
from neurocine.config import Config
from neurocine.io.result_files import read_movie, read_registration, read_summary
from neurocine.io.results import RecordingResults
from neurocine.progress import Progress, silent
from neurocine.segmentation import segment
from neurocine.traces import extract


def recorded(path: Path, config: Config, progress: Progress = silent) -> RecordingResults:
    """Return the results of the steps from segmentation to activity on a movie file of neurocine's.

    They have no record of a raw movie; the name is that of the movie's folder.

    Raises
    ------
    InputError
        If the file is missing or damaged, or a step fails.
    """
    movie = read_movie(path)
    found = segment(movie, config.segmentation, engines=config.engines, progress=progress)
    rois = annotate_active(movie, found, config.active, config.segmentation.stneuronet, progress=progress)
    types = classify(movie, rois, config.celltype, progress=progress)
    return RecordingResults(
        name=path.parent.name,
        source={},
        movie=movie,
        summary=read_summary(path),
        registration=read_registration(path),
        rois=rois,
        traces=extract(movie, rois, config.traces, progress=progress, engines=config.engines),
        celltypes=types,
        raster=infer(movie, rois, config.activity, celltypes=types, progress=progress),
    )
