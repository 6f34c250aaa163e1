"""Which of the neurons outlined by anatomy are active in a movie.

Contours drawn on a picture of the tissue include neurons that are silent in the movie, which no engine can
find by their activity. Active ones are recognised by the SNR of their highest transient. The trace is the
mean of the ROI's pixels minus half the mean of the ring around it (3 to 6 pixels away, free of other ROIs).
The SNR is the highest mean of three successive frames, minus the trace's 20th percentile, divided by the
standard deviation of such a mean (SD of first differences, divided by the square roots of 2 and 3). Of
several plausible measures this one was chosen because it reproduces the counts that came with a part of
Neurofinder's 00.00 (of 124 ROIs, 74 above 8 and 38 above 12); how these were computed isn't known. Other
rings, shares, percentiles and lengths rank 92 to 100 % of the same ROIs highest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, uniform_filter1d

from neurocine.core import Movie, RoiSet
from neurocine.evaluation.segmentation.groups import Groups

#: Pixels from the ROI to the ring's edges, its share, baseline in percent, frames of a transient.
RING, SHARE, BASELINE, FRAMES = (2, 6), 0.5, 20, 3


def anatomical_groups(movie: Movie, rois: RoiSet, min_snr: float) -> Groups:
    """Return the groups of `rois`: positive if a transient exceeds `min_snr`, else doubtful."""
    active = transient_snr(movie, rois) > min_snr
    return Groups(active, ~active, np.zeros_like(active))


def transient_snr(movie: Movie, rois: RoiSet) -> NDArray[np.float64]:
    """Return the SNR of each ROI's highest transient, (N,)."""
    any_roi = np.zeros(rois.fov_shape, dtype=bool)
    any_roi[rois.y, rois.x] = True
    masks = [rois.mask(i) for i in range(len(rois))]
    rings = [_dilated(mask, RING[1]) & ~_dilated(mask, RING[0]) & ~any_roi for mask in masks]
    traces = np.concatenate([_means(frames, masks, rings) for _, frames in movie.blocks()], axis=1)
    above = traces - np.percentile(traces, BASELINE, axis=1, keepdims=True)
    noise = np.diff(above, axis=1).std(axis=1) / np.sqrt(2)
    return np.asarray(uniform_filter1d(above, FRAMES, axis=1).max(axis=1) * np.sqrt(FRAMES) / noise)


def _dilated(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    return np.asarray(binary_dilation(mask, iterations=pixels))


def _means(
    frames: NDArray[Any], masks: Sequence[NDArray[np.bool_]], rings: Sequence[NDArray[np.bool_]]
) -> NDArray[np.float64]:
    """Return the mean of each ROI less a share of its ring's, (N, frames)."""
    return np.stack(
        [
            frames[:, mask].mean(axis=1) - SHARE * (frames[:, ring].mean(axis=1) if ring.any() else 0)
            for mask, ring in zip(masks, rings, strict=True)
        ]
    )
