"""Motion of the brain that registration leaves, in the plane and in depth, and the strips it leaves empty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.simulation.hybrid.brain_motion import JERK_S, KNOTS, MOTION_TAU_S, BrainMotion, walk
from neurocine.simulation.hybrid.presets import log_uniform
from neurocine.simulation.tissue.ranges import TissuePreset

#: Corrected shifts wander with time constants in this range, s; jerks shift by so many times more than what
#: is left of them; strips are never wider than this, pixels.
SHIFT_S, JERK_SHIFT, WIDEST_PX = (0.3, 60.0), (1.0, 4.0), 16


@dataclass(frozen=True, eq=False)
class Borders:
    """Strips at the edges that hold no data.

    Attributes
    ----------
    shift
        Corrected displacement (down, right) of each frame, (T, 2) float32, pixels.
    bend
        What it differs by along the left and right edge, (Y,), and along the top and bottom, (X,).
    fill
        ``zero``, ``mean``, ``edge`` or ``wrap``.
    """

    shift: NDArray[np.float32]
    bend: tuple[NDArray[np.float64], NDArray[np.float64]]
    fill: str


@dataclass(frozen=True, eq=False)
class TissueMotion:
    """Residual motion, and the borders that registration left; None: it left none."""

    left: BrainMotion
    borders: Borders | None


def draw_motion(rng: np.random.Generator, preset: TissuePreset) -> TissueMotion:
    """Draw a walk in the plane with jerks, and in depth a walk, jerks and steps from frame to frame."""
    n, rate, depth = preset.n_frames, preset.frame_rate_hz, preset.depth
    fine = n * (KNOTS - 1) + 1
    dt = 1 / (rate * (KNOTS - 1))
    sd = rng.uniform(*preset.motion_px)
    path = np.stack([walk(rng, fine, dt, MOTION_TAU_S, sd) for _ in range(2)], axis=1)
    axial = walk(rng, n, 1 / rate, float(log_uniform(rng, depth.walk_s)), rng.uniform(*preset.axial_um))
    axial += rng.normal(0, float(log_uniform(rng, depth.jitter_um)), n)
    shift = _shifts(rng, preset)
    in_depth = rng.uniform(*depth.jerks_in_depth)
    per_min = rng.uniform(*preset.jerks_per_min)
    time, frame_time = np.arange(fine) * dt, np.arange(n) / rate
    for start in rng.uniform(0, n / rate, rng.poisson(per_min * n / rate / 60)):
        length = rng.uniform(*JERK_S) * rng.choice([1.0, 4.0])
        angle = rng.uniform(0, 2 * np.pi)
        jump = rng.uniform(*preset.jerk_px) * np.array([np.sin(angle), np.cos(angle)])
        path += _course(time - start, length)[:, None] * jump
        later = _course(frame_time - start, length)
        shift += later[:, None] * jump * rng.uniform(*JERK_SHIFT)
        if rng.uniform() < in_depth:
            axial += later * rng.choice([-1, 1]) * rng.uniform(*depth.jerk_um)
    knots = path[(np.arange(n) * (KNOTS - 1))[:, None] + np.arange(KNOTS)]
    knots = knots - rng.uniform(*preset.registered) * knots.mean(axis=1, keepdims=True)
    motion = BrainMotion(knots.astype(np.float32), (axial - np.median(axial)).astype(np.float32))
    return TissueMotion(motion, _borders(rng, preset, shift))


def fill_borders(frame: NDArray[np.uint16], borders: Borders, t: int, mean: float) -> None:
    """Overwrite the strips of `frame` (Y, X) number `t` that hold no data."""
    down, right = (float(v) for v in borders.shift[t])
    along_y, along_x = borders.bend
    for view, far, bend in ((frame, down, along_x), (frame.T, right, along_y)):
        width = np.clip(np.ceil(np.abs(far + bend)), 0, WIDEST_PX).astype(np.int64)
        before = np.where(far + bend > 0, width, 0)
        after = width - before
        _fill_start(view, before, borders.fill, mean)
        _fill_start(view[::-1], after, borders.fill, mean)


def _fill_start(view: NDArray[np.uint16], width: NDArray[np.int64], fill: str, mean: float) -> None:
    """Overwrite the first `width` (X,) rows of each column of `view` (Y, X)."""
    most = int(width.max(initial=0))
    if not most:
        return
    row = np.arange(most)[:, None]
    empty = row < width[None]
    if fill == "zero":
        view[:most][empty] = 0
    elif fill == "mean":
        view[:most][empty] = round(mean)
    else:
        source = np.broadcast_to(width, empty.shape) if fill == "edge" else (row - width[None]) % len(view)
        content = np.take_along_axis(view, source, axis=0)
        view[:most][empty] = content[empty]


def _course(after: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """Return a jerk's course: it rises within `length` s, then settles."""
    relative = np.maximum(after, 0) / length
    return np.asarray(relative * np.exp(1 - relative))


def _shifts(rng: np.random.Generator, preset: TissuePreset) -> NDArray[np.float64]:
    """Return the shifts (T, 2) that registration corrects, without jerks."""
    n, dt = preset.n_frames, 1 / preset.frame_rate_hz
    sd = float(log_uniform(rng, preset.borders.walk_px))
    parts = [walk(rng, n, dt, float(log_uniform(rng, SHIFT_S)), sd * rng.uniform(0.2, 1)) for _ in range(2)]
    return np.stack(parts, axis=1) + rng.normal(0, 0.5 * sd, 2)


def _borders(rng: np.random.Generator, preset: TissuePreset, shift: NDArray[np.float64]) -> Borders | None:
    ranges = preset.borders
    bend, fill = rng.uniform(*ranges.bend_px), str(rng.choice(ranges.fills))
    height, width = preset.fov_shape
    along = [
        bend
        * ndimage.gaussian_filter1d(rng.standard_normal(side), side / 6, mode="nearest")
        * np.sqrt(side / 2)
        for side in (height, width)
    ]
    if rng.uniform() > ranges.share:
        return None
    return Borders(shift.astype(np.float32), (along[0], along[1]), fill)
