"""The phase of a bidirectional scan: by how many pixels odd rows lie beside even ones.

A scanner that reads every second row from right to left shifts it if the rows' start is timed wrongly. The
shift is where odd rows correlate best with the mean of the even rows above and below, by phase correlation
along the rows (as suite2p's `bidiphase`, Pachitariu et al. 2017); the other way round it has the opposite
sign, and half of the difference counts. It is measured in several mean pictures of interleaved frames, each
with a noise of its own, and in the upper and the lower half of the rows, each with a texture of its own: a
shift that isn't there differs between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Mean pictures, and successive frames that go into the same one.
PICTURES, RUN = 8, 10
#: Largest shift that is looked for, in pixels and as a share of the width; its steps.
MAX_SHIFT, MAX_SHARE, STEP = 20.0, 0.125, 0.05
#: Spatial frequencies above this, in cycles per pixel, are left out: interpolation alters them.
HIGHEST_FREQUENCY = 0.25
#: Estimates of the mean pictures that lie within half a pixel of their median.
MIN_AGREEMENT = 0.75
#: Most pixels by which that of the upper, or the lower, half of the rows may differ from that of all.
MAX_BETWEEN_HALVES = 0.5
#: A shift of so many pixels is worth a warning.
WORTH_CORRECTING = 0.5
#: Fewest rows and columns.
MIN_ROWS, MIN_COLUMNS = 16, 32


@dataclass(frozen=True)
class ScanPhase:
    """How odd rows lie beside even ones.

    Attributes
    ----------
    pixels
        How far odd rows (the second, fourth ...) are shifted to the right; None if it can't be told.
    agreement
        Share of the mean pictures whose shifts are within half a pixel of it.
    """

    pixels: float | None = None
    agreement: float = 0.0

    @property
    def warning(self) -> str:
        """What to do about it; empty if there is nothing to do."""
        if self.pixels is None or abs(self.pixels) < WORTH_CORRECTING:
            return ""
        return (
            f"every second row is shifted by {self.pixels:.1f} pixels (the phase of a bidirectional scan), "
            "which blurs cells: set motion.bidirectional to auto to correct it"
        )


class ScanPhaseSum:
    """Gathers mean pictures block by block and gives the `ScanPhase`."""

    def __init__(self) -> None:
        self._sums: NDArray[np.float64] = np.zeros(())
        self._n = np.zeros(PICTURES, np.int64)

    def add(self, frames: NDArray[Any]) -> None:
        """Take in a block of successive frames (n, Y, X), all finite."""
        if not self._sums.ndim:
            self._sums = np.zeros((PICTURES, *frames.shape[1:]))
        place = (int(self._n.sum()) + np.arange(len(frames))) // RUN % PICTURES
        for picture in np.unique(place):
            self._sums[picture] += frames[place == picture].sum(axis=0, dtype=np.float64)
            self._n[picture] += int((place == picture).sum())

    def result(self) -> ScanPhase:
        """Return the phase of the frames so far."""
        if self._sums.ndim < 3 or self._sums.shape[1] < MIN_ROWS or self._sums.shape[2] < MIN_COLUMNS:
            return ScanPhase()
        used = self._n > 0
        pictures = self._sums[used] / self._n[used, None, None]
        shifts = np.array([row_shift(picture) for picture in pictures])
        # That of the mean of all pictures is the most precise one.
        mean = pictures.mean(axis=0)
        pixels = row_shift(mean)
        agreement = float((np.abs(shifts - pixels) <= 0.5).mean())
        middle = len(mean) // 4 * 2  # even, so that odd rows stay odd
        halves = np.array([row_shift(mean[:middle]), row_shift(mean[middle:])])
        told = agreement >= MIN_AGREEMENT and bool((np.abs(halves - pixels) <= MAX_BETWEEN_HALVES).all())
        return ScanPhase(round(pixels, 2) + 0.0 if told else None, round(agreement, 3))


def row_shift(picture: NDArray[np.float64]) -> float:
    """Return how far odd rows of `picture` (Y, X) are shifted to the right of even ones, in pixels."""
    width = picture.shape[1]
    # No detail of a row that its neighbours of the same direction lack, no edges.
    rows = (picture - picture.mean(axis=1, keepdims=True)) * np.hanning(width)
    spectrum = np.fft.rfft(rows, axis=1)
    around, middle = spectrum[:-2] + spectrum[2:], spectrum[1:-1]
    between = np.conj(around) * middle
    # Odd rows are to the right of even ones as far as even rows are to the left of odd ones.
    cross = between[0::2].sum(axis=0) + np.conj(between[1::2].sum(axis=0))
    power = (np.abs(around) ** 2).sum(axis=0) * (np.abs(middle) ** 2).sum(axis=0)
    # Each frequency counts by its coherence, for those finer than the cells are noise.
    frequency, size = np.fft.rfftfreq(width), np.abs(cross)
    weight = np.divide(size, power, out=np.zeros_like(size), where=power > 0)
    weight[(frequency == 0) | (frequency > HIGHEST_FREQUENCY)] = 0
    most = min(MAX_SHIFT, MAX_SHARE * width)
    shifts = np.arange(-most, most + STEP / 2, STEP)
    match = (weight * cross * np.exp(2j * np.pi * frequency * shifts[:, None])).real.sum(axis=1)
    return float(shifts[np.argmax(match)])
