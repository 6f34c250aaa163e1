"""STNeuroNet run beside the ROIs of an engine, where that tells anything."""

from __future__ import annotations

import logging

from neurocine.active.match import already_told, match_active
from neurocine.config import ActiveSettings, StneuronetSettings
from neurocine.config.engines import STNEURONET
from neurocine.core import Movie, RoiSet
from neurocine.progress import Progress, silent

log = logging.getLogger(__name__)


def annotate_active(
    movie: Movie,
    rois: RoiSet,
    settings: ActiveSettings,
    stneuronet: StneuronetSettings,
    *,
    progress: Progress = silent,
) -> RoiSet:
    """Return the ROIs that are to go on, each with its active probability, intervals and engines.

    The network isn't run in the mode ``off``, where STNeuroNet itself found the ROIs, and where there is no
    ROI and none may be added.

    Parameters
    ----------
    movie
        Registered movie.
    rois
        ROIs of any engine.
    settings
        Which ROIs go on (`match_active`).
    stneuronet
        Model and backend.
    progress
        Told how far the movie is read.

    Raises
    ------
    InputError
        If the fields of view differ, the movie can't be read by the network, or the model isn't what was
        registered.
    """
    if settings.mode == "off":
        return rois
    told = already_told(rois)
    if told is not None:
        return told
    if not len(rois) and settings.mode in ("engine", "intersection"):
        return rois
    from neurocine.active.detect import detect  # the network takes long to load

    asked = None if settings.mode == "stneuronet" else rois
    found = detect(movie, stneuronet, progress, rois=asked)
    told = match_active(rois, found.masks, settings, found.roi_probability)
    seen = int(told.found_by(STNEURONET).sum())
    log.info("%s: %d of %d ROIs are active neurons", movie.source, seen, len(told))
    return told
