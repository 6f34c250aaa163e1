"""The registration engines, and the interface that each of them has.

An engine is a module with the function `MotionEngine.prepare`. A new one needs a line in
`neurocine.config.engines.MOTION_ENGINES`, or is a plug-in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
        (n, Y, X), of the dtype of the input.
    y, x
        Displacement of each frame's content before registration, in pixels, (n,) float32.
    at_limit
        True where the shift is the largest allowed, (n,) bool.
    move_alike
        Moves the frames (n, Y, X) of another channel in the same way; None: a rigid shift by `y` and `x`
        does.
    """

    frames: NDArray[Any]
    y: NDArray[np.float32]
    x: NDArray[np.float32]
    at_limit: NDArray[np.bool_]
    move_alike: Callable[[NDArray[Any]], NDArray[Any]] | None = None


class Registrar(Protocol):
    """Registers frames to its template."""

    @property
    def template(self) -> NDArray[np.float32]:
        """The template, (Y, X), in the movie's counts."""

    def apply(self, frames: NDArray[Any]) -> Moved:
        """Return `frames` (n, Y, X) registered to the template."""


class MotionEngine(Protocol):
    """Interface of a registration engine: a module with this function."""

    def prepare(
        self, sample: NDArray[Any], settings: MotionSettings, pixel_size_um: float, engines: EnginesSettings
    ) -> Registrar:
        """Return a registrar whose template is made from `sample` (n, Y, X).

        Parameters
        ----------
        sample
            Frames spread over the movie.
        settings
            Section ``motion`` of the config.
        pixel_size_um
            Edge of a pixel in micrometres.
        engines
            How programs in their own environments are run.
        """


@contextmanager
def prepared(
    sample: NDArray[Any], settings: MotionSettings, pixel_size_um: float, engines: EnginesSettings
) -> Iterator[Registrar]:
    """Yield the registrar of the engine in `settings`; its template is made from `sample` (n, Y, X).

    A registrar that is a context manager, such as one with its own process, is closed at the end.

    Raises
    ------
    InputError
        If the engine isn't installed, or not in working order.
    """
    engine: MotionEngine = engine_module(MOTION_ENGINES, settings.engine, "motion.engine")
    registrar = engine.prepare(sample, settings, pixel_size_um, engines)
    with registrar if isinstance(registrar, AbstractContextManager) else nullcontext():
        yield registrar


def limit_px(settings: MotionSettings, pixel_size_um: float, fov_shape: tuple[int, int]) -> int:
    """Return the largest shift in pixels: at least 1, at most a quarter of the field of view."""
    wanted = round(settings.max_shift_um / pixel_size_um)
    return max(1, min(wanted, min(fov_shape) // 4))


def cast(frames: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Return `frames` in `dtype`; integers are rounded and clipped, never wrapped around."""
    wanted = np.dtype(dtype)
    if wanted.kind in "iu" and frames.dtype.kind == "f":
        limits = np.iinfo(wanted)
        # float64 holds every 32-bit integer exactly; float32 would round the limits up and wrap.
        wide = frames.astype(np.float64) if wanted.itemsize > 2 else frames
        frames = np.clip(np.rint(wide), limits.min, limits.max)
    return np.asarray(frames, dtype=wanted)
