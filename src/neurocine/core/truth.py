"""Ground truth of a movie: its cells and transients, simulated or labelled by people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neurocine.core.errors import InputError
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
class Truth:
    """Truth about N cells over T frames and M transients.

    Attributes
    ----------
    ids
        ROI ids, (N,) int64, as in ``rois.h5``.
    cell_types
        Type of each cell, (N,) strings of `neurocine.core.CELL_TYPES`.
    is_target
        Cells made to have overlapping neighbours, (N,) bool.
    raster
        True from onset to peak, both inclusive, of each transient, (N, T) bool.
    calcium
        Noise-free fluorescence above rest in each cell's cytoplasm, (N, T) float32, counts.
    shifts
        Residual motion (rows, columns) of each frame's content in pixels, (T, 2) float32.
    roi_id, onset, peak
        The transients: ROI id, first and last frame (inclusive), (M,) int64.
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
    calcium: NDArray[np.float32]
    shifts: NDArray[np.float32]
    roi_id: NDArray[np.int64]
    onset: NDArray[np.int64]
    peak: NDArray[np.int64]
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
        as_array(self.calcium, np.float32, raster.shape, self.source, "calcium")
        as_array(self.shifts, np.float32, (raster.shape[1], 2), self.source, "shifts")
        as_array(self.cell_types, str, (n,), self.source, "cell_types")
        as_array(self.is_target, bool, (n,), self.source, "is_target")
        for name in ("onset", "peak"):
            as_array(getattr(self, name), np.int64, (len(self.roi_id),), self.source, name)
        if self.hybrid is not None:
            self._check_hybrid(self.hybrid, n)

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
