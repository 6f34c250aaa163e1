"""Crops of simulated or labelled movies, with the masks of the neurons that are active in each map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray

from neurocine.active.preprocessing import BinnedMovie, resting, scale_of, whitened
from neurocine.core import InputError, Movie, RoiSet
from neurocine.core.truth import Truth
from neurocine.io.result_files import read_movie, read_rois, read_truth
from neurocine.networks.segmentation.architecture import SegmentationArchitecture

#: Transients of this detectability d′ and more must be found; those below the second need not be known, and
#: between the two neither answer is wrong.
SURE_DPRIME, LEAST_DPRIME = 4.0, 1.5
#: A transient lasts until it has fallen to this share of its rise, but no longer than that many seconds.
TAIL, LONGEST_S = 0.3, 6.0
#: A neuron is active in a map from this many binned frames on; with fewer neither answer is wrong.
ACTIVE_FRAMES = 2
#: Crops start at multiples of a quarter of their length: 75 % of each is in the next, too (the paper).
STEPS_A_CROP = 4
#: Share of the crops that are taken as they come, so that the network also learns from silent places; the
#: others have an active neuron.
AS_THEY_COME = 0.2

#: Crops (B, T, Y, X, 1), masks (B, maps, Y, X) and what each pixel counts (B, maps, Y, X), float32.
Batch = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class LabelledMovie:
    """A movie as the network sees it, before whitening, and who is active when.

    Attributes
    ----------
    name
        For messages.
    frames
        Binned, filtered frames, (T, Y, X) float16, on disk.
    masks
        Each neuron's pixels on the network's grid, (N, Y, X) bool.
    active, doubtful
        Binned frames in which each neuron is surely active, or perhaps, (N, T) bool.
    """

    name: str
    frames: NDArray[np.float16]
    masks: NDArray[np.bool_]
    active: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]


def load_movie(folder: Path, architecture: SegmentationArchitecture, scale: float = 1.0) -> LabelledMovie:
    """Return the movie in `folder` on the network's grid.

    Parameters
    ----------
    folder
        ``movie.h5`` and ``rois.h5``, and either ``truth.h5``, as the simulator writes it, or active intervals
        in the ROIs, as `neurocine.active.labels.active_rois` finds them.
    architecture
        Of the network that reads it.
    scale
        How much larger the picture is shown.

    Raises
    ------
    InputError
        If a file is missing or damaged, there is no active interval, or the movie is shorter than a window.
    """
    movie, rois = read_movie(folder / "movie.h5"), read_rois(folder / "rois.h5")
    if (folder / "truth.h5").is_file():
        active, doubtful = activity_of(read_truth(folder / "truth.h5"), movie.frame_rate_hz)
    else:
        active = intervals_of(rois, movie.n_frames)
        doubtful = np.zeros_like(active)
        if not active.any():
            raise InputError(
                folder / "rois.h5", "active_intervals", "are empty", "Label it: neurocine label --help."
            )
    shown = replace(architecture, pixel_size_um=architecture.pixel_size_um / scale)
    return _on_grid(folder, movie, rois, active, doubtful, shown)


def scale_for(name: str, limits: tuple[float, float], seed: int) -> float:
    """Return how much larger a movie is shown: in `limits`, uniform in its logarithm, fixed by its name."""
    rng = np.random.default_rng((seed, crc32(name.encode())))
    return float(np.exp(rng.uniform(*np.log(limits))))


def _on_grid(
    folder: Path,
    movie: Movie,
    rois: RoiSet,
    active: NDArray[np.bool_],
    doubtful: NDArray[np.bool_],
    architecture: SegmentationArchitecture,
) -> LabelledMovie:
    grid = BinnedMovie.of(movie, architecture)
    n_frames = movie.n_frames // grid.bin
    if n_frames < architecture.window_frames:
        raise InputError(
            folder,
            "movie.h5",
            f"has {n_frames} binned frames, a window {architecture.window_frames}",
            "Give a longer one.",
        )
    blocks = (frames for _, frames in movie.blocks())
    # On disk, in a file without a name: a corpus is larger than memory.
    with TemporaryFile() as file:
        frames = np.memmap(file, np.float16, "w+", shape=(n_frames, *grid.padded_shape))
    for row, frame in zip(frames, grid.binned(blocks, movie.source), strict=True):
        row[:] = frame
    masks = np.zeros((len(rois), *grid.padded_shape), dtype=bool)
    height, width = grid.fov_shape
    for i, mask in enumerate(masks):
        own = grid.crop.cut(rois.mask(i)).astype(np.float32)
        how = cv2.INTER_AREA if grid.scale < 1 else cv2.INTER_LINEAR
        mask[:height, :width] = cv2.resize(own, (width, height), interpolation=how) >= 0.5
    binned = (_binned(values, grid.bin) for values in (active, doubtful))
    return LabelledMovie(folder.name, frames, masks, *binned)


def _binned(values: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    n = values.shape[1] // size
    return np.asarray(values[:, : n * size].reshape(len(values), n, size).any(axis=2))


def activity_of(truth: Truth, frame_rate_hz: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return in which frames each cell is surely active, and in which perhaps, each (N, T) bool.

    From the onset of a transient until it has decayed to `TAIL` of its rise. Cells of type noise are active
    in none: nothing of them is a neuron's.
    """
    if truth.calcium is None:
        raise InputError(
            truth.source,
            "calcium",
            "isn't known, so that nobody can say until when a cell is active",
            "Train on simulated movies, or name ROIs with their active intervals.",
        )
    active, doubtful = np.zeros_like(truth.raster), np.zeros_like(truth.raster)
    row = {int(roi): index for index, roi in enumerate(truth.ids)}
    longest = round(LONGEST_S * frame_rate_hz)
    # Without a known detectability (the paper's simulator) all count.
    known = truth.hybrid.detectability if truth.hybrid else np.full(len(truth.roi_id), np.inf)
    for roi, onset, peak, dprime in zip(truth.roi_id, truth.onset, truth.peak, known, strict=True):
        i = row[int(roi)]
        if truth.cell_types[i] == "noise" or dprime < LEAST_DPRIME:
            continue
        calcium = truth.calcium[i, onset : peak + longest]
        rise = calcium[peak - onset] - calcium[0]
        fallen = np.flatnonzero(calcium[peak - onset :] - calcium[0] < TAIL * rise)
        stop = peak + (int(fallen[0]) if len(fallen) else longest)
        (active if dprime >= SURE_DPRIME else doubtful)[i, onset : stop + 1] = True
    return active, doubtful & ~active


