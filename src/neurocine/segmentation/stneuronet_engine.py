"""STNeuroNet (Soltanian-Zadeh et al. 2019) as an engine: it segments active neurons only."""

from __future__ import annotations

import logging

from neurocine.active.detect import detect
from neurocine.core import RoiSet
from neurocine.segmentation.engines import SegmentationRequest

logger = logging.getLogger(__name__)


def find(request: SegmentationRequest) -> RoiSet:
    """Return the active neurons of a registered movie, each with its active intervals.

    Raises
    ------
    InputError
        As `neurocine.active.detect.detect`.
    """
    movie = request.movie
    rois = detect(movie, request.settings.stneuronet, request.progress).masks
    if not len(rois):
        logger.warning("%s: STNeuroNet found no active neuron", movie.source)
    return rois.with_source(movie.source)
