"""Active pixels that no mask covers: where somebody may have missed a neuron.

Soltanian-Zadeh et al. (2019) found neurons that published label sets lack by the detectability d′ of their
transients (section "STNeuroNet Accurately Segmented Neurons from Neurofinder Data"). Here every place of the
movie is judged so: its trace, less the background around it, by the matched filter of their labels.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, pi
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import ndtri

from neurocine.active.labels import LabelSettings
from neurocine.active.preprocessing import crop_of, homomorphic
from neurocine.active.spikes import SpikeSettings, find_spikes, spike_decay_s
from neurocine.annotation.actions import Runs
from neurocine.annotation.masks.runs import pixels_of, runs_of
from neurocine.core import Movie
from neurocine.networks.segmentation.architecture import SegmentationArchitecture

#: Least d′ of the neurons that the paper's audit found.
AUDIT_DPRIME = 3.2
#: Edge of a place, its blur (SD), and least and largest diameter of what is proposed, µm.
PLACE_UM, BLUR_UM, SMALLEST_UM, LARGEST_UM = 1.5, 2.0, 5.0, 20.0
#: No two peaks are closer than neurons of the paper's least width, 10 µm, that overlap by a quarter of it.
APART_UM = 7.5
#: A proposal is where d′ is at least this share of its peak.
EDGE = 0.5
#: Binned frames of one read, rows of places that are judged at a time, and bytes of places that are held.
_BINS, _ROWS, _HELD = 8, 32, 128 * 1024**2


@dataclass(frozen=True)
class Proposal:
    """Pixels without a mask, and the d′ of their most detectable spike."""

    runs: Runs
    dprime: float


def usual_bound(movie: Movie, bin_frames: int) -> float:
    """Return the least d′ of a proposal: the audit's, or what noise alone exceeds once in the whole movie.

    The movie has as many independent chances as binned frames times the neurons that fit into the field.
    """
    neurons = np.prod(movie.fov_shape) * movie.pixel_size_um**2 / (pi * (LARGEST_UM / 4) ** 2)
    chances = max(neurons * movie.n_frames / bin_frames, 2)
    return max(AUDIT_DPRIME, float(ndtri(1 - 1 / chances)))


class ActivePixels:
    """The largest d′ of each pixel of a movie, found by a thread that reads the movie once.

    Parameters
    ----------
    movie
        The registered movie.
    bin_frames
        Frames that are summed into one.
    lock
        Held during each read: reads go one at a time.
    """

    def __init__(self, movie: Movie, bin_frames: int, lock: threading.Lock) -> None:
        self._movie, self._bin, self._lock = movie, bin_frames, lock
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._picture: NDArray[np.float32] | None = None
        self._failure: Exception | None = None
        self.share = 0.0

    def picture(self) -> NDArray[np.float32] | None:
        """Return d′ (Y, X), or None while the movie is still read; the first call begins to read.

        Raises
        ------
        OSError, InputError
            If the movie couldn't be read.
        """
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
        if self._failure is not None:
            raise self._failure
        return self._picture

    def stop(self) -> None:
        """Stop reading, and wait until no read is under way."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._picture = dprime_picture(self._movie, self._bin, self._blocks())
        except Exception as error:  # noqa: BLE001 - said to whoever asks for the picture
            self._failure = error

    def _blocks(self) -> Iterator[NDArray[Any]]:
        n = self._movie.n_frames // self._bin * self._bin
        for start in range(0, n, _BINS * self._bin):
            if self._stopped.is_set():
                return
            with self._lock:
                frames = self._movie.read(start, min(start + _BINS * self._bin, n))
            yield frames.reshape(-1, self._bin, *frames.shape[1:]).sum(axis=1, dtype=np.float32)
            self.share = min(start + _BINS * self._bin, n) / n


