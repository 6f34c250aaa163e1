"""STNeuroNet as an engine: active neurons alone (Soltanian-Zadeh et al. 2019)."""

from __future__ import annotations

import logging

from neurocine.active.detect import detect
from neurocine.config import EnginesSettings, SegmentationSettings
from neurocine.core import Movie, RoiSet
from neurocine.progress import Progress

logger = logging.getLogger(__name__)


def find(
    movie: Movie,
    settings: SegmentationSettings,
    given: RoiSet | None,
    engines: EnginesSettings,
    progress: Progress,
) -> RoiSet:
    """Return the neurons that are active in a registered movie, each with the intervals in which it is.

    Raises
    ------
    InputError
        As `neurocine.active.detect.detect`.
    """
    rois = detect(movie, settings.stneuronet, progress).masks
    if not len(rois):
        logger.warning("%s: no neuron is active", movie.source)
    return rois.with_source(movie.source)
