"""Somata in tissue: what of them is labelled, and how they change as the plane moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.simulation.hybrid.footprints import CellFootprint, laid_over, resampled, smooth_noise
from neurocine.simulation.library import CellLayout
from neurocine.simulation.tissue.ranges import TissuePreset
from neurocine.simulation.tissue.sources import MOST, PLANES_UM, Patch, slab

#: Optical blur in the plane, standard deviation in µm, one a movie; and further blur per µm out of the plane.
BLUR_UM, BLUR_PER_UM = (0.4, 1.3), 0.3
#: Height of a nucleus relative to its soma; the smallest section of a soma that is drawn, relative to the
#: largest.
NUCLEUS_HEIGHT, LEAST_SECTION = 0.6, 0.35


@dataclass(frozen=True, eq=False)
class TissueCell(CellFootprint):
    """A soma: `weight` is its picture in the plane, `planes` (3, h, w) those at `PLANES_UM`."""

    planes: NDArray[np.float32]

    @property
    def patches(self) -> list[Patch]:
        """The pictures at `PLANES_UM`."""
        return [(self.corner, plane) for plane in self.planes]


@dataclass(frozen=True)
class Look:
    """What the somata of one movie have in common: see `SomaRanges`; blur and section in µm."""

    nucleus: float
    filled: float
    nuclear: bool
    outline: float
    blur_um: float
    section_um: float


def draw_look(rng: np.random.Generator, preset: TissuePreset) -> Look:
    """Draw what the somata of a movie have in common."""
    ranges = preset.somata
    return Look(
        nucleus=rng.uniform(*ranges.nucleus),
        filled=rng.uniform(*ranges.filled),
        nuclear=bool(rng.choice(ranges.nuclear)),
        outline=rng.uniform(*ranges.outline),
        blur_um=rng.uniform(*BLUR_UM),
        section_um=float(np.exp(rng.uniform(*np.log(preset.depth.section_um)))),
    )


def place_somata(
    rng: np.random.Generator,
    preset: TissuePreset,
    layouts: tuple[CellLayout, ...],
    look: Look,
    scale: float,
    lumen: NDArray[np.float64],
) -> list[TissueCell]:
    """Return the somata of random cuts of real layouts that don't lie in the `lumen` (Y, X) of a vessel."""

    def shaped(crop: NDArray[np.bool_], centre: NDArray[np.float64], um_per_px: float) -> TissueCell | None:
        depth = float(rng.normal(0, rng.uniform(*preset.depth.offset_um)))
        cell = shape_soma(rng, preset, look, (crop, centre, um_per_px), depth)
        if cell is None or lumen[cell.window][cell.contour].mean() > 0.3:
            return None
        return cell

    return laid_over(rng, preset, layouts, scale, shaped)


def shape_soma(
    rng: np.random.Generator,
    preset: TissuePreset,
    look: Look,
    outlined: tuple[NDArray[np.bool_], NDArray[np.float64], float],
    depth_um: float,
) -> TissueCell | None:
    """Return a soma whose middle lies `depth_um` from the plane; None if almost nothing lies in the field.

    Parameters
    ----------
    outlined
        Outline, centre (pixels of the movie) and µm a pixel of the outline.
    """
    crop, centre, um_per_px = outlined
    ratio = preset.pixel_size_um / um_per_px
    mask = np.pad(crop, int(np.ceil(3 + 3 * ratio)))
    inward = ndimage.distance_transform_edt(mask)
    inward /= inward.max()
    nucleus = np.clip((inward - rng.uniform(0.3, 0.55)) / 0.25, 0, 1)
    hole = _hole(rng, look)
    speckle = np.exp(rng.uniform(0.05, 0.3) * smooth_noise(rng, mask.shape, 2.0 / um_per_px))
    half_um = rng.uniform(*preset.depth.soma_um)
    half = (np.asarray(crop.shape) / ratio * 0.7).astype(int) + 5
    corner = np.floor(centre).astype(int) - half
    planes = []
    for plane in PLANES_UM:
        away = abs(plane - depth_um)
        size = _section(away / half_um) / _section(depth_um / half_um)
        open_nucleus = hole * max(0.0, 1 - (away / (NUCLEUS_HEIGHT * half_um)) ** 2)
        bright = mask * (1 - open_nucleus * nucleus) * speckle
        picture = resampled(bright, corner, half, centre, ratio / min(size, 1.5))
        blur = look.blur_um + BLUR_PER_UM * max(0.0, away - 0.5 * half_um)
        seen = float(slab(np.asarray(away), half_um, look.section_um))
        planes.append(seen * ndimage.gaussian_filter(picture, blur / preset.pixel_size_um))
    size = look.outline * float(np.exp(rng.normal(0, preset.somata.outline_scatter)))
    soft = resampled(mask.astype(float), corner, half, centre, ratio / size)
    low = np.maximum(-corner, 0)
    high = np.minimum(soft.shape, np.asarray(preset.fov_shape) - corner)
    inside = tuple(slice(a, max(a, b)) for a, b in zip(low, high, strict=True))
    contour = soft[inside] >= 0.5
    if np.count_nonzero(contour) < 6:
        return None
    cut = np.stack([plane[inside] for plane in planes]).astype(np.float32)
    at = (int(corner[0] + low[0]), int(corner[1] + low[1]))
    return TissueCell(at, cut[1], contour, cut)


def seen_in_depth(
    rng: np.random.Generator,
    preset: TissuePreset,
    section_um: float,
    light: NDArray[np.float64],
    depth_um: float,
) -> NDArray[np.float32]:
    """Return the pictures (3, h, w) at `PLANES_UM` of a soma that looks like `light` (h, w) at rest."""
    half_um = rng.uniform(*preset.depth.soma_um)
    middle = (np.asarray(light.shape) - 1) / 2
    rest = float(slab(np.asarray(depth_um), half_um, section_um))
    planes = []
    for plane in PLANES_UM:
        away = abs(plane - depth_um)
        ratio = _section(depth_um / half_um) / _section(away / half_um) if plane else 1.0
        ratio = max(ratio, 1 / 1.5)
        picture = ndimage.affine_transform(light, np.full(2, ratio), offset=middle * (1 - ratio), order=1)
        blur = BLUR_PER_UM * max(0.0, away - 0.5 * half_um) / preset.pixel_size_um if plane else 0.0
        seen = float(slab(np.asarray(away), half_um, section_um)) / max(rest, 1e-3)
        planes.append(min(seen, MOST) * ndimage.gaussian_filter(picture, blur))
    return np.asarray(planes, dtype=np.float32)


def in_plane(cell: TissueCell) -> TissueCell:
    """Return `cell` so bright that its contour has a mean of 1 at rest."""
    planes = cell.planes / max(float(cell.weight[cell.contour].mean()), 1e-3)
    return TissueCell(cell.corner, planes[1], cell.contour, planes)


def _hole(rng: np.random.Generator, look: Look) -> float:
    """Return how much darker the nucleus is than the cytoplasm; below 0: brighter."""
    if look.nuclear:
        return rng.uniform(-0.3, 0.0)
    if rng.uniform() < look.filled:
        return rng.uniform(-0.5, 0.1)
    return 1 - float(np.clip(rng.normal(look.nucleus, 0.15), 0.03, 1.0))


def _section(relative: float) -> float:
    """Return the radius of a ball's section at a height relative to its radius."""
    return max(LEAST_SECTION, float(np.sqrt(max(0.0, 1 - relative**2))))
