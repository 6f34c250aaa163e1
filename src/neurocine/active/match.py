"""Match the ROIs of an engine with STNeuroNet's masks: which of them are the same neuron."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurocine.config import ActiveSettings
from neurocine.config.engines import STNEURONET
from neurocine.core import RoiSet
from neurocine.core.matching import match
from neurocine.core.validate import as_array


def match_active(
    rois: RoiSet, masks: RoiSet, settings: ActiveSettings, probability: NDArray[np.float32] | None = None
) -> RoiSet:
    """Return the ROIs that `settings.mode` keeps, annotated by STNeuroNet.

    An ROI of the engine keeps its id; masks without a matching ROI get ids after the engine's last. If both
    found a neuron, its pixels and `probability` are the engine's, or the mask's in the mode ``stneuronet``.
    The ROIs are in the order of their ids.

    Parameters
    ----------
    rois
        N ROIs of any engine.
    masks
        STNeuroNet's masks in the same movie, with `probability` and `active_intervals`.
    settings
        Mode, and the least intersection over union of an ROI and a mask; ``off`` returns `rois` unchanged.
    probability
        Probability that each of `rois` is an active neuron, (N,) float32. None: that of its mask, or NaN if
        none matches.

    Raises
    ------
    InputError
        If the fields of view differ, or `probability` isn't one number per ROI.
    """
    if settings.mode == "off":
        return rois
    pairs = match(rois, masks, min_iou=settings.min_iou).pairs
    alone = np.setdiff1d(np.arange(len(masks)), pairs[:, 1])
    annotated = _annotated(rois, masks, pairs, probability)
    if settings.mode == "engine":
        return annotated
    if settings.mode == "intersection":
        return annotated.select(pairs[:, 0])
    added = replace(masks.select(alone), ids=_fresh_ids(rois, len(alone)))
    if settings.mode == "union":
        return _joined(rois, annotated, _on_its_own(added))
    same = masks.select(pairs[:, 1])
    same = replace(
        same,
        ids=rois.ids[pairs[:, 0]],
        engine=tuple(annotated.engine[i] for i in pairs[:, 0]),
        labelled=rois.labelled[pairs[:, 0]],
    )
    return _joined(rois, _on_its_own(same), _on_its_own(added))


def annotated_already(rois: RoiSet) -> RoiSet | None:
    """Return `rois` with their active probability if STNeuroNet found them all in this movie, else None.

    Only STNeuroNet's ROIs have active intervals.
    """
    of_its_own = set(rois.engine) == {STNEURONET} and all(map(len, rois.active_intervals))
    return _on_its_own(rois) if of_its_own else None


def _annotated(
    rois: RoiSet, masks: RoiSet, pairs: NDArray[np.int64], probability: NDArray[np.float32] | None
) -> RoiSet:
    """Return `rois` with engines, active probability and intervals; `pairs` are ROI and mask, (M, 2)."""
    mask_of = dict(pairs.tolist())
    if probability is None:
        probability = np.full(len(rois), np.nan, dtype=np.float32)
        probability[pairs[:, 0]] = masks.probability[pairs[:, 1]]
    nothing = np.empty((0, 2), dtype=np.int64)
    return replace(
        rois,
        engine=tuple(_engines(name, i in mask_of) for i, name in enumerate(rois.engine)),
        active_intervals=tuple(
            masks.active_intervals[mask_of[i]] if i in mask_of else nothing for i in range(len(rois))
        ),
        active_probability=as_array(probability, np.float32, (len(rois),), rois.source, "active_probability"),
    )


def _engines(known: str, matched: bool) -> str:
    """Return the names of an ROI's engines joined by ``+``, with STNeuroNet if a mask matched it."""
    others = [name for name in known.split("+") if name not in ("", STNEURONET)] or ["given"]
    return "+".join([*others, STNEURONET] if matched else others)


def _on_its_own(masks: RoiSet) -> RoiSet:
    """Return STNeuroNet's `masks` with their probability as active probability."""
    return replace(masks, active_probability=masks.probability)


def _fresh_ids(rois: RoiSet, n: int) -> NDArray[np.int64]:
    first = int(rois.ids.max()) + 1 if len(rois) else 0
    return np.arange(first, first + n, dtype=np.int64)


def _joined(like: RoiSet, *sets: RoiSet) -> RoiSet:
    """Return the ROIs of all `sets` in the order of their ids, with field of view and source of `like`."""
    rows: Iterable[tuple[RoiSet, int]] = [(rois, i) for rois in sets for i in range(len(rois))]
    rows = sorted(rows, key=lambda row: int(row[0].ids[row[1]]))
    return RoiSet.from_pixels(
        like.fov_shape,
        [rois.pixels(i) for rois, i in rows],
        engine=[rois.engine[i] for rois, i in rows],
        ids=[int(rois.ids[i]) for rois, i in rows],
        probability=[rois.probability[i] for rois, i in rows],
        active_intervals=[rois.active_intervals[i] for rois, i in rows],
        active_probability=[rois.active_probability[i] for rois, i in rows],
        labelled=[rois.labelled[i] for rois, i in rows],
        source=like.source,
    )
