"""The engine: one function from a request to ROIs."""

import numpy as np
from scipy import ndimage

from bright_blobs import BrightBlobsSettings
from neurocine.core import RoiSet
from neurocine.segmentation.engines import SegmentationRequest

BLOCK = 500


def find(request: SegmentationRequest) -> RoiSet:
    """Return the connected bright pixels of the mean image."""
    movie, settings = request.movie, request.settings.of_plugin(BrightBlobsSettings)
    total = np.zeros(movie.fov_shape)
    for start in range(0, movie.n_frames, BLOCK):  # never the whole movie at once
        total += movie.read(start, min(start + BLOCK, movie.n_frames)).sum(axis=0)
    mean = total / movie.n_frames
    labels, n = ndimage.label(mean > np.percentile(mean, settings.percentile))
    masks = [labels == label for label in range(1, n + 1)]
    areas = [mask.sum() * movie.pixel_size_um**2 for mask in masks]
    kept = [mask for mask, area in zip(masks, areas, strict=True) if area >= settings.min_area_um2]
    return RoiSet.from_masks(np.reshape(kept, (len(kept), *movie.fov_shape)), engine="bright-blobs")
