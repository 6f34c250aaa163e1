"""Single neurons in one probability map (Soltanian-Zadeh et al. 2019, "Instance segmentation")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.core import InputError
from neurocine.core.validate import positive
from neurocine.networks.segmentation.postprocessing import Postprocessing

#: Standard deviation of the Gaussian that smooths the distance transform, in pixels: without it, small masks
#: have a maximum at every notch of their outline.
SMOOTHING_PX = 1.0


@dataclass(frozen=True, eq=False)
class Mask:
    """One neuron in one map.

    Attributes
    ----------
    y, x
        Row and column of each pixel, (P,) int32.
    probability
        Mean probability of its pixels above the threshold.
    """

    y: NDArray[np.int32]
    x: NDArray[np.int32]
    probability: float


def instances(probability: NDArray[np.float32], pixel_size_um: float, settings: Postprocessing) -> list[Mask]:
    """Return the neurons of one map.

    Pixels of `settings.threshold` or more form 4-connected components. Components larger than an average
    neuron are split by a watershed of their distance transform; those below the minimum area are rejected.
    The others grow into pixels of `settings.outline` or more: a high threshold separates neurons, but cuts
    off their edges.

    Parameters
    ----------
    probability
        Probability that a pixel is an active neuron's, (Y, X) float.
    pixel_size_um
        Edge of a pixel, µm.
    settings
        Thresholds and areas.

    Returns
    -------
    list of Mask
        In the order of their first pixels, row by row; parts of a split component follow each other.

    Raises
    ------
    InputError
        If the map isn't two-dimensional or the pixel size isn't positive.
    """
    if probability.ndim != 2:
        raise InputError(
            "probability map", "shape", f"is {probability.shape}, expected (Y, X)", "Give one at a time."
        )
    pixel_area = positive(pixel_size_um, "probability map", "pixel_size_um", "micrometres") ** 2
    labels, n = ndimage.label(probability >= settings.threshold)
    if not n:
        return []
    pixels = np.flatnonzero(labels)
    label = labels.ravel()[pixels]
    area = np.bincount(label, minlength=n + 1)
    order = np.argsort(label, kind="stable")
    pieces = np.split(pixels[order], np.cumsum(area[1:-1]))
    least = settings.min_area_um2 / pixel_area
    most = settings.mean_area_um2 / pixel_area
    flat = probability.ravel()
    cores = []
    for piece in pieces:
        if len(piece) < least:
            continue
        y, x = np.divmod(piece, probability.shape[1])
        parts = [piece[part] for part in _split(y, x)] if len(piece) > most else [piece]
        cores += [part for part in parts if len(part) >= least]
    means = [float(flat[core].mean(dtype=np.float64)) for core in cores]
    if cores and settings.outline < settings.threshold:
        cores = _grown(cores, probability, settings.outline)
    return [_mask(core, probability.shape[1], mean) for core, mean in zip(cores, means, strict=True)]


def _mask(pixels: NDArray[np.int64], width: int, probability: float) -> Mask:
    y, x = np.divmod(pixels, width)
    return Mask(y.astype(np.int32), x.astype(np.int32), probability)


def _grown(
    cores: list[NDArray[np.int64]], probability: NDArray[np.float32], outline: float
) -> list[NDArray[np.int64]]:
    """Return the pixels of `outline` or more that are connected to each of the `cores`, by a watershed."""
    from skimage.segmentation import watershed

    seeds = np.zeros(probability.shape, dtype=np.int32)
    for label, core in enumerate(cores, start=1):
        seeds.ravel()[core] = label
    inside = (probability >= outline) | (seeds > 0)
    labels = watershed(-probability, seeds, mask=inside).ravel()  # type: ignore[no-untyped-call]
    pixels = np.flatnonzero(labels)
    order = np.argsort(labels[pixels], kind="stable")
    return np.split(pixels[order], np.cumsum(np.bincount(labels[pixels])[1:-1]))


def _split(y: NDArray[np.int64], x: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield the positions of the pixels of each neuron in one component."""
    from skimage.segmentation import watershed

    # A margin of one pixel: outside the image is background.
    rows, columns = y - y.min() + 1, x - x.min() + 1
    inside = np.zeros((rows.max() + 2, columns.max() + 2), dtype=bool)
    inside[rows, columns] = True
    height = ndimage.gaussian_filter(ndimage.distance_transform_edt(inside), SMOOTHING_PX)
    summits, n = ndimage.label(
        (height == ndimage.maximum_filter(height, 3)) & inside, structure=np.ones((3, 3))
    )
    if n < 2:
        yield np.arange(len(y))
        return
    neuron = watershed(-height, summits, mask=inside)[rows, columns]  # type: ignore[no-untyped-call]
    for label in range(1, n + 1):
        yield np.flatnonzero(neuron == label)
