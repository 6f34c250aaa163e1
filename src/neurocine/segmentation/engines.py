"""The segmentation engines, and the interface that each of them has.

An engine is a module with the function `SegmentationEngine.find`. A new one needs a line in
`neurocine.config.engines.SEGMENTATION_ENGINES`, or is a plug-in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from neurocine.config import EnginesSettings, SegmentationSettings
from neurocine.config.engines import GIVEN, SEGMENTATION_ENGINES
from neurocine.core import InputError, Movie, RoiSet
from neurocine.engines.load import engine_module
from neurocine.progress import Progress, silent


@dataclass(frozen=True, eq=False)
class SegmentationRequest:
    """What an engine is to segment, and how.

    Attributes
    ----------
    movie
        Registered movie.
    settings
        Section ``segmentation`` of the config.
    given
        ROIs of the user, for the engine ``given``.
    engines
        How programs in their own environments are run.
    progress
        Called while the movie is read.
    """

    movie: Movie
    settings: SegmentationSettings
    given: RoiSet | None = None
    engines: EnginesSettings = field(default_factory=EnginesSettings)
    progress: Progress = silent


class SegmentationEngine(Protocol):
    """Interface of a segmentation engine: a module with this function."""

    def find(self, request: SegmentationRequest) -> RoiSet:
        """Return the ROIs of ``request.movie``."""


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
        ROIs of the user, for the engine ``given``.
    engines
        How programs in their own environments are run; None: the defaults.
    progress
        Called while the movie is read.

    Raises
    ------
    InputError
        If the engine isn't installed, `given` is missing or has another field of view, or another engine is
        to find the ROIs although some are given.
    """
    if given is not None and settings.engine != GIVEN:
        raise InputError(
            given.source,
            "rois",
            f"the engine {settings.engine!r} wouldn't use these ROIs",
            f"Choose the engine {GIVEN!r} to use them, or leave them out.",
        )
    engine: SegmentationEngine = engine_module(
        SEGMENTATION_ENGINES, settings.engine, "segmentation.engine", "Or hand in contours."
    )
    return engine.find(SegmentationRequest(movie, settings, given, engines or EnginesSettings(), progress))
