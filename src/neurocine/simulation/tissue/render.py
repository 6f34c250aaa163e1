"""From sources, motion and detector to frames, made when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocine.simulation.hybrid.render import by_row, moved
from neurocine.simulation.tissue.detector import Detector
from neurocine.simulation.tissue.motion import TissueMotion, fill_borders
from neurocine.simulation.tissue.sources import Sources

#: Keeps the noise apart from every other use of the seed.
_NOISE_STREAM = 15485863
#: Frames whose clean light is made at once, at most.
_BLOCK = 128
#: No pixel is darker, photons.
_DARKEST = np.float32(1e-3)


@dataclass(frozen=True, eq=False)
class TissueFrames:
    """A movie of tissue as a `neurocine.core.FrameSource`: frames are rendered by slices of time.

    Attributes
    ----------
    fov_shape
        (Y, X).
    sources
        Everything that shines, photons.
    pictures
        The sources' pictures by rows, (P, M): what is multiplied.
    near
        How much each plane is seen, (3, T) float32.
    light
        The laser's light in each frame, (T,) float32.
    motion
        What registration left.
    phase
        Displacement of every other row to the right, pixels.
    detector
        Noise and counts.
    seed
        Seed of the noise; each frame has a stream of its own.
    """

    fov_shape: tuple[int, int]
    sources: Sources
    pictures: sparse.csr_array
    near: NDArray[np.float32]
    light: NDArray[np.float32]
    motion: TissueMotion
    phase: float
    detector: Detector
    seed: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """(T, Y, X)."""
        return (len(self.light), *self.fov_shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Pixel type."""
        return np.dtype(np.uint16)

    def __getitem__(self, key: slice, /) -> NDArray[np.uint16]:
        """Render the frames `key`, (n, Y, X)."""
        times = range(self.shape[0])[key]
        frames = np.empty((len(times), *self.fov_shape), dtype=np.uint16)
        for first in range(0, len(times), _BLOCK):
            part = times[first : first + _BLOCK]
            for index, (t, clean) in enumerate(zip(part, self.clean(part), strict=True)):
                frames[first + index] = self._frame(t, clean)
        return frames

    def clean(self, times: range) -> NDArray[np.float32]:
        """Return frames without noise or motion in the plane, (n, Y, X) float32, photons."""
        chosen = slice(times.start, times.stop, times.step)
        bright = self.sources.coefficients(self.near, chosen) * self.light[chosen]
        photons = self.pictures @ np.ascontiguousarray(bright)
        np.maximum(photons, _DARKEST, out=photons)
        return np.ascontiguousarray(photons.T).reshape(len(times), *self.fov_shape)

    def _frame(self, t: int, clean: NDArray[np.float32]) -> NDArray[np.uint16]:
        knots, height = self.motion.left.knots[t], self.fov_shape[0]
        down, right = by_row(knots[:, 0], height), by_row(knots[:, 1], height)
        right[1::2] += self.phase
        rng = np.random.Generator(np.random.SFC64([_NOISE_STREAM, *self.seed, t]))
        frame = self.detector.detect(moved(clean, down, right), t, rng)
        if self.motion.borders is not None:
            fill_borders(frame, self.motion.borders, t, float(frame.mean()))
        return frame
