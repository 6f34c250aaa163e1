"""Cells of a hybrid movie: where they lie, their pixels and how bright these are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.core import RoiSet
from neurocine.simulation.hybrid.presets import HybridPreset
from neurocine.simulation.library import CellLayout

#: Optical blur, standard deviation in µm: one per cell, as cells lie more or less in focus.
PSF_UM = (0.5, 1.4)
#: Share of cells with dendrites in the plane, and of processes among what is out of focus.
DENDRITES, SPOTS = 0.25, 0.5
#: A cell is not laid over another that covers more of the smaller.
MAX_OVERLAP = 0.6
#: At most so many layouts over one another, and so many cells at least, if layouts have them.
MAX_LAYOUTS, MIN_CELLS = 8, 12


@dataclass(frozen=True, eq=False)
class CellFootprint:
    """One cell's pixels: top-left corner, soft brightness and outline, both (h, w), all inside the field."""

    corner: tuple[int, int]
    weight: NDArray[np.float32]
    contour: NDArray[np.bool_]

    @property
    def window(self) -> tuple[slice, slice]:
        """The field's rows and columns."""
        (y, x), (h, w) = self.corner, self.weight.shape
        return slice(y, y + h), slice(x, x + w)


#: A kind of footprint.
Cell = TypeVar("Cell", bound=CellFootprint)


def place_cells(
    rng: np.random.Generator, preset: HybridPreset, layouts: tuple[CellLayout, ...]
) -> list[CellFootprint]:
    """Return the cells of random cuts of real layouts, laid over one another until they overlap enough."""
    scale = rng.uniform(*preset.soma_scale)
    nucleus = rng.uniform(0.35, 0.95)

    def shaped(
        crop: NDArray[np.bool_], centre: NDArray[np.float64], um_per_px: float
    ) -> CellFootprint | None:
        dimness = float(np.clip(rng.normal(nucleus, 0.15), 0.2, 1.0))
        return shape_cell(rng, crop, centre, um_per_px, dimness, preset)

    return laid_over(rng, preset, layouts, scale, shaped)


def laid_over(
    rng: np.random.Generator,
    preset: HybridPreset,
    layouts: tuple[CellLayout, ...],
    scale: float,
    shaped: Callable[[NDArray[np.bool_], NDArray[np.float64], float], Cell | None],
) -> list[Cell]:
    """Return the cells of random cuts of `layouts`, as `shaped` makes them of outline, centre and scale.

    `scale` enlarges the outlines; `shaped` gives None for what is no cell.
    """
    keep = rng.uniform(*preset.density)
    placed: list[Cell] = []
    pairs = 0
    for turn in range(MAX_LAYOUTS):
        layout = layouts[rng.integers(len(layouts))]
        for centre, crop in cut(rng, layout, preset, scale):
            if rng.uniform() > keep:
                continue
            patch = shaped(crop, centre, layout.um_per_px * scale)
            if patch is None:
                continue
            shared = [_shared(patch, other) for other in placed]
            if _hidden(patch, placed, shared):
                continue
            placed.append(patch)
            pairs += int(np.count_nonzero(shared))
            # The first layout stays whole, with its real density.
            if turn and len(placed) >= MIN_CELLS and 2 * pairs >= preset.partners * len(placed):
                return placed
        if len(placed) >= MIN_CELLS and 2 * pairs >= preset.partners * len(placed):
            break
    return placed


