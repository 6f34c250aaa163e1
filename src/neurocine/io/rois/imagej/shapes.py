"""The pixels of ImageJ's shapes, which are those that ImageJ itself measures.

Pixel (0, 0) is the square from (0, 0) to (1, 1); it belongs to a shape that encloses its centre. On a border,
the rules are those of ImageJ's PolygonFiller and OvalRoi.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Rows and columns of pixels.
Indices = tuple[NDArray[np.int64], NDArray[np.int64]]
#: Left, top, width and height of a rectangle.
Bounds = tuple[float, float, float, float]
#: Corners (N, 2) of a closed path: x and y.
Path2d = NDArray[np.float64]

#: Commands of a composite shape: Java's path segments, each with its number of points.
_MOVE, _LINE, _QUADRATIC, _CUBIC, _CLOSE = range(5)
_POINTS = {_MOVE: 1, _LINE: 1, _QUADRATIC: 2, _CUBIC: 3, _CLOSE: 0}
#: Pieces of a curve that becomes a polygon.
_PIECES = 16
#: ImageJ moves borders by this to round the same way on every computer.
_TIE = 1e-8


def polygons(paths: Sequence[Path2d], fov: tuple[int, int]) -> Indices:
    """Return the pixels within an odd number of closed paths, as far as they lie in the field of view."""
    closed = [(path, np.roll(path, -1, axis=0)) for path in paths]
    start, stop = (np.concatenate([pair[i] for pair in closed]) for i in range(2))
    downwards = start[:, 1] <= stop[:, 1]
    x1, y1 = np.where(downwards, start.T, stop.T)
    x2, y2 = np.where(downwards, stop.T, start.T)
    first, last = (np.clip(np.floor(y + 0.5), 0, fov[0]).astype(np.int64) for y in (y1, y2))
    n_rows = last - first
    edge = np.repeat(np.arange(len(n_rows)), n_rows)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(n_rows) - n_rows, n_rows) + first[edge]
    slope = (x2 - x1)[edge] / (y2 - y1)[edge]
    border = x1[edge] + (row + 0.5 - y1[edge]) * slope
    column = np.clip(np.floor(border + 0.5 + _TIE), 0, fov[1]).astype(np.int64)
    if not len(edge):
        return edge, edge
    # Each border turns inside into outside for all pixels to its right.
    top, left = int(row.min()), int(column.min())
    crossings = np.zeros((int(row.max()) - top + 1, int(column.max()) - left + 1), dtype=np.int32)
    np.add.at(crossings, (row - top, column - left), 1)
    y, x = np.nonzero(np.cumsum(crossings, axis=1) % 2)
    return y + top, x + left


def rows_of(paths: Sequence[Path2d], height: int) -> int:
    """Return how many rows of pixels the edges of `paths` cross together: what filling them takes."""
    spans = [np.abs(np.diff(np.clip(path[:, 1], 0, height), append=path[:1, 1])) + 1 for path in paths]
    return int(sum(span.sum() for span in spans))


def box(bounds: Bounds, fov: tuple[int, int]) -> Indices:
    """Return the pixels of a rectangle, as far as they lie in the field of view."""
    left, top, width, height = bounds
    y = np.arange(max(0, int(top)), min(fov[0], int(top) + int(np.ceil(height))))
    x = np.arange(max(0, int(left)), min(fov[1], int(left) + int(np.ceil(width))))
    rows, columns = np.meshgrid(y, x, indexing="ij")
    return rows.ravel(), columns.ravel()


def oval(bounds: Bounds, fov: tuple[int, int]) -> Indices:
    """Return the pixels of an ellipse in a rectangle."""
    left, top, width, height = bounds
    y, x = box(bounds, fov)
    a, b = np.ceil(width) / 2, np.ceil(height) / 2
    inside = ((x - int(left) - a + 0.5) / a) ** 2 + ((y - int(top) - b + 0.5) / b) ** 2 <= 1
    return y[inside], x[inside]


def rounded(bounds: Bounds, diameter: float, fov: tuple[int, int]) -> Indices:
    """Return the pixels of a rectangle whose corners are arcs: of a circle, where there is room."""
    left, top, width, height = bounds
    y, x = box(bounds, fov)
    parts = []
    for place, start, length in ((y, int(top), np.ceil(height)), (x, int(left), np.ceil(width))):
        radius = min(diameter, length) / 2
        from_middle = np.abs(place + 0.5 - start - length / 2)
        parts.append(np.maximum(from_middle - (length / 2 - radius), 0) / radius)
    inside = parts[0] ** 2 + parts[1] ** 2 <= 1
    return y[inside], x[inside]


def composite(path: Sequence[float]) -> list[Path2d]:
    """Return the closed paths of a composite shape; curves become polygons.

    Raises
    ------
    ValueError
        If `path` isn't a list of commands with their coordinates.
    """
    paths: list[list[NDArray[np.float64]]] = []
    position = 0
    while position < len(path):
        command = int(path[position])
        n = _POINTS.get(command)
        values = np.asarray(path[position + 1 : position + 1 + 2 * (n or 0)], dtype=np.float64)
        if n is None or len(values) != 2 * n or (not paths and command != _MOVE):
            raise ValueError(f"a path has the command {path[position]:g} at {position}")
        if command == _MOVE:
            paths.append([])
        if n:
            paths[-1].extend(_flattened(paths[-1], values.reshape(-1, 2)))
        position += 1 + 2 * n
    return [np.stack(one) for one in paths if len(one) > 2]


def _flattened(before: list[NDArray[np.float64]], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the corners of a line or of a Bézier curve that goes on from the last corner."""
    if len(points) == 1:
        return points
    control = np.concatenate([before[-1][None], points])[None]
    t = np.linspace(0, 1, _PIECES + 1)[1:, None, None]
    while control.shape[1] > 1:  # de Casteljau's algorithm
        control = control[:, :-1] * (1 - t) + control[:, 1:] * t
    return control[:, 0]
