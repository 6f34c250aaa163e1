"""Displacements at control points, by Gauss–Newton steps on the difference of frame and template.

Inverse compositional (Baker & Matthews 2004): gradients are those of the template, so that they hold no noise
of the frame and are computed once. Brightness may change by a gain and an offset at each control point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.motion.control_points import ControlPoints, products
from neurocine.motion.field_kernels import projections

#: Smoothing of the template before its gradient is taken, pixels.
GRADIENT_SIGMA_PX = 0.6
#: Smoothing of the variance; pixels darker than this share of the median don't count more.
VARIANCE_SIGMA_PX, LEAST_VARIANCE = 2.0, 0.3
#: Pixels at the edge whose gradient isn't used.
EDGE_PX = 2
#: How much gain (a share) and offset (of the mean template) may change: standard deviations.
GAIN_SD, OFFSET_SD = 1.0, 1.0
#: Largest change of a displacement in one step, pixels.
LARGEST_STEP_PX = 3.0


@dataclass(frozen=True, eq=False)
class Level:
    """The template at one resolution, ready for steps.

    Attributes
    ----------
    points
        Control points on the pixels of this level.
    shrink
        Pixels of the movie in one of this level, in each direction.
    template
        (Y, X) float32.
    pictures
        What residuals are projected onto, (4, Y, X) float32: gradients in y and x, template and 1, each
        divided by the variance. Displacements are in pixels of the movie.
    information
        Fisher information of the displacements, when gain and offset are unknown, (2 KC, 2 KC).
    combine
        Takes gain and offset out of projections: (2 KC, 4 KC).
    """

    points: ControlPoints
    shrink: int
    template: NDArray[np.float32]
    pictures: NDArray[np.float32]
    information: NDArray[np.float64]
    combine: NDArray[np.float64]

    def sums(self, frame: NDArray[np.float32], field: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the projections of the residual of `frame` (Y, X), moved by `field` (2, K, C), (4 KC,)."""
        sums = np.empty((len(self.pictures), *self.points.shape), dtype=np.float32)
        projections(
            frame, field / np.float32(self.shrink), *self.points.arrays, self.template, self.pictures, sums
        )
        return sums.ravel()

    def evidence(self, frame: NDArray[np.float32], field: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the information times the displacement that `frame` alone shows near `field`, (2 KC,)."""
        shown = self.information @ field.ravel() - self.combine @ self.sums(frame, field)
        return np.asarray(shown, dtype=np.float64)


def make_level(
    points: ControlPoints, shrink: int, template: NDArray[np.float32], variance: NDArray[np.float32]
) -> Level:
    """Return the level of a `template` (Y, X) whose pixels have the given `variance` (Y, X)."""
    smooth = ndimage.gaussian_filter(variance.astype(np.float64), VARIANCE_SIGMA_PX)
    floor = LEAST_VARIANCE * float(np.median(smooth))
    weight = 1 / np.maximum(smooth, floor if floor > 0 else 1.0)
    weight[:EDGE_PX] = weight[-EDGE_PX:] = 0
    weight[:, :EDGE_PX] = weight[:, -EDGE_PX:] = 0
    wide = template.astype(np.float64)
    gradients = np.gradient(ndimage.gaussian_filter(wide, GRADIENT_SIGMA_PX))
    mean = abs(float(wide.mean())) or 1.0
    basis = [gradients[0] / shrink, gradients[1] / shrink, wide, np.full_like(wide, mean)]
    blocks = [[products(points, weight * a * b) for b in basis] for a in basis]
    information, cross = np.block([row[:2] for row in blocks[:2]]), np.block([row[2:] for row in blocks[:2]])
    n = points.shape[0] * points.shape[1]
    known = np.diag(np.repeat([GAIN_SD**-2.0, OFFSET_SD**-2.0], n))
    out = np.linalg.solve(np.block([row[2:] for row in blocks[2:]]) + known, cross.T).T
    return Level(
        points,
        shrink,
        template.astype(np.float32),
        np.stack([weight * part for part in basis]).astype(np.float32),
        information - out @ cross.T,
        np.hstack([np.eye(2 * n), -out]),
    )


class Estimator(NamedTuple):
    """Gives the likeliest displacements from projections: ``keep @ field - take @ sums``, float32."""

    keep: NDArray[np.float32]
    take: NDArray[np.float32]


def estimator(level: Level, covariance: NDArray[np.float64], noise: float) -> Estimator:
    """Return the estimator under the covariance and noise of a `neurocine.motion.field_prior.Prior`."""
    inverse = np.linalg.inv(covariance @ level.information + noise * np.eye(len(covariance)))
    gain = inverse @ covariance
    return Estimator((gain @ level.information).astype(np.float32), (gain @ level.combine).astype(np.float32))


def step(
    level: Level, estimate: Estimator, frame: NDArray[np.float32], field: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the displacements (2, K, C) after one step from `field`.

    `frame` (Y, X) has the level's resolution; displacements are in pixels of the movie.
    """
    wanted = estimate.keep @ field.ravel() - estimate.take @ level.sums(frame, field)
    change = np.clip(wanted.reshape(field.shape) - field, -LARGEST_STEP_PX, LARGEST_STEP_PX)
    return np.asarray(field + change, dtype=np.float32)
