"""Active neurons of a registered movie: window after window, then fused."""

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
    """What was found in a movie.

    Attributes
    ----------
    masks
        The active neurons, with probability and active intervals.
    roi_probability
        For each of the ROIs handed in the largest mean probability inside it, over all maps, (N,) float32;
        None without any.
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
    """Find the active neurons of `movie` with a model of the registry.

    Parameters
    ----------
    movie
        Registered; its frames are read once, and no more than a window of them is held.
    settings
        Model, backend, and what is to replace the model's own thresholds.
    progress
        Told about frames.
    rois
        ROIs of another engine, to be told how probably they are active neurons.
    registry
        Where the model is; the one that ships unless given.

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
    for found in maps(movie, grid, segmenter, progress):
        masks = instances(found.probability, movie.pixel_size_um, chosen)
        fusion.add(masks, found.start, found.stop)
        best = np.maximum(best, (inside @ found.probability.ravel()).astype(np.float32))
    return Detection(fusion.rois(), None if rois is None else np.clip(best, 0, 1))


def maps(movie: Movie, grid: BinnedMovie, segmenter: Segmenter, progress: Progress = silent) -> Iterator[Map]:
    """Yield the maps of probabilities of `movie`, in time; those of its last window overlap others."""
    for window in grid.windows(movie, progress):
        pictures = grid.to_movie(segmenter.probabilities(window.frames))
        for index, picture in enumerate(pictures):
            start, stop = grid.frames_of(window, index)
            if start < stop:
                yield Map(picture, start, stop)


def thresholds(own: Postprocessing, settings: StneuronetSettings) -> Postprocessing:
    """Return a model's own thresholds, with what the settings say instead."""
    return replace(
        own,
        threshold=own.threshold if settings.threshold is None else settings.threshold,
        min_area_um2=own.min_area_um2 if settings.min_area_um2 is None else settings.min_area_um2,
    )
