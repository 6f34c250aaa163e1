"""Annotate the ROIs of an engine with STNeuroNet: how probably each is an active neuron, and when."""

from __future__ import annotations

import logging

from neurocine.active.match import annotated_already, match_active
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
    """Return the ROIs for the later steps, each with its active probability, intervals and engines.

    The network isn't run in the mode ``off``, if STNeuroNet itself found the ROIs, or if there are no ROIs
    and the mode adds none.

    Parameters
    ----------
    movie
        Registered movie.
    rois
        ROIs of any engine.
    settings
        Which ROIs are kept (`match_active`).
    stneuronet
        Model and backend.
    progress
        Called while the movie is read.

    Raises
    ------
    InputError
        If the fields of view differ, the movie can't be read by the network, or the model isn't what was
        registered.
    """
    if settings.mode == "off":
        return rois
    annotated = annotated_already(rois)
    if annotated is not None:
        return annotated
    if not len(rois) and settings.mode in ("engine", "intersection"):
        return rois
    from neurocine.active.detect import detect  # the network takes long to load

    scored = None if settings.mode == "stneuronet" else rois
    detection = detect(movie, stneuronet, progress, rois=scored)
    annotated = match_active(rois, detection.masks, settings, detection.roi_probability)
    n_active = int(annotated.found_by(STNEURONET).sum())
    log.info("%s: %d of %d ROIs are active neurons", movie.source, n_active, len(annotated))
    return annotated
