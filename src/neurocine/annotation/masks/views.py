"""What a person is shown who draws masks: the background-corrected movie, summary pictures, and traces."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.active.labels import LabelSettings, demixed_dff
from neurocine.active.preprocessing import CUT_SD, homomorphic
from neurocine.active.spikes import Spikes, find_spikes, spike_decay_s
from neurocine.annotation.actions import Runs
from neurocine.annotation.masks.fold import Mask
from neurocine.annotation.masks.runs import box_of, rois_of_runs
from neurocine.annotation.views import BLACK, MAX_FRAMES, WHITE, Patch
from neurocine.core import InputError, Movie
from neurocine.io.movies.frames import Selected
from neurocine.io.result_files import Summary
from neurocine.networks.segmentation.architecture import SegmentationArchitecture

#: Rate to which the movie is binned, and SD of the Gaussian by which its background is judged, as before
#: STNeuroNet.
RATE_HZ, BACKGROUND_UM = SegmentationArchitecture.frame_rate_hz, SegmentationArchitecture.background_um
#: Summary pictures by name.
PICTURES = ("mean", "correlation", "max", "std")
#: Pixels that are read for the trace of a mask beyond the annulus of its neuropil, which grows where other
#: masks leave few free.
MARGIN_PX = 4
#: Frames by which the scale of the movie is judged.
_SCALE_FRAMES = 12
#: Traces, and pieces of the movie, that are kept.
_TRACES, _PIECES = 64, 24


@dataclass(frozen=True, eq=False)
class MaskTrace:
    """ΔF/F (T,) of a mask, and its spikes."""

    dff: NDArray[np.float32]
    spikes: Spikes

    @property
    def dprime(self) -> float | None:
        """d′ of its most detectable spike; None without any."""
        return float(self.spikes.dprime.max()) if len(self.spikes) else None


class MaskViews:
    """Views of one movie, each computed when it is asked for.

    Parameters
    ----------
    movie, summary
        The registered movie and its pictures. Reads of the movie go one at a time: HDF5 files can't be read
        by two threads.
    """

    def __init__(self, movie: Movie, summary: Summary) -> None:
        self.movie, self._summary = movie, summary
        self.bin = max(1, round(movie.frame_rate_hz / RATE_HZ))
        self.n_bins = movie.n_frames // self.bin
        self.lock = threading.Lock()
        self._piece = lru_cache(_PIECES)(self._scaled)
        self._trace = lru_cache(_TRACES)(self._traced)

    def picture(self, name: str) -> NDArray[np.float32]:
        """Return a summary picture (Y, X).

        Raises
        ------
        InputError
            If there is none of this name.
        """
        if name not in PICTURES:
            raise InputError("request", "picture", f"is {name!r}", f"Ask for one of {', '.join(PICTURES)}.")
        return np.asarray(getattr(self._summary, name))

    def frames(self, first: int, last: int, patch: Patch | None = None) -> NDArray[np.uint8]:
        """Return binned frames ``first`` to ``last`` (inclusive), less their background, scaled to 0-255.

        Bins are as long as before STNeuroNet (about 6 Hz), and so is the homomorphic filter that takes off
        slow changes over space. The scale is the same for all frames.

        Parameters
        ----------
        first, last
            Bins.
        patch
            The rectangle that is wanted; None: the whole field of view.

        Raises
        ------
        InputError
            If the frames aren't all in the movie, or are more than `MAX_FRAMES` of the movie.
        """
        if not 0 <= first <= last < self.n_bins or (last - first + 1) * self.bin > max(MAX_FRAMES, self.bin):
            raise InputError(
                self.movie.source,
                "frames",
                f"{first} to {last} aren't in bins 0 to {self.n_bins - 1}, or over {MAX_FRAMES} frames",
                "Ask for fewer.",
            )
        height, width = self.movie.fov_shape
        whole = Patch(0, 0, height, width)
        box = patch or whole
        if not (
            0 <= box.top < box.top + box.height <= height and 0 <= box.left < box.left + box.width <= width
        ):
            raise InputError("request", "patch", f"{box} lies outside the movie", "Ask for a part of it.")
        return self._piece(first, last, box)

    def trace(self, name: str, masks: Mapping[str, Mask]) -> MaskTrace:
        """Return ΔF/F of a mask, demixed from the masks around it, and its spikes.

        Both are those of STNeuroNet's labels (`neurocine.active.labels`), from a window of the movie around
        the mask: other masks have a part in it as far as they lie in the window.

        Raises
        ------
        InputError
            If there is no mask of this name.
        """
        if name not in masks:
            raise InputError("request", "mask", f"{name} isn't there", "Choose another.")
        window = self._window(masks[name].runs)
        others = (mask.runs for other, mask in masks.items() if other != name)
        return self._trace((masks[name].runs, *(kept for runs in others if (kept := _within(runs, window)))))

    def _window(self, runs: Runs) -> Patch:
        reach = ceil(LabelSettings().neuropil_um / self.movie.pixel_size_um) + MARGIN_PX
        return self._grown(*box_of(runs), reach)

    def _grown(self, top: int, left: int, bottom: int, right: int, by: int) -> Patch:
        """Return a rectangle with `by` pixels more on each side, within the field of view."""
        height, width = self.movie.fov_shape
        y, x = max(0, top - by), max(0, left - by)
        return Patch(y, x, min(height, bottom + by) - y, min(width, right + by) - x)

    def _traced(self, runs: tuple[Runs, ...]) -> MaskTrace:
        """Return the trace of the first of `runs`; the others lie in its window."""
        window, movie = self._window(runs[0]), self.movie
        moved = (tuple((y - window.top, a - window.left, b - window.left) for y, a, b in one) for one in runs)
        rois = rois_of_runs((window.height, window.width), dict(enumerate(moved)))
        with self.lock:
            dff = demixed_dff(cropped(movie, window), rois)[:1]
        # The threshold is lowered until a spike is found: a person judges the d′ that there is.
        settings = replace(LabelSettings().spikes, lowest_dprime=0.0)
        spikes = find_spikes(dff, movie.frame_rate_hz, spike_decay_s(movie.indicator), settings)
        return MaskTrace(dff[0], spikes)

    def _scaled(self, first: int, last: int, box: Patch) -> NDArray[np.uint8]:
        black, white = self._scale
        unit = (self._corrected(first, last, box) - black) * (255 / max(white - black, 1e-6))
        return np.asarray(np.clip(unit, 0, 255), dtype=np.uint8)

    def _corrected(self, first: int, last: int, box: Patch) -> NDArray[np.float32]:
        """Return binned frames of a rectangle, less their background: as if of the whole field of view."""
        sigma = BACKGROUND_UM / self.movie.pixel_size_um
        around = self._grown(
            box.top, box.left, box.top + box.height, box.left + box.width, ceil(CUT_SD * sigma)
        )
        with self.lock:
            frames = self.movie.window(first * self.bin, (last + 1) * self.bin, *around.part)
        binned = frames.reshape(-1, self.bin, *frames.shape[1:]).sum(axis=1, dtype=np.float32)
        even = [homomorphic(frame - np.float32(self.bin * self.movie.dark_offset), sigma) for frame in binned]
        top, left = box.top - around.top, box.left - around.left
        return np.stack(even)[:, top : top + box.height, left : left + box.width]

    @cached_property
    def _scale(self) -> tuple[float, float]:
        """Return what is black and white in all frames."""
        whole = Patch(0, 0, *self.movie.fov_shape)
        places = np.unique(np.linspace(0, self.n_bins - 1, _SCALE_FRAMES).astype(int)).tolist()
        sample = np.concatenate([self._corrected(place, place, whole) for place in places])
        black, white = np.percentile(sample, [BLACK, WHITE])
        return float(black), float(white)


def cropped(movie: Movie, patch: Patch) -> Movie:
    """Return a rectangle of `movie` as a movie, read without the rest."""
    rows = range(patch.top, patch.top + patch.height)
    columns = range(patch.left, patch.left + patch.width)
    times = range(movie.n_frames)
    return replace(
        movie,
        frames=Selected(movie.frames, times, rows, columns),
        validity=None if movie.validity is None else movie.validity.selected(times, rows),
        crop=None,
    )


def _within(runs: Runs, patch: Patch) -> Runs:
    """Return the part of `runs` that lies in a rectangle."""
    bottom, right = patch.top + patch.height, patch.left + patch.width
    return tuple(
        (y, max(first, patch.left), min(last, right - 1))
        for y, first, last in runs
        if patch.top <= y < bottom and first < right and last >= patch.left
    )


def as_values(trace: MaskTrace) -> dict[str, Any]:
    """Return a trace as plain values, for JSON."""
    spikes = zip(trace.spikes.frame.tolist(), np.round(trace.spikes.dprime, 2).tolist(), strict=True)
    return {
        "dff": np.round(trace.dff.astype(np.float64), 4).tolist(),
        "spikes": list(spikes),
        "dprime": None if trace.dprime is None else round(trace.dprime, 2),
    }
