"""The loops over pixels of the engine ``neurocine``, compiled by numba: one frame at a time, float32.

A displacement is given at control points, see `neurocine.motion.control_points.ControlPoints`; `rows`,
`row_share`, `starts` and `column_share` are its arrays.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray


def _compiled(function: Any) -> Any:
    # Sums may be reordered; there are no NaNs to care about.
    return numba.njit(fastmath=True, cache=True)(function)


@_compiled
def halved(frame: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Write the means of squares of 2 × 2 pixels of `frame` (Y, X) into `out` (Y // 2, X // 2)."""
    quarter = np.float32(0.25)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            above = frame[2 * i, 2 * j] + frame[2 * i, 2 * j + 1]
            below = frame[2 * i + 1, 2 * j] + frame[2 * i + 1, 2 * j + 1]
            out[i, j] = quarter * (above + below)


@_compiled
def _read(
    pixels: NDArray[np.float32],
    shape: tuple[int, int],
    row: int,
    ends: tuple[np.float32, np.float32, np.float32, np.float32],
    first: int,
    last: int,
    share: NDArray[np.float32],
    line: NDArray[np.float32],
    known: NDArray[np.float32],
) -> bool:
    """Read a frame along `row` from column `first` to before `last`; return whether all lie inside.

    `pixels` is the frame (Y * X,), `ends` the displacement (y, y, x, x) at the control points before and
    behind. Values go to `line`, and if some lie outside, 1 or 0 to `known`.
    """
    height, width = np.int32(shape[0]), np.int32(shape[1])
    zero, one, u1 = np.float32(0), np.float32(1), np.uintp(1)
    below = np.uintp(width)
    bottom, side = np.float32(height - 1), np.float32(width - 1)
    y0, y1, x0, x1 = ends
    # The displacement is linear between the control points, so what holds there holds in between.
    lowest, highest = np.float32(row) + min(y0, y1), np.float32(row) + max(y0, y1)
    leftmost, rightmost = np.float32(first) + min(x0, x1), np.float32(last) + max(x0, x1)
    if lowest >= zero and highest < bottom and leftmost >= zero and rightmost < side:
        for j in range(first, last):
            y = np.float32(row) + y0 + (y1 - y0) * share[j]
            x = np.float32(j) + x0 + (x1 - x0) * share[j]
            above, left = np.int32(y), np.int32(x)
            down, right = y - np.float32(above), x - np.float32(left)
            at = np.uintp(above * width + left)
            top = pixels[at] + (pixels[at + u1] - pixels[at]) * right
            low = pixels[at + below] + (pixels[at + below + u1] - pixels[at + below]) * right
            line[j] = top + (low - top) * down
        return True
    for j in range(first, last):
        y = np.float32(row) + y0 + (y1 - y0) * share[j]
        x = np.float32(j) + x0 + (x1 - x0) * share[j]
        known[j] = one if y >= zero and y <= bottom and x >= zero and x <= side else zero
        y, x = min(max(y, zero), bottom), min(max(x, zero), side)
        above, left = min(np.int32(y), height - np.int32(2)), min(np.int32(x), width - np.int32(2))
        down, right = y - np.float32(above), x - np.float32(left)
        at = np.uintp(above * width + left)
        top = pixels[at] + (pixels[at + u1] - pixels[at]) * right
        low = pixels[at + below] + (pixels[at + below + u1] - pixels[at + below]) * right
        line[j] = top + (low - top) * down
    return False


@_compiled
def _ends(
    field: NDArray[np.float32], row: int, share: np.float32, column: int
) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """Return the displacement (y, y, x, x) of a row of pixels at a column of control points and the next."""
    left = np.float32(1) - share
    return (
        field[0, row, column] * left + field[0, row + 1, column] * share,
        field[0, row, column + 1] * left + field[0, row + 1, column + 1] * share,
        field[1, row, column] * left + field[1, row + 1, column] * share,
        field[1, row, column + 1] * left + field[1, row + 1, column + 1] * share,
    )


@_compiled
def warp(
    frame: NDArray[np.float32],
    field: NDArray[np.float32],
    rows: NDArray[np.int64],
    row_share: NDArray[np.float32],
    starts: NDArray[np.int64],
    column_share: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Write `frame` (Y, X), read at each pixel plus its displacement, into `out` (Y, X).

    Bilinear; beyond the edge, the edge repeats. `field` is the displacement in y and x, (2, rows, columns).
    """
    pixels, known = frame.ravel(), np.empty(frame.shape[1], dtype=np.float32)
    for i in range(frame.shape[0]):
        for c in range(len(starts) - 1):
            ends = _ends(field, rows[i], row_share[i], c)
            _read(pixels, frame.shape, i, ends, starts[c], starts[c + 1], column_share, out[i], known)


@_compiled
def projections(
    frame: NDArray[np.float32],
    field: NDArray[np.float32],
    rows: NDArray[np.int64],
    row_share: NDArray[np.float32],
    starts: NDArray[np.int64],
    column_share: NDArray[np.float32],
    template: NDArray[np.float32],
    pictures: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Write how the residual of `frame` (Y, X) projects onto each picture around each control point.

    The residual is the frame, read as by `warp`, minus the `template` (Y, X), and 0 where the frame has no
    data. ``out[m, k, c]`` is the sum over pixels of residual × `pictures[m]` × weight of control point
    (k, c).
    """
    pixels, width = frame.ravel(), frame.shape[1]
    line, known = np.empty(width, dtype=np.float32), np.empty(width, dtype=np.float32)
    out[:] = 0
    for i in range(frame.shape[0]):
        k, below = rows[i], row_share[i]
        above = np.float32(1) - below
        for c in range(len(starts) - 1):
            first, last = starts[c], starts[c + 1]
            ends = _ends(field, k, below, c)
            inside = _read(pixels, frame.shape, i, ends, first, last, column_share, line, known)
            for j in range(first, last):
                line[j] -= template[i, j]
            if not inside:
                for j in range(first, last):
                    line[j] *= known[j]
            for m in range(pictures.shape[0]):
                whole, right = np.float32(0), np.float32(0)
                for j in range(first, last):
                    product = line[j] * pictures[m, i, j]
                    whole += product
                    right += product * column_share[j]
                left = whole - right
                out[m, k, c] += left * above
                out[m, k, c + 1] += right * above
                out[m, k + 1, c] += left * below
                out[m, k + 1, c + 1] += right * below
