"""Registration by suite2p's phase correlation (Pachitariu et al. 2017), rigid and non-rigid.

suite2p makes the template and estimates the shifts, in int16: only for this, frames are scaled into its
range. The shifts are applied here to the original frames. A rigid shift is a whole number of pixels and
leaves values unchanged; a non-rigid one interpolates once. Edges repeat, they don't wrap around.

Arrays are so small that threads cost more processor time than they save, and that the memory of one frame or
batch is still there for the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from suite2p import default_settings
from suite2p.registration import register as s2p
from threadpoolctl import threadpool_limits

from neurocine.config import EnginesSettings, MotionSettings
from neurocine.motion.engines import MAX_BLOCK_SHIFT_UM, Moved, cast, limit_px

#: Brightest pixels of the sample are scaled to this; suite2p holds frames as int16.
INT16_TARGET = 10_000
#: Smallest edge of a block; smaller blocks have too few pixels for phase correlation.
MIN_BLOCK_PX = 32
#: Pixels of frames whose shifts are estimated at once. Arrays of larger batches would be above the size from
#: which the C library returns memory to the system after each use.
BATCH_PIXELS = 2**20


@dataclass(frozen=True)
class Int16Scale:
    """Linear scaling of a movie's counts into int16, only for estimating shifts."""

    low: float
    gain: float

    @classmethod
    def of(cls, sample: NDArray[Any]) -> Int16Scale:
        """Return the scale that maps the darkest and brightest pixels of `sample` to 0 and `INT16_TARGET`."""
        low, high = float(sample.min()), float(np.percentile(sample, 99.9))
        high = high if high > low else float(sample.max())
        return cls(low, INT16_TARGET / (high - low))

    def __call__(self, frames: NDArray[Any]) -> NDArray[np.int16]:
        """Return `frames` as int16; values beyond its range are clipped."""
        scaled = (frames.astype(np.float32) - np.float32(self.low)) * np.float32(self.gain)
        return np.asarray(np.clip(scaled, -32768, 32767), dtype=np.int16)

    def inverse(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """Return an int16 `image` in the movie's counts."""
        return (image.astype(np.float64) / self.gain + self.low).astype(np.float32)


class Suite2pEngine:
    """Rigid or non-rigid registration by suite2p.

    Parameters
    ----------
    sample
        Frames (n, Y, X) that the template is made from.
    settings
        Section ``motion`` of the config.
    pixel_size_um
        Edge of a pixel in micrometres.
    device
        Torch device.
    """

    def __init__(
        self, sample: NDArray[Any], settings: MotionSettings, pixel_size_um: float, device: torch.device
    ) -> None:
        height, width = sample.shape[1:]
        self._device = device
        self._limit = limit_px(settings, pixel_size_um, (height, width))
        self._options = default_settings()["registration"]
        self._options["maxregshift"] = self._limit / min(height, width)
        # In several batches suite2p 1.1.0 ranks only the last one's frames for the template.
        self._options["batch_size"] = len(sample)
        self._scale = Int16Scale.of(sample)
        with _one_thread():
            reference = s2p.compute_reference(self._scale(sample), settings=self._options, device=device)
        self.template = self._scale.inverse(reference)
        self._block_limit = max(1, round(MAX_BLOCK_SHIFT_UM / pixel_size_um))
        self._filters = s2p.compute_filters_and_norm(
            reference,
            norm_frames=self._options["norm_frames"],
            spatial_smooth=self._options["smooth_sigma"],
            spatial_taper=self._options["spatial_taper"],
            block_size=_block_size(settings.block_um / pixel_size_um, (height, width))
            if settings.nonrigid
            else None,
            subpixel=self._options["subpixel"],
            device=device,
        )

    def apply(self, frames: NDArray[Any]) -> Moved:
        """Return `frames` (n, Y, X) registered to the template."""
        step = max(1, BATCH_PIXELS // self.template.size)
        with _one_thread():
            parts = [self._displacement(frames[i : i + step]) for i in range(0, len(frames), step)]
        dy, dx, at_limit = (np.concatenate(field) for field in zip(*parts, strict=True))
        move = partial(self._moved, dy=dy, dx=dx)
        mean_y, mean_x = (value.mean(axis=1, dtype=np.float32) for value in (dy, dx))
        return Moved(move(frames), mean_y, mean_x, at_limit, move)

    def _displacement(self, frames: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
        """Return the displacement of `frames` in y and x, and which are at the limit, (n,).

        Non-rigid displacements are (n, blocks), rigid ones (n, 1) whole pixels.
        """
        shifts = s2p.compute_shifts(
            self._filters,
            torch.from_numpy(self._scale(frames)).to(self._device),
            maxregshift=self._options["maxregshift"],
            snr_thresh=self._options["snr_thresh"],
            maxregshiftNR=self._block_limit,
        )
        y, x = (value.cpu().numpy().astype(np.int64)[:, None] for value in shifts[:2])
        at_limit = ((np.abs(y) >= self._limit) | (np.abs(x) >= self._limit))[:, 0]
        if shifts[3] is None:
            return y, x, at_limit
        of_blocks = [value.cpu().numpy() for value in shifts[3:5]]
        return y + of_blocks[0], x + of_blocks[1], at_limit

    def _moved(self, frames: NDArray[Any], dy: NDArray[Any], dx: NDArray[Any]) -> NDArray[Any]:
        """Return `frames` (n, Y, X) moved back by displacements as `_displacement` returns them."""
        if dy.dtype.kind == "i":
            return _moved_whole(frames, dy[:, 0], dx[:, 0])
        with _one_thread():
            return cast(self._warped(frames, dy, dx), frames.dtype)

    def _warped(
        self, frames: NDArray[Any], dy: NDArray[np.floating], dx: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """Return frames (n, Y, X) resampled at each pixel's displacement; dy, dx are (n, blocks)."""
        rows, columns, (n_rows, n_columns) = self._filters[6][:3]
        height, width = frames.shape[1:]
        spread_y = _interpolation([float(np.mean(rows[i * n_columns])) for i in range(n_rows)], height)
        spread_x = _interpolation([float(np.mean(columns[i])) for i in range(n_columns)], width)
        axes = (
            (dx, np.arange(width)[None, :], width),
            (dy, np.arange(height)[:, None], height),
        )
        warped = np.empty(frames.shape, dtype=np.float32)
        at = np.empty((height, width))
        grid = np.empty((1, height, width, 2), dtype=np.float32)
        for index, frame in enumerate(frames):
            for axis, (shift, pixel, length) in enumerate(axes):
                blocks = shift[index].reshape(n_rows, n_columns)
                np.matmul(spread_y @ blocks, spread_x.T, out=at)
                at += pixel
                # Torch wants -1 and 1 at the centres of the outermost pixels.
                at *= 2 / max(length - 1, 1)
                at -= 1
                grid[0, ..., axis] = at
            resampled = torch.nn.functional.grid_sample(
                torch.from_numpy(frame.astype(np.float32))[None, None].to(self._device),
                torch.from_numpy(grid).to(self._device),
                mode="bilinear",
                padding_mode="border",
                align_corners=True,
            )
            warped[index] = resampled[0, 0].cpu().numpy()
        return warped


def prepare(
    sample: NDArray[Any], settings: MotionSettings, pixel_size_um: float, engines: EnginesSettings
) -> Suite2pEngine:
    """Return the engine for `sample` (n, Y, X), on the GPU if there is one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return Suite2pEngine(sample, settings, pixel_size_um, device)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch and the libraries below NumPy work in one thread."""
    n = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(n)


def _block_size(wanted_px: float, fov_shape: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of a block: fast to transform, within the field of view."""
    edge = next_fast_len(max(MIN_BLOCK_PX, round(wanted_px)), real=True)
    return min(edge, fov_shape[0]), min(edge, fov_shape[1])


def _interpolation(centres: list[float], length: int) -> NDArray[np.float64]:
    """Return the matrix (length, n) that interpolates values at `centres` linearly, level outside them."""
    at = np.arange(length)
    return np.stack([np.interp(at, centres, unit) for unit in np.eye(len(centres))], axis=1)


def _moved_whole(frames: NDArray[Any], y: NDArray[np.int64], x: NDArray[np.int64]) -> NDArray[Any]:
    """Return frames (n, Y, X) moved back by whole pixels, edges repeated."""
    height, width = frames.shape[1:]
    rows = np.clip(np.arange(height)[None, :] + y[:, None], 0, height - 1)
    columns = np.clip(np.arange(width)[None, :] + x[:, None], 0, width - 1)
    return np.asarray(frames[np.arange(len(frames))[:, None, None], rows[:, :, None], columns[:, None, :]])