def dprime_picture(movie: Movie, bin_frames: int, blocks: Iterator[NDArray[Any]]) -> NDArray[np.float32]:
    """Return the largest d′ of the light of each pixel and its surroundings, (Y, X).

    Parameters
    ----------
    movie
        For its rate, scale and indicator.
    bin_frames
        Frames that were summed into each binned one.
    blocks
        Binned frames, in order, (n, Y, X) float32 each.
    """
    height, width = movie.fov_shape
    factor = max(1, round(PLACE_UM / movie.pixel_size_um))
    tall, wide = ceil(height / factor), ceil(width / factor)
    um = movie.pixel_size_um * factor
    rate = movie.frame_rate_hz / bin_frames
    # As long as the baseline's window, or what fits into memory.
    length = max(2, min(round(LabelSettings().baseline_window_s * rate), _HELD // (4 * tall * wide)))
    best = np.zeros((tall, wide))
    held: list[NDArray[np.float32]] = []
    tau = spike_decay_s(movie.indicator)
    for block in blocks:
        for frame in block:
            small = cv2.resize(
                frame - np.float32(bin_frames * movie.dark_offset), (wide, tall), interpolation=cv2.INTER_AREA
            )
            even = homomorphic(np.asarray(small, np.float32), SegmentationArchitecture.background_um / um)
            held.append(np.asarray(cv2.GaussianBlur(even, (0, 0), BLUR_UM / um), dtype=np.float32))
        if len(held) >= length:
            best = np.maximum(best, _best(np.stack(held), rate, tau))
            held = []
    if len(held) >= 2:
        best = np.maximum(best, _best(np.stack(held), rate, tau))
    picture = cv2.resize(best.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    known = np.zeros((height, width), dtype=np.float32)
    inner = crop_of(movie).cut(known)  # edges that registration left without data flicker
    inner[:] = crop_of(movie).cut(np.asarray(picture))
    return known


def _best(frames: NDArray[np.float32], rate_hz: float, tau_s: float) -> NDArray[np.float64]:
    """Return the largest d′ of each pixel in some frames (T, Y, X), (Y, X)."""
    settings = SpikeSettings(min_dprime=AUDIT_DPRIME)
    best = np.zeros(frames.shape[1:])
    for top in range(0, frames.shape[1], _ROWS):
        rows = frames[:, top : top + _ROWS].reshape(len(frames), -1).T
        base = np.median(rows, axis=1, keepdims=True)
        spikes = find_spikes(rows / np.maximum(base, 1e-6) - 1, rate_hz, tau_s, settings)
        np.maximum.at(best[top : top + _ROWS].reshape(-1), spikes.cell, spikes.dprime)
    return best


def proposals(
    picture: NDArray[np.float32], masks: Sequence[Runs], least: float, pixel_size_um: float
) -> list[Proposal]:
    """Return the places whose d′ peaks where no mask is, the most detectable first.

    What is active beside a mask, but peaks in it, belongs to the mask.

    Parameters
    ----------
    picture
        d′ (Y, X).
    masks
        All masks, dismissed ones too.
    least
        Least d′ of a peak.
    pixel_size_um
        µm per pixel.
    """
    from skimage.feature import peak_local_max
    from skimage.segmentation import watershed

    covered = np.zeros(picture.shape, dtype=bool)
    for runs in masks:
        covered[pixels_of(runs)] = True
    apart = max(1, round(APART_UM / pixel_size_um))
    peaks = peak_local_max(  # type: ignore[no-untyped-call]
        picture, min_distance=apart, threshold_abs=least, exclude_border=False
    )
    markers = np.zeros(picture.shape, dtype=np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    basins = watershed(-picture, markers)  # type: ignore[no-untyped-call]
    smallest = pi * (SMALLEST_UM / 2 / pixel_size_um) ** 2
    found = []
    for number, (y, x) in enumerate(peaks.tolist(), start=1):
        if covered[y, x]:
            continue
        rows, columns = _around(basins == number, picture, (y, x), LARGEST_UM / 2 / pixel_size_um, covered)
        if len(rows) >= smallest:
            found.append(Proposal(runs_of(rows, columns), float(picture[y, x])))
    return sorted(found, key=lambda one: -one.dprime)


def _around(
    basin: NDArray[np.bool_],
    picture: NDArray[np.float32],
    peak: tuple[int, int],
    reach: float,
    covered: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pixels around a peak that are about as active, connected to it, and in no mask."""
    y, x = np.ogrid[: picture.shape[0], : picture.shape[1]]
    near = (y - peak[0]) ** 2 + (x - peak[1]) ** 2 <= reach**2
    inside = basin & near & ~covered & (picture >= EDGE * picture[peak])
    labels, _ = ndimage.label(inside)
    rows, columns = np.nonzero(labels == labels[peak])
    return rows, columns
