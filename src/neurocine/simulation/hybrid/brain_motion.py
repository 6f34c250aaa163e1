"""Motion left after registration, within the plane and along the axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from neurocine.simulation.hybrid.presets import HybridPreset

#: Points of a frame's scan at which displacement is drawn; rows in between are interpolated.
KNOTS = 5
#: Time in which slow motion forgets, s; how long jerks last, s; how far jerks move the plane, µm.
MOTION_TAU_S, JERK_S, JERK_UM = 0.8, (0.05, 0.6), (2.0, 8.0)
#: Axial depth in focus: Gaussian standard deviation, µm; the same for cells out of focus; largest
#: brightening.
FOCUS_UM, HAZE_UM, MOST = 6.0, 11.0, 2.5


@dataclass(frozen=True, eq=False)
class BrainMotion:
    """Residual motion.

    Attributes
    ----------
    knots
        Displacement (rows, columns) at the knots of each frame's scan, (T, K, 2) float32, pixels.
    axial
        Displacement of the plane, (T,) float32, µm.
    """

    knots: NDArray[np.float32]
    axial: NDArray[np.float32]

    @property
    def shifts(self) -> NDArray[np.float32]:
        """Mean displacement of each frame, (T, 2) float32, pixels."""
        return np.asarray(self.knots.mean(axis=1), dtype=np.float32)


def draw_motion(rng: np.random.Generator, preset: HybridPreset) -> BrainMotion:
    """Draw a random walk that returns, with jerks, and take most of each frame's mean displacement out."""
    n = preset.n_frames * (KNOTS - 1) + 1
    dt = 1 / (preset.frame_rate_hz * (KNOTS - 1))
    duration = preset.n_frames / preset.frame_rate_hz
    sd = rng.uniform(*preset.motion_px)
    path = np.stack([walk(rng, n, dt, MOTION_TAU_S, sd) for _ in range(2)], axis=1)
    axial = walk(rng, n, dt, 20.0, rng.uniform(*preset.axial_um))
    time = np.arange(n) * dt
    for start in rng.uniform(0, duration, rng.poisson(rng.uniform(*preset.jerks_per_min) * duration / 60)):
        after = np.maximum(time - start, 0)
        length = rng.uniform(*JERK_S)
        course = (after / length) * np.exp(1 - after / length)  # rises, then settles
        angle = rng.uniform(0, 2 * np.pi)
        path += course[:, None] * rng.uniform(*preset.jerk_px) * np.array([np.sin(angle), np.cos(angle)])
        if rng.uniform() < 0.6:
            axial += course * rng.choice([-1, 1]) * rng.uniform(*JERK_UM)
    starts = np.arange(preset.n_frames) * (KNOTS - 1)
    knots = path[starts[:, None] + np.arange(KNOTS)]
    mean = knots.mean(axis=1, keepdims=True)
    knots = knots - rng.uniform(*preset.registered) * mean
    middle = axial[starts + (KNOTS - 1) // 2]
    return BrainMotion(knots.astype(np.float32), (middle - np.median(middle)).astype(np.float32))


def axial_factor(
    axial: NDArray[np.float32], depth_um: NDArray[np.float64], focus_um: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return how much brighter each cell at `depth_um` (N,) is than at rest, as the plane moves, (N, T)."""
    depth, focus = depth_um[:, None], focus_um[:, None]
    change = (depth**2 - (axial[None] - depth) ** 2) / (2 * focus**2)
    return np.asarray(np.minimum(np.exp(change), MOST), dtype=np.float32)


def walk(rng: np.random.Generator, n: int, dt: float, tau: float, sd: float) -> NDArray[np.float64]:
    """Return an Ornstein–Uhlenbeck path (n,) of standard deviation `sd`."""
    keep = np.exp(-dt / tau)
    noise = rng.standard_normal(n) * sd * np.sqrt(1 - keep**2)
    noise[0] = rng.standard_normal() * sd
    return np.asarray(signal.lfilter([1.0], [1.0, -keep], noise))
