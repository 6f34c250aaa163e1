"""Where cells lie and how bright each of their pixels is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.simulation.presets import Preset

#: Placements tried before a cell is given up.
TRIES = 60
#: Blur by the microscope's point spread function, pixels.
PSF_PX = 0.6


@dataclass(frozen=True, eq=False)
class Footprints:
    """N cells of a field of view.

    Attributes
    ----------
    contour
        True inside each soma, (N, Y, X) bool.
    weight
        Brightness of each pixel, blurred, so that it reaches past the contour: (N, Y, X) float32.
    is_target
        Cells whose neighbours were made to overlap them, (N,) bool.
    overlaps
        Cells made to overlap a target, (N,) bool.
    """

    contour: NDArray[np.bool_]
    weight: NDArray[np.float32]
    is_target: NDArray[np.bool_]
    overlaps: NDArray[np.bool_]


def soma(
    rng: np.random.Generator, fov_shape: tuple[int, int], centre: tuple[float, float], preset: Preset
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Return contour and weight (Y, X) of one irregular soma with a dimmer nucleus."""
    radius = rng.uniform(*preset.soma_px) / 2
    rows, columns = np.ogrid[: fov_shape[0], : fov_shape[1]]
    dy, dx = rows - centre[0], columns - centre[1]
    angle, distance = np.arctan2(dy, dx), np.hypot(dy, dx)
    edge = np.full(fov_shape, radius)
    for harmonic, largest in ((2, 0.22), (3, 0.1), (4, 0.06)):
        edge += radius * rng.uniform(0, largest) * np.cos(harmonic * angle + rng.uniform(0, 2 * np.pi))
    inside = np.clip(edge - distance + 0.5, 0, 1)
    nucleus = np.clip(0.5 * edge - distance + 0.5, 0, 1)
    weight = inside * (1 - (1 - rng.uniform(*preset.nucleus)) * nucleus)
    return inside >= 0.5, ndimage.gaussian_filter(weight, PSF_PX, mode="constant").astype(np.float32)


def grid_centres(rng: np.random.Generator, preset: Preset) -> NDArray[np.float64]:
    """Return the targets' centres, (n_targets, 2): a grid, shaken."""
    side = int(np.ceil(np.sqrt(preset.n_targets)))
    step = np.asarray(preset.fov_shape) / side
    places = np.stack(np.divmod(rng.permutation(side * side)[: preset.n_targets], side), axis=1)
    return np.asarray((places + 0.5) * step + rng.uniform(-0.15, 0.15, places.shape) * step)


def place_cells(rng: np.random.Generator, preset: Preset) -> Footprints:
    """Place the targets, then the cells that overlap each, then those near it (section 2.4, #2).

    A cell for which no place is found within `TRIES` is left out, except that each target keeps at least one
    overlapping cell.
    """
    placed = [soma(rng, preset.fov_shape, (y, x), preset) for y, x in grid_centres(rng, preset)]
    targets = np.stack([contour for contour, _ in placed])
    centres = [ndimage.center_of_mass(contour) for contour in targets]
    overlapping: list[tuple[NDArray[np.bool_], NDArray[np.float32]]] = []
    near: list[tuple[NDArray[np.bool_], NDArray[np.float32]]] = []
    for index, centre in enumerate(centres):
        for _ in range(rng.integers(*preset.overlapping, endpoint=True)):
            overlapping += _neighbour(rng, preset, targets, index, centre, touching=True)
        for _ in range(rng.integers(*preset.near, endpoint=True)):
            near += _neighbour(rng, preset, targets, index, centre, touching=False)
    every = placed + overlapping + near
    order = np.repeat([0, 1, 2], [len(placed), len(overlapping), len(near)])
    return Footprints(
        contour=np.stack([contour for contour, _ in every]),
        weight=np.stack([weight for _, weight in every]),
        is_target=order == 0,
        overlaps=order == 1,
    )


def _neighbour(
    rng: np.random.Generator,
    preset: Preset,
    targets: NDArray[np.bool_],
    index: int,
    centre: tuple[float, ...],
    *,
    touching: bool,
) -> list[tuple[NDArray[np.bool_], NDArray[np.float32]]]:
    """Return one cell that overlaps target `index` alone (or no target at all), or nothing."""
    low, high = preset.overlap_share
    soma_px = preset.soma_px[1]
    reach = (0.3 * soma_px, soma_px) if touching else (0.6 * soma_px, preset.near_px)
    for _ in range(TRIES):
        angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(*reach)
        y, x = centre[0] + distance * np.sin(angle), centre[1] + distance * np.cos(angle)
        if not (2 <= y < preset.fov_shape[0] - 2 and 2 <= x < preset.fov_shape[1] - 2):
            continue
        contour, weight = soma(rng, preset.fov_shape, (y, x), preset)
        shared = (targets & contour).sum(axis=(1, 2)) / targets.sum(axis=(1, 2))
        own = shared[index]
        others = shared.sum() - own
        if others == 0 and (low <= own <= high if touching else own == 0):
            return [(contour, weight)]
    return []
