"""Which cells are planted: outlines, trains and brightness, fitted to the movie that they go into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.controls.light import Light
from neurocine.controls.own_activity import OwnActivity, noise_of
from neurocine.controls.planting import Planted
from neurocine.core import InputError, Movie, RoiSet
from neurocine.core.indicators import decay_s
from neurocine.core.truth import MIN_DPRIME
from neurocine.progress import Progress, silent
from neurocine.simulation.hybrid.activity import LARGEST_PEAK, CellActivity, draw_cells
from neurocine.simulation.hybrid.detectability import detectability_of
from neurocine.simulation.hybrid.footprints import MAX_OVERLAP, CellFootprint, contours, place_cells
from neurocine.simulation.hybrid.presets import HYBRID_PRESETS, HybridPreset, log_uniform
from neurocine.simulation.hybrid.true_transients import Rises, find_transients
from neurocine.simulation.library import load
from neurocine.traces.extraction import raw_traces

#: Cells planted at once: this share of the recording's ROIs, but at least so many.
SHARE, FEWEST = 0.15, 6
#: Of the planted cells, this share is silent.
SILENT_SHARE = 1 / 3
#: Each cell's activity is chosen from so many draws of each of the `_ways`.
ROUNDS_OF_DRAWS = 6
#: Factors on the ends of the range of decays in the faster ones.
FASTER = (0.35, 0.8)
#: With fewer active ROIs none is a model: then cells have this contrast to the background, and d' of the
#: largest transient and calls a minute between these, uniform in their logarithms.
FEWEST_MODELS = 5
USUAL_CONTRAST, LARGEST_DPRIME, PER_MIN = 0.7, (4.0, 60.0), (0.5, 5.0)
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
    own
        How active the ROIs are.
    """

    movie: Movie
    mean: NDArray[np.float32]
    rois: RoiSet
    light: Light
    own: OwnActivity


