"""A real mean image as the anatomy of a movie: its cells, its background, its vessels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.simulation.fields.files import RealField
from neurocine.simulation.hybrid.background import texture
from neurocine.simulation.hybrid.presets import log_uniform
from neurocine.simulation.library import Library
from neurocine.simulation.tissue.make import Anatomy
from neurocine.simulation.tissue.ranges import TissuePreset
from neurocine.simulation.tissue.somata import TissueCell, draw_look, in_plane, seen_in_depth
from neurocine.simulation.tissue.sources import PLANES_UM, Patch
from neurocine.simulation.tissue.vessels import Vessels, flicker_of, stretch

#: Pixels of a mask or of a picture.
Kind = TypeVar("Kind", np.bool_, np.float64)

#: Factor on the field's size, and exponent of its brightness: stretched images are steeper than counts.
SIZE, GAMMA = (0.85, 1.2), (0.6, 1.2)
#: Share of the light around a cell that lies over and under it; the least contrast of a cell.
UNDER, LEAST_CONTRAST = (0.2, 0.8), 0.03
#: Bright spots that are taken out of the background and given a course of their own: share, radius in µm.
LIVELY, SPOT_UM = (0.2, 0.8), 3.0
#: A region this much darker than 40 µm around is taken for a vessel; flickering stretches in it, per mm².
DARK, FLICKERING_PER_MM2 = 0.55, (0.0, 1500.0)


def field_anatomy(
    rng: np.random.Generator, preset: TissuePreset, library: Library, fields: Sequence[RealField]
) -> Anatomy:
    """Return the anatomy of a random window, turned and rescaled, of one of the `fields`."""
    field = fields[int(rng.integers(len(fields)))]
    picture, masks = _window(rng, preset, field)
    picture = np.maximum(picture, 1e-3) ** rng.uniform(*GAMMA)
    taken = np.zeros(preset.fov_shape, dtype=bool)
    for (top, left), mask in masks:
        taken[top : top + mask.shape[0], left : left + mask.shape[1]] |= mask
    ground = _filled(picture, taken, 5.0 / preset.pixel_size_um)
    unit = max(float(ground.mean()), 1e-6)
    picture, ground = picture / unit, ground / unit
    look = draw_look(rng, preset)
    cells, contrast = [], []
    for corner, mask in masks:
        cell, bright = _cell(
            rng, preset, look.section_um, (corner, mask), picture - rng.uniform(*UNDER) * ground
        )
        cells.append(cell)
        contrast.append(bright)
    ground, spots = _lively_spots(rng, preset, ground, taken)
    planes = _in_depth(rng, preset, library, ground)
    flicker = _dark_stretches(rng, preset, ground)
    still = np.ones(preset.fov_shape)
    vessels = Vessels(0 * still, still, flicker_of(rng, preset, library.scene, flicker))
    factor = log_uniform(rng, preset.somata.brightness)
    return Anatomy(
        cells, factor * np.asarray(contrast), planes, vessels, look, rng.uniform(*preset.soma_scale), spots
    )


def _window(
    rng: np.random.Generator, preset: TissuePreset, field: RealField
) -> tuple[NDArray[np.float64], list[tuple[tuple[int, int], NDArray[np.bool_]]]]:
    """Return a window of the field on the movie's pixels, and the corners and pixels of its masks."""
    size = rng.uniform(*SIZE)
    ratio = preset.pixel_size_um / (field.um_per_px * size)
    mean = ndimage.gaussian_filter(field.mean, 0.4 * ratio) if ratio > 1 else field.mean
    extent = np.asarray(preset.fov_shape) * ratio
    corner = rng.uniform(0, np.maximum(np.asarray(mean.shape) - extent, 0) + 1e-9)
    rows, columns = (
        corner[axis] + (np.arange(preset.fov_shape[axis]) + 0.5) * ratio - 0.5 for axis in (0, 1)
    )
    picture = ndimage.map_coordinates(
        mean, np.meshgrid(rows, columns, indexing="ij"), order=1, mode="reflect"
    )
    masks = []
    for top_left, crop in zip(field.corners, field.crops, strict=True):
        mask = _on_pixels(crop, (top_left - corner) / ratio, ratio, preset.fov_shape)
        if mask is not None:
            masks.append(mask)
    flips, turn = (
        rng.integers(0, 2, 2).astype(bool),
        bool(rng.integers(2)) and picture.shape[0] == picture.shape[1],
    )
    turned = [_turned((at, mask), preset.fov_shape, flips, turn) for at, mask in masks]
    whole = _turned(((0, 0), picture.astype(np.float64)), preset.fov_shape, flips, turn)[1]
    order = rng.permutation(len(turned))
    return np.asarray(whole, dtype=np.float64), [turned[i] for i in order]


def _on_pixels(
    crop: NDArray[np.bool_], corner: NDArray[np.float64], ratio: float, fov_shape: tuple[int, int]
) -> tuple[tuple[int, int], NDArray[np.bool_]] | None:
    """Return a mask on the movie's pixels, cut to the field; None if too little of it lies there."""
    low = np.maximum(np.floor(corner).astype(int) - 1, 0)
    high = np.minimum(np.ceil(corner + np.asarray(crop.shape) / ratio).astype(int) + 2, fov_shape)
    if np.any(high - low < 2):
        return None
    y, x = ((np.arange(low[a], high[a]) + 0.5 - corner[a]) * ratio - 0.5 for a in (0, 1))
    soft = ndimage.gaussian_filter(np.pad(crop, 4).astype(float), max(0.4 * ratio, 0.3))
    mask = ndimage.map_coordinates(soft, np.meshgrid(y + 4, x + 4, indexing="ij"), order=1) >= 0.5
    if np.count_nonzero(mask) < 6:
        return None
    return (int(low[0]), int(low[1])), mask


