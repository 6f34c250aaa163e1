"""The segmentation engines by name.

An engine is a module with a function ``find(movie, settings, given, engines, progress) -> RoiSet``; a new
one needs a line in `neurocine.config.engines.SEGMENTATION_ENGINES`.
"""

from __future__ import annotations

from neurocine.config import EnginesSettings, SegmentationSettings
from neurocine.config.engines import SEGMENTATION_ENGINES
from neurocine.core import Movie, RoiSet
from neurocine.engines.load import engine_module
from neurocine.progress import Progress, silent


def segment(
    movie: Movie,
    settings: SegmentationSettings,
    *,
    given: RoiSet | None = None,
    engines: EnginesSettings | None = None,
    progress: Progress = silent,
) -> RoiSet:
    """Return the ROIs of `movie`.

    Parameters
    ----------
    movie
        Registered movie.
    settings
        Engine and its parameters.
    given
        Contours handed in, for the engine ``given``.
    engines
        How programs in environments of their own are run; the defaults unless given.
    progress
        Told how far the movie is read.

    Raises
    ------
    InputError
        If the engine isn't installed, or the given contours are missing or of another field of view.
    """
    module = engine_module(
        SEGMENTATION_ENGINES, settings.engine, "segmentation.engine", "Or hand in contours."
    )
    found: RoiSet = module.find(movie, settings, given, engines or EnginesSettings(), progress)
    return found
