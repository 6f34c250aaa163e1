"""ROIs by HNCcorr (Spaen et al. 2019): cells cut out of graphs of pixels that correlate alike.

Around each seed, the pixel that correlates best with its neighbours, a patch becomes a graph in which pixels
are the more similar the more alike their correlations with all others are; Hochbaum's normalized cut parts
the seed from the pixels on a circle around it, for all trade-offs at once, and the piece nearest to a soma's
size stays.

The package `hnccorr` is its authors', in Python. Its licence allows non-commercial use alone, so neurocine
doesn't bring it.
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

from neurocine.config import EnginesSettings, SegmentationSettings
from neurocine.core import InputError, Movie, RoiSet
from neurocine.progress import Progress
from neurocine.segmentation.binning import averaged, bin_frames

#: Untyped, and not everyone has it: what can't be imported is told by `neurocine.segmentation.engines`.
hnccorr: Any = import_module("hnccorr")

logger = logging.getLogger(__name__)

ENGINE = "hnccorr"
#: Of its approximate principal components, and of the noise in pixels that never change.
SEED = 20190402
#: What it calls `np.prod` by.
GONE = "product"


def find(
    movie: Movie,
    settings: SegmentationSettings,
    given: RoiSet | None,
    engines: EnginesSettings,
    progress: Progress,
) -> RoiSet:
    """Return the cells that HNCcorr cuts out, in the order of their seeds' correlation; all weights are 1.

    Raises
    ------
    InputError
        If a pixel isn't a finite number.
    """
    bins = averaged(movie, bin_frames(movie, settings.hnccorr.bin_s), progress)
    still = check(bins, movie.source)
    found: list[set[tuple[int, int]]] = []
    if not still.all():
        found = _cut(movie, noisy(bins, still), parameters(movie, settings), progress)
    if not found:
        logger.warning("%s: HNCcorr found no cells", movie.source)
    pixels = [np.array(sorted(cell), dtype=np.int32).T for cell in found]
    return RoiSet.from_pixels(
        movie.fov_shape, [(y, x, None) for y, x in pixels], engine=ENGINE, source=movie.source
    )


def parameters(movie: Movie, settings: SegmentationSettings) -> dict[str, Any]:
    """Return HNCcorr's parameters, in pixels; the patch is an odd number of them within the field of view."""
    chosen, um = settings.hnccorr, movie.pixel_size_um
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


def check(bins: NDArray[np.float32], source: str) -> NDArray[np.bool_]:
    """Return which pixels never change, (Y, X).

    Raises
    ------
    InputError
        If a pixel isn't a finite number.
    """
    if not np.isfinite(bins).all():
        raise InputError(source, "frames", "hold NaN or infinity", "Mend those frames.")
    return np.asarray(np.ptp(bins, axis=0) == 0)


def noisy(bins: NDArray[np.float32], still: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return `bins` with noise in the pixels that are `still`, so that they correlate with nothing."""
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
        search.seeder = _Told(search.seeder, int(chosen["percentage_of_seeds"] * blocks), progress)
        search.segment(hnccorr.Movie(movie.source, bins))
    return [cell.selection for cell in search.segmentations]


class _Told:
    """HNCcorr's seeder, which tells how far the search is: HNCcorr itself only prints."""

    def __init__(self, seeder: Any, total: int, progress: Progress) -> None:
        self._seeder, self._total, self._progress = seeder, total, progress
        self._done = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._seeder, name)

    def next(self) -> tuple[int, int] | None:
        """Return the next seed, None after the last."""
        seed: tuple[int, int] | None = self._seeder.next()
        # Seeds within cells that were found are passed over.
        self._done = self._total if seed is None else self._done + 1
        self._progress("segmentation", self._done, self._total)
        return seed


@contextmanager
def _as_hnccorr_expects() -> Iterator[None]:
    """Give HNCcorr, of 2020, `np.product`, gone since NumPy 2, and random numbers; take what it prints."""
    state = np.random.get_state()  # noqa: NPY002 - the generator that it draws from
    np.random.seed(SEED)  # noqa: NPY002
    missing = not hasattr(np, GONE)
    if missing:
        setattr(np, GONE, np.prod)
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        if missing:
            delattr(np, GONE)
        np.random.set_state(state)  # noqa: NPY002