def _turned(
    placed: tuple[tuple[int, int], NDArray[Kind]],
    fov: tuple[int, int],
    flips: NDArray[np.bool_],
    turn: bool,
) -> tuple[tuple[int, int], NDArray[Kind]]:
    """Return part of a field, with its corner, where flips and a transposition of the field put it."""
    (top, left), part = placed
    if flips[0]:
        top, part = fov[0] - top - part.shape[0], part[::-1]
    if flips[1]:
        left, part = fov[1] - left - part.shape[1], part[:, ::-1]
    return ((left, top), part.T) if turn else ((top, left), part)


def _filled(picture: NDArray[np.float64], taken: NDArray[np.bool_], sigma: float) -> NDArray[np.float64]:
    """Return `picture` with what is `taken` replaced by the mean of what lies around."""
    weight = ndimage.gaussian_filter((~taken).astype(float), sigma)
    around = ndimage.gaussian_filter(np.where(taken, 0, picture), sigma) / np.maximum(weight, 1e-3)
    around = np.where(weight > 1e-3, around, np.median(picture))
    return np.where(taken, around, picture)


def _cell(
    rng: np.random.Generator,
    preset: TissuePreset,
    section_um: float,
    placed: tuple[tuple[int, int], NDArray[np.bool_]],
    above: NDArray[np.float64],
) -> tuple[TissueCell, float]:
    """Return a cell that looks as in the image, and its brightness relative to the background."""
    (top, left), mask = placed
    reach = 3
    low = np.maximum((top - reach, left - reach), 0)
    high = np.minimum((top + mask.shape[0] + reach, left + mask.shape[1] + reach), preset.fov_shape)
    contour = np.zeros(high - low, dtype=bool)
    start = (top - low[0], left - low[1])
    contour[start[0] : start[0] + mask.shape[0], start[1] : start[1] + mask.shape[1]] = mask
    soft = ndimage.gaussian_filter(contour.astype(float), 0.7)
    light = np.maximum(above[low[0] : high[0], low[1] : high[1]], 0) * soft
    bright = max(float(light[contour].mean()), LEAST_CONTRAST)
    if bright <= LEAST_CONTRAST:
        light = soft
    depth = float(rng.normal(0, rng.uniform(*preset.depth.offset_um)))
    planes = seen_in_depth(rng, preset, section_um, light, depth)
    return in_plane(TissueCell((int(low[0]), int(low[1])), planes[1], contour, planes)), bright


def _lively_spots(
    rng: np.random.Generator, preset: TissuePreset, ground: NDArray[np.float64], taken: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], list[list[Patch]]]:
    """Return the background without some of its bright spots, and these as sources."""
    sigma = SPOT_UM / 2 / preset.pixel_size_um
    fine = ndimage.gaussian_filter(ground, sigma)
    above = fine - ndimage.gaussian_filter(ground, 3 * sigma)
    peak = (above == ndimage.maximum_filter(above, size=2 * int(2 * sigma) + 3)) & ~taken
    y, x = np.nonzero(peak & (above > np.maximum(2 * above.std(), 0.1 * fine)))
    lively = rng.uniform(size=len(y)) < rng.uniform(*LIVELY)
    left = ground.copy()
    spots: list[list[Patch]] = []
    reach = int(np.ceil(4 * sigma))
    for row, column in zip(y[lively], x[lively], strict=True):
        low = np.maximum((row - reach, column - reach), 0)
        high = np.minimum((row + reach + 1, column + reach + 1), preset.fov_shape)
        cut = np.s_[low[0] : high[0], low[1] : high[1]]
        gy, gx = np.ogrid[cut]
        window = np.exp(-((gy - row) ** 2 + (gx - column) ** 2) / (2 * (1.5 * sigma) ** 2))
        light = np.maximum(left[cut] - 0.8 * np.median(left[cut]), 0) * window * rng.uniform(0.5, 1)
        left[cut] -= light
        corner = (int(low[0]), int(low[1]))
        spots.append([(corner, plane) for plane in seen_in_depth(rng, preset, 3.0, light, rng.normal(0, 3))])
    return left, spots


def _in_depth(
    rng: np.random.Generator, preset: TissuePreset, library: Library, ground: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the background at the planes (3, Y, X): as in the image in the middle, akin to it beside."""
    share = rng.uniform(*preset.structure.depth_correlation)
    soft = ndimage.gaussian_filter(ground, 2.0 / preset.pixel_size_um)
    planes = np.stack(
        [
            ground
            if plane == 0
            else (share * ground + (1 - share) * soft) * texture(rng, preset, library.scene) ** (1 - share)
            for plane in PLANES_UM
        ]
    )
    return np.asarray(planes / planes.mean(axis=(1, 2), keepdims=True))


def _dark_stretches(
    rng: np.random.Generator, preset: TissuePreset, ground: NDArray[np.float64]
) -> list[Patch]:
    """Return flickering stretches in the dark regions of the background."""
    um = preset.pixel_size_um
    here, around = (ndimage.gaussian_filter(ground, s / um) for s in (2.0, 40.0))
    dark = np.argwhere(here < DARK * around)
    n = rng.poisson(rng.uniform(*FLICKERING_PER_MM2) * len(dark) * um**2 * 1e-6) if len(dark) else 0
    patches = []
    for _ in range(n):
        centre = dark[rng.integers(len(dark))].astype(np.float64)
        size = float(log_uniform(rng, preset.vessels.flicker))
        patches.append(stretch(rng, preset, centre, rng.uniform(0, np.pi), rng.uniform(1.5, 8.0) / um, size))
    return patches
