"""Ground truth of a movie: its cells and transients, simulated or labelled by people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neurocine.core.errors import InputError
from neurocine.core.raster import active_runs
from neurocine.core.validate import as_array, unique_ids

#: What movies with truth are for. A split's place is part of every seed, so that no two share random numbers.
SPLITS: Final = ("train", "validation", "test")
#: Least detectability d' of a transient that counts as visible (docs/evaluation.md says why 5).
MIN_DPRIME: Final = 5.0


@dataclass(frozen=True, eq=False)
class HybridTruth:
    """Further truth about a movie made from recorded parts.

    Attributes
    ----------
    neuron
        Recorded neurons whose spikes and kinetics each cell has, (N,) strings; empty for noise.
    resting
        Resting brightness of each cell's pixels above the background, (N,) float32, counts: calcium is ΔF/F
        times this.
    axial
        Axial motion, (T,) float32, µm.
    amplitude, n_spikes
        Rise of each transient in ΔF/F, (M,) float32, and its spikes, (M,) int64.
    detectability
        d′ of each transient, (M,) float32: √(Σ s(t)²) / σ. s(t) is the cell's calcium above its value at the
        onset (0 where below), up to the cell's next onset, 6 s at most; σ the noise of the plain mean over
        its contour in one frame, with what neighbouring pixels share of it.
    spike_roi, spike_s
        All spikes: ROI id, (S,) int64, and time from frame 0, (S,) float64, seconds.
    assembly
        Planted assembly of each cell, (N,) int64, -1: none; None where none were planted.
    """

    neuron: tuple[str, ...]
    resting: NDArray[np.float32]
    axial: NDArray[np.float32]
    amplitude: NDArray[np.float32]
    n_spikes: NDArray[np.int64]
    detectability: NDArray[np.float32]
    spike_roi: NDArray[np.int64]
    spike_s: NDArray[np.float64]
    assembly: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class Spans:
    """Frames ``first`` to ``last`` (0-based, inclusive) of ROIs; each field is (K,) int64."""

    roi_id: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    @classmethod
    def none(cls) -> Spans:
        """Return no span at all."""
        return cls(*(np.empty(0, dtype=np.int64) for _ in range(3)))

    def __len__(self) -> int:
        return len(self.roi_id)

    def frames(self, roi_id: int, n_frames: int) -> NDArray[np.bool_]:
        """Return which of `n_frames` frames lie in a span of the ROI, (T,)."""
        covered = np.zeros(n_frames, dtype=bool)
        own = self.roi_id == roi_id
        for first, last in zip(self.first[own].tolist(), self.last[own].tolist(), strict=True):
            covered[first : last + 1] = True
        return covered


@dataclass(frozen=True, eq=False, kw_only=True)
class Truth:
    """Truth about N cells over T frames and M transients.

    A frame of a cell *counts* if somebody looked at it and it isn't doubtful; no evaluation or training uses
    any other. Of a simulated movie, every frame of every cell counts.

    Attributes
    ----------
    ids
        ROI ids, (N,) int64, as in ``rois.h5``.
    cell_types
        Type of each cell, (N,) strings of `neurocine.core.CELL_TYPES`; empty where nobody knows it.
    is_target
        Cells made to have overlapping neighbours, (N,) bool.
    raster
        True from onset to peak, both inclusive, of each transient, (N, T) bool.
    roi_id, onset, peak
        The transients: ROI id, first and last frame (inclusive), (M,) int64.
    calcium
        Noise-free fluorescence above rest in each cell's cytoplasm, (N, T) float32, counts; None if nobody
        knows it.
    shifts
        Residual motion (rows, columns) of each frame's content in pixels, (T, 2) float32; None if nobody
        knows it.
    looked
        Frames of a cell that somebody looked at; None: all frames of all cells.
    doubtful
        Frames in which it isn't known whether a cell is active.
    labelled_by
        Who labelled it; empty for a simulated movie.
    preset, seed, split
        What it was made with: no recorded neuron, real outline or random number is in two of the splits
        ``train``, ``validation`` and ``test``.
    hybrid
        Spikes, amplitudes and what else only movies from real parts have; None for others.
    """

    ids: NDArray[np.int64]
    cell_types: tuple[str, ...]
    is_target: NDArray[np.bool_]
    raster: NDArray[np.bool_]
    roi_id: NDArray[np.int64]
    onset: NDArray[np.int64]
    peak: NDArray[np.int64]
    calcium: NDArray[np.float32] | None = None
    shifts: NDArray[np.float32] | None = None
    looked: Spans | None = None
    doubtful: Spans = field(default_factory=Spans.none)
    labelled_by: tuple[str, ...] = ()
    preset: str = ""
    seed: int = 0
    split: str = "train"
    source: str = "truth"
    hybrid: HybridTruth | None = None

    def __post_init__(self) -> None:
        n = len(unique_ids(self.ids, self.source))
        if self.split not in SPLITS:
            raise InputError(
                self.source, "split", f"is {self.split!r}", f"Choose one of {', '.join(SPLITS)}."
            )
        raster = as_array(self.raster, bool, (n, None), self.source, "raster")
        if self.calcium is not None:
            as_array(self.calcium, np.float32, raster.shape, self.source, "calcium")
        if self.shifts is not None:
            as_array(self.shifts, np.float32, (raster.shape[1], 2), self.source, "shifts")
        for name, spans in (("looked", self.looked), ("doubtful", self.doubtful)):
            if spans is not None:
                self._check_spans(name, spans)
        as_array(self.cell_types, str, (n,), self.source, "cell_types")
        as_array(self.is_target, bool, (n,), self.source, "is_target")
        for name in ("onset", "peak"):
            as_array(getattr(self, name), np.int64, (len(self.roi_id),), self.source, name)
        if self.hybrid is not None:
            self._check_hybrid(self.hybrid, n)

    def _check_spans(self, name: str, spans: Spans) -> None:
        for part in ("first", "last"):
            as_array(getattr(spans, part), np.int64, (len(spans),), self.source, f"{name}/{part}")
        unknown = np.setdiff1d(spans.roi_id, self.ids)
        if len(unknown):
            raise InputError(
                self.source, name, f"names ROI {unknown[0]}, which isn't among the ids", "Correct the spans."
            )
        inside = (spans.first >= 0) & (spans.first <= spans.last) & (spans.last < self.n_frames)
        if not inside.all():
            k = int(np.argmin(inside))
            raise InputError(
                self.source,
                name,
                f"has frames {spans.first[k]} to {spans.last[k]} of ROI {spans.roi_id[k]}, "
                f"but the movie has {self.n_frames}",
                f"Give frames of 0 to {self.n_frames - 1}.",
            )

    def _check_hybrid(self, hybrid: HybridTruth, n: int) -> None:
        sizes = {
            "neuron": n,
            "resting": n,
            "axial": self.n_frames,
            "amplitude": len(self.roi_id),
            "n_spikes": len(self.roi_id),
            "detectability": len(self.roi_id),
            "spike_s": len(hybrid.spike_roi),
        }
        for name, size in sizes.items():
            as_array(getattr(hybrid, name), None, (size,), self.source, f"hybrid/{name}")
        if hybrid.assembly is not None:
            as_array(hybrid.assembly, np.int64, (n,), self.source, "hybrid/assembly")

    @property
    def n_frames(self) -> int:
        """Number of frames T."""
        return int(self.raster.shape[1])

    def counted(self, row: int) -> NDArray[np.bool_]:
        """Return which frames of a cell count: looked at, and not doubtful, (T,)."""
        roi_id = int(self.ids[row])
        frames = np.ones(self.n_frames, dtype=bool)
        if self.looked is not None:
            frames = self.looked.frames(roi_id, self.n_frames)
        return frames & ~self.doubtful.frames(roi_id, self.n_frames)

    def transients(self, row: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return first and last frame (inclusive) of each true transient of a cell, (K,) each.

        A transient is a run of the raster of which every frame counts.
        """
        _, first, last = active_runs(self.raster[row : row + 1])
        whole = all_within(self.counted(row), first, last)
        return first[whole], last[whole]


def all_within(
    flags: NDArray[np.bool_], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return whether `flags` (T,) are True in all of ``first:last`` (inclusive), for each of K ranges."""
    missing = np.concatenate([[0], np.cumsum(~flags)])
    return np.asarray(missing[last + 1] == missing[first])
