"""Control points on a grid over the field of view; between them values are interpolated bilinearly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ControlPoints:
    """A grid of K × C control points over the pixels (Y, X); the outermost lie on the outermost pixels.

    Attributes
    ----------
    at_rows, at_columns
        Where they lie, (K,) and (C,) float64, pixels.
    rows, row_share
        Of each row of pixels the control points above, (Y,) int64, and how near it is to those below, (Y,)
        float32, 0 to 1.
    starts
        First pixel between each two columns of control points, and the width, (C,) int64.
    column_share
        As `row_share` for columns, (X,) float32.
    """

    at_rows: NDArray[np.float64]
    at_columns: NDArray[np.float64]
    rows: NDArray[np.int64]
    row_share: NDArray[np.float32]
    starts: NDArray[np.int64]
    column_share: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of control points."""
        return len(self.at_rows), len(self.at_columns)

    @property
    def arrays(self) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
        """What `neurocine.motion.field_kernels` needs."""
        return self.rows, self.row_share, self.starts, self.column_share

    def weights(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weights of the control points at each row and column of pixels, (Y, K) and (X, C)."""
        columns = np.searchsorted(self.starts[1:-1], np.arange(self.starts[-1]), side="right")
        return (
            _weights(self.rows, self.row_share, len(self.at_rows)),
            _weights(columns, self.column_share, len(self.at_columns)),
        )

    def mean(self, field: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mean over all pixels of values at the control points, (..., K, C)."""
        of_rows, of_columns = (weights.mean(axis=0) for weights in self.weights())
        return np.asarray(field @ of_columns @ of_rows, dtype=np.float32)


def control_points(fov_shape: tuple[int, int], n: tuple[int, int]) -> ControlPoints:
    """Return `n` rows and columns of control points, at least two, spread evenly over the pixels (Y, X)."""
    at_rows, at_columns = (
        np.linspace(0, length - 1, count) for length, count in zip(fov_shape, n, strict=True)
    )
    rows, row_share = _places(at_rows, fov_shape[0])
    columns, column_share = _places(at_columns, fov_shape[1])
    starts = np.searchsorted(columns, np.arange(len(at_columns)))
    return ControlPoints(at_rows, at_columns, rows, row_share, starts, column_share)


def products(points: ControlPoints, picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums over pixels of `picture` (Y, X) × the weights of each two control points, (KC, KC)."""
    of_rows, of_columns = points.weights()
    along = np.einsum("yx,xc,xd->ycd", picture, of_columns, of_columns, optimize=True)
    both = np.einsum("yk,yl,ycd->kcld", of_rows, of_rows, along, optimize=True)
    n = of_rows.shape[1] * of_columns.shape[1]
    return np.asarray(both.reshape(n, n))


def _places(at: NDArray[np.float64], length: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    pixel = np.arange(length)
    before = np.clip(np.searchsorted(at, pixel, side="right") - 1, 0, len(at) - 2)
    share = (pixel - at[before]) / (at[before + 1] - at[before])
    return before.astype(np.int64), share.astype(np.float32)


def _weights(before: NDArray[np.int64], share: NDArray[np.float32], n: int) -> NDArray[np.float64]:
    weights = np.zeros((len(before), n))
    pixel = np.arange(len(before))
    weights[pixel, before] = 1 - share
    weights[pixel, before + 1] += share
    return weights
