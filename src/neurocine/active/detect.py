"""Active neurons of a registered movie: detected window by window, then fused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurocine.active.fusion import Fusion
from neurocine.active.instances import instances
from neurocine.active.preprocessing import BinnedMovie
from neurocine.config import StneuronetSettings
from neurocine.core import Movie, RoiSet
from neurocine.networks.registry import Registry
from neurocine.networks.segmentation.postprocessing import Postprocessing
from neurocine.networks.segmentation.segmenter import Segmenter
from neurocine.progress import Progress, silent


@dataclass(frozen=True, eq=False)
class Map:
    """Probabilities (Y, X) float32 on the movie's pixels, of the movie's frames ``start:stop``."""

    probability: NDArray[np.float32]
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class Detection:
    """Active neurons detected in a movie.

    Attributes
    ----------
    masks
        The active neurons, with probability and active intervals.
    roi_probability
        Active probability of each ROI of another engine: its mean probability in the map where that is
        highest, (N,) float32; None if there are no such ROIs.
    """

    masks: RoiSet
    roi_probability: NDArray[np.float32] | None = None


def detect(
    movie: Movie,
    settings: StneuronetSettings,
    progress: Progress = silent,
    rois: RoiSet | None = None,
    registry: Registry | None = None,
) -> Detection:
    """Detect the active neurons of `movie` with a registered model.

    Parameters
    ----------
    movie
        Registered movie; its frames are read once, and at most one window of them is in memory.
    settings
        Model, backend, and thresholds that replace the model's own.
    progress
        Called with the number of frames that are done.
    rois
        ROIs of another engine, for which the active probability is computed.
    registry
        Registry of the model; None: the one that ships with neurocine.

    Raises
    ------
    InputError
        If the model is missing or damaged, or the movie is shorter than a bin or holds NaN.
    """
    model = (registry or Registry.load()).segmenter(settings.model)
    chosen = thresholds(model.postprocessing, settings)
    grid = BinnedMovie.of(movie, model.architecture)
    segmenter = Segmenter(model.model, model.architecture, settings.backend)
    fusion = Fusion(movie.fov_shape, movie.pixel_size_um, chosen)
    others = RoiSet.from_pixels(movie.fov_shape, []) if rois is None else rois
    inside = others.matrix() / others.areas()[:, None]
    best = np.zeros(len(others), dtype=np.float32)
    for map_ in maps(movie, grid, segmenter, progress):
        masks = instances(map_.probability, movie.pixel_size_um, chosen)
        fusion.add(masks, map_.start, map_.stop)
        best = np.maximum(best, (inside @ map_.probability.ravel()).astype(np.float32))
    return Detection(fusion.rois(), None if rois is None else np.clip(best, 0, 1))


def maps(movie: Movie, grid: BinnedMovie, segmenter: Segmenter, progress: Progress = silent) -> Iterator[Map]:
    """Yield the probability maps of `movie` in order; those of its last window overlap earlier ones."""
    for window in grid.windows(movie, progress):
        pictures = grid.to_movie(segmenter.probabilities(window.frames))
        for index, picture in enumerate(pictures):
            start, stop = grid.frames_of(window, index)
            if start < stop:
                yield Map(picture, start, stop)


def thresholds(own: Postprocessing, settings: StneuronetSettings) -> Postprocessing:
    """Return a model's thresholds; those in the settings replace them."""
    return replace(
        own,
        threshold=own.threshold if settings.threshold is None else settings.threshold,
        min_area_um2=own.min_area_um2 if settings.min_area_um2 is None else settings.min_area_um2,
    )