def cut(
    rng: np.random.Generator, layout: CellLayout, preset: HybridPreset, scale: float
) -> list[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """Return centres (pixels of the movie) and outlines of a random, flipped window of `layout`."""
    fov = np.asarray(preset.fov_shape) * preset.pixel_size_um
    size = np.asarray(layout.fov_um) * scale
    flips, turn = rng.integers(0, 2, 2).astype(bool), bool(rng.integers(2))
    if turn:
        size = size[::-1]
    corner = rng.uniform(np.minimum(0, size - fov), np.maximum(0, size - fov))
    outlines = []
    for centre, crop in zip(layout.centre_um * scale, layout.crops, strict=True):
        if turn:
            centre, crop = centre[::-1], crop.T
        centre = np.where(flips, size - centre, centre)
        crop = crop[:: -1 if flips[0] else 1, :: -1 if flips[1] else 1]
        pixel = (centre - corner) / preset.pixel_size_um
        if np.all((pixel >= 1) & (pixel < np.asarray(preset.fov_shape) - 2)):
            outlines.append((pixel, crop))
    order = rng.permutation(len(outlines))
    return [outlines[i] for i in order]


def shape_cell(
    rng: np.random.Generator,
    crop: NDArray[np.bool_],
    centre: NDArray[np.float64],
    um_per_px: float,
    nucleus: float,
    preset: HybridPreset,
) -> CellFootprint | None:
    """Return a soma of outline `crop` around pixel `centre`, its nucleus so much dimmer; None if tiny."""
    ratio = preset.pixel_size_um / um_per_px
    margin = int(np.ceil(3 + 3 * ratio))
    mask = np.pad(crop, margin)
    depth = ndimage.distance_transform_edt(mask)
    depth /= depth.max()
    ring = 1 - (1 - nucleus) * np.clip((depth - rng.uniform(0.3, 0.55)) / 0.25, 0, 1)
    speckle = np.exp(0.2 * smooth_noise(rng, mask.shape, 2.0 / um_per_px))
    half = (np.asarray(crop.shape) / ratio / 2).astype(int) + 4
    corner = np.floor(centre).astype(int) - half
    soft, bright = (
        resampled(picture, corner, half, centre, ratio)
        for picture in (mask.astype(float), mask * ring * speckle)
    )
    psf = rng.uniform(*PSF_UM) / preset.pixel_size_um
    weight = ndimage.gaussian_filter(bright, psf)
    low = np.maximum(-corner, 0)
    high = np.minimum(soft.shape, np.asarray(preset.fov_shape) - corner)
    inside = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    contour = soft[inside] >= 0.5
    if np.count_nonzero(contour) < 6:
        return None
    weight = (weight / weight[soft >= 0.5].mean())[inside]
    return CellFootprint(
        (int(corner[0] + low[0]), int(corner[1] + low[1])), weight.astype(np.float32), contour
    )


def dendrites(
    rng: np.random.Generator, patch: CellFootprint, preset: HybridPreset
) -> NDArray[np.float32] | None:
    """Return the processes (Y, X) that leave the soma, relative to its brightness; None for most cells."""
    if rng.uniform() > DENDRITES:
        return None
    picture = np.zeros(preset.fov_shape)
    rows, columns = patch.window
    centre = np.array([(rows.start + rows.stop) / 2, (columns.start + columns.stop) / 2])
    for _ in range(rng.integers(1, 4)):
        steps = int(rng.uniform(15, 60) / preset.pixel_size_um * 2)
        heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.09, steps))
        path = centre + 0.5 * np.cumsum(np.stack([np.sin(heading), np.cos(heading)], axis=1), axis=0)
        pixels = np.rint(path).astype(int)
        inside = np.all((pixels >= 0) & (pixels < preset.fov_shape), axis=1)
        fading = rng.uniform(0.1, 0.5) * np.linspace(1, 0.3, steps)
        y, x = pixels[inside].T
        picture[y, x] = np.maximum(picture[y, x], fading[inside])
    width = rng.uniform(0.5, 0.9) / preset.pixel_size_um
    picture = ndimage.gaussian_filter(picture, width) * np.sqrt(2 * np.pi) * width
    picture[rows, columns][patch.contour] = 0
    return np.asarray(np.where(picture > 0.02, picture, 0), dtype=np.float32)


