"""The registration engines by name, and what each must offer.

An engine is a module with a function ``prepare(sample, settings, pixel_size_um, engines) -> Engine``; a new
one needs a line in `neurocine.config.engines.MOTION_ENGINES`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurocine.config import EnginesSettings, MotionSettings
from neurocine.config.engines import MOTION_ENGINES
from neurocine.engines.load import engine_module

#: Largest shift of a block beyond that of its frame, micrometres.
MAX_BLOCK_SHIFT_UM = 5.0


class Moved(NamedTuple):
    """A block of n registered frames.

    Attributes
    ----------
    frames
        (n, Y, X) in the type of the frames given.
    y, x
        Displacement of each frame's content before it was moved back, pixels, (n,) float32.
    at_limit
        True where the shift is the largest that was looked for, (n,) bool.
    """

    frames: NDArray[Any]
    y: NDArray[np.float32]
    x: NDArray[np.float32]
    at_limit: NDArray[np.bool_]


class Engine(Protocol):
    """Moves frames onto its template."""

    @property
    def template(self) -> NDArray[np.float32]:
        """The picture that frames are moved onto, (Y, X), in the movie's counts."""

    def apply(self, frames: NDArray[Any]) -> Moved:
        """Return `frames` (n, Y, X) moved onto the template."""


@contextmanager
def prepared(
    sample: NDArray[Any], settings: MotionSettings, pixel_size_um: float, engines: EnginesSettings
) -> Iterator[Engine]:
    """Yield the engine that `settings` name, its template made from `sample` (n, Y, X).

    An engine that is a context itself, as one with a process of its own, is left at the end.

    Raises
    ------
    InputError
        If the engine isn't installed, or not in working order.
    """
    engine: Engine = engine_module(MOTION_ENGINES, settings.engine, "motion.engine").prepare(
        sample, settings, pixel_size_um, engines
    )
    with engine if isinstance(engine, AbstractContextManager) else nullcontext():
        yield engine


def limit_px(settings: MotionSettings, pixel_size_um: float, fov_shape: tuple[int, int]) -> int:
    """Return the largest shift looked for in pixels: at least 1, at most a quarter of the field of view."""
    wanted = round(settings.max_shift_um / pixel_size_um)
    return max(1, min(wanted, min(fov_shape) // 4))


def cast(frames: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Return `frames` in `dtype`; integers are rounded and clipped, never wrapped."""
    wanted = np.dtype(dtype)
    if wanted.kind in "iu" and frames.dtype.kind == "f":
        limits = np.iinfo(wanted)
        # float64 holds every 32-bit integer exactly; float32 would round the limits up and wrap.
        wide = frames.astype(np.float64) if wanted.itemsize > 2 else frames
        frames = np.clip(np.rint(wide), limits.min, limits.max)
    return np.asarray(frames, dtype=wanted)
