"""A hybrid recording from a preset, a seed and a split of the library."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocine.core import CELL_TYPES, RoiSet
from neurocine.core.truth import SPLITS, Truth
from neurocine.simulation.hybrid import background as scenery
from neurocine.simulation.hybrid.activity import CellActivity, draw_cells
from neurocine.simulation.hybrid.brain_motion import FOCUS_UM, HAZE_UM, BrainMotion, axial_factor, draw_motion
from neurocine.simulation.hybrid.detectability import detectability_of, noise_of_means
from neurocine.simulation.hybrid.footprints import (
    CellFootprint,
    contours,
    dendrites,
    out_of_focus,
    overlapping,
    place_cells,
)
from neurocine.simulation.hybrid.presets import HybridPreset, log_uniform
from neurocine.simulation.hybrid.render import Camera, HybridFrames
from neurocine.simulation.hybrid.truth import Made, Seen, make_truth, rises_of
from neurocine.simulation.library import Library, load


@dataclass(frozen=True, eq=False)
class _Cells:
    """What is in the plane: outlines, pictures (P, N) of resting brightness 1, brightness (N,), activity."""

    patches: list[CellFootprint]
    pictures: sparse.csc_array
    resting: NDArray[np.float64]
    activity: CellActivity


def make_hybrid(preset: HybridPreset, seed: int, split: str, name: str) -> tuple[RoiSet, Truth, HybridFrames]:
    """Return contours, truth and frames of one movie."""
    library = load(split)
    # Movies of one seed have nothing in common where their presets differ.
    stream = (zlib.crc32(name.encode()), SPLITS.index(split), seed)
    rng = np.random.default_rng(stream)
    camera, photons = _draw_camera(rng, preset, library)
    cells = _draw_plane(rng, preset, library, photons)
    hazy, haze = _draw_haze(rng, preset, library, photons)
    motion = draw_motion(rng, preset)
    ground = photons * scenery.texture(rng, preset, library.scene)
    light = scenery.illumination(rng, preset) * scenery.vessels(rng, preset)
    neuropil = scenery.make_neuropil(
        rng,
        preset,
        library.scene,
        np.array([_centre(p) for p in [*cells.patches, *hazy]]),
        np.concatenate([cells.activity.dff, haze.dff]),
    )
    pictures, courses = _compose(rng, preset, cells, (hazy, haze, photons), motion, ground, neuropil)
    flat = light.reshape(-1, 1).astype(np.float32)
    pictures = sparse.csr_array(pictures.multiply(flat)).astype(np.float32)
    frames = HybridFrames(preset.fov_shape, pictures, courses, motion.knots, camera, stream)
    rois = contours(cells.patches, preset)
    truth = _truth(preset, cells, motion, light, frames, camera, Made(name, seed, split))
    return rois, truth, frames


def _draw_camera(rng: np.random.Generator, preset: HybridPreset, library: Library) -> tuple[Camera, float]:
    """Return the camera and the background's photons.

    The noise of most movies is smeared, from not at all to as a registered real one.
    """
    photons = float(log_uniform(rng, preset.photons))
    smear = library.scene.noise_correlation * rng.uniform(0.1, 1.3) if rng.uniform() < 0.75 else 0.0
    # The brightest pixels stay below 65,535 counts, as in the real movie, mostly.
    gain = float(log_uniform(rng, (30.0, 3000 / max(photons, 1.0))))
    dark = rng.uniform(0.05, 1.0)
    offset = 3 * gain * dark * rng.uniform() + rng.uniform(0, 200)
    return Camera(gain, float(offset), float(dark), float(smear)), photons


def _draw_plane(rng: np.random.Generator, preset: HybridPreset, library: Library, photons: float) -> _Cells:
    patches = place_cells(rng, preset, library.layouts)
    shares = np.asarray(preset.type_shares) / sum(preset.type_shares)
    kinds = tuple(CELL_TYPES[i] for i in rng.choice(len(CELL_TYPES), size=len(patches), p=shares))
    contrast = log_uniform(rng, preset.contrast, len(patches))
    noise = np.array([kind == "noise" for kind in kinds])
    contrast[noise] *= rng.uniform(0.0, 0.6, noise.sum())  # dim, or nothing but neuropil
    columns = []
    for patch in patches:
        picture = np.zeros(preset.fov_shape, dtype=np.float32)
        picture[patch.window] = np.where(patch.weight > 0.01, patch.weight, 0)
        processes = dendrites(rng, patch, preset)
        if processes is not None:
            picture += processes
        columns.append(sparse.csc_array(picture.reshape(-1, 1)))
    return _Cells(
        patches,
        sparse.csc_array(sparse.hstack(columns)),
        contrast * photons,
        draw_cells(rng, preset, library.neurons, kinds),
    )


def _draw_haze(
    rng: np.random.Generator, preset: HybridPreset, library: Library, photons: float
) -> tuple[list[CellFootprint], CellActivity]:
    area = np.prod(np.asarray(preset.fov_shape) * preset.pixel_size_um)
    n = rng.poisson(rng.uniform(*preset.out_of_focus) * 1500e-6 * area)
    patches = [out_of_focus(rng, preset) for _ in range(max(n, 1))]
    kind = "pyramidal" if preset.type_shares[0] else "interneuron"
    unplanted = replace(preset, assemblies=None)
    return patches, draw_cells(rng, unplanted, library.neurons, (kind,) * len(patches))


def _compose(
    rng: np.random.Generator,
    preset: HybridPreset,
    cells: _Cells,
    haze: tuple[list[CellFootprint], CellActivity, float],
    motion: BrainMotion,
    ground: NDArray[np.float64],
    neuropil: scenery.Neuropil,
) -> tuple[sparse.csc_array, NDArray[np.float32]]:
    """Return pictures (P, M), photons, and courses (M, T) of cells, haze, background and neuropil."""
    patches, activity, photons = haze
    hazy = []
    for patch in patches:
        picture = np.zeros(preset.fov_shape, dtype=np.float32)
        picture[patch.window] = patch.weight
        hazy.append(sparse.csc_array(picture.reshape(-1, 1)))
    brightness = photons * log_uniform(rng, preset.contrast, len(hazy))
    # A soma displaces part of the neuropil around it.
    covered = np.zeros(preset.fov_shape)
    for cell in cells.patches:
        covered[cell.window] = np.maximum(covered[cell.window], cell.contour)
    ground = ground * (1 - rng.uniform(0.1, 0.5) * covered)
    maps = (ground[None] * neuropil.maps).reshape(len(neuropil.maps), -1).T
    pictures = sparse.hstack(
        [
            cells.pictures.multiply(cells.resting[None].astype(np.float32)),
            sparse.hstack(hazy).multiply(brightness[None].astype(np.float32)),
            sparse.csc_array(np.column_stack([ground.ravel(), maps]).astype(np.float32)),
        ]
    )
    n, m, t = len(cells.patches), len(patches), preset.n_frames
    depth = np.r_[rng.normal(0, 2.5, n), rng.choice([-1, 1], m) * rng.uniform(9, 20, m)]
    focus = np.r_[np.full(n, FOCUS_UM), np.full(m, HAZE_UM)]
    factor = axial_factor(motion.axial, depth, focus)
    shining = (1 + np.concatenate([cells.activity.dff, activity.dff])) * factor
    fading = 1 - rng.uniform(*preset.bleaching) * (1 - np.exp(-np.arange(t) / t * rng.uniform(0.8, 4)))
    courses = np.concatenate([shining, np.ones((1, t)), neuropil.courses]) * fading
    return sparse.csc_array(pictures), courses.astype(np.float32)


def _truth(
    preset: HybridPreset,
    cells: _Cells,
    motion: BrainMotion,
    light: NDArray[np.float64],
    frames: HybridFrames,
    camera: Camera,
    made: Made,
) -> Truth:
    """Return the truth: transients are the rises of the noise-free ΔF/F that hold a spike."""
    activity, fps = cells.activity, preset.frame_rate_hz
    rises = rises_of(activity, fps)
    mean = np.asarray(frames.pictures @ frames.courses.mean(axis=1)).reshape(preset.fov_shape)
    noise = noise_of_means(cells.patches, mean, camera)
    lit = [(light[p.window][p.contour] * p.weight[p.contour]).mean() for p in cells.patches]
    resting = cells.resting * np.asarray(lit)
    detectability = [
        detectability_of(d * rest, float(sigma), r.onset, fps)
        for d, rest, sigma, r in zip(activity.dff, resting, noise, rises, strict=True)
    ]
    seen = Seen(resting, camera.gain, detectability, overlapping(cells.patches))
    return make_truth(made, activity, rises, seen, motion)


def _centre(patch: CellFootprint) -> tuple[float, float]:
    return (
        patch.corner[0] + patch.weight.shape[0] / 2,
        patch.corner[1] + patch.weight.shape[1] / 2,
    )
