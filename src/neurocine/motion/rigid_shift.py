"""The shift of a whole frame, by a matched filter in Fourier space, at the shifts within a limit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

#: What is wider than so many pixels, such as a change of the neuropil, has no part in the filter.
HIGH_PASS_PX = 8.0


class ShiftFilter:
    """Finds the shift of frames against a template.

    Frequencies at which the template stands out of the noise count the same, as in phase correlation; those
    below the noise count by their share of it, as in the matched filter for white noise.

    Parameters
    ----------
    template
        (Y, X) float32.
    noise
        Variance of the noise of a pixel.
    limit
        Largest shift, pixels.
    """

    def __init__(self, template: NDArray[np.float32], noise: float, limit: int) -> None:
        height, width = template.shape
        detail = template - ndimage.gaussian_filter(template, HIGH_PASS_PX)
        # Content near the edge leaves the frame at some of the shifts.
        detail = detail * np.outer(_taper(height, limit), _taper(width, limit)).astype(np.float32)
        spectrum = fft.rfft2(detail - detail.mean())
        scale = np.sqrt(np.abs(spectrum) ** 2 + noise * template.size)
        self._filter = (np.conj(spectrum) / np.where(scale > 0, scale, 1)).astype(np.complex64)
        self._filter[0, 0] = 0
        self._lags = np.arange(-limit, limit + 1)
        self._rows = np.exp(2j * np.pi * np.outer(self._lags, np.arange(height)) / height).astype(
            np.complex64
        )
        columns = np.arange(self._filter.shape[1])
        # The other half of the frequencies is the mirror image of these.
        twice = np.where((columns == 0) | (2 * columns == width), 1, 2)
        wave = twice[:, None] * np.exp(2j * np.pi * np.outer(columns, self._lags) / width)
        self._columns = (wave.real.astype(np.float32), wave.imag.astype(np.float32))

    def correlation(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the filter's response at each shift from -limit to limit, (2 limit + 1,) * 2."""
        spectrum = fft.rfft2(frame)
        spectrum *= self._filter
        rows = self._rows @ spectrum
        return np.asarray(rows.real @ self._columns[0] - rows.imag @ self._columns[1])

    def __call__(self, frame: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the displacement (y, x) of the content of `frame` (Y, X), (2,), to a part of a pixel."""
        response = self.correlation(frame)
        row, column = np.unravel_index(int(response.argmax()), response.shape)
        return np.array(
            [
                self._lags[row] + _vertex(response[:, column], int(row)),
                self._lags[column] + _vertex(response[row], int(column)),
            ]
        )


def _taper(length: int, limit: int) -> NDArray[np.float64]:
    """Return a window (length,) that rises from 0 to 1 within the outer `limit` pixels."""
    edge = np.minimum(np.arange(length) + 0.5, length - 0.5 - np.arange(length))
    return np.asarray(np.sin(np.pi / 2 * np.minimum(edge / max(limit, 1), 1)) ** 2)


def _vertex(values: NDArray[np.float32], top: int) -> float:
    """Return where the parabola through `values` at `top` and beside it is highest, relative to `top`."""
    if not 0 < top < len(values) - 1:
        return 0.0
    before, peak, after = (float(value) for value in values[top - 1 : top + 2])
    bend = before - 2 * peak + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
