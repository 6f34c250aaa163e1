"""From a registered movie to the input windows of a network: cropping, binning, filtering, whitening.

Soltanian-Zadeh et al. 2019, Methods, "Image Preprocessing Steps". Streamed: each frame is read once, and at
most one window is in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError, Movie
from neurocine.io.result_files import read_registration
from neurocine.networks.segmentation.architecture import SegmentationArchitecture, Whitening
from neurocine.progress import Progress, silent

#: Relative difference of pixel sizes below which a movie isn't resampled: resampling blurs.
TOLERANCE = 0.1
#: The Gaussian of the homomorphic filter ends at this many standard deviations.
CUT_SD = 2.0
#: Quantile of a pixel's values in a window that is its baseline; below the median, because neurons are
#: active.
BASELINE = 0.3
#: No pixel's noise is taken for less than this share of the median.
MIN_NOISE_SHARE = 0.2
#: Nothing at rest is taken for darker than this share of its surround.
DARKEST = 0.05
#: Largest crop at an edge.
MAX_CROP_UM = 10.0

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Crop:
    """Rows and columns at each edge that registration left without data."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    @classmethod
    def of_shifts(cls, y: NDArray[Any], x: NDArray[Any], most: int) -> Crop:
        """Return the edges without data in frames displaced by `y`, `x` (T,), up to `most` pixels each.

        The largest 1 % of the shifts are ignored: a few jerks don't cost part of the field of view.
        """
        low_y, high_y = np.percentile(y, [1, 99])
        low_x, high_x = np.percentile(x, [1, 99])
        edges = (ceil(max(0.0, edge - 0.5)) for edge in (-low_y, high_y, -low_x, high_x))
        return cls(*(min(edge, most) for edge in edges))

    def cut(self, frames: NDArray[Any]) -> NDArray[Any]:
        """Return `frames` (..., Y, X) without the edges."""
        height, width = frames.shape[-2:]
        return frames[..., self.top : height - self.bottom, self.left : width - self.right]


