"""The truth of a movie of NAOMi (Song et al. 2021), as the benchmarks on it need it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocine.controls.own_activity import noise_of
from neurocine.core import Movie, RoiSet
from neurocine.core.truth import HybridTruth, Spans, Truth
from neurocine.simulation.hybrid.detectability import detectability_of
from neurocine.simulation.hybrid.true_transients import Rises, find_transients
from neurocine.traces.extraction import raw_traces

FRAME_RATE_HZ, PIXEL_SIZE_UM, INDICATOR, DARK_OFFSET = 20.0, 1.0, "GCaMP6f", 10.0
#: Cells count whose section is so large, and so far from the edges, in pixels.
LEAST_SECTION, LEAST_DISTANCE = 30, 6


@dataclass(frozen=True, eq=False)
class NaomiCells:
    """N somata that the focal plane cuts and that fluoresce.

    Attributes
    ----------
    rois
        Their sections, moved to where the registered movie has them.
    counted
        Whose section is large enough and away from the edges, (N,) bool.
    dff, brightness
        Noise-free ΔF/F, (N, T) float32, and counts of each cell's mean at rest, (N,).
    rises
        Transients of each.
    dprime
        Their d′, by the noise of the mean over the section in the registered movie.
    """

    rois: RoiSet
    counted: NDArray[np.bool_]
    dff: NDArray[np.float32]
    brightness: NDArray[np.float64]
    rises: tuple[Rises, ...]
    dprime: tuple[NDArray[np.float64], ...]

    def truth(self) -> Truth:
        """Return the truth in the project's form: cells that don't count weren't looked at."""
        n, n_frames = self.dff.shape
        counted = np.flatnonzero(self.counted)
        rows = np.repeat(counted, [len(self.rises[i].onset) for i in counted]).astype(np.int64)
        onset, peak, amplitude, spikes = (
            np.concatenate([getattr(self.rises[i], name) for i in counted])
            for name in ("onset", "peak", "amplitude", "n_spikes")
        )
        raster = np.zeros((n, n_frames), dtype=bool)
        for row, first, last in zip(rows, onset, peak, strict=True):
            raster[row, first : last + 1] = True
        hybrid = HybridTruth(
            neuron=("",) * n,
            resting=self.brightness.astype(np.float32),
            axial=np.zeros(n_frames, dtype=np.float32),
            amplitude=amplitude.astype(np.float32),
            n_spikes=spikes,
            detectability=np.concatenate([self.dprime[i] for i in counted]).astype(np.float32),
            spike_roi=np.empty(0, dtype=np.int64),
            spike_s=np.empty(0),
        )
        whole = Spans(
            self.rois.ids[counted], np.zeros(len(counted), np.int64), np.full(len(counted), n_frames - 1)
        )
        return Truth(
            ids=self.rois.ids, cell_types=("",) * n, is_target=np.zeros(n, dtype=bool), raster=raster,
            roi_id=self.rois.ids[rows], onset=onset, peak=peak, looked=whole, split="test", hybrid=hybrid,
            calcium=(self.dff * self.brightness[:, None]).astype(np.float32),
        )  # fmt: skip


def naomi_cells(truth: Path, movie: Movie, mean: NDArray[np.float32]) -> NaomiCells:
    """Return the cells of a NAOMi movie.

    Parameters
    ----------
    truth
        NumPy archive with ``soma_section`` (N, Y, X), ``soma_profile`` (N, Y, X) in photons a pixel,
        ``soma_fluorescence`` (N, T), ``baseim`` (Y, X), ``mod_vals`` (N,; 0: dark) and spikes.
    movie, mean
        The registered movie and its mean (Y, X): masks are moved by its offset from ``baseim``.
    """
    with np.load(truth) as file:
        values = {name: file[name] for name in file.files}
    down, right = offset(values["baseim"], mean)
    inner = np.zeros(movie.fov_shape, dtype=bool)
    inner[LEAST_DISTANCE:-LEAST_DISTANCE, LEAST_DISTANCE:-LEAST_DISTANCE] = True
    masks, dff, brightness, rises = [], [], [], []
    for i in np.flatnonzero((values["mod_vals"] > 0) & values["soma_section"].any(axis=(1, 2))):
        mask = np.roll(values["soma_section"][i], (down, right), (0, 1))
        f = values["soma_fluorescence"][i].astype(np.float64)
        rest = max(float(np.percentile(f, 10)), 1e-9)
        light = np.roll(values["soma_profile"][i].astype(np.float64), (down, right), (0, 1))[mask].mean()
        spikes = np.sort(values["spike_time"][values["spike_cell"] == i].astype(np.float64))
        masks.append(mask)
        dff.append(f / rest - 1)
        brightness.append(rest * light)
        rises.append(find_transients(f / rest - 1, spikes, movie.frame_rate_hz))
    rois = RoiSet.from_masks(np.array(masks))
    noise = noise_of(raw_traces(movie, rois).astype(np.float64))
    dprime = tuple(
        detectability_of(own * bright, sigma, found.onset, movie.frame_rate_hz)
        for own, bright, sigma, found in zip(dff, brightness, noise, rises, strict=True)
    )
    counted = np.array([mask.sum() >= LEAST_SECTION and not (mask & ~inner).any() for mask in masks])
    return NaomiCells(
        rois, counted, np.array(dff, dtype=np.float32), np.array(brightness), tuple(rises), dprime
    )


def offset(base: NDArray[np.float32], mean: NDArray[np.float32]) -> tuple[int, int]:
    """Return by how many whole pixels (down, right) `mean` is displaced from `base`."""
    spectra = [np.fft.fft2(picture - picture.mean()) for picture in (mean, base)]
    peak = np.unravel_index(np.argmax(np.fft.ifft2(spectra[0] * spectra[1].conj()).real), base.shape)
    down, right = ((int(p) + n // 2) % n - n // 2 for p, n in zip(peak, base.shape, strict=True))
    return down, right
