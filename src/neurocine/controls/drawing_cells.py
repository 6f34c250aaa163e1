"""Which cells are planted: outlines, trains and brightness, fitted to the movie that they go into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from neurocine.controls.light import SECOND_DIFFERENCE, Light, second_differences
from neurocine.controls.planting import Planted
from neurocine.core import InputError, Movie, RoiSet
from neurocine.core.indicators import decay_s
from neurocine.progress import Progress, silent
from neurocine.simulation.hybrid.activity import LARGEST_PEAK, CellActivity, draw_cells
from neurocine.simulation.hybrid.detectability import detectability_of
from neurocine.simulation.hybrid.footprints import MAX_OVERLAP, CellFootprint, contours, place_cells
from neurocine.simulation.hybrid.presets import HYBRID_PRESETS, HybridPreset, log_uniform
from neurocine.simulation.hybrid.true_transients import Rises, find_transients
from neurocine.simulation.library import load
from neurocine.traces.events import MAD_TO_STD
from neurocine.traces.extraction import projected

#: Cells planted at once: this share of the recording's ROIs, but at least so many.
SHARE, FEWEST = 0.15, 6
#: Of the planted cells, this share is silent.
SILENT_SHARE = 1 / 3
#: d' of a cell's largest transient lies between these, uniform in its logarithm.
LARGEST_DPRIME = (4.0, 60.0)
#: Resting brightness relative to the surround where too few ROIs are brighter than theirs.
USUAL_CONTRAST = 0.7
#: Draws of layouts to choose cells from, and what is taken as the surround of an ROI, pixels.
LAYOUTS, SURROUND_PX = 6, 6
#: Least field and length that cells can be planted into.
LEAST_EDGE, LEAST_FRAMES = 32, 100


@dataclass(frozen=True, eq=False)
class Ground:
    """What cells are planted into.

    Attributes
    ----------
    movie, mean
        Registered movie and its mean, (Y, X), counts.
    rois
        The recording's own ROIs.
    light
        How photons become counts in it.
    """

    movie: Movie
    mean: NDArray[np.float32]
    rois: RoiSet
    light: Light


def draw_planted(ground: Ground, seed: int, progress: Progress = silent) -> Planted:
    """Draw the cells of one round.

    Outlines lie as in real movies, and overlap the recording's ROIs as often as these overlap each other.
    Two thirds fire as recorded neurons do, with ΔF/F scaled so that the d' of their largest transient lies
    between 4 and 60; a third is silent. Each is as bright at rest as one of the recording's ROIs.

    Raises
    ------
    InputError
        If the movie is too small or too short.
    """
    preset = fitted_preset(ground.movie)
    rng = np.random.default_rng((seed, 0x504C414E))
    library = load("test")
    n = max(FEWEST, round(SHARE * len(ground.rois)))
    patches = _chosen(rng, ground, n, [place_cells(rng, preset, library.layouts) for _ in range(LAYOUTS)])
    n_silent = round(SILENT_SHARE * len(patches))
    kinds = tuple("noise" if i < n_silent else _kind(rng) for i in range(len(patches)))
    activity = draw_cells(rng, preset, library.neurons, kinds)
    rois = contours(patches, preset)
    resting = _resting(rng, ground, len(patches))
    sigma = outline_noise(ground, rois, resting, progress)
    return _scaled(rng, ground, patches, activity, resting, sigma)


def fitted_preset(movie: Movie) -> HybridPreset:
    """Return the simulator's preset with the movie's sampling and scale, and its indicator's decay.

    Raises
    ------
    InputError
        If cells can't be planted into so small or short a movie.
    """
    if min(movie.fov_shape) < LEAST_EDGE or movie.n_frames < LEAST_FRAMES:
        raise InputError(
            movie.source,
            "shape",
            f"is {movie.n_frames} frames of {movie.fov_shape[0]} x {movie.fov_shape[1]} pixels",
            f"Cells can be planted into {LEAST_FRAMES} frames of {LEAST_EDGE} pixels a side, or more: "
            "set controls.run: false.",
        )
    decay = decay_s(movie.indicator)
    base = HYBRID_PRESETS["cortex-6f" if decay < 0.85 else "cortex-6s"]
    slower = decay / decay_s(base.indicator)
    return replace(
        base,
        fov_shape=movie.fov_shape,
        n_frames=movie.n_frames,
        frame_rate_hz=movie.frame_rate_hz,
        pixel_size_um=movie.pixel_size_um,
        indicator=movie.indicator,
        decay_scale=(base.decay_scale[0] * slower, base.decay_scale[1] * slower),
    )


def _kind(rng: np.random.Generator) -> str:
    return "pyramidal" if rng.uniform() < 0.85 else "interneuron"


def _chosen(
    rng: np.random.Generator, ground: Ground, n: int, layouts: Sequence[list[CellFootprint]]
) -> list[CellFootprint]:
    """Return up to `n` cells of `layouts` that overlap ROIs, and each other, as often as ROIs do."""
    own = ground.rois.matrix()
    own.data[:] = 1
    covered = np.asarray(own.sum(axis=0)).reshape(ground.movie.fov_shape)
    touching = np.mean(np.asarray(own @ (covered > 1).ravel()) > 0) if len(ground.rois) else 0.0
    quota = round(float(touching) * n)
    chosen: list[CellFootprint] = []
    taken = covered > 0
    for patch in (p for layout in layouts for p in (layout[i] for i in rng.permutation(len(layout)))):
        shared = np.count_nonzero(taken[patch.window] & patch.contour)
        if shared > MAX_OVERLAP * np.count_nonzero(patch.contour) or (shared and not quota):
            continue
        quota -= bool(shared)
        taken[patch.window] |= patch.contour
        chosen.append(patch)
        if len(chosen) == n:
            break
    return chosen


def _resting(rng: np.random.Generator, ground: Ground, n: int) -> NDArray[np.float64]:
    """Return the resting brightness (n,) of cells, photons: drawn from the ROIs' own, varied a little."""
    values = np.array([_above_surround(ground, i) for i in range(len(ground.rois))])
    known = values[values > 0] / ground.light.gain
    usual = USUAL_CONTRAST * max(float(np.median(ground.mean)) / ground.light.gain, 0.05)
    if len(known) < 5:
        level = max((float(np.median(ground.mean)) - ground.light.zero) / ground.light.gain, 0.05)
        known = np.array([min(usual, USUAL_CONTRAST * level)])
    return np.asarray(rng.choice(known, n) * np.exp(rng.normal(0, 0.2, n)))


