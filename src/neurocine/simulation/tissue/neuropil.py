"""Background and neuropil of tissue: texture in depth, and bundles of processes with events of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from neurocine.simulation.hybrid.activity import CellActivity
from neurocine.simulation.hybrid.background import make_neuropil, texture
from neurocine.simulation.hybrid.footprints import smooth_noise
from neurocine.simulation.hybrid.presets import log_uniform
from neurocine.simulation.library.scene import SceneStatistics
from neurocine.simulation.tissue.ranges import TissuePreset
from neurocine.simulation.tissue.sources import PLANES_UM, Patch, Sources, in_depth, profile_of
from neurocine.simulation.tissue.unlisted import count, reused

#: Depth of bundles about the plane, standard deviation, µm; thickness of a process, µm.
BUNDLE_UM, PROCESS_UM = 3.0, (0.3, 0.8)
#: Size of the finest texture, standard deviation, µm.
GRAIN_UM = 0.8
#: A bundle follows a cell within this distance, µm.
REACH_UM = 80.0
#: How much the smooth neuropil differs between depths 5 µm apart, relative to its mean.
SMOOTH_DEPTH = 0.15


def ground_planes(
    rng: np.random.Generator, preset: TissuePreset, scene: SceneStatistics
) -> NDArray[np.float64]:
    """Return the background (3, Y, X) at `PLANES_UM`, each of mean 1."""
    share = rng.uniform(*preset.structure.depth_correlation)
    own = np.log([texture(rng, preset, scene) for _ in PLANES_UM])
    grain = rng.uniform(*preset.structure.grain)
    own += grain * np.stack(
        [smooth_noise(rng, preset.fov_shape, GRAIN_UM / preset.pixel_size_um) for _ in own]
    )
    mixed = np.exp(share * own[1] + np.sqrt(1 - share**2) * own)
    mixed[1] = np.exp(own[1])
    return np.asarray(mixed / mixed.mean(axis=(1, 2), keepdims=True))


def background(ground: NDArray[np.float64], n_frames: int) -> Sources:
    """Return the background `ground` (3, Y, X) as a source that never changes but with depth."""
    patches: list[list[Patch]] = [[((0, 0), plane.astype(np.float32)) for plane in ground]]
    still = np.ones((1, n_frames), dtype=np.float32)
    return in_depth(ground.shape[1:], patches, np.ones((1, len(PLANES_UM))), still)


def smooth_neuropil(
    rng: np.random.Generator,
    preset: TissuePreset,
    scene: SceneStatistics,
    ground: NDArray[np.float64],
    cells: tuple[NDArray[np.float64], NDArray[np.float32]],
) -> Sources:
    """Return the smooth components on `ground` (Y, X); they follow the `cells`: centres (N, 2), ΔF/F."""
    made = make_neuropil(rng, preset, scene, *cells)
    maps = (ground[None] * made.maps).reshape(len(made.maps), -1)
    n = len(maps)
    pictures = sparse.csc_array(maps.T.astype(np.float32))
    profile = 1 + SMOOTH_DEPTH * rng.standard_normal((n, len(PLANES_UM)))
    return Sources(pictures, np.arange(n, dtype=np.int64), profile.astype(np.float32), made.courses)


def draw_bundles(
    rng: np.random.Generator,
    preset: TissuePreset,
    section_um: float,
    cells: tuple[NDArray[np.float64], NDArray[np.float32]],
    pool: CellActivity,
) -> Sources:
    """Return bundles of dendrites and axons, relative to the background.

    A bundle's signal is partly that of one of the `cells` (centres (N, 2) and ΔF/F (N, T)) around, partly
    its own.
    """
    ranges = preset.structure
    n = count(rng, preset, ranges.bundles_per_mm2)
    brightness = log_uniform(rng, ranges.brightness, n)
    where = rng.uniform(0, preset.fov_shape, (n, 2))
    patches = [[_bundle(rng, preset, centre)] for centre in where]
    depth = rng.normal(0, BUNDLE_UM, n)
    profiles = np.reshape([profile_of(d, 1.5, section_um) for d in depth], (n, len(PLANES_UM)))
    own = reused(rng, pool, n)
    own /= np.maximum(own.max(axis=1, keepdims=True), 1e-6)
    share = rng.uniform(*ranges.follows, n)
    centres, dff = cells
    for i, centre in enumerate(where):
        near = np.flatnonzero(np.hypot(*(centres - centre).T) * preset.pixel_size_um < REACH_UM)
        if len(near):
            followed = dff[rng.choice(near)]
            own[i] *= 1 - share[i]
            own[i] += share[i] * followed / max(float(followed.max()), 1e-6)
    courses = 1 + log_uniform(rng, ranges.peak, n)[:, None] * own
    return in_depth(preset.fov_shape, patches, profiles, courses.astype(np.float32)).scaled(brightness)


def _bundle(rng: np.random.Generator, preset: TissuePreset, centre: NDArray[np.float64]) -> Patch:
    """Return processes that pass near `centre`, mostly in one direction, with beads and gaps."""
    ranges, um = preset.structure, preset.pixel_size_um
    picture = np.zeros(preset.fov_shape)
    main = rng.uniform(0, 2 * np.pi)
    for _ in range(rng.integers(ranges.processes[0], ranges.processes[1] + 1)):
        steps = max(4, int(float(log_uniform(rng, ranges.length_um)) / um * 2))
        heading = main + rng.normal(0, 0.6) + np.cumsum(rng.normal(0, 0.06, steps))
        path = 0.5 * np.cumsum(np.stack([np.sin(heading), np.cos(heading)], axis=1), axis=0)
        path += centre - path[rng.integers(steps)] + rng.normal(0, 10 / um, 2)
        pixels = np.rint(path).astype(int)
        inside = np.all((pixels >= 0) & (pixels < preset.fov_shape), axis=1)
        beads = np.exp(0.7 * ndimage.gaussian_filter1d(rng.standard_normal(steps), 2 / um) * np.sqrt(4 / um))
        y, x = pixels[inside].T
        np.maximum.at(picture, (y, x), np.clip(beads[inside], 0.2, 3.0))
    width = rng.uniform(*PROCESS_UM) / um
    spread = ndimage.gaussian_filter(picture, width) * np.sqrt(2 * np.pi * (width**2 + 0.15))
    return (0, 0), spread.astype(np.float32)
