"""Variation of training windows: place, orientation, light, and contours."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import csr_array

from neurocine.core import RoiSet
from neurocine.networks.cells.grid import resampling_matrix

#: Windows are moved by up to this many pixels along each axis.
SHIFT_PX = 2
#: Standard deviations of the logarithm of the gain and of the offset, and largest noise added, in units of
#: the z-scored movie.
GAIN_SD = 0.3
OFFSET_SD = 0.15
NOISE_MAX = 0.3
#: Frames of the model's rate that one frame of a slower movie lasts, and the share of windows slowed so.
SLOW_RATIOS = (1.2, 1.43, 2.0, 3.0, 5.0, 6.67)
SLOW_SHARE = 0.35
#: Largest noise added to views, in units of the noise of a pixel.
VIEW_NOISE_MAX = 0.7
#: Views that change when a movie is turned.
SHIFTS, SIDES = slice(5, 7), slice(7, 11)
#: Contours as people or STNeuroNet draw them are blurred by so many pixels and cut at a level in this range;
#: the edge of suite2p's wanders by so many pixels.
BLUR_PX, LEVEL, RAGGED_PX = (0.6, 1.4), (0.3, 0.65), 1.0
#: A fully connected pixel neighbourhood would grow contours by more than a pixel's width at the corners.
_CROSS = ndimage.generate_binary_structure(2, 1)


def turned(
    patches: NDArray[np.float32], masks: NDArray[np.bool_], turn: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return patches (T, px, px) and masks (K, px, px) turned alike; `turn` is 0-7.

    The eight are the symmetries of a square: four rotations, each as it is and mirrored.
    """
    rotation, mirror = divmod(turn, 2)
    patches = np.rot90(patches, rotation, axes=(1, 2))
    masks = np.rot90(masks, rotation, axes=(1, 2))
    return (patches[:, :, ::-1], masks[:, :, ::-1]) if mirror else (patches, masks)


def shifted(
    patches: NDArray[np.float32], masks: NDArray[np.bool_], px: int, shift: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the window of `px` pixels that lies `shift` off the middle of larger patches and masks."""
    middle = (patches.shape[1] - px) // 2
    top, left = middle + shift[0], middle + shift[1]
    part = (slice(None), slice(top, top + px), slice(left, left + px))
    return patches[part], masks[part]


def relit(rng: np.random.Generator, patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return z-scored patches (T, px, px) with another gain, offset and more noise."""
    gain, offset = np.exp(rng.normal(0, GAIN_SD)), rng.normal(0, OFFSET_SD)
    noise = rng.standard_normal(patches.shape, dtype=np.float32)
    return np.asarray(patches * gain + offset + rng.uniform(0, NOISE_MAX) * noise, dtype=np.float32)


def jittered(rng: np.random.Generator, rois: RoiSet) -> RoiSet:
    """Return `rois` with each contour drawn as another engine or person does.

    It is left, dilated, eroded or moved by a pixel; smooth and larger or smaller, as people and STNeuroNet
    draw; or ragged, as suite2p's are. An ROI that would be left with fewer than 4 pixels stays as it is.
    """
    pixels = []
    for index in range(len(rois)):
        mask = rois.mask(index)
        change = rng.integers(7)
        if change == 1:
            new = ndimage.binary_dilation(mask, _CROSS)
        elif change == 2:
            new = ndimage.binary_erosion(mask, _CROSS)
        elif change == 3:
            new = ndimage.shift(mask.astype(np.uint8), rng.integers(-1, 2, size=2), order=0).astype(bool)
        elif change in (4, 5):
            blurred = ndimage.gaussian_filter(mask.astype(np.float32), rng.uniform(*BLUR_PX))
            new = blurred > rng.uniform(*LEVEL)
        elif change == 6:
            new = _ragged(rng, mask)
        else:
            new = mask
        y, x = np.nonzero(new if new.sum() >= 4 else mask)
        pixels.append((y, x, None))
    return RoiSet.from_pixels(rois.fov_shape, pixels, engine="jittered", ids=rois.ids, source=rois.source)


def _ragged(rng: np.random.Generator, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return `mask` (Y, X) with an edge that wanders by about a pixel."""
    rows, columns = (slice(max(0, int(i.min()) - 3), int(i.max()) + 4) for i in np.nonzero(mask))
    part = mask[rows, columns]
    inward = ndimage.distance_transform_edt(part) - ndimage.distance_transform_edt(~part)
    wander = ndimage.gaussian_filter(rng.standard_normal(part.shape), 0.7)
    new = np.zeros_like(mask)
    new[rows, columns] = inward + RAGGED_PX * wander / wander.std() > rng.uniform(-0.5, 1.0)
    return new


def slowed(views: NDArray[np.float32], ratio: float) -> NDArray[np.float32]:
    """Return views (T, n) as of a movie of 1 / `ratio` the frame rate, interpolated to the model's.

    A slower frame gathers the light of several: its noise, the unit of views, is less by the root of their
    number. Between such frames noise is that of both neighbours, and no longer independent.
    """
    gathered, spread = _slowing(len(views), ratio)
    slow = (gathered @ views) * np.float32(np.sqrt(ratio))
    return np.asarray((spread @ slow)[: len(views)], dtype=np.float32)


@lru_cache(maxsize=256)
def _slowing(n: int, ratio: float) -> tuple[csr_array, csr_array]:
    gathered = resampling_matrix(n, 1 / ratio)
    return gathered, resampling_matrix(gathered.shape[0], ratio)


def varied(rng: np.random.Generator, views: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return views (T, 7 or 12) as of a brighter or dimmer, noisier, turned movie."""
    noise = rng.standard_normal(views.shape, dtype=np.float32) * np.float32(rng.uniform(0, VIEW_NOISE_MAX))
    views = views * np.float32(np.exp(rng.normal(0, GAIN_SD))) + noise
    return turned_views(views, *(bool(turn) for turn in rng.integers(2, size=3)))


def turned_views(
    views: NDArray[np.float32], upside_down: bool, mirrored: bool, transposed: bool
) -> NDArray[np.float32]:
    """Return views (T, 7 or 12) of a turned movie: shifts and what lies around the cell change places."""
    turned = views.copy()
    shifts, sides = turned[:, SHIFTS], turned[:, SIDES]  # down, right; above, right, below, left
    if upside_down:
        shifts[:, 0] *= -1
        sides[:] = sides[:, [2, 1, 0, 3]] if sides.shape[1] else sides
    if mirrored:
        shifts[:, 1] *= -1
        sides[:] = sides[:, [0, 3, 2, 1]] if sides.shape[1] else sides
    if transposed:
        shifts[:] = shifts[:, ::-1].copy()
        sides[:] = sides[:, ::-1].copy()
    return turned
