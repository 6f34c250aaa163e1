"""Decisions of a person or a classifier on which ROIs are cells, kept when ROIs are read."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from neurocine.core import InputError, RoiSet

logger = logging.getLogger(__name__)


def keep_accepted(rois: RoiSet, accepted: ArrayLike, *, path: Path, decision: str) -> RoiSet:
    """Return the accepted ROIs with their ids, and log how many were kept.

    Parameters
    ----------
    rois
        N ROIs.
    accepted
        (N,) 1 or True for ROIs that are cells; 0, False or NaN for rejected ones.
    path
        The file with the decisions.
    decision
        What it says of the kept ROIs, for messages: ``suite2p's iscell marks as cells``.

    Raises
    ------
    InputError
        If `accepted` doesn't fit the ROIs, or rejects all of them.
    """
    values = np.asarray(accepted)
    if values.shape != (len(rois),) or values.dtype.kind not in "biuf":
        raise InputError(
            path,
            "accepted ROIs",
            f"has {values.shape} values of type {values.dtype} for {len(rois)} ROIs",
            "Keep the files of one run together.",
        )
    kept = values > 0
    if kept.all():
        return rois
    if not kept.any():
        raise InputError(
            path,
            "accepted ROIs",
            f"none of {len(rois)} ROIs is among those that {decision}",
            "Accept the cells in the program that made it, or take all ROIs: remove these decisions.",
        )
    logger.info("%s: kept %d of %d ROIs that %s", path, kept.sum(), len(rois), decision)
    return rois.select(kept)
