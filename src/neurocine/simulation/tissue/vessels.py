"""Vessels: dark lumen in the plane, shadows of those above, and their flicker and pulse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from neurocine.simulation.hybrid.background import coloured
from neurocine.simulation.hybrid.brain_motion import walk
from neurocine.simulation.hybrid.presets import log_uniform
from neurocine.simulation.library.scene import SceneStatistics
from neurocine.simulation.tissue.ranges import TissuePreset
from neurocine.simulation.tissue.sources import PLANES_UM, Patch, Sources, in_depth

#: Time constants of a stretch's flicker, s: of what drifts, and of what comes and goes like a transient.
DRIFT_S, EVENT_S, EVENTS_PER_MIN = (0.03, 2.0), (0.15, 3.0), (0.5, 8.0)
#: Frequency of the heart and of vasomotion, Hz.
HEART_HZ, VASOMOTION_HZ = (4.0, 11.0), (0.03, 0.3)
#: Length of a stretch, µm.
STRETCH_UM = (5.0, 30.0)


@dataclass(frozen=True, eq=False)
class Vessels:
    """Vessels of a field.

    Attributes
    ----------
    lumen
        Light that the plane lacks where a lumen lies in it, (Y, X) in [0, 1).
    passing
        Light that passes the vessels above, (Y, X) in (0, 1].
    flicker
        What comes and goes: relative to the background around.
    """

    lumen: NDArray[np.float64]
    passing: NDArray[np.float64]
    flicker: Sources


def draw_vessels(rng: np.random.Generator, preset: TissuePreset, scene: SceneStatistics) -> Vessels:
    """Draw the vessels of a movie."""
    ranges, area = preset.vessels, _area_mm2(preset)
    lumen, passing = np.zeros(preset.fov_shape), np.ones(preset.fov_shape)
    patches: list[Patch] = []
    courses: list[NDArray[np.float64]] = []
    above = rng.uniform(*ranges.above)
    per_mm, pulse = rng.uniform(*ranges.flicker_per_mm), float(log_uniform(rng, ranges.pulse))
    beat = _beat(rng, preset)
    for per_mm2, radii, wide in (
        (ranges.wide_per_mm2, ranges.wide_um, True),
        (ranges.narrow_per_mm2, ranges.narrow_um, False),
    ):
        for _ in range(rng.poisson(rng.uniform(*per_mm2) * area)):
            radius = float(log_uniform(rng, radii))
            path = _path(rng, preset, radius)
            if not len(path):
                continue
            distance = _distance(path, preset)
            over = wide and rng.uniform() < above
            edge = rng.uniform(3.0, 10.0) if over else rng.uniform(0.5, 2.0)
            shape = 1 / (1 + np.exp(np.clip((distance - radius) / edge, -30, 30)))
            dark = rng.uniform(*ranges.darkness)
            if over:
                passing *= 1 - dark * shape
            else:
                lumen = np.maximum(lumen, dark * shape)
            wall = 4 * shape * (1 - shape)
            patches.append(((0, 0), (pulse * wall).astype(np.float32)))
            courses.append(beat)
            length_mm = len(path) * preset.pixel_size_um * 1e-3
            for _ in range(rng.poisson(per_mm * length_mm)):
                size = float(log_uniform(rng, ranges.flicker))
                patches.append(_along(rng, preset, path, radius, size))
                courses.append(_flicker(rng, preset, scene))
    return Vessels(lumen, np.maximum(passing, 0.02), _sources(rng, preset, patches, courses))


def flicker_of(
    rng: np.random.Generator, preset: TissuePreset, scene: SceneStatistics, patches: list[Patch]
) -> Sources:
    """Return stretches that flicker, each in its own way."""
    return _sources(rng, preset, patches, [_flicker(rng, preset, scene) for _ in patches])


def _sources(
    rng: np.random.Generator,
    preset: TissuePreset,
    patches: list[Patch],
    courses: list[NDArray[np.float64]],
) -> Sources:
    profiles = 1 + rng.uniform(-0.3, 0.3, (len(patches), len(PLANES_UM)))
    stacked = np.stack(courses) if courses else np.empty((0, preset.n_frames))
    return in_depth(preset.fov_shape, [[p] for p in patches], profiles, stacked.astype(np.float32))


def _path(rng: np.random.Generator, preset: TissuePreset, radius_um: float) -> NDArray[np.int64]:
    """Return the pixels (n, 2) of a wandering line through the field, wide vessels straighter."""
    height, width = preset.fov_shape
    steps = 2 * int(np.hypot(height, width))
    if radius_um < 8:
        steps = int(steps * rng.uniform(0.15, 0.8))
    bend = 0.35 / np.sqrt(radius_um / preset.pixel_size_um)
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, bend, steps))
    heading = ndimage.gaussian_filter1d(heading, 3)
    walked = np.cumsum(np.stack([np.sin(heading), np.cos(heading)], axis=1), axis=0)
    start = rng.uniform(0, (height, width))
    pixels = np.rint(walked - walked[steps // 2] + start).astype(np.int64)
    inside = np.all((pixels >= 0) & (pixels < (height, width)), axis=1)
    kept = pixels[inside]
    new = np.any(np.diff(kept, axis=0, prepend=-1) != 0, axis=1)
    return np.asarray(kept[new])


def _distance(path: NDArray[np.int64], preset: TissuePreset) -> NDArray[np.float64]:
    """Return the distance of each pixel from `path`, (Y, X), µm."""
    free = np.ones(preset.fov_shape, dtype=bool)
    free[tuple(path.T)] = False
    return np.asarray(ndimage.distance_transform_edt(free) * preset.pixel_size_um)


def _along(
    rng: np.random.Generator, preset: TissuePreset, path: NDArray[np.int64], radius: float, size: float
) -> Patch:
    """Return part of a vessel as wide as it is, or a piece of its wall."""
    across = min(radius, rng.uniform(3.0, 9.0)) / preset.pixel_size_um
    place = int(rng.integers(len(path)))
    ahead, behind = path[min(place + 4, len(path) - 1)], path[max(place - 4, 0)]
    angle = np.arctan2(*(ahead - behind))
    side = rng.choice([-1, 0, 1]) * max(0.0, radius / preset.pixel_size_um - across)
    centre = path[place] + side * np.array([np.cos(angle), -np.sin(angle)])
    return stretch(rng, preset, centre, float(angle), across, size)


def stretch(
    rng: np.random.Generator,
    preset: TissuePreset,
    centre: NDArray[np.float64],
    angle: float,
    across: float,
    size: float,
) -> Patch:
    """Return a stretch of a vessel around `centre`, `across` pixels to each side, of brightness `size`."""
    length = rng.uniform(*STRETCH_UM) / preset.pixel_size_um
    reach = int(np.ceil(1.5 * max(length / 2, across) + 2))
    top, left = np.rint(centre).astype(int) - reach
    rows = np.arange(max(top, 0), min(top + 2 * reach + 1, preset.fov_shape[0]))
    cols = np.arange(max(left, 0), min(left + 2 * reach + 1, preset.fov_shape[1]))
    if not (len(rows) and len(cols)):
        return (0, 0), np.zeros((1, 1), dtype=np.float32)
    y, x = rows[:, None] - centre[0], cols[None] - centre[1]
    along = (y * np.sin(angle) + x * np.cos(angle)) / (length / 2)
    apart = (y * np.cos(angle) - x * np.sin(angle)) / across
    weight = size * np.exp(-((along**2 + apart**2) ** 1.5))
    return (int(rows[0]), int(cols[0])), weight.astype(np.float32)


def _beat(rng: np.random.Generator, preset: TissuePreset) -> NDArray[np.float64]:
    """Return the course (T,) by which vessels widen: heart and vasomotion, both irregular, of sd 1."""
    time = np.arange(preset.n_frames) / preset.frame_rate_hz
    dt = 1 / preset.frame_rate_hz
    course = np.zeros(preset.n_frames)
    for hertz, weight in ((rng.uniform(*HEART_HZ), rng.uniform()), (rng.uniform(*VASOMOTION_HZ), 1.0)):
        wander = np.cumsum(walk(rng, preset.n_frames, dt, 5 / hertz, 0.3 * hertz)) * dt
        course += weight * np.sin(2 * np.pi * (hertz * time + wander))
    return course / max(float(course.std()), 1e-9)


def _flicker(rng: np.random.Generator, preset: TissuePreset, scene: SceneStatistics) -> NDArray[np.float64]:
    """Return a course (T,) of sd 1: noise of passing cells, slow drift, or events like transients."""
    rate, n = preset.frame_rate_hz, preset.n_frames
    kind = rng.choice(("noise", "drift", "events"), p=(0.45, 0.15, 0.4))
    if kind == "noise":
        return walk(rng, n, 1 / rate, float(log_uniform(rng, DRIFT_S)), 1.0)
    if kind == "drift":
        return coloured(rng, n, rate, scene.neuropil_power)
    per_min = float(log_uniform(rng, EVENTS_PER_MIN))
    start = rng.integers(n, size=max(1, rng.poisson(per_min * n / rate / 60)))
    hits = np.bincount(start, rng.lognormal(0, 0.5, len(start)), n)
    fall = np.exp(-1 / (rate * float(log_uniform(rng, EVENT_S))))
    rise = np.exp(-1 / (rate * rng.uniform(0.02, 0.4)))
    course = signal.lfilter([1.0], [1.0, -fall], signal.lfilter([1 - rise], [1.0, -rise], hits))
    return np.asarray(rng.choice([1, 1, 1, -1]) * course / max(float(course.std()), 1e-9))


def _area_mm2(preset: TissuePreset) -> float:
    return float(np.prod(np.asarray(preset.fov_shape) * preset.pixel_size_um)) * 1e-6
