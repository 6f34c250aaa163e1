"""A recording of tissue from a preset, a seed and a split of the library."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocine.core import CELL_TYPES, RoiSet
from neurocine.core.truth import SPLITS, Truth
from neurocine.simulation.hybrid.activity import CellActivity, draw_cells
from neurocine.simulation.hybrid.background import illumination
from neurocine.simulation.hybrid.detectability import noise_of_means
from neurocine.simulation.hybrid.footprints import contours, dendrites, overlapping
from neurocine.simulation.hybrid.presets import log_uniform
from neurocine.simulation.hybrid.truth import Made, Seen, make_truth, rises_of
from neurocine.simulation.library import Library, load
from neurocine.simulation.tissue.detectability import detectability_among, disturbance
from neurocine.simulation.tissue.detector import Detector, draw_detector
from neurocine.simulation.tissue.motion import draw_motion
from neurocine.simulation.tissue.neuropil import background, draw_bundles, ground_planes, smooth_neuropil
from neurocine.simulation.tissue.ranges import TissuePreset
from neurocine.simulation.tissue.render import TissueFrames
from neurocine.simulation.tissue.somata import Look, TissueCell, draw_look, in_plane, place_somata
from neurocine.simulation.tissue.sources import Patch, Sources, in_depth, joined, nearness, profile_of
from neurocine.simulation.tissue.trains import Trains
from neurocine.simulation.tissue.unlisted import DISTINCT, dark_somata, draw_unlisted, reused
from neurocine.simulation.tissue.vessels import Vessels, draw_vessels


@dataclass(frozen=True, eq=False)
class Anatomy:
    """What lies in the field.

    Attributes
    ----------
    cells
        The listed somata.
    contrast
        Their resting brightness relative to the background, (N,).
    ground
        Background (3, Y, X) at the planes, of mean about 1.
    vessels
        Vessels.
    look, scale
        What somata have in common, and the factor on the size of outlines.
    spots
        Pictures at the planes of further unlisted sources, relative to the background.
    """

    cells: list[TissueCell]
    contrast: NDArray[np.float64]
    ground: NDArray[np.float64]
    vessels: Vessels
    look: Look
    scale: float
    spots: list[list[Patch]] = field(default_factory=list)


#: Draws the anatomy of a movie.
DrawAnatomy = Callable[[np.random.Generator, TissuePreset, Library], Anatomy]


def make_tissue(
    preset: TissuePreset, seed: int, split: str, name: str, anatomy_of: DrawAnatomy | None = None
) -> tuple[RoiSet, Truth, TissueFrames]:
    """Return contours, truth and frames of one movie; `anatomy_of` draws its field, if not `draw_anatomy`."""
    library = load(split)
    # Movies of one seed have nothing in common where their presets differ.
    stream = (zlib.crc32(name.encode()), SPLITS.index(split), seed)
    rng = np.random.default_rng(stream)
    photons = float(log_uniform(rng, preset.photons))
    anatomy = (anatomy_of or draw_anatomy)(rng, preset, library)
    shares = np.asarray(preset.type_shares) / sum(preset.type_shares)
    kinds = tuple(CELL_TYPES[i] for i in rng.choice(len(CELL_TYPES), size=len(anatomy.cells), p=shares))
    noise = np.array([kind == "noise" for kind in kinds])
    # Dim, or nothing but neuropil.
    contrast = anatomy.contrast * np.where(noise, rng.uniform(0.0, 0.6, len(noise)), 1.0)
    trains = Trains.drawn(rng, preset)
    activity = draw_cells(rng, preset, library.neurons + library.further, kinds, trains)
    sources = _compose(rng, preset, library, anatomy, (activity, photons * contrast), photons)
    detector = draw_detector(rng, preset, photons)
    motion = draw_motion(rng, preset)
    ranges = preset.detector
    phase = rng.choice([-1, 1]) * rng.uniform(*ranges.phase_px) if rng.uniform() < ranges.phase_share else 0.0
    frames = TissueFrames(
        preset.fov_shape,
        sources,
        sparse.csr_array(sources.pictures),
        nearness(motion.left.axial),
        _laser(rng, preset),
        motion,
        phase,
        detector,
        stream,
    )
    cells = anatomy.cells
    seen = _seen(preset, cells, activity, frames, detector)
    truth = make_truth(
        Made(name, seed, split), activity, rises_of(activity, preset.frame_rate_hz), seen, motion.left
    )
    return contours(cells, preset), truth, frames


def draw_anatomy(rng: np.random.Generator, preset: TissuePreset, library: Library) -> Anatomy:
    """Draw a field: vessels, somata where they lay in real fields, background."""
    vessels = draw_vessels(rng, preset, library.scene)
    look, scale = draw_look(rng, preset), rng.uniform(*preset.soma_scale)
    somata = place_somata(rng, preset, library.layouts, look, scale, vessels.lumen)
    cells = [in_plane(cell) for cell in somata]
    ground = ground_planes(rng, preset, library.scene) * (1 - dark_somata(rng, preset))
    ground *= 1 - vessels.lumen
    contrast = log_uniform(rng, preset.somata.brightness) * log_uniform(rng, preset.contrast, len(cells))
    return Anatomy(cells, contrast, ground, vessels, look, scale)


def _compose(
    rng: np.random.Generator,
    preset: TissuePreset,
    library: Library,
    anatomy: Anatomy,
    listed: tuple[CellActivity, NDArray[np.float64]],
    photons: float,
) -> Sources:
    """Return all sources, photons; the `listed` cells, with their resting brightness, first."""
    activity, resting = listed
    cells, look = anatomy.cells, anatomy.look
    soma = in_depth(
        preset.fov_shape, [c.patches for c in cells], np.ones((len(cells), 3)), 1 + activity.dff
    ).scaled(resting)
    branches = _dendrites(rng, preset, anatomy, listed)
    kind = "pyramidal" if preset.type_shares[0] else "interneuron"
    unplanted = replace(preset, assemblies=None)
    pool = draw_cells(
        rng,
        unplanted,
        library.neurons + library.further,
        (kind,) * DISTINCT,
        Trains.drawn(rng, preset),
    )
    layouts = (library.layouts, anatomy.scale)
    unlisted = draw_unlisted(rng, preset, look, layouts, pool)
    lively = in_depth(
        preset.fov_shape,
        anatomy.spots,
        np.ones((len(anatomy.spots), 3)),
        1 + reused(rng, pool, len(anatomy.spots)),
    )
    covered = np.zeros(preset.fov_shape)
    for cell in cells:
        covered[cell.window] = np.maximum(covered[cell.window], cell.contour)
    ground = anatomy.ground * (1 - rng.uniform(*preset.structure.displaced) * covered)
    centres = np.array([_centre(cell) for cell in cells])
    near = (centres, activity.dff)
    bundles = draw_bundles(rng, preset, look.section_um, near, pool)
    smooth = smooth_neuropil(rng, preset, library.scene, ground[1], near)
    relative = joined(
        [unlisted, lively, bundles, background(ground, preset.n_frames), smooth, anatomy.vessels.flicker]
    )
    every = joined([soma, branches, relative.scaled(np.full(len(relative.courses), photons))])
    shade = illumination(rng, preset) ** rng.uniform(*preset.borders.shading)
    light = shade * anatomy.vessels.passing * _margins(rng, preset)
    fading = 1 - rng.uniform(*preset.bleaching) * (
        1 - np.exp(-np.linspace(0, 1, preset.n_frames) * rng.uniform(0.8, 4))
    )
    lit = every.pictures.multiply(light.reshape(-1, 1).astype(np.float32))
    return Sources(
        sparse.csc_array(lit).astype(np.float32),
        every.owner,
        every.profile,
        (every.courses * fading).astype(np.float32),
    )


def _dendrites(
    rng: np.random.Generator,
    preset: TissuePreset,
    anatomy: Anatomy,
    listed: tuple[CellActivity, NDArray[np.float64]],
) -> Sources:
    """Return the dendrites of listed cells, which shine as their somata do."""
    activity, resting = listed
    patches, owners = [], []
    for index, cell in enumerate(anatomy.cells):
        picture = None if anatomy.look.nuclear else dendrites(rng, cell, preset)
        if picture is not None:
            patches.append([((0, 0), picture)])
            owners.append(index)
    which = np.asarray(owners, dtype=np.int64)
    depth = rng.normal(0, 3.0, len(which))
    profiles = np.reshape([profile_of(d, 1.5, anatomy.look.section_um) for d in depth], (len(which), 3))
    return in_depth(preset.fov_shape, patches, profiles, 1 + activity.dff[which]).scaled(resting[which])


def _margins(rng: np.random.Generator, preset: TissuePreset) -> NDArray[np.float64]:
    """Return the light (1, X) that margins leave, where the scanner turns."""
    x = np.arange(preset.fov_shape[1])
    width = rng.uniform(*preset.borders.margin_px, 2)
    if rng.uniform() > preset.borders.margin_share:
        return np.ones((1, len(x)))
    rise = [1 / (1 + np.exp(-(away - w))) for away, w in ((x, width[0]), (x[::-1], width[1]))]
    return np.asarray(np.maximum(rise[0] * rise[1], 0.02))[None]


def _laser(rng: np.random.Generator, preset: TissuePreset) -> NDArray[np.float32]:
    return (1 + rng.uniform(*preset.detector.laser) * rng.standard_normal(preset.n_frames)).astype(np.float32)


def _seen(
    preset: TissuePreset,
    cells: list[TissueCell],
    activity: CellActivity,
    frames: TissueFrames,
    detector: Detector,
) -> Seen:
    """Return how bright the cells are, and how detectable their transients."""
    n = len(cells)
    mean = frames.clean(range(0, frames.shape[0], max(1, frames.shape[0] // 32))).mean(axis=0)
    own = np.arange(n, dtype=np.int64)
    resting = np.array([_resting(frames, cell, i) for i, cell in enumerate(cells)])
    noise = noise_of_means(list(cells), mean, detector)
    others = disturbance(cells, frames, own, preset.pixel_size_um)
    onsets = [r.onset for r in rises_of(activity, preset.frame_rate_hz)]
    signals = activity.dff * resting[:, None]
    found = detectability_among(signals, noise, others, onsets, preset.frame_rate_hz)
    return Seen(resting, detector.gain, found, overlapping(cells))


def _resting(frames: TissueFrames, cell: TissueCell, index: int) -> float:
    """Return the mean resting brightness of a cell over its contour, photons."""
    column = frames.sources.pictures[:, [3 * index + 1]].toarray().reshape(frames.fov_shape)
    return float(column[cell.window][cell.contour].mean())


def _centre(cell: TissueCell) -> tuple[float, float]:
    rows, columns = cell.window
    return (rows.start + rows.stop) / 2, (columns.start + columns.stop) / 2