def crop_of(movie: Movie) -> Crop:
    """Return the crop of a registered movie: nothing, unless its file contains the shifts."""
    path = Path(movie.source)
    if not path.is_file() or not h5py.is_hdf5(path):
        return Crop()
    with h5py.File(path, "r") as file:
        if "motion/y" not in file:
            return Crop()
    moved = read_registration(path)
    kept = ~moved.unregistered
    if not kept.any():
        return Crop()
    most = min(int(MAX_CROP_UM / movie.pixel_size_um), min(movie.fov_shape) // 8)
    return Crop.of_shifts(moved.y[kept], moved.x[kept], most)


@dataclass(frozen=True, eq=False)
class Window:
    """Binned frames ``start:stop`` as the input of the network.

    Attributes
    ----------
    start, stop
        Binned frames; fewer than the network's window in a short movie.
    frames
        Whitened, (input_frames, Y, X) float32, height and width padded to multiples of 8.
    """

    start: int
    stop: int
    frames: Float32


@dataclass(frozen=True)
class BinnedMovie:
    """Resampling of movies of one field of view and frame rate for a network.

    Attributes
    ----------
    movie_shape
        Height and width of the movie in pixels.
    bin
        Frames that are summed into one.
    scale
        Network pixels per movie pixel along an axis.
    crop
        Edges left out, in movie pixels.
    architecture
        The network's.
    dark_offset
        Value of a pixel without light, in counts: the filter takes logarithms of light, not of counts.
    """

    movie_shape: tuple[int, int]
    bin: int
    scale: float
    crop: Crop
    architecture: SegmentationArchitecture
    dark_offset: float = 0.0

    @classmethod
    def of(
        cls, movie: Movie, architecture: SegmentationArchitecture, crop: Crop | None = None
    ) -> BinnedMovie:
        """Return the resampling of `movie` for `architecture`; None: cropped by `crop_of`."""
        scale = movie.pixel_size_um / architecture.pixel_size_um
        return cls(
            movie.fov_shape,
            max(1, round(movie.frame_rate_hz / architecture.frame_rate_hz)),
            1.0 if abs(scale - 1) <= TOLERANCE else scale,
            crop_of(movie) if crop is None else crop,
            architecture,
            movie.dark_offset,
        )

    @property
    def cropped_shape(self) -> tuple[int, int]:
        """Height and width of the crop in movie pixels."""
        height, width = self.movie_shape
        return height - self.crop.top - self.crop.bottom, width - self.crop.left - self.crop.right

    @property
    def fov_shape(self) -> tuple[int, int]:
        """Height and width of the crop in network pixels, before padding."""
        height, width = self.cropped_shape
        return max(1, ceil(height * self.scale - 1e-9)), max(1, ceil(width * self.scale - 1e-9))

    @property
    def padded_shape(self) -> tuple[int, int]:
        """Height and width of a window."""
        multiple = self.architecture.multiple
        height, width = (ceil(n / multiple) * multiple for n in self.fov_shape)
        return height, width

    def windows(
        self, movie: Movie, progress: Progress = silent, label: str = "stneuronet"
    ) -> Iterator[Window]:
        """Yield successive windows of `movie`; the last one ends with the movie.

        Raises
        ------
        InputError
            If a pixel isn't a finite number, or the movie has fewer frames than one bin.
        """

        def blocks() -> Iterator[NDArray[Any]]:
            for start, frames in movie.blocks():
                yield frames
                progress(label, start + len(frames), movie.n_frames)

        return self.windows_of(blocks(), movie.source)

    def windows_of(self, blocks: Iterable[NDArray[Any]], where: str = "movie") -> Iterator[Window]:
        """Yield the windows of successive `blocks` of frames (n, Y, X), as `windows` does."""
        length = self.architecture.window_frames
        held = np.empty((length, *self.padded_shape), dtype=np.float32)
        before = np.empty((0, *self.padded_shape), dtype=np.float32)
        n = done = 0
        for frame in self.binned(blocks, where):
            held[n] = frame
            n += 1
            if n == length:
                yield self._window(done, held)
                before, held = held, np.empty_like(held)
                done, n = done + length, 0
        if n:
            yield self._window(
                done + n - length if len(before) else 0, np.concatenate([before[n:], held[:n]])
            )
        elif not done:
            raise InputError(
                where, "frames", f"are fewer than {self.bin}, the frames of one bin", "Give a longer movie."
            )

    def binned(self, blocks: Iterable[NDArray[Any]], where: str = "movie") -> Iterator[Float32]:
        """Yield one padded, filtered frame (Y, X) float32 for each full bin of `blocks`."""
        total: Float32 | None = None
        count, lift = 0, None
        for frames in blocks:
            cut = self.crop.cut(frames)
            if cut.dtype.kind == "f" and not np.isfinite(cut).all():
                raise InputError(
                    where, "frames", "hold NaN or infinity", "Remove or interpolate those frames."
                )
            for frame in cut:
                total = frame.astype(np.float32) if total is None else total + frame
                count += 1
                if count == self.bin:
                    total = total - np.float32(self.bin * self.dark_offset)
                    if lift is None:  # for negative values: the filter takes logarithms
                        lift = max(0.0, -float(total.min()))
                    yield self._filtered(total + np.float32(lift))
                    total, count = None, 0

    def _filtered(self, frame: Float32) -> Float32:
        """Return a binned frame on the network's pixels, filtered and padded."""
        if self.scale != 1:
            height, width = self.fov_shape
            how = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_LINEAR
            frame = np.asarray(cv2.resize(frame, (width, height), interpolation=how))
        a = self.architecture
        even = homomorphic(frame, a.background_um / a.pixel_size_um)
        height, width = self.padded_shape
        return np.pad(even, ((0, height - even.shape[0]), (0, width - even.shape[1])), mode="symmetric")

    def _window(self, start: int, frames: Float32) -> Window:
        a = self.architecture
        scale = scale_of(frames, a.whitening)
        parts = [whitened(frames, scale)]
        missing = a.window_frames - len(frames)
        if missing:  # a movie shorter than a window is padded with zeros
            parts.append(np.zeros((missing, *frames.shape[1:]), dtype=np.float32))
        if a.resting:
            parts.append(resting(scale)[None])
        return Window(start, start + len(frames), np.concatenate(parts) if parts[1:] else parts[0])

    def to_movie(self, maps: Float32) -> Float32:
        """Return `maps` (K, Y, X) of a window on the movie's pixels, (K, Y', X') float32, 0 where cropped."""
        (height, width), (top, left) = self.cropped_shape, (self.crop.top, self.crop.left)
        own = self.fov_shape
        result = np.zeros((len(maps), *self.movie_shape), dtype=np.float32)
        for target, picture in zip(result, maps, strict=True):
            inner = np.ascontiguousarray(picture[: own[0], : own[1]])
            if self.scale != 1:
                inner = np.asarray(cv2.resize(inner, (width, height), interpolation=cv2.INTER_LINEAR))
            target[top : top + height, left : left + width] = inner
        return result

    def frames_of(self, window: Window, index: int) -> tuple[int, int]:
        """Return the movie's frames [start, stop) that map `index` of `window` is of; empty past its end."""
        a = self.architecture
        length = a.window_frames // a.maps
        start = window.start + index * length
        return start * self.bin, max(start, min(start + length, window.stop)) * self.bin


def homomorphic(frame: Float32, sigma_px: float) -> Float32:
    """Return `frame` (Y, X) ≥ 0 less its slow changes over space, exp(log(1 + x) − G ∗ log(1 + x)).

    G is a Gaussian of `sigma_px`, cut at 2 SD, beyond the edges of the mirrored picture (paper: ref. 43).
    """
    logarithm = np.log1p(np.maximum(frame, 0), dtype=np.float32)
    radius = min(ceil(CUT_SD * sigma_px), min(frame.shape) - 1)
    size = (2 * radius + 1, 2 * radius + 1)
    blurred = cv2.GaussianBlur(logarithm, size, sigma_px, borderType=cv2.BORDER_REFLECT)
    return np.asarray(np.exp(logarithm - blurred), dtype=np.float32)


# What windows are scaled by: what is taken off, and what the rest is multiplied by, () or (Y, X) each.
Scale = tuple[Float32, Float32]


def whitened(frames: Float32, scale: Scale) -> Float32:
    """Return `frames` (T, Y, X) scaled as a network expects; a still movie gives zeros."""
    base, inverse = scale
    return (frames - base) * inverse


def resting(scale: Scale) -> Float32:
    """Return the picture (Y, X) of the resting brightness of frames whose `scale` (``pixel``) this is.

    Filtered frames are relative to their surround, so that the logarithm of their baseline is 0 where a
    place is as bright as what is around it.
    """
    return np.log(np.maximum(scale[0], DARKEST, dtype=np.float32))


def scale_of(frames: Float32, how: Whitening) -> Scale:
    """Return by what `frames` (T, Y, X) are scaled.

    Parameters
    ----------
    how
        ``volume``: less their mean, over their SD (Eq. 2). ``pixel``: each pixel less its baseline (the 30th
        percentile), over its noise (from the mean absolute difference of successive frames; at least a fifth
        of the median).
    """
    if how == "volume":
        base = np.asarray(frames.mean(dtype=np.float64), dtype=np.float32)
        spread = np.asarray(frames.std(dtype=np.float64), dtype=np.float32)
    else:
        kth = int(BASELINE * (len(frames) - 1))
        base = np.partition(frames, kth, axis=0)[kth]
        steps = np.zeros(frames.shape[1:], dtype=np.float32)
        for before, after in pairwise(frames):
            steps += np.abs(after - before)
        # Of two normal samples' difference, the mean size is 2 / sqrt(pi) of their SD.
        steps *= np.float32(np.sqrt(np.pi) / 2 / max(1, len(frames) - 1))
        # Strips that registration leaves hold no noise of their own, and would blaze.
        spread = np.maximum(steps, MIN_NOISE_SHARE * np.median(steps))
    inverse = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)
    return np.asarray(base, dtype=np.float32), np.asarray(inverse, dtype=np.float32)
