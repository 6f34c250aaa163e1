"""Active sources that no list of ROIs holds, and dark somata."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.simulation.hybrid.activity import CellActivity
from neurocine.simulation.hybrid.presets import Range, log_uniform
from neurocine.simulation.library import CellLayout
from neurocine.simulation.tissue.ranges import TissuePreset
from neurocine.simulation.tissue.somata import Look, shape_soma
from neurocine.simulation.tissue.sources import PLANES_UM, Patch, Sources, in_depth, placed, profile_of

#: Radius of a hazy soma, µm; and its blur per µm of distance.
HAZY_UM, HAZY_BLUR = (5.0, 7.5), 0.45
#: How far a dendrite's cross-section moves sideways per µm of depth, at most.
TILT = 0.6
#: Courses drawn anew; further sources have one of these at another time.
DISTINCT = 40


def count(rng: np.random.Generator, preset: TissuePreset, per_mm2: Range) -> int:
    """Return how many things there are in the field: the density is uniform in its logarithm."""
    area = float(np.prod(np.asarray(preset.fov_shape) * preset.pixel_size_um)) * 1e-6
    return int(rng.poisson(float(log_uniform(rng, per_mm2)) * area)) if per_mm2[1] > 0 else 0


def reused(rng: np.random.Generator, pool: CellActivity, n: int) -> NDArray[np.float32]:
    """Return ΔF/F (n, T) of `n` sources: those of the `pool` in turn, begun at other times and rescaled."""
    who = rng.integers(len(pool.dff), size=n)
    start = rng.integers(pool.dff.shape[1], size=n)
    rows = [np.roll(pool.dff[i], s) for i, s in zip(who, start, strict=True)]
    scale = np.exp(rng.normal(0, 0.4, (n, 1)))
    return np.asarray(np.reshape(rows, (n, pool.dff.shape[1])) * scale, dtype=np.float32)


def draw_unlisted(
    rng: np.random.Generator,
    preset: TissuePreset,
    look: Look,
    shapes: tuple[tuple[CellLayout, ...], float],
    pool: CellActivity,
) -> Sources:
    """Draw somata out of focus, somata that the plane just misses, and cross-sections of dendrites.

    Brightness is relative to the background. `shapes` are the layouts whose outlines are used, enlarged by a
    factor.
    """
    ranges = preset.unlisted
    patches: list[list[Patch]] = []
    profiles: list[NDArray[np.float64]] = []
    for _ in range(count(rng, preset, ranges.hazy_per_mm2)):
        depth = rng.choice([-1, 1]) * rng.uniform(*ranges.hazy_um)
        patches.append([_hazy(rng, preset, abs(depth))])
        profiles.append(profile_of(depth, 6.0, look.section_um + 0.35 * abs(depth)))
    for _ in range(count(rng, preset, ranges.caps_per_mm2)):
        cap = _cap(rng, preset, look, shapes)
        if cap is not None:
            patches.append(cap)
            profiles.append(np.ones(len(PLANES_UM)))
    for _ in range(count(rng, preset, ranges.spots_per_mm2)):
        patches.append(_cross_section(rng, preset, look))
        profiles.append(np.ones(len(PLANES_UM)))
    courses = 1 + reused(rng, pool, len(patches))
    stacked = np.reshape(profiles, (len(patches), len(PLANES_UM)))
    return in_depth(preset.fov_shape, patches, stacked, courses).scaled(
        log_uniform(rng, ranges.contrast, len(patches))
    )


def dark_somata(rng: np.random.Generator, preset: TissuePreset) -> NDArray[np.float64]:
    """Return the light (3, Y, X) that somata without indicator lack at `PLANES_UM`, in [0, 1)."""
    ranges = preset.unlisted
    lacking = np.zeros((len(PLANES_UM), *preset.fov_shape))
    for _ in range(count(rng, preset, ranges.dark_per_mm2)):
        radius, depth = rng.uniform(*ranges.dark_um), rng.uniform(-8.0, 8.0)
        centre, dark = rng.uniform(0, preset.fov_shape), rng.uniform(*ranges.darkness)
        for index, plane in enumerate(PLANES_UM):
            size = np.sqrt(max(0.0, radius**2 - (plane - depth) ** 2)) / preset.pixel_size_um
            if size < 1:
                continue
            (top, left), weight = placed(
                preset.fov_shape, centre, dark * _disc(size, 0.6 / preset.pixel_size_um)
            )
            view = lacking[index, top : top + weight.shape[0], left : left + weight.shape[1]]
            np.maximum(view, weight, out=view)
    return lacking


def _disc(radius_px: float, blur_px: float, oval: float = 1.0) -> NDArray[np.float64]:
    """Return a blurred disc of brightness 1, an odd number of pixels a side."""
    reach = int(np.ceil(radius_px * max(oval, 1 / oval) + 2.5 * blur_px + 1))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    inside = np.clip(radius_px - np.hypot(y * oval, x / oval) + 0.5, 0, 1)
    return np.asarray(ndimage.gaussian_filter(inside, blur_px))


def _hazy(rng: np.random.Generator, preset: TissuePreset, distance_um: float) -> Patch:
    radius = rng.uniform(*HAZY_UM) / preset.pixel_size_um
    blur = HAZY_BLUR * distance_um / preset.pixel_size_um
    shape = _disc(radius, blur, float(np.exp(rng.normal(0, 0.15))))
    # The further away, the less of it reaches the detector from the plane's own depth.
    return placed(preset.fov_shape, rng.uniform(0, preset.fov_shape), shape)


def _cap(
    rng: np.random.Generator,
    preset: TissuePreset,
    look: Look,
    shapes: tuple[tuple[CellLayout, ...], float],
) -> list[Patch] | None:
    """Return the pictures of a soma whose middle is further from the plane than those listed."""
    layouts, scale = shapes
    layout = layouts[rng.integers(len(layouts))]
    crop = layout.crops[rng.integers(len(layout.crops))]
    depth = rng.choice([-1, 1]) * rng.uniform(*preset.unlisted.caps_um)
    outlined = (crop, rng.uniform(0, preset.fov_shape), layout.um_per_px * scale)
    cell = shape_soma(rng, preset, look, outlined, float(depth))
    return None if cell is None else cell.patches


def _cross_section(rng: np.random.Generator, preset: TissuePreset, look: Look) -> list[Patch]:
    """Return a dendrite that passes the plane, at each of `PLANES_UM`."""
    radius = float(log_uniform(rng, preset.unlisted.spot_um)) / preset.pixel_size_um
    shape = _disc(radius, look.blur_um / preset.pixel_size_um, float(np.exp(rng.normal(0, 0.25))))
    centre, tilt = rng.uniform(0, preset.fov_shape), rng.uniform(-TILT, TILT, 2) / preset.pixel_size_um
    return [placed(preset.fov_shape, centre + tilt * plane, shape) for plane in PLANES_UM]
