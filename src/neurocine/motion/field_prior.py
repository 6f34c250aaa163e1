"""What displacements of a movie are like: how far apart, and over which distance, parts of a frame move.

Displacements at control points are taken as a Gaussian process: the whole frame moves freely; beyond that,
points `distance` apart have a covariance of ``sd² m(distance / scale)``, where m is the Matérn function 3/2.
If the frame moves while it is scanned, so have whole rows, which change over a much shorter distance.
`sd`, `scale` and the noise are those under which the sampled frames are most likely (type-II maximum
likelihood; Rasmussen & Williams 2006, section 5.4), so that photon-poor movies get smoother displacements.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from neurocine.motion.control_points import ControlPoints

#: Standard deviation of the shift of the whole frame, pixels: hardly a limit.
WHOLE_PX = 10.0
#: Distance over which the displacement of rows changes, pixels.
ROW_SCALE_PX = 16.0
#: What is tried: `sd` and `scale` in pixels, the same of rows, and the noise relative to that expected.
SDS_PX = (0.1, 0.2, 0.35, 0.6, 1.0, 1.7)
SCALES_PX = (30.0, 60.0, 120.0, 240.0, 480.0)
ROWS_PX = (0.0, 0.15, 0.3, 0.6, 1.2)
NOISES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True)
class Prior:
    """Parameters of the process.

    Attributes
    ----------
    sd_px, scale_px
        Standard deviation of the displacement beyond that of the frame, and the distance over which it
        changes, pixels.
    noise
        Variance of the noise relative to that expected from the pixels' variance.
    rows_px
        Standard deviation of the displacement of whole rows, pixels.
    """

    sd_px: float = 0.6
    scale_px: float = 120.0
    noise: float = 1.0
    rows_px: float = 0.0

    def covariance(self, points: ControlPoints) -> NDArray[np.float64]:
        """Return the covariance of the displacements in y, then in x, at the `points`, (2 KC, 2 KC)."""
        y, x = (at.ravel() for at in np.meshgrid(points.at_rows, points.at_columns, indexing="ij"))
        down, right = np.abs(y[:, None] - y), np.abs(x[:, None] - x)
        fields = self.sd_px**2 * _matern(np.hypot(down, right) / self.scale_px)
        rows = self.rows_px**2 * _matern(down / ROW_SCALE_PX)
        return np.asarray(np.kron(np.eye(2), fields + rows + WHOLE_PX**2), dtype=np.float64)


def _matern(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Matérn function 3/2 at a `distance` in units of the scale."""
    return np.asarray((1 + np.sqrt(3) * distance) * np.exp(-np.sqrt(3) * distance))


def likeliest(
    points: ControlPoints,
    information: NDArray[np.float64],
    evidence: NDArray[np.float64],
    nonrigid: bool = True,
    within_frame: bool = False,
) -> Prior:
    """Return the prior under which the sampled frames are most likely.

    Parameters
    ----------
    points
        Control points.
    information
        Fisher information of the displacements, A (2 KC, 2 KC), of noise 1.
    evidence
        A times the displacement that each frame alone shows, (n, 2 KC).
    nonrigid
        Whether parts of a frame move separately.
    within_frame
        Whether the frame moves while it is scanned.
    """
    values, vectors = np.linalg.eigh(information)
    told = values > 1e-6 * values.max()
    root = vectors[:, told] * np.sqrt(values[told])
    shown = evidence @ (vectors[:, told] / np.sqrt(values[told]))
    fields = [Prior(sd, scale) for sd, scale in product(SDS_PX, SCALES_PX)] if nonrigid else []
    best = _likeliest([Prior(0.0), *fields], points, root, shown)
    if within_frame:
        best = _likeliest([replace(best, rows_px=sd) for sd in ROWS_PX], points, root, shown)
    return best


def _likeliest(
    priors: list[Prior], points: ControlPoints, root: NDArray[np.float64], shown: NDArray[np.float64]
) -> Prior:
    """Return the likeliest of `priors` with its noise.

    `root` (2 KC, M) is a root of the information; in `shown` (n, M), noise is white.
    """
    best, chosen = -np.inf, priors[0]
    for prior in priors:
        spread, axes = np.linalg.eigh(root.T @ prior.covariance(points) @ root)
        energy = ((shown @ axes) ** 2).sum(axis=0)
        for noise in NOISES:
            variance = np.maximum(spread, 0) + noise
            likelihood = -0.5 * float((len(shown) * np.log(variance) + energy / variance).sum())
            if likelihood > best:
                best, chosen = likelihood, replace(prior, noise=noise)
    return chosen