def draw_planted(ground: Ground, seed: int, progress: Progress = silent) -> Planted:
    """Draw the cells of one round.

    Outlines lie as in real movies, and overlap the recording's ROIs as often as these overlap each other. A
    third is silent. Each has one of the recording's active ROIs as its model: it is as bright at rest, its
    largest transient has the same d', and of several draws it fires that whose clear transients are most like
    the model's calls, in number and in how long they rise.

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
    models = _models(rng, ground, len(patches))
    draws = [
        draw_cells(rng, kind, library.neurons, kinds) for kind in _ways(preset, models) * ROUNDS_OF_DRAWS
    ]
    rois = contours(patches, preset)
    sigma = outline_noise(ground, rois, models.resting, progress)
    return _scaled(ground, patches, draws, models, sigma)


@dataclass(frozen=True, eq=False)
class _Models:
    """What N cells are to be like, (N,) each.

    Photons at rest, d' of the largest transient, transients a minute, and frames of a rise (NaN: any).
    """

    resting: NDArray[np.float64]
    largest_dprime: NDArray[np.float64]
    per_min: NDArray[np.float64]
    rise_frames: NDArray[np.float64]


def _models(rng: np.random.Generator, ground: Ground, n: int) -> _Models:
    """Draw an active ROI as the model of each of `n` cells, varied a little; usual values if few are."""
    gain, own = ground.light.gain, ground.own
    resting = np.array([_above_surround(ground, i) for i in range(len(ground.rois))]) / gain
    fit = np.flatnonzero((resting > 0) & (own.largest_dprime > 0))
    if len(fit) < FEWEST_MODELS:
        level = max((float(np.median(ground.mean)) - ground.light.zero) / gain, 0.05)
        usual = np.full(n, USUAL_CONTRAST * level)
        anything = np.full(n, np.nan)
        return _Models(usual, log_uniform(rng, LARGEST_DPRIME, n), log_uniform(rng, PER_MIN, n), anything)
    chosen = rng.choice(fit, n)
    varied = np.exp(rng.normal(0, 0.2, (2, n)))
    return _Models(
        resting[chosen] * varied[0],
        own.largest_dprime[chosen] * varied[1],
        own.per_min[chosen],
        own.rise_frames[chosen],
    )


def _ways(preset: HybridPreset, models: _Models) -> list[HybridPreset]:
    """Return how cells are drawn: recorded trains or single bursts, as recorded and with faster kinetics.

    The library's test split has few neurons, whose transients rise more slowly than most.
    """
    sparse = replace(preset, sparse_per_min=(float(models.per_min.min()), float(models.per_min.max())))
    low, high = (limit * factor for limit, factor in zip(preset.decay_scale, FASTER, strict=True))
    return [
        replace(way, decay_scale=scale)
        for way in (preset, sparse)
        for scale in (preset.decay_scale, (low, high))
    ]


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
    areas = rois.areas().astype(np.float32)
    measured = noise_of(raw_traces(ground.movie, rois, progress).astype(np.float64)) / ground.light.gain
    return np.asarray(np.sqrt(measured**2 + resting * ground.light.spread / areas))


def _scaled(
    ground: Ground,
    patches: list[CellFootprint],
    draws: Sequence[CellActivity],
    models: _Models,
    sigma: NDArray[np.float64],
) -> Planted:
    """Return the cells, each with the draw that is most like its model at the model's d'."""
    rate = ground.movie.frame_rate_hz
    minutes = ground.movie.n_frames / rate / 60
    fired: list[_Fired] = []
    for i in range(len(patches)):
        tried = [
            _fired(draw, i, float(models.resting[i] / sigma[i]), float(models.largest_dprime[i]), rate)
            for draw in draws
        ]
        number, frames = float(models.per_min[i]) * minutes, float(models.rise_frames[i])
        fired.append(min(tried, key=lambda one: one.unlike(number, frames)))
    owner = np.repeat(np.arange(len(patches)), [len(one.dprime) for one in fired]).astype(np.int64)
    empty = np.empty(0, dtype=np.int64)
    return Planted(
        rois=contours(patches, fitted_preset(ground.movie)),
        pictures=tuple(
            (p.corner, np.where(p.weight > 0.01, p.weight, 0).astype(np.float32)) for p in patches
        ),
        resting=models.resting,
        dff=np.stack([one.dff for one in fired]).astype(np.float32),
        roi_id=owner,
        onset=np.concatenate([empty, *(one.rises.onset for one in fired)]),
        peak=np.concatenate([empty, *(one.rises.peak for one in fired)]),
        dprime=np.concatenate([np.empty(0), *(one.dprime for one in fired)]),
    )


@dataclass(frozen=True, eq=False)
class _Fired:
    """One cell's ΔF/F (T,), its transients and their d'."""

    dff: NDArray[np.float64]
    rises: Rises
    dprime: NDArray[np.float64]

    def unlike(self, number: float, frames: float) -> float:
        """Return how far the number and the rises of the clear transients are from these, in logarithms."""
        clear = self.dprime >= MIN_DPRIME
        far = abs(np.log((clear.sum() + 0.5) / (number + 0.5)))
        if np.isfinite(frames) and clear.any():
            far += abs(np.log(np.median((self.rises.peak - self.rises.onset + 1)[clear]) / frames))
        return float(far)


def _fired(draw: CellActivity, i: int, scale: float, largest: float, rate: float) -> _Fired:
    """Return cell `i` of a draw with the `largest` d'; `scale` is its resting brightness over its noise."""
    dff = draw.dff[i].astype(np.float64)
    rises = find_transients(dff, draw.spikes[i], rate)
    seen = detectability_of(dff * scale, 1.0, rises.onset, rate)
    if not len(seen) or not seen.max() > 0:
        return _Fired(dff, rises, seen)
    factor = min(largest / float(seen.max()), LARGEST_PEAK / float(dff.max()))
    return _Fired(dff * factor, rises, seen * factor)
