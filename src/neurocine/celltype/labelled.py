"""Which cells are labelled in the structural channel.

As in suite2p (``intensity_ratio``), the brightness of each ROI is compared with that of its surround. How
much the two differ without a label is measured with the same outlines at random places without ROIs, and a
mixture of unlabelled and labelled cells turns the difference into a probability.
"""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

from neurocine.config import CelltypeSettings
from neurocine.core import Labels, RoiSet
from neurocine.io.result_files import StructuralChannel
from neurocine.traces.masks import free_pixels, neuropil_masks, signal_masks

log = logging.getLogger(__name__)

#: Gap between an ROI and its surround, and outer edge of the surround, in micrometres.
INNER_UM, OUTER_UM = 2.0, 12.0
#: Outlines put at random places, and tries per outline; with fewer than `MIN_PLACES` the noise is a guess.
PLACES, TRIES, MIN_PLACES = 500, 20, 30
#: Share of an outline's pixels that must be free of ROIs.
FREE_SHARE = 0.9
#: Share of unlabelled cells that deviate more than noise (vessels, out-of-focus cells), and how much more.
ODD_SHARE, ODD_WIDTH = 0.05, 3.0
#: Least mean brightness of labelled cells, in units of the noise.
MIN_BRIGHTNESS = 10.0
#: Shape of the distribution of their brightness: few are dim, as few are very bright.
SHAPE = 2.0
#: Rounds of the mixture's fit; it changes little after a few dozen.
ROUNDS = 100


def labels_of(
    rois: RoiSet, structural: StructuralChannel | None, pixel_size_um: float, settings: CelltypeSettings
) -> Labels | None:
    """Return the labels of `rois`; None if nothing is known about them.

    What the ROIs' own file says of labels, such as suite2p's ``redcell``, is kept: a person may have edited
    it.
    """
    probability = rois.labelled
    if structural is not None:
        seen = labelled_probability(structural.corrected, rois, pixel_size_um)
        probability = np.where(np.isnan(probability), seen, probability).astype(np.float32)
    if np.isnan(probability).all():
        return None
    return Labels.of(probability, settings.labelled_type, settings.labelled_threshold)


def labelled_probability(
    picture: NDArray[np.floating], rois: RoiSet, pixel_size_um: float, *, seed: int = 0
) -> NDArray[np.float32]:
    """Return the probability that each ROI is labelled in `picture`, (N,).

    Parameters
    ----------
    picture
        Mean of the structural channel, (Y, X), without bleed-through.
    rois
        The N cells.
    pixel_size_um
        Edge of a pixel in micrometres.
    seed
        Of the random places.
    """
    if not len(rois):
        return np.empty(0, dtype=np.float32)
    edges = INNER_UM / pixel_size_um, OUTER_UM / pixel_size_um
    free = free_pixels(rois)
    elsewhere = displaced(rois, free, np.random.default_rng([seed, 7]))
    seen = _contrast(picture, signal_masks(rois), neuropil_masks(rois, *edges, free))
    if len(elsewhere) >= MIN_PLACES:
        background = _contrast(picture, elsewhere.matrix(), neuropil_masks(elsewhere, *edges, free))
    else:
        log.warning(
            "%s: ROIs cover the field of view, so the noise of the structural channel is taken from the "
            "darker half of the ROIs: check the labels if most cells are labelled",
            rois.source,
        )
        median = np.nanmedian(seen)
        background = np.concatenate([seen[seen <= median], 2 * median - seen[seen < median]])
    centre = float(np.nanmedian(background))
    noise = 1.4826 * float(np.nanmedian(np.abs(background - centre)))
    # A picture without any noise, such as an empty one, has no labelled cell.
    noise = max(noise, 1e-6 * float(np.abs(picture).max()), 1e-30)
    return mixture((seen - centre) / noise)


def mixture(brightness: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the probability that each cell is labelled, given its `brightness` (N,) in units of the noise.

    Unlabelled cells are normally distributed around 0 with unit width, a few of them more widely; labelled
    ones have a gamma distribution of shape `SHAPE`, and noise on top. The share of labelled cells and their
    mean brightness are fitted by expectation maximisation, with half a cell of each kind more than there are,
    so that none or all may be labelled.
    """
    known = np.isfinite(brightness)
    values = np.asarray(brightness, dtype=np.float64)[known]
    unlabelled = (1 - ODD_SHARE) * stats.norm.pdf(values) + ODD_SHARE * stats.norm.pdf(
        values, scale=ODD_WIDTH
    )
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    weights /= weights.sum()
    without_noise = values[:, None] - nodes
    share, mean = 0.5, max(MIN_BRIGHTNESS, float(values.max(initial=0)) / 2)
    probability = np.zeros(len(values))
    for _ in range(ROUNDS):
        labelled = share * stats.gamma.pdf(without_noise, SHAPE, scale=mean / SHAPE) @ weights
        # Far out both may be too small to be told from 0.
        total = labelled + (1 - share) * unlabelled
        probability = np.where(total > 0, labelled / np.where(total > 0, total, 1), values > 0)
        share = (probability.sum() + 0.5) / (len(values) + 1)
        mean = max(MIN_BRIGHTNESS, float(np.dot(probability, values) / max(probability.sum(), 1e-9)))
    result = np.full(len(brightness), np.nan, dtype=np.float32)
    result[known] = probability
    return result


def displaced(rois: RoiSet, free: NDArray[np.bool_], rng: np.random.Generator) -> RoiSet:
    """Return up to `PLACES` outlines of `rois`, each moved to a random place where it meets few ROIs."""
    height, width = rois.fov_shape
    moved = []
    for _ in range(PLACES * TRIES):
        y, x, weight = rois.pixels(int(rng.integers(len(rois))))
        top, left = y.min(), x.min()
        dy = int(rng.integers(height - (y.max() - top))) - top
        dx = int(rng.integers(width - (x.max() - left))) - left
        if free[y + dy, x + dx].mean() >= FREE_SHARE:
            moved.append((y + dy, x + dx, weight))
        if len(moved) == PLACES:
            break
    return RoiSet.from_pixels(rois.fov_shape, moved, source=rois.source)


def _contrast(
    picture: NDArray[np.floating], inside: sparse.csr_array, around: sparse.csr_array
) -> NDArray[np.float64]:
    """Return how much brighter `picture` (Y, X) is inside than around each ROI, (N,); NaN with no surround.

    Medians over the pixels of both masks (N, Y * X): the light of a labelled neighbour reaches some only.
    """
    flat = picture.astype(np.float64).ravel()
    bright, dark = (
        [
            float(np.median(part)) if len(part) else np.nan
            for part in np.split(flat[mask.indices], mask.indptr[1:-1])
        ]
        for mask in (inside, around)
    )
    return np.array(bright, dtype=np.float64) - np.array(dark, dtype=np.float64)
