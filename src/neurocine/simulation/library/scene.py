"""What a real movie's background, neuropil and noise are like: statistics only, no picture of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

#: Spatial frequencies (cycles/µm) and temporal frequencies (Hz) at whose centres powers are stored.
SPATIAL_EDGES = np.geomspace(0.01, 0.6, 20)
TEMPORAL_EDGES = np.geomspace(0.02, 5.0, 16)
#: Side of the blocks in which neuropil is measured, pixels, and components kept.
BLOCK_PX = 8
COMPONENTS = 6


@dataclass(frozen=True, eq=False)
class SceneStatistics:
    """Statistics of a movie.

    Attributes
    ----------
    texture_power
        Relative power of the log of the background's mean picture at the centres of `SPATIAL_EDGES`, (19,).
    texture_sd
        Standard deviation of that log picture.
    neuropil_power
        Relative power of the neuropil's course at the centres of `TEMPORAL_EDGES`, (15,).
    neuropil_shares
        Shares of variance of the neuropil's components, (6,).
    neuropil_length_um
        Distance at which those components' spatial correlation falls to 1/e.
    neuropil_sd
        Standard deviation of the neuropil relative to the background.
    gain, offset_variance
        Noise variance is ``gain · brightness + offset_variance`` in the movie's counts.
    noise_correlation
        Correlation of the noise of pixels side by side.
    """

    texture_power: NDArray[np.float64]
    texture_sd: float
    neuropil_power: NDArray[np.float64]
    neuropil_shares: NDArray[np.float64]
    neuropil_length_um: float
    neuropil_sd: float
    gain: float
    offset_variance: float
    noise_correlation: float


def measure_scene(frames: NDArray[np.float32], frame_rate_hz: float, pixel_size_um: float) -> SceneStatistics:
    """Measure a movie (T, Y, X), counts; cells are masked out first."""
    frames = align(frames)
    mean = frames.mean(0)
    cells = cell_pixels(frames)
    gain, offset, correlation = noise_of(frames)
    log = np.log(np.maximum(mean, 1))
    weight = ndimage.gaussian_filter((~cells).astype(float), 6)
    smooth = ndimage.gaussian_filter(np.where(cells, 0, log), 6) / np.maximum(weight, 1e-3)
    texture = np.where(cells, smooth, log) - log[~cells].mean()
    maps, shares, course, relative = _neuropil(frames, cells, frame_rate_hz)
    return SceneStatistics(
        texture_power=_spatial_power(texture, pixel_size_um),
        texture_sd=float(texture[~cells].std()),
        neuropil_power=_temporal_power(course, frame_rate_hz),
        neuropil_shares=shares,
        neuropil_length_um=_correlation_length(maps) * BLOCK_PX * pixel_size_um,
        neuropil_sd=relative,
        gain=gain,
        offset_variance=offset,
        noise_correlation=correlation,
    )


def align(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return frames shifted by whole pixels onto their median picture (phase correlation)."""
    template = np.median(frames[:: max(1, len(frames) // 200)], axis=0)
    reference = np.conj(np.fft.rfft2(template - template.mean()))
    aligned = np.empty_like(frames)
    for index, frame in enumerate(frames):
        product = np.fft.rfft2(frame - frame.mean()) * reference
        surface = np.fft.irfft2(product / np.maximum(np.abs(product), 1e-12), frame.shape)
        surface = ndimage.gaussian_filter(surface, 1, mode="wrap")
        peak = np.unravel_index(int(surface.argmax()), surface.shape)
        shift = [int(p) - n if p > n // 2 else int(p) for p, n in zip(peak, frame.shape, strict=True)]
        aligned[index] = (
            np.roll(frame, (-shift[0], -shift[1]), (0, 1)) if max(map(abs, shift)) < 12 else frame
        )
    return aligned


def cell_pixels(frames: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return pixels (Y, X) of cells: the brightest, and those whose course has most transients."""
    n = len(frames) // 5 * 5
    binned = frames[:n].reshape(-1, 5, *frames.shape[1:]).mean(1)
    lively = stats.skew(binned, axis=0)
    mean = frames.mean(0)
    cells = (lively > np.percentile(lively, 75)) | (mean > np.percentile(mean, 85))
    return np.asarray(ndimage.binary_dilation(ndimage.binary_opening(cells), iterations=2))


def noise_of(frames: NDArray[np.float32]) -> tuple[float, float, float]:
    """Return the slope and intercept of variance over mean, and the correlation of neighbours' noise.

    The noise is half the variance of differences of successive frames, which leaves slow signals out.
    """
    change = np.diff(frames, axis=0) / np.sqrt(2)
    change -= change.mean(axis=0)
    variance, mean = change.var(axis=0), frames.mean(axis=0)
    fit = stats.theilslopes(variance.ravel()[::7], mean.ravel()[::7])
    pair = (change[:, :, 1:] * change[:, :, :-1]).mean(axis=0) / np.sqrt(variance[:, 1:] * variance[:, :-1])
    return float(fit.slope), float(fit.intercept), float(np.median(pair))


def _neuropil(
    frames: NDArray[np.float32], cells: NDArray[np.bool_], frame_rate_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """Return component maps (6, h, w), shares (6,), the first course (T,) and the relative sd."""
    h, w = (side // BLOCK_PX for side in cells.shape)
    free = (~cells)[: h * BLOCK_PX, : w * BLOCK_PX].reshape(h, BLOCK_PX, w, BLOCK_PX).astype(np.float32)
    cut = frames[:, : h * BLOCK_PX, : w * BLOCK_PX].reshape(-1, h, BLOCK_PX, w, BLOCK_PX)
    count = free.sum(axis=(1, 3))
    courses = np.einsum("thiwj,hiwj->thw", cut, free) / np.maximum(count, 1)
    usable = count >= BLOCK_PX**2 / 4
    relative = courses[:, usable] / courses[:, usable].mean(0) - 1
    step = max(1, round(frame_rate_hz / 5))
    binned = relative[: len(relative) // step * step].reshape(-1, step, relative.shape[1]).mean(1)
    _, s, v = np.linalg.svd(binned - binned.mean(0), full_matrices=False)
    maps = np.zeros((COMPONENTS, h, w))
    maps[:, usable] = v[:COMPONENTS]
    shares = s[:COMPONENTS] ** 2 / (s[:COMPONENTS] ** 2).sum()
    course = relative @ v[0]
    return maps, shares, course, float(np.abs(v[0]).mean() * s[0] / np.sqrt(len(binned)))


def _spatial_power(picture: NDArray[np.float64], pixel_size_um: float) -> NDArray[np.float64]:
    window = np.outer(*(np.hanning(side) for side in picture.shape))
    power = np.abs(np.fft.fft2((picture - picture.mean()) * window)) ** 2
    frequency = np.hypot(
        np.fft.fftfreq(picture.shape[0], pixel_size_um)[:, None],
        np.fft.fftfreq(picture.shape[1], pixel_size_um)[None],
    )
    return _binned(frequency.ravel(), power.ravel(), SPATIAL_EDGES)


def _temporal_power(course: NDArray[np.float64], frame_rate_hz: float) -> NDArray[np.float64]:
    power = np.abs(np.fft.rfft((course - course.mean()) * np.hanning(len(course)))) ** 2
    frequency = np.asarray(np.fft.rfftfreq(len(course), 1 / frame_rate_hz), dtype=np.float64)
    return _binned(frequency, power, TEMPORAL_EDGES)


def _binned(
    frequency: NDArray[np.float64], power: NDArray[np.float64], edges: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean power between `edges`, empty bins interpolated, relative to its largest."""
    which = np.digitize(frequency, edges) - 1
    inside = (which >= 0) & (which < len(edges) - 1)
    count = np.bincount(which[inside], minlength=len(edges) - 1)
    total = np.bincount(which[inside], power[inside], minlength=len(edges) - 1)
    centre = np.sqrt(edges[1:] * edges[:-1])
    known = count > 0
    log = np.interp(np.log(centre), np.log(centre[known]), np.log(total[known] / count[known]))
    return np.asarray(np.exp(log - log.max()))


def _correlation_length(maps: NDArray[np.float64]) -> float:
    """Return the distance in blocks at which the maps' autocorrelation falls to 1/e."""
    total = np.zeros(maps.shape[1:])
    for picture in maps:
        total += np.abs(np.fft.fft2(picture - picture.mean())) ** 2
    correlation = np.fft.ifft2(total).real
    profile = np.r_[correlation[0, : maps.shape[2] // 2]] / correlation[0, 0]
    below = np.flatnonzero(profile < np.exp(-1))
    return float(below[0]) if len(below) else float(len(profile))
