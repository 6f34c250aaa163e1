"""ROIs by HNCcorr (Spaen et al. 2019): cells are segmented in graphs of pixels with similar correlations.

A seed is a pixel that correlates well with its neighbours. The patch around it becomes a graph, in which two
pixels are similar if their correlations with all other pixels are. Hochbaum's normalized cut separates the
seed from the pixels on a circle around it, for all trade-offs at once; the segment whose size is nearest to a
soma's is the cell.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from io import StringIO
from math import ceil, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.config import SegmentationSettings
from neurocine.core import Movie, RoiSet
from neurocine.progress import Progress
from neurocine.segmentation.binning import averaged, bin_frames
from neurocine.segmentation.engines import SegmentationRequest
from neurocine_hnccorr.settings import HnccorrSettings

#: It has no types.
hnccorr: Any = import_module("hnccorr")

logger = logging.getLogger(__name__)

ENGINE = "hnccorr"
#: Seed of HNCcorr's approximate principal components, and of the noise in constant pixels.
SEED = 20190402
#: Alias of `np.prod` in HNCcorr, which NumPy 2 removed.
REMOVED_ALIAS = "product"


def find(request: SegmentationRequest) -> RoiSet:
    """Return the cells, in the order of their seeds' correlation; all weights are 1."""
    movie, settings = request.movie, request.settings
    size = bin_frames(movie, settings.of_plugin(HnccorrSettings).bin_s)
    bins = averaged(movie, size, request.progress)
    still = np.ptp(bins, axis=0) == 0
    cells: list[set[tuple[int, int]]] = []
    if not still.all():
        cells = _cut(movie, noisy(bins, still), parameters(movie, settings), request.progress)
    if not cells:
        logger.warning("%s: HNCcorr found no cells", movie.source)
    pixels = [np.array(sorted(cell), dtype=np.int32).T for cell in cells]
    return RoiSet.from_pixels(
        movie.fov_shape, [(y, x, None) for y, x in pixels], engine=ENGINE, source=movie.source
    )


def parameters(movie: Movie, settings: SegmentationSettings) -> dict[str, Any]:
    """Return HNCcorr's parameters in pixels; the patch has an odd edge and fits the field of view."""
    chosen, um = settings.of_plugin(HnccorrSettings), movie.pixel_size_um
    patch = max(3, min(round(chosen.patch_um / um), *movie.fov_shape))
    return {
        "seeder_grid_size": max(1, round(chosen.seed_grid_um / um)),
        "percentage_of_seeds": chosen.seed_fraction,
        "seeder_exclusion_padding": round(chosen.seed_margin_um / um),
        "patch_size": patch - 1 + patch % 2,
        "negative_seed_circle_radius": max(2, round(chosen.surround_um / um)),
        "negative_seed_circle_count": chosen.surround_pixels,
        "postprocessor_min_cell_size": max(1, round(chosen.min_area_um2 / um**2)),
        "postprocessor_max_cell_size": max(1, round(chosen.max_area_um2 / um**2)),
        "postprocessor_preferred_cell_size": max(1, round(pi / 4 * (settings.diameter_um / um) ** 2)),
        "gaussian_similarity_alpha": chosen.similarity_decay,
    }


def noisy(bins: NDArray[np.float32], still: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return `bins` with noise in the constant pixels `still`, so that they correlate with no other."""
    noise = np.random.default_rng(SEED).standard_normal((len(bins), int(still.sum())), dtype=np.float32)
    bins[:, still] += noise
    return bins


def _cut(
    movie: Movie, bins: NDArray[np.float32], chosen: dict[str, Any], progress: Progress
) -> list[set[tuple[int, int]]]:
    """Return the pixels (row, column) of each cell."""
    edge = chosen["seeder_grid_size"]
    blocks = ceil(movie.fov_shape[0] / edge) * ceil(movie.fov_shape[1] / edge)
    with _as_hnccorr_expects():
        search = hnccorr.HNCcorr.from_config(hnccorr.HNCcorrConfig(**chosen))
        search.seeder = _ReportingSeeder(search.seeder, int(chosen["percentage_of_seeds"] * blocks), progress)
        search.segment(hnccorr.Movie(movie.source, bins))
    return [cell.selection for cell in search.segmentations]


class _ReportingSeeder:
    """HNCcorr's seeder with progress reports; HNCcorr itself only prints."""

    def __init__(self, seeder: Any, total: int, progress: Progress) -> None:
        self._seeder, self._total, self._progress = seeder, total, progress
        self._done = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._seeder, name)

    def next(self) -> tuple[int, int] | None:
        """Return the next seed, None after the last."""
        seed: tuple[int, int] | None = self._seeder.next()
        # Seeds inside cells that were found are skipped.
        self._done = self._total if seed is None else self._done + 1
        self._progress("segmentation", self._done, self._total)
        return seed


@contextmanager
def _as_hnccorr_expects() -> Iterator[None]:
    """Provide `np.product`, which HNCcorr (2020) uses, seed its random numbers, and hide what it prints."""
    state = np.random.get_state()  # noqa: NPY002  # HNCcorr uses this generator
    np.random.seed(SEED)  # noqa: NPY002
    missing = not hasattr(np, REMOVED_ALIAS)
    if missing:
        setattr(np, REMOVED_ALIAS, np.prod)
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        if missing:
            delattr(np, REMOVED_ALIAS)
        np.random.set_state(state)  # noqa: NPY002
