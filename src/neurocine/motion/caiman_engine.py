"""Registration by CaImAn's NoRMCorre (Pnevmatikakis & Giovannucci 2017), rigid and piecewise rigid.

CaImAn runs in a Python of its own, see `neurocine.engines.caiman`: it makes the template from the
sample, then registers the frames block by block. Both modes interpolate (cubic); edges repeat.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.config import CaimanRun, EnginesSettings, MotionSettings
from neurocine.core.movie import BLOCK_BYTES
from neurocine.engines.caiman import CaimanSession
from neurocine.motion.engines import MAX_BLOCK_SHIFT_UM, Moved, cast, limit_px

#: Smallest edge of a block; smaller blocks have too few pixels for a correlation.
MIN_BLOCK_PX = 32
#: Overlap of neighbouring blocks as a fraction of their edge, CaImAn's default (32 of 96 + 32 pixels).
OVERLAP = 0.25


class CaimanMotion(AbstractContextManager["CaimanMotion"]):
    """A session of CaImAn that holds the template; to be used as a context.

    Parameters
    ----------
    sample
        Frames (n, Y, X) that the template is made from.
    settings
        Section ``motion`` of the config.
    pixel_size_um
        Edge of a pixel in micrometres.
    run
        Section ``engines.caiman`` of the config.
    """

    def __init__(
        self, sample: NDArray[Any], settings: MotionSettings, pixel_size_um: float, run: CaimanRun
    ) -> None:
        self._limit = limit_px(settings, pixel_size_um, (sample.shape[1], sample.shape[2]))
        # CaImAn writes its copy of the sample, and two blocks of frames go back and forth.
        self._session = CaimanSession(run, 3 * 4 * sample.size + 2 * BLOCK_BYTES)
        try:
            self.template = self._template(sample, settings, pixel_size_um, run)
        except BaseException:
            self._session.close()
            raise

    def _template(
        self, sample: NDArray[Any], settings: MotionSettings, pixel_size_um: float, run: CaimanRun
    ) -> NDArray[np.float32]:
        frames, out = (self._session.folder / name for name in ("sample.npy", "template.npy"))
        np.save(frames, sample.astype(np.float32))
        self._session.ask(
            "template",
            frames_file=str(frames),
            out=str(out),
            parameters={"max_shifts": [self._limit, self._limit], "shifts_opencv": True},
            options=move_options(settings, pixel_size_um, sample.shape[1:], self._limit),
            processes=run.processes,
        )
        return np.asarray(np.load(out))

    def apply(self, frames: NDArray[Any]) -> Moved:
        """Return `frames` (n, Y, X) moved onto the template."""
        frames_file, out = (self._session.folder / name for name in ("frames.npy", "moved.npy"))
        np.save(frames_file, frames.astype(np.float32))
        self._session.ask("move", frames_file=str(frames_file), out=str(out))
        # NoRMCorre gives the correction, not the displacement.
        y, x = -np.load(f"{out}.shifts.npy").T
        at_limit = np.maximum(np.abs(y), np.abs(x)) > self._limit - 0.5
        return Moved(cast(np.load(out), frames.dtype), y, x, at_limit)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()


def prepare(
    sample: NDArray[Any], settings: MotionSettings, pixel_size_um: float, engines: EnginesSettings
) -> CaimanMotion:
    """Return the engine for `sample` (n, Y, X).

    Raises
    ------
    InputError
        As `neurocine.engines.caiman.CaimanSession`.
    """
    return CaimanMotion(sample, settings, pixel_size_um, engines.caiman)


def move_options(
    settings: MotionSettings, pixel_size_um: float, fov_shape: tuple[int, ...], limit: int
) -> dict[str, Any]:
    """Return NoRMCorre's options, in pixels."""
    edge = max(MIN_BLOCK_PX, round(settings.block_um / pixel_size_um))
    block = [min(edge, length) for length in fov_shape]
    overlaps = [round(OVERLAP * length) for length in block]
    deviation = max(1, round(MAX_BLOCK_SHIFT_UM / pixel_size_um))
    return {
        "strides": [length - shared for length, shared in zip(block, overlaps, strict=True)],
        "overlaps": overlaps,
        "max_shifts": [limit, limit],
        "max_deviation_rigid": deviation if settings.nonrigid else 0,
        "shifts_opencv": True,
        "border_nan": "copy",
    }
