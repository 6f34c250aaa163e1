"""neurocine's own registration: a rigid shift, then displacements at control points, for each frame alone.

The shift comes from a matched filter (`rigid_shift`). Gauss–Newton steps at half, then at full resolution
refine it to a displacement at each control point (`field_refinement`), weighed against what displacements of
this movie are like (`field_prior`). Frames are interpolated once (bilinear); edges repeat. The template is
the mean of the sampled frames, registered again and again; those that don't resemble it are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.config import EnginesSettings, MotionSettings
from neurocine.motion.control_points import ControlPoints, control_points
from neurocine.motion.engines import MAX_BLOCK_SHIFT_UM, Moved, cast, limit_px
from neurocine.motion.field_kernels import halved, warp
from neurocine.motion.field_prior import Prior, likeliest
from neurocine.motion.field_refinement import Estimator, Level, estimator, make_level, step
from neurocine.motion.metrics import TemplateCorrelation
from neurocine.motion.rigid_shift import ShiftFilter
from neurocine.motion.template import most_correlated

#: Distance of control points as a share of that over which displacements change; its limits and what it is
#: before that is known, pixels; the most intervals between them in each direction.
SPACING, SPACING_PX, FIRST_SPACING_PX, MOST_INTERVALS = 0.4, (24.0, 64.0), 40.0, 16
#: Distance of rows of control points if frames move while they are scanned, and the most intervals.
ROW_SPACING_PX, MOST_ROWS = 8, 64
#: Smallest edge of a field of view whose frames are halved first, pixels.
MIN_HALVED_PX = 96
#: Steps at half and at full resolution.
HALF_STEPS, FULL_STEPS = 2, 1
#: Times that the sample is registered: as whole frames, and at control points.
RIGID_ROUNDS, FIELD_ROUNDS = 3, 3
#: A sampled frame is left out if its correlation with the template is so many deviations below the median.
LEFT_OUT_MAD = 4.5
#: Smoothing of the sampled frames before they are compared with one another, pixels.
COMPARED_SIGMA_PX = 1.5

Field = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Averages:
    """Mean and variance (Y, X) of the registered sample, at full and, if it is used, at half resolution."""

    mean: list[NDArray[np.float32]]
    variance: list[NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Aligner:
    """Finds the displacement of a frame.

    Attributes
    ----------
    shift
        Finds the shift of the whole frame, at the resolution `shrink`.
    shrink
        Pixels of the movie in one pixel of the coarsest level, in each direction: 1 or 2.
    levels
        Levels, coarsest first, each with its estimator and its number of steps.
    limit, block_limit
        Largest shift of a frame, and of a control point beyond that, pixels.
    """

    shift: ShiftFilter
    shrink: int
    levels: list[tuple[Level, Estimator, int]]
    limit: int
    block_limit: float

    def __call__(self, frame: NDArray[np.float32], shape: tuple[int, int]) -> tuple[Field, bool]:
        """Return the displacement (2, K, C) of the content of `frame` (Y, X), and whether it is at the limit.

        `shape` is that of the control points.
        """
        coarse = frame if self.shrink == 1 else half(frame)
        found = self.shift(coarse) * self.shrink
        at_limit = bool(np.abs(found).max() > self.limit - 0.5)
        rigid = np.clip(found, -self.limit, self.limit).astype(np.float32)[:, None, None]
        field = np.broadcast_to(rigid, (2, *shape)).copy()
        for level, estimate, steps in self.levels:
            for _ in range(steps):
                field = step(level, estimate, coarse if level.shrink > 1 else frame, field)
        return rigid + np.clip(field - rigid, -self.block_limit, self.block_limit), at_limit


class NeurocineEngine:
    """Registers frames, one by one.

    Parameters
    ----------
    template
        (Y, X) float32.
    points
        Control points.
    align
        Finds the displacement of a frame.
    prior
        What displacements of this movie are like.
    """

    def __init__(
        self, template: NDArray[np.float32], points: ControlPoints, align: Aligner, prior: Prior
    ) -> None:
        self.template, self.points, self.prior = template, points, prior
        self._align = align

    def apply(self, frames: NDArray[Any]) -> Moved:
        """Return `frames` (n, Y, X) moved onto the template."""
        moved = np.empty_like(frames)
        fields = np.empty((len(frames), 2, *self.points.shape), dtype=np.float32)
        at_limit = np.empty(len(frames), dtype=bool)
        for index, frame in enumerate(frames):
            pixels = _pixels(frame)
            fields[index], at_limit[index] = self._align(pixels, self.points.shape)
            moved[index] = cast(warped(pixels, fields[index], self.points), frames.dtype)
        y, x = self.points.mean(fields).T
        return Moved(moved, y, x, at_limit, partial(_moved_alike, fields=fields, points=self.points))


def prepare(
    sample: NDArray[Any], settings: MotionSettings, pixel_size_um: float, engines: EnginesSettings
) -> NeurocineEngine:
    """Return the engine for `sample` (n, Y, X)."""
    height, width = sample.shape[1:]
    points = _grid((height, width), FIRST_SPACING_PX, settings.within_frame)
    limit = limit_px(settings, pixel_size_um, (height, width))
    block_limit = MAX_BLOCK_SHIFT_UM / pixel_size_um
    chosen = most_correlated(
        np.stack([ndimage.gaussian_filter(_pixels(f), COMPARED_SIGMA_PX)[::2, ::2] for f in sample])
    )
    fields = np.zeros((len(sample), 2, *points.shape), dtype=np.float32)
    averages = _averages(sample[chosen], fields[chosen], points)
    prior = Prior(
        sd_px=Prior.sd_px if settings.nonrigid else 0.0, rows_px=0.5 if settings.within_frame else 0.0
    )
    for turn in range(RIGID_ROUNDS + FIELD_ROUNDS):
        align = _aligner(averages, points, None if turn < RIGID_ROUNDS else prior, limit, block_limit)
        fields = np.stack([align(_pixels(frame), points.shape)[0] for frame in sample])
        # The template is where the content mostly is.
        fields -= np.median(fields, axis=0)
        kept = _resembling(sample, fields, points, averages.mean[0], limit)
        averages = _averages(sample[kept], fields[kept], points)
        if turn >= RIGID_ROUNDS:
            prior = _prior(sample[kept], fields[kept], points, averages, settings)
        if turn == RIGID_ROUNDS:
            spacing = float(np.clip(SPACING * prior.scale_px, *SPACING_PX))
            points = _grid((height, width), spacing, settings.within_frame)
    align = _aligner(averages, points, prior, limit, block_limit)
    return NeurocineEngine(averages.mean[0], points, align, prior)


def _grid(fov_shape: tuple[int, int], spacing_px: float, within_frame: bool) -> ControlPoints:
    rows, columns = (min(MOST_INTERVALS, max(1, round(edge / spacing_px))) + 1 for edge in fov_shape)
    if within_frame:
        rows = max(rows, min(MOST_ROWS, fov_shape[0] // ROW_SPACING_PX) + 1)
    return control_points(fov_shape, (rows, columns))


def _pixels(frame: NDArray[Any]) -> NDArray[np.float32]:
    return frame.astype(np.float32, order="C")


def half(frame: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the means of squares of 2 × 2 pixels of `frame` (Y, X)."""
    small = np.empty((frame.shape[0] // 2, frame.shape[1] // 2), dtype=np.float32)
    halved(frame, small)
    return small


def warped(frame: NDArray[np.float32], field: Field, points: ControlPoints) -> NDArray[np.float32]:
    """Return `frame` (Y, X) with the displacement `field` (2, K, C) of its content undone."""
    out = np.empty_like(frame)
    warp(frame, field, *points.arrays, out)
    return out


def _moved_alike(frames: NDArray[Any], fields: NDArray[np.float32], points: ControlPoints) -> NDArray[Any]:
    moved = np.empty_like(frames)
    for out, frame, field in zip(moved, frames, fields, strict=True):
        out[:] = cast(warped(_pixels(frame), field, points), frames.dtype)
    return moved


def _registered(
    sample: NDArray[Any], fields: NDArray[np.float32], points: ControlPoints
) -> Iterator[NDArray[np.float32]]:
    for frame, field in zip(sample, fields, strict=True):
        yield warped(_pixels(frame), field, points)


def _averages(sample: NDArray[Any], fields: NDArray[np.float32], points: ControlPoints) -> Averages:
    """Return mean and variance of `sample` (n, Y, X) registered by `fields` (n, 2, K, C)."""
    shape = sample.shape[1:]
    shapes = [shape] if min(shape) < MIN_HALVED_PX else [shape, (shape[0] // 2, shape[1] // 2)]
    total, squares = ([np.zeros(level) for level in shapes] for _ in range(2))
    origin = float(sample[0].mean())  # squares of large counts would lose digits
    for frame in _registered(sample, fields, points):
        frame -= np.float32(origin)
        for level, pixels in enumerate([frame, half(frame)][: len(shapes)]):
            total[level] += pixels
            squares[level] += pixels * pixels
    means = [part / len(sample) for part in total]
    variances = [
        np.maximum(part / len(sample) - mean**2, 0) for part, mean in zip(squares, means, strict=True)
    ]
    return Averages(
        [(mean + origin).astype(np.float32) for mean in means],
        [variance.astype(np.float32) for variance in variances],
    )


def _resembling(
    sample: NDArray[Any],
    fields: NDArray[np.float32],
    points: ControlPoints,
    template: NDArray[np.float32],
    margin: int,
) -> NDArray[np.bool_]:
    """Return which of the sampled frames show the template, (n,)."""
    correlate = TemplateCorrelation(template, margin)
    correlation = np.array([correlate(frame[None])[0] for frame in _registered(sample, fields, points)])
    median = np.median(correlation)
    deviation = np.median(np.abs(correlation - median))
    return np.asarray(correlation >= median - LEFT_OUT_MAD * deviation)


def _levels(averages: Averages, points: ControlPoints) -> list[Level]:
    """Return the levels, coarsest first."""
    levels = []
    for index, (mean, variance) in enumerate(zip(averages.mean, averages.variance, strict=True)):
        here = points if index == 0 else control_points((mean.shape[0], mean.shape[1]), points.shape)
        levels.append(make_level(here, 2**index, mean, variance))
    return levels[::-1]


def _aligner(
    averages: Averages, points: ControlPoints, prior: Prior | None, limit: int, block_limit: float
) -> Aligner:
    """Return an aligner; with no `prior`, one for the shift of whole frames only."""
    shrink = len(averages.mean)
    shift = ShiftFilter(averages.mean[-1], float(averages.variance[-1].mean()), -(-limit // shrink))
    if prior is None:
        return Aligner(shift, shrink, [], limit, block_limit)
    covariance = prior.covariance(points)
    levels = [
        (
            level,
            estimator(level, covariance, prior.noise),
            HALF_STEPS if level.shrink > 1 else FULL_STEPS if shrink > 1 else HALF_STEPS + FULL_STEPS,
        )
        for level in _levels(averages, points)
    ]
    return Aligner(shift, shrink, levels, limit, block_limit)


def _prior(
    sample: NDArray[Any],
    fields: NDArray[np.float32],
    points: ControlPoints,
    averages: Averages,
    settings: MotionSettings,
) -> Prior:
    level = _levels(averages, points)[-1]
    shown = [level.evidence(_pixels(frame), field) for frame, field in zip(sample, fields, strict=True)]
    return likeliest(points, level.information, np.stack(shown), settings.nonrigid, settings.within_frame)
