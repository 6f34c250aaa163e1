"""Simulated movies whose displacement is known at every pixel, for `benchmarks/registration.py`.

The light is that of a preset of `neurocine simulation`, without its own motion and noise. It is displaced by
a walk of the whole frame and by fields that vary over the field of view, then exposed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.simulation.hybrid.brain_motion import walk
from neurocine.simulation.hybrid.make import make_hybrid
from neurocine.simulation.hybrid.render import Camera
from neurocine.simulation.presets import TissuePreset, preset_of, sampled
from neurocine.simulation.tissue.make import make_tissue

#: Tissue that is rendered around the field of view, so that content moves in from outside, pixels.
PAD = 24
#: Points of a frame's scan at which the walk of the whole frame is drawn.
KNOTS = 4
#: Pictures that fields are mixed from.
MODES = 6
#: Time in which the walk and the fields forget, s.
TAU_S = 1.0


@dataclass(frozen=True)
class Kind:
    """One kind of movie.

    Attributes
    ----------
    preset, changes
        Preset of the light, and what differs.
    photons
        Mean photons a pixel and frame.
    field_px, scale_px
        Standard deviation of the fields per axis, and the distance over which they change.
    walk_px
        Standard deviation of the walk of the whole frame per axis.
    jerks_per_min, jerk_px
        Jerks of the whole frame, and their largest size per axis.
    """

    preset: str
    photons: float
    field_px: float
    scale_px: float
    walk_px: float = 1.2
    jerks_per_min: float = 6.0
    jerk_px: float = 5.0
    changes: dict[str, Any] = field(default_factory=dict)


KINDS = {
    "smooth": Kind("tissue-cortex-6f", 2.0, 1.0, 200.0),
    "local": Kind("tissue-cortex-6f", 2.0, 0.8, 64.0),
    "photon-poor": Kind("tissue-cortex-6f", 0.1, 0.7, 150.0),
    "dense": Kind("ca1-development", 2.0, 0.8, 120.0),
    "jerks": Kind("cortex-6f", 2.0, 0.7, 150.0, jerks_per_min=60.0, jerk_px=9.0),
    "few-cells": Kind("cortex-6f", 1.0, 0.7, 150.0, changes={"density": (0.05, 0.05)}),
}


@dataclass(frozen=True)
class Motion:
    """Displacement of the content of each frame, pixels.

    Attributes
    ----------
    rows
        Of the whole frame in each row, (T, 2, Y) float32.
    courses, modes
        Of the fields: (T, 2, M) and (M, Y, X) float32.
    """

    rows: NDArray[np.float32]
    courses: NDArray[np.float32]
    modes: NDArray[np.float32]

    def of(self, frame: int) -> NDArray[np.float32]:
        """Return the displacement of every pixel of `frame`, down and right, (2, Y, X)."""
        fields = np.tensordot(self.courses[frame], self.modes, 1)
        return np.asarray(fields + self.rows[frame][:, :, None], dtype=np.float32)


def make_movie(name: str, seed: int, n_frames: int, edge: int) -> tuple[NDArray[np.uint16], Motion, float]:
    """Return frames (T, Y, X), their displacement and the edge of a pixel in µm of the kind called `name`."""
    kind = KINDS[name]
    preset = replace(
        sampled(preset_of(kind.preset), n_frames, 30.0, None),
        fov_shape=(edge + 2 * PAD,) * 2,
        **kind.changes,
    )
    make: Any = make_tissue if isinstance(preset, TissuePreset) else make_hybrid
    light = make(preset, seed, "validation", name)[2]
    motion = draw_motion(np.random.default_rng([seed, len(name), ord(name[0])]), kind, n_frames, edge)
    probe = light.clean(range(0, n_frames, max(1, n_frames // 20)))
    gain = np.float32(kind.photons / probe.mean())
    camera = Camera(gain=40.0, offset=100.0, read_photons=0.1, smear=0.0)
    frames = np.empty((n_frames, edge, edge), dtype=np.uint16)
    grid = np.mgrid[:edge, :edge].astype(np.float32) + PAD
    for first in range(0, n_frames, 64):
        clean = gain * light.clean(range(first, min(first + 64, n_frames)))
        for t, picture in enumerate(clean, first):
            photons = ndimage.map_coordinates(picture, grid - motion.of(t), order=3, mode="nearest")
            frames[t] = camera.expose(np.maximum(photons, 0.001), np.random.default_rng([seed, t]))
    return frames, motion, preset.pixel_size_um


def draw_motion(rng: np.random.Generator, kind: Kind, n_frames: int, edge: int) -> Motion:
    """Draw the displacement of a movie at 30 Hz."""
    dt = 1 / (30.0 * KNOTS)
    path = np.stack([walk(rng, n_frames * KNOTS + 1, dt, TAU_S, kind.walk_px) for _ in range(2)], axis=1)
    for _ in range(rng.poisson(kind.jerks_per_min * n_frames / 30 / 60)):
        length = int(rng.integers(3, 16)) * KNOTS
        start = int(rng.integers(0, max(1, len(path) - length)))
        course = np.hanning(length + 2)[1:-1]
        path[start : start + length] += course[:, None] * rng.uniform(-kind.jerk_px, kind.jerk_px, 2)
    moment = (np.arange(n_frames)[:, None] + np.arange(edge) / edge) * KNOTS
    rows = np.stack([np.interp(moment, np.arange(len(path)), path[:, axis]) for axis in (0, 1)], axis=1)
    wide = edge + 6 * round(kind.scale_px)
    middle = slice(3 * round(kind.scale_px), 3 * round(kind.scale_px) + edge)
    noise = rng.standard_normal((MODES, wide, wide), dtype=np.float32)
    smooth = np.stack([ndimage.gaussian_filter(part, kind.scale_px / 2)[middle, middle] for part in noise])
    modes = smooth * np.sqrt(np.pi / MODES) * kind.scale_px
    walks = [walk(rng, n_frames, 1 / 30, TAU_S, kind.field_px) for _ in range(2 * MODES)]
    courses = ndimage.gaussian_filter1d(np.stack(walks, axis=1), 1.0, axis=0).reshape(n_frames, 2, MODES)
    return Motion(*(part.astype(np.float32) for part in (rows, courses, modes)))