def out_of_focus(rng: np.random.Generator, preset: HybridPreset) -> CellFootprint:
    """Return a cell above or below the plane, wide and smooth, or a process that crosses it; no outline."""
    spot = rng.uniform() < SPOTS
    blur = (rng.uniform(0.6, 1.2) if spot else rng.uniform(4.0, 11.0)) / preset.pixel_size_um
    radius = (rng.uniform(0.6, 1.5) if spot else rng.uniform(5.0, 7.5)) / preset.pixel_size_um
    reach = int(np.ceil(radius + 2.5 * blur))
    centre = rng.uniform(0, preset.fov_shape)
    corner = np.rint(centre).astype(int) - reach
    rows, columns = np.ogrid[: 2 * reach + 1, : 2 * reach + 1]
    disc = np.hypot(rows - reach, columns - reach) <= radius
    weight = ndimage.gaussian_filter(disc.astype(float), blur)
    low = np.maximum(-corner, 0)
    high = np.minimum(weight.shape, np.asarray(preset.fov_shape) - corner)
    part = weight[low[0] : high[0], low[1] : high[1]].astype(np.float32)
    part[part < 0.004] = 0
    return CellFootprint(
        (int(corner[0] + low[0]), int(corner[1] + low[1])), part, np.zeros(part.shape, dtype=bool)
    )


def overlapping(patches: Sequence[CellFootprint]) -> NDArray[np.bool_]:
    """Return which cells share a pixel with another, (N,)."""
    return np.array([any(_shared(a, b) > 0 for b in patches if b is not a) for a in patches], dtype=bool)


def contours(patches: Sequence[CellFootprint], preset: HybridPreset) -> RoiSet:
    """Return the outlines of `patches` as ROIs of the field."""
    pixels = []
    for patch in patches:
        y, x = np.nonzero(patch.contour)
        weight = np.maximum(patch.weight[y, x], 0.01)
        pixels.append((y + patch.corner[0], x + patch.corner[1], weight))
    return RoiSet.from_pixels(preset.fov_shape, pixels, engine="simulation", source="simulation")


def _hidden(patch: CellFootprint, placed: Sequence[CellFootprint], shared: list[int]) -> bool:
    area = np.count_nonzero(patch.contour)
    return any(
        common > MAX_OVERLAP * min(area, np.count_nonzero(other.contour))
        for other, common in zip(placed, shared, strict=True)
        if common
    )


def _shared(a: CellFootprint, b: CellFootprint) -> int:
    """Return how many pixels two outlines share."""
    (ay, ax), (by, bx) = a.corner, b.corner
    top, left = max(ay, by), max(ax, bx)
    bottom = min(ay + a.contour.shape[0], by + b.contour.shape[0])
    right = min(ax + a.contour.shape[1], bx + b.contour.shape[1])
    if bottom <= top or right <= left:
        return 0
    one = a.contour[top - ay : bottom - ay, left - ax : right - ax]
    other = b.contour[top - by : bottom - by, left - bx : right - bx]
    return int(np.count_nonzero(one & other))


def resampled(
    picture: NDArray[np.float64],
    corner: NDArray[np.int64],
    half: NDArray[np.int64],
    centre: NDArray[np.float64],
    ratio: float,
) -> NDArray[np.float64]:
    """Return `picture` at 1/`ratio` of its scale on pixels from `corner`, its middle at `centre`."""
    if ratio > 1:
        picture = ndimage.gaussian_filter(picture, 0.4 * ratio)
    middle = (np.asarray(picture.shape) - 1) / 2
    return np.asarray(
        ndimage.affine_transform(
            picture,
            np.array([ratio, ratio]),
            offset=middle + (corner - centre) * ratio,
            output_shape=tuple(2 * half + 2),
            order=1,
        )
    )


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> NDArray[np.float64]:
    """Return noise of sd 1, smooth over `sigma` pixels."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), max(sigma, 0.5))
    return np.asarray(noise / max(noise.std(), 1e-9))
