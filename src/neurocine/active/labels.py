"""Training labels of STNeuroNet from any movie with masks: which masks are active neurons, and when.

Soltanian-Zadeh et al. (2019), section "ABO Dataset and Labeling": traces of overlapping neurons are separated
by linear regression; neuropil is subtracted from *those*; a neuron is active for 3.5 half-decay times after
each prominent spike (`neurocine.active.spikes`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from neurocine.active.spikes import Spikes, SpikeSettings, find_spikes, half_decay_s, spike_decay_s
from neurocine.core import InputError, Movie, RoiSet
from neurocine.core.validate import positive
from neurocine.progress import Progress, silent
from neurocine.traces.dff import delta_f_over_f
from neurocine.traces.extraction import projected
from neurocine.traces.masks import neuropil_masks

#: Fraction of a mask's pixel count added to its diagonal, so that two equal masks share their light equally.
RIDGE = 1e-3


@dataclass(frozen=True, kw_only=True)
class LabelSettings:
    """How labels are made; the defaults are the paper's.

    Attributes
    ----------
    neuropil_um
        Width of the annulus around a mask, µm.
    neuropil_coefficient
        Fraction of the neuropil that is subtracted.
    baseline_window_s
        Window of the moving median, seconds.
    active_half_decays
        Half-decay times for which a neuron is active after a spike.
    spikes
        Detection of spikes.

    Raises
    ------
    InputError
        If a value is out of range.
    """

    neuropil_um: float = 5.0
    neuropil_coefficient: float = 0.7
    baseline_window_s: float = 60.0
    active_half_decays: float = 3.5
    spikes: SpikeSettings = field(default_factory=SpikeSettings)

    def __post_init__(self) -> None:
        for name in ("neuropil_um", "baseline_window_s", "active_half_decays"):
            positive(getattr(self, name), "labels", name, "a length of space or time")
        if not 0 <= self.neuropil_coefficient <= 1:
            raise InputError(
                "labels", "neuropil_coefficient", f"is {self.neuropil_coefficient}", "Give a share of 0-1."
            )


DEFAULTS = LabelSettings()


def active_rois(
    movie: Movie, rois: RoiSet, settings: LabelSettings = DEFAULTS, progress: Progress = silent
) -> RoiSet:
    """Return `rois` with the frames in which each is active; silent neurons have none.

    Parameters
    ----------
    movie
        Registered movie, read once, block by block.
    rois
        Masks of neurons, active or not, that may overlap.
    settings
        How labels are made.
    progress
        Called while the movie is read.

    Raises
    ------
    InputError
        If the field of view of the ROIs isn't the movie's.
    """
    dff = demixed_dff(movie, rois, settings, progress)
    intervals = label_intervals(dff, movie.frame_rate_hz, movie.indicator, settings)
    return replace(rois, active_intervals=intervals)


def label_intervals(
    dff: NDArray[np.float32], frame_rate_hz: float, indicator: str, settings: LabelSettings = DEFAULTS
) -> tuple[NDArray[np.int64], ...]:
    """Return the active frames of each trace of ΔF/F (N, T): (M, 2) int64 each, half-open [start, stop)."""
    tau_s = spike_decay_s(indicator)
    spikes = find_spikes(dff, frame_rate_hz, tau_s, settings.spikes)
    length = max(1, round(settings.active_half_decays * half_decay_s(tau_s) * frame_rate_hz))
    n_cells, n_frames = dff.shape
    return intervals_after(spikes, n_cells, n_frames, length)


def demixed_dff(
    movie: Movie, rois: RoiSet, settings: LabelSettings = DEFAULTS, progress: Progress = silent
) -> NDArray[np.float32]:
    """Return ΔF/F of N masks, (N, T), demixed, neuropil-corrected and relative to a moving median.

    Each frame is fitted by the binary masks, each with one brightness, by least squares; this brightness is
    the demixed trace. Where masks overlap they also share the background, so it has less weight in each
    trace: the neuropil is subtracted with this weight.

    Parameters
    ----------
    movie, rois, settings, progress
        As in `active_rois`.

    Raises
    ------
    InputError
        If the field of view of the ROIs isn't the movie's.
    """
    if rois.fov_shape != movie.fov_shape:
        raise InputError(
            rois.source,
            "fov_shape",
            f"is {rois.fov_shape} but the movie {movie.source} has {movie.fov_shape}",
            "Give the ROIs of this movie; check the order of axes.",
        )
    if not len(rois):
        return np.empty((0, movie.n_frames), dtype=np.float32)
    masks = binary_masks(rois)
    annuli = neuropil_masks(rois, 0, settings.neuropil_um / movie.pixel_size_um)
    both = sparse.vstack([masks, annuli], format="csr")
    sums, neuropil = np.split(projected(movie, both, progress, "labels"), 2)
    demixed = demix(masks, sums)
    share = demix(masks, masks.sum(axis=1)[:, None])
    return delta_f_over_f(
        demixed,
        share * neuropil,
        coefficient=settings.neuropil_coefficient,
        window=round(settings.baseline_window_s * movie.frame_rate_hz),
        percentile=50,
        valid=movie.valid,
    )


def binary_masks(rois: RoiSet) -> sparse.csr_array:
    """Return the masks (N, Y * X) as float32 ones; a pixel that an ROI contains twice counts once."""
    masks = rois.matrix().astype(np.float32)
    masks.data[:] = 1
    return masks


def demix(masks: sparse.csr_array, sums: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the brightness of each mask in the least-squares fit of each image, (N, T).

    Parameters
    ----------
    masks
        Binary masks, (N, Y * X).
    sums
        Sum of each image over each mask, (N, T).
    """
    shared = (masks @ masks.T).astype(np.float64)
    ridge = sparse.diags_array(RIDGE * shared.diagonal())
    # Two equal masks differ only by the ridge on the diagonal.
    factor = splu(sparse.csc_array(shared + ridge))
    return np.asarray((1 + RIDGE) * factor.solve(sums.astype(np.float64)))


def intervals_after(
    spikes: Spikes, n_cells: int, n_frames: int, length: int
) -> tuple[NDArray[np.int64], ...]:
    """Return the `length` frames after each spike of each cell, overlapping intervals merged.

    Returns
    -------
    tuple of (M, 2) int64
        Half-open [start, stop), ascending, none beyond `n_frames`.
    """
    stop = np.minimum(spikes.frame + length, n_frames)
    intervals = []
    for cell in range(n_cells):
        own = spikes.cell == cell
        starts, stops = spikes.frame[own], stop[own]
        first = np.ones(len(starts), dtype=bool)
        first[1:] = starts[1:] > stops[:-1]
        intervals.append(np.stack([starts[first], stops[np.roll(first, -1)]], axis=1))
    return tuple(intervals)
