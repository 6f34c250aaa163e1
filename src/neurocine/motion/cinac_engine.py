"""Registration as in the DeepCINAC paper: centre of mass of the frame-reference cross-correlation.

DeepCINAC (Denis et al. 2020, section 2.2, Imaging) corrects motion "by finding the center of mass of the
correlations across frames relative to a set of reference frames" (Miri et al. 2011). Here it is
Pearson's correlation of the template, without a margin as wide as the largest shift, with the part of the
frame below it at each shift. So all shifts compare the same number of pixels, and nothing wraps around.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from neurocine.config import EnginesSettings, MotionSettings
from neurocine.motion.engines import Moved, cast, limit_px
from neurocine.motion.template import correlated_mean

#: Pixels on each side of the highest correlation that go into its centre of mass.
PEAK_RADIUS = 3
#: Times that the template is recomputed from the registered sample.
ITERATIONS = 2
#: Pixels of frames processed at once; bounds the memory of the Fourier transforms.
BATCH_PIXELS = 2**22


class CinacEngine:
    """Rigid subpixel registration by the centre of mass of the correlation peak.

    Parameters
    ----------
    template
        Template, (Y, X) float32.
    limit
        Largest shift, in pixels; at most a quarter of the field of view.
    """

    def __init__(self, template: NDArray[np.float32], limit: int) -> None:
        self.template = template
        self.limit = limit
        inner = template[limit:-limit, limit:-limit].astype(np.float64)
        inner = inner - inner.mean()
        norm = np.linalg.norm(inner)
        padded = np.zeros(template.shape, dtype=np.float32)
        padded[: inner.shape[0], : inner.shape[1]] = inner / (norm if norm > 0 else 1)
        self._spectrum = np.conj(fft.rfft2(padded))
        self._rows = _windows(template.shape[0], limit)
        self._columns = _windows(template.shape[1], limit)

    def apply(self, frames: NDArray[Any]) -> Moved:
        """Return `frames` (n, Y, X) moved onto the template by bilinear interpolation."""
        y, x, at_limit = self.displacement(frames)
        moved = np.empty(frames.shape, dtype=np.float32)
        for frame, out, dy, dx in zip(frames, moved, y, x, strict=True):
            ndimage.shift(frame.astype(np.float32), (-dy, -dx), output=out, order=1, mode="nearest")
        return Moved(cast(moved, frames.dtype), y, x, at_limit)

    def displacement(
        self, frames: NDArray[Any]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
        """Return y and x displacement of `frames` (n, Y, X) in pixels, and where they are at the limit."""
        step = max(1, BATCH_PIXELS // self.template.size)
        parts = [
            _peaks(self._correlation(frames[i : i + step]), self.limit) for i in range(0, len(frames), step)
        ]
        y, x, at_limit = (np.concatenate(values) for values in zip(*parts, strict=True))
        return y, x, at_limit

    def _correlation(self, frames: NDArray[Any]) -> NDArray[np.float32]:
        """Return Pearson's correlation at each shift, (n, 2 * limit + 1, 2 * limit + 1)."""
        values = frames.astype(np.float32)
        values -= values.mean(axis=(1, 2), keepdims=True)
        side = 2 * self.limit + 1
        product = fft.irfft2(fft.rfft2(values) * self._spectrum, s=self.template.shape)[:, :side, :side]
        n = (self.template.shape[0] - 2 * self.limit) * (self.template.shape[1] - 2 * self.limit)
        total = self._rows @ values @ self._columns.T
        squares = self._rows @ values**2 @ self._columns.T
        variance = np.maximum(squares - total**2 / n, 0)
        return np.asarray(product / np.sqrt(np.where(variance > 0, variance, 1)), dtype=np.float32)


def prepare(
    sample: NDArray[Any], settings: MotionSettings, pixel_size_um: float, engines: EnginesSettings
) -> CinacEngine:
    """Return the engine for `sample` (n, Y, X): its template is recomputed twice from the aligned sample."""
    height, width = sample.shape[1:]
    limit = limit_px(settings, pixel_size_um, (height, width))
    engine = CinacEngine(correlated_mean(sample), limit)
    aligned = sample.astype(np.float32)
    for _ in range(ITERATIONS):
        engine = CinacEngine(correlated_mean(engine.apply(aligned).frames), limit)
    return engine


def _windows(length: int, limit: int) -> NDArray[np.float32]:
    """Return the matrix (2 * limit + 1, length) whose product sums a sliding window of length - 2 * limit."""
    start = np.arange(2 * limit + 1)[:, None]
    at = np.arange(length)[None, :]
    return ((at >= start) & (at < start + length - 2 * limit)).astype(np.float32)


def _peaks(
    correlation: NDArray[np.float32], limit: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Return the centre of mass of the peak of each map (n, S, S), relative to the map's middle.

    The peak is the part of the window around the maximum that is above the highest correlation on the
    window's rim: cut off at one level, it stays symmetric if the window is off-centre by part of a pixel.
    """
    n, side = correlation.shape[:2]
    row, column = np.divmod(correlation.reshape(n, -1).argmax(axis=1), side)
    at_limit = (np.abs(row - limit) == limit) | (np.abs(column - limit) == limit)
    offset = np.arange(-PEAK_RADIUS, PEAK_RADIUS + 1)
    # Below every correlation, so that positions outside the map have no weight.
    padded = np.pad(correlation, ((0, 0), *[(PEAK_RADIUS, PEAK_RADIUS)] * 2), constant_values=-2)
    around = padded[
        np.arange(n)[:, None, None],
        (row[:, None] + PEAK_RADIUS + offset)[:, :, None],
        (column[:, None] + PEAK_RADIUS + offset)[:, None, :],
    ].astype(np.float64)
    rim = np.ones(around.shape[1:], dtype=bool)
    rim[1:-1, 1:-1] = False
    weight = np.maximum(around - around[:, rim].max(axis=1)[:, None, None], 0)
    total = weight.sum(axis=(1, 2))
    total = np.where(total > 0, total, 1)
    y = row - limit + (weight.sum(axis=2) * offset).sum(axis=1) / total
    x = column - limit + (weight.sum(axis=1) * offset).sum(axis=1) / total
    return y.astype(np.float32), x.astype(np.float32), at_limit