def intervals_of(rois: RoiSet, n_frames: int) -> NDArray[np.bool_]:
    """Return the active intervals of `rois` as (N, T) bool."""
    active = np.zeros((len(rois), n_frames), dtype=bool)
    for row, intervals in zip(active, rois.active_intervals, strict=True):
        for start, stop in intervals:
            row[start:stop] = True
    return active


def target_of(
    movie: LabelledMovie, start: int, area: tuple[slice, slice], architecture: SegmentationArchitecture
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the masks (maps, Y, X) of the neurons active in each map of the window at `start`, and weights.

    Pixels of neurons that are perhaps active, or too short for certain, and of none that surely is, weigh 0.
    """
    length = architecture.window_frames // architecture.maps
    window = slice(start, start + architecture.window_frames)
    parts = (movie.active[:, window], movie.doubtful[:, window])
    active, doubtful = (p.reshape(len(p), architecture.maps, length).sum(axis=2) for p in parts)
    sure = active >= min(ACTIVE_FRAMES, length)
    perhaps = ~sure & (active + doubtful > 0)
    masks = movie.masks[:, *area]
    label = _together(masks, sure)
    unknown = _together(masks, perhaps) & ~label
    return label.astype(np.float32), 1 - unknown.astype(np.float32)


def _together(masks: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the union (maps, Y, X) of the `masks` (N, Y, X) that are `chosen` (N, maps) in each map."""
    return np.stack([masks[column].any(axis=0) for column in chosen.T])


@dataclass(frozen=True, eq=False)
class Crops:
    """Crops of several movies.

    Attributes
    ----------
    movies
        What they are cut from.
    architecture
        Of the network that reads them.
    size_px
        Edge of a crop.
    min_label_px
        Crops with fewer pixels of active neurons are passed over, but for those that are taken as they come.
    scales
        Baseline and noise of windows met before, by movie and start.
    """

    movies: Sequence[LabelledMovie]
    architecture: SegmentationArchitecture
    size_px: int
    min_label_px: int = 50
    scales: dict[tuple[str, int], tuple[NDArray[np.float16], NDArray[np.float16]]] = field(
        default_factory=dict, repr=False
    )

    def batches(self, seed: int, epoch: int, steps: int, size: int, *, augment: bool) -> Iterator[Batch]:
        """Yield `steps` batches of `size` crops: the same for the same seed and epoch."""
        rng = np.random.default_rng((seed, epoch))
        for _ in range(steps):
            parts = zip(*(self._crop(rng, augment) for _ in range(size)), strict=True)
            frames, label, weight = (np.stack(part) for part in parts)
            yield frames[..., None], label, weight

    def _crop(
        self, rng: np.random.Generator, augment: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        a, size = self.architecture, self.size_px
        for _ in range(1 if rng.uniform() < AS_THEY_COME else 100):
            movie = self.movies[int(rng.integers(len(self.movies)))]
            starts = range(0, len(movie.frames) - a.window_frames + 1, a.window_frames // STEPS_A_CROP)
            start = starts[rng.integers(len(starts))]
            corner = [int(rng.integers(n - size + 1)) if n > size else 0 for n in movie.frames.shape[1:]]
            area = (slice(corner[0], corner[0] + size), slice(corner[1], corner[1] + size))
            label, weight = target_of(movie, start, area, a)
            if label.max(axis=0).sum() > self.min_label_px:
                break
        frames = self._white(movie, start, area)
        frames, label, weight = (_filled(part, size) for part in (frames, label, weight))
        if augment:
            frames, label, weight = _turned(rng, frames, label, weight)
        return frames, label, weight

    def _white(self, movie: LabelledMovie, start: int, area: tuple[slice, slice]) -> NDArray[np.float32]:
        a = self.architecture
        window = movie.frames[start : start + a.window_frames]
        crop = window[:, *area].astype(np.float32)
        if a.whitening == "volume":
            return whitened(crop, scale_of(crop, "volume"))
        # Pixel by pixel, so that a crop's scale is part of the whole picture's: kept for the next crop.
        if (movie.name, start) not in self.scales:
            base, inverse = scale_of(window.astype(np.float32), "pixel")
            inverse = np.minimum(inverse, np.finfo(np.float16).max)
            self.scales[movie.name, start] = (base.astype(np.float16), inverse.astype(np.float16))
        base, inverse = (part[area].astype(np.float32) for part in self.scales[movie.name, start])
        white = whitened(crop, (base, inverse))
        return np.concatenate([white, resting((base, inverse))[None]]) if a.resting else white


def _filled(pictures: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return `pictures` (n, Y, X) with zeros up to `size`: they weigh nothing."""
    height, width = pictures.shape[1:]
    return np.pad(pictures, ((0, 0), (0, size - height), (0, size - width)))


def _turned(rng: np.random.Generator, *parts: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Return `parts` (n, Y, X) rotated by a multiple of 90° and flipped, all alike."""
    turns, flip = int(rng.integers(4)), bool(rng.integers(2))
    turned: list[Any] = [np.rot90(part, turns, axes=(1, 2)) for part in parts]
    return tuple(np.ascontiguousarray(part[:, :, ::-1] if flip else part) for part in turned)