def _above_surround(ground: Ground, index: int) -> float:
    """Return how much brighter than its surround an ROI is in the mean picture, counts."""
    y, x, _ = ground.rois.pixels(index)
    top, left = max(0, int(y.min()) - SURROUND_PX), max(0, int(x.min()) - SURROUND_PX)
    window = ground.mean[top : int(y.max()) + SURROUND_PX + 1, left : int(x.max()) + SURROUND_PX + 1]
    inside = np.zeros(window.shape, dtype=bool)
    inside[y - top, x - left] = True
    around = ~ndimage.binary_dilation(inside, iterations=2)
    return float(window[inside].mean() - np.median(window[around])) if around.any() else 0.0


def outline_noise(
    ground: Ground, rois: RoiSet, resting: NDArray[np.float64], progress: Progress = silent
) -> NDArray[np.float64]:
    """Return the noise of the plain mean over each outline in one frame, with the cell in it, (N,), photons.

    That of the movie itself is measured there; the cell's own light adds its Poisson noise.
    """
    masks = rois.matrix()
    areas = rois.areas().astype(np.float32)
    means = projected(
        ground.movie, sparse.csr_array(masks.multiply(1 / areas[:, None])), progress, "noise of planted cells"
    )
    there = second_differences(means.T.astype(np.float64))
    spread = np.median(np.abs(there - np.median(there, axis=0)), axis=0) * MAD_TO_STD
    measured = spread**2 / SECOND_DIFFERENCE / ground.light.gain**2
    return np.asarray(np.sqrt(measured + resting * ground.light.spread / areas))


def _scaled(
    rng: np.random.Generator,
    ground: Ground,
    patches: list[CellFootprint],
    activity: CellActivity,
    resting: NDArray[np.float64],
    sigma: NDArray[np.float64],
) -> Planted:
    """Return the cells with ΔF/F scaled to the d' that each is to have."""
    rate = ground.movie.frame_rate_hz
    wanted = log_uniform(rng, LARGEST_DPRIME, len(patches))
    dff = activity.dff.astype(np.float64)
    rises: list[Rises] = []
    dprime: list[NDArray[np.float64]] = []
    for i, spikes in enumerate(activity.spikes):
        found = find_transients(dff[i], spikes, rate)
        seen = detectability_of(dff[i] * resting[i], float(sigma[i]), found.onset, rate)
        factor = 1.0
        if len(seen):
            factor = min(float(wanted[i] / seen.max()), LARGEST_PEAK / float(dff[i].max()))
        dff[i] *= factor
        rises.append(found)
        dprime.append(seen * factor)
    owner = np.repeat(np.arange(len(patches)), [len(r.onset) for r in rises]).astype(np.int64)
    empty = np.empty(0, dtype=np.int64)
    return Planted(
        rois=contours(patches, fitted_preset(ground.movie)),
        pictures=tuple(
            (p.corner, np.where(p.weight > 0.01, p.weight, 0).astype(np.float32)) for p in patches
        ),
        resting=resting,
        dff=dff.astype(np.float32),
        roi_id=owner,
        onset=np.concatenate([empty, *(r.onset for r in rises)]),
        peak=np.concatenate([empty, *(r.peak for r in rises)]),
        dprime=np.concatenate([np.empty(0), *dprime]),
    )
