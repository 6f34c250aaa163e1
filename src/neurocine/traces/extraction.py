"""Traces of ROIs from a movie that is read once, block by block."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocine.config import EnginesSettings, TracesSettings
from neurocine.core import InputError, Movie, RoiSet, Traces
from neurocine.core.indicators import decay_s
from neurocine.core.movie import BLOCK_BYTES
from neurocine.progress import Progress, silent
from neurocine.traces.deconvolution import RawTraces, deconvolve_by
from neurocine.traces.dff import delta_f_over_f
from neurocine.traces.events import signal_to_noise
from neurocine.traces.masks import neuropil_masks, signal_masks

_log = logging.getLogger(__name__)

#: More ROIs than this share can't be darker than no light.
MAX_DARK_SHARE = 0.5


def extract(
    movie: Movie,
    rois: RoiSet,
    settings: TracesSettings,
    progress: Progress = silent,
    engines: EnginesSettings | None = None,
) -> Traces:
    """Return the traces of `rois` in `movie`, with the events of the engine in `settings`.

    See `extract_raw` for F, Fneu and ΔF/F, `neurocine.traces.deconvolution` for the events, and
    `neurocine.traces.events` for the signal-to-noise ratio.

    Parameters
    ----------
    movie
        Registered movie.
    rois
        ROIs of the same field of view; if there are none, the traces are (0, T).
    settings
        Neuropil annulus and coefficient, window and percentile of the baseline, and the deconvolution.
    progress
        Called while the movie is read.
    engines
        How programs in their own environments are run; None: the defaults.

    Raises
    ------
    InputError
        If the field of view of the ROIs isn't the movie's; if most ROIs are darker than the dark offset; if
        the engine isn't installed or fails.
    """
    raw = extract_raw(movie, rois, settings, progress)
    name, decay = settings.deconvolution, decay_s(movie.indicator)
    deconvolved = deconvolve_by(name, raw, settings, decay, engines=engines, progress=progress)
    valid = movie.valid
    return Traces(
        ids=raw.ids,
        frame_rate_hz=raw.frame_rate_hz,
        f=raw.f,
        fneu=raw.fneu,
        dff=raw.dff,
        events=np.where(valid & ~_lacking(movie, rois), deconvolved.events, np.float32(0)),
        snr=signal_to_noise(raw.dff[:, valid]),
        source=raw.source,
        valid=None if valid.all() else valid,
    )


def _lacking(movie: Movie, rois: RoiSet) -> NDArray[np.bool_]:
    """Return in which frames most of each ROI lies in rows without data, (N, T)."""
    rows = movie.validity.rows if movie.validity else ()
    return rois.lacking(rows, movie.n_frames) if rows else np.zeros((len(rois), 1), dtype=bool)


def extract_raw(
    movie: Movie, rois: RoiSet, settings: TracesSettings, progress: Progress = silent
) -> RawTraces:
    """Return the traces of `rois` in `movie` before deconvolution.

    F is the mean of an ROI's pixels by weight, without those that it shares; Fneu the plain mean of the
    annulus around it; both less the movie's dark offset. See `neurocine.traces.dff` for ΔF/F.

    Raises
    ------
    InputError
        As `extract`; if most ROIs are darker than the dark offset.
    """
    if rois.fov_shape != movie.fov_shape:
        raise InputError(
            rois.source,
            "fov_shape",
            f"is {rois.fov_shape} but the movie {movie.source} has {movie.fov_shape}",
            "Give the ROIs of this movie; check the order of axes.",
        )
    inner, outer = (
        um / movie.pixel_size_um for um in (settings.neuropil_inner_um, settings.neuropil_outer_um)
    )
    if len(rois):
        masks = sparse.vstack([signal_masks(rois), neuropil_masks(rois, inner, outer)], format="csr")
        f, fneu = np.split(projected(movie, masks, progress) - np.float32(movie.dark_offset), 2)
        _check_brightness(movie, f)
    else:
        f, fneu = np.zeros((2, 0, movie.n_frames), dtype=np.float32)
    dff = delta_f_over_f(
        f,
        fneu,
        coefficient=settings.neuropil_coefficient,
        window=round(settings.baseline_window_s * movie.frame_rate_hz),
        percentile=settings.baseline_percentile,
        valid=movie.valid,
    )
    return RawTraces(
        ids=rois.ids,
        frame_rate_hz=movie.frame_rate_hz,
        f=f,
        fneu=fneu,
        dff=dff,
        source=movie.source,
        valid=movie.valid,
    )


def _check_brightness(movie: Movie, f: NDArray[np.float32]) -> None:
    """Raise `InputError` if most ROIs are darker than no light, so that there is no ΔF/F; warn of some."""
    dark = np.median(f[:, movie.valid], axis=1) < 0
    if not dark.any():
        return
    problem = f"{dark.sum()} of {len(dark)} ROIs are darker than the dark offset, {movie.dark_offset:.4g}"
    remedy = (
        "Give the value of a pixel without light: column dark_offset of the recordings table, or "
        "`neurocine motion --dark-offset`."
    )
    if dark.mean() > MAX_DARK_SHARE:
        raise InputError(movie.source, "dark_offset", f"{problem}, so that ΔF/F means nothing", remedy)
    _log.warning("%s: %s: don't rely on their ΔF/F. %s", movie.source, problem, remedy)


def raw_traces(movie: Movie, rois: RoiSet, progress: Progress = silent) -> NDArray[np.float32]:
    """Return the plain mean of each ROI's pixels in every frame, (N, T) float32: DeepCINAC's raw trace."""
    sums = projected(movie, rois.matrix(), progress, "raw traces")
    return np.asarray(sums / rois.areas()[:, None], dtype=np.float32)


def projected(
    movie: Movie, masks: sparse.csr_array, progress: Progress = silent, label: str = "traces"
) -> NDArray[np.float32]:
    """Return the product of `masks` (M, Y * X) and every frame, (M, T) float32; the movie is read once."""
    # Only pixels inside masks are converted to floats: few of them in a sparse field of view.
    used = np.unique(masks.indices)
    compact = masks[:, used]
    traces = np.empty((masks.shape[0], movie.n_frames), dtype=np.float32)
    for start, frames in movie.blocks(max(1, BLOCK_BYTES * movie.dtype.itemsize // 4)):
        pixels = frames.reshape(len(frames), -1)[:, used].T.astype(np.float32, order="C")
        traces[:, start : start + len(frames)] = compact @ pixels
        progress(label, start + len(frames), movie.n_frames)
    return traces
