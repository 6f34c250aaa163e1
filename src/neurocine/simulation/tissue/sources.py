"""What shines in tissue: pictures at depths about the plane, and courses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

#: Depths at which sources are known; in between they are interpolated, beyond they stay.
PLANES_UM = (-5.0, 0.0, 5.0)
#: Light under this share of a source's brightest pixel is left out.
LEAST = 0.01
#: No source becomes more times brighter as the plane moves.
MOST = 4.0

#: Top-left corner and weights (h, w) of a picture that is 0 elsewhere.
Patch = tuple[tuple[int, int], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Sources:
    """S sources, seen as M pictures of P pixels over T frames.

    Attributes
    ----------
    pictures
        Photons at rest, sparse (P, M) float32.
    owner
        Source of each picture, (M,) int64.
    profile
        Share of each picture that is seen at each of `PLANES_UM`, (M, 3) float32.
    courses
        Brightness of each source relative to rest, (S, T) float32.
    """

    pictures: sparse.csc_array
    owner: NDArray[np.int64]
    profile: NDArray[np.float32]
    courses: NDArray[np.float32]

    def coefficients(self, near: NDArray[np.float32], frames: slice) -> NDArray[np.float32]:
        """Return how bright each picture is in `frames`, (M, n) float32; `near` as of `nearness`, (3, T)."""
        return np.asarray((self.profile @ near[:, frames]) * self.courses[self.owner, frames])

    def scaled(self, brightness: NDArray[np.float64]) -> Sources:
        """Return these sources `brightness` (S,) times as bright."""
        factor = brightness[self.owner].astype(np.float32)
        return Sources(
            sparse.csc_array(self.pictures.multiply(factor[None])), self.owner, self.profile, self.courses
        )


def joined(parts: Sequence[Sources]) -> Sources:
    """Return the sources of all `parts`, in order."""
    before = np.cumsum([0, *(len(p.courses) for p in parts)])
    return Sources(
        sparse.csc_array(sparse.hstack([p.pictures for p in parts])).astype(np.float32),
        np.concatenate([p.owner + start for p, start in zip(parts, before, strict=False)]),
        np.concatenate([p.profile for p in parts]),
        np.concatenate([p.courses for p in parts]),
    )


def in_depth(
    fov_shape: tuple[int, int],
    patches: Sequence[Sequence[Patch]],
    profiles: NDArray[np.float64],
    courses: NDArray[np.float32],
) -> Sources:
    """Return sources of one picture each with its profile (S, 3), or of three, one at each of `PLANES_UM`."""
    owner = np.repeat(np.arange(len(patches)), [len(p) for p in patches]).astype(np.int64)
    profile = [
        row if len(own) == 1 else one
        for own, rows in zip(patches, profiles, strict=True)
        for row, one in ([(rows, rows)] if len(own) == 1 else zip([rows] * 3, np.eye(3), strict=True))
    ]
    pictures = columns(fov_shape, [patch for own in patches for patch in own])
    return Sources(pictures, owner, np.asarray(profile, dtype=np.float32).reshape(-1, 3), courses)


def columns(fov_shape: tuple[int, int], patches: Sequence[Patch]) -> sparse.csc_array:
    """Return pictures as sparse columns (P, M) float32."""
    values, rows, ends = [], [], [0]
    for (top, left), weight in patches:
        y, x = np.nonzero(weight > LEAST * float(weight.max(initial=0)))
        values.append(weight[y, x].astype(np.float32))
        rows.append((y + top) * fov_shape[1] + x + left)
        ends.append(ends[-1] + len(y))
    empty = np.empty(0, dtype=np.float32)
    return sparse.csc_array(
        (np.concatenate([empty, *values]), np.concatenate([empty, *rows]).astype(np.int64), ends),
        shape=(fov_shape[0] * fov_shape[1], len(patches)),
    )


def placed(fov_shape: tuple[int, int], centre: NDArray[np.float64], weight: NDArray[np.float64]) -> Patch:
    """Return `weight` (h, w) around pixel `centre`, cut to the field."""
    corner = np.rint(centre).astype(int) - np.asarray(weight.shape) // 2
    low = np.clip(-corner, 0, weight.shape)
    high = np.clip(np.asarray(fov_shape) - corner, low, weight.shape)
    part = weight[low[0] : high[0], low[1] : high[1]]
    return (int(corner[0] + low[0]), int(corner[1] + low[1])), part.astype(np.float32)


def nearness(axial: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much each of `PLANES_UM` is seen as the plane moves by `axial` (T,) µm: (3, T), sum 1."""
    planes = np.asarray(PLANES_UM)
    at = np.clip(axial, planes[0], planes[-1])
    return np.stack([np.interp(at, planes, one) for one in np.eye(3)]).astype(np.float32)


def slab(distance_um: NDArray[np.float64], half_um: float, section_um: float) -> NDArray[np.float64]:
    """Return how bright a slab of half-height `half_um` is, seen by a Gaussian section `distance_um` away."""
    scale = section_um * np.sqrt(2)
    return np.asarray(
        0.5 * (special.erf((distance_um + half_um) / scale) - special.erf((distance_um - half_um) / scale))
    )


def profile_of(depth_um: float, half_um: float, section_um: float) -> NDArray[np.float64]:
    """Return the brightness at `PLANES_UM` relative to that at rest of a slab centred at `depth_um`, (3,)."""
    seen = slab(np.asarray(PLANES_UM) - depth_um, half_um, section_um)
    return np.asarray(np.minimum(seen / max(float(seen[1]), 1e-6), MOST))
