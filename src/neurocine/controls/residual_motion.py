"""Motion that registration left, measured in the registered movie."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.controls.light import Light
from neurocine.core import Movie
from neurocine.progress import Progress, silent

#: A frame is scanned row by row: it is measured in up to so many bands of rows, of at least so many rows.
BANDS, BAND_ROWS = 5, 32
#: Pixels at each edge that aren't looked at, as registration leaves no data there.
MARGIN = 4
#: Blur before the gradient is taken, pixels; largest displacement that the gradient describes, pixels.
BLUR_PX, MOST_PX = 0.7, 2.0


def residual_motion(
    movie: Movie, mean: NDArray[np.float32], light: Light, progress: Progress = silent
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the rows (K,) in the middle of bands, and each band's displacement in each frame, (T, K, 2).

    A displaced frame differs from the mean by the mean's gradient times the displacement (Lucas & Kanade
    1981); changes of brightness are fitted beside it. What noise alone would give is known, and the
    displacements are shrunk by as much.

    Parameters
    ----------
    movie
        Registered movie.
    mean
        Its mean, (Y, X).
    light
        Its noise.

    Returns
    -------
    rows
        Middle of each band, pixels from the top.
    displacement
        Of the content, (down, right), pixels.
    """
    height, width = movie.fov_shape
    n_bands = int(np.clip(height // BAND_ROWS, 1, BANDS))
    edges = np.linspace(MARGIN, height - MARGIN, n_bands + 1).astype(int)
    fits, errors = zip(*(_fit(mean, light, slice(a, b)) for a, b in pairwise(edges.tolist())), strict=True)
    found = np.zeros((movie.n_frames, n_bands, 2))
    for start, frames in movie.blocks():
        for k, fit in enumerate(fits):
            band = frames[:, edges[k] : edges[k + 1], MARGIN : width - MARGIN]
            found[start : start + len(frames), k] = -band.reshape(len(band), -1).astype(np.float32) @ fit
        progress("residual motion", start + len(frames), movie.n_frames)
    found -= np.median(found, axis=0)
    variance = found.var(axis=0)
    kept = np.clip(1 - np.array(errors) ** 2 / np.maximum(variance, 1e-12), 0, 1)
    moved = np.clip(found * kept, -MOST_PX, MOST_PX)
    return (edges[:-1] + edges[1:] - 1) / 2, moved.astype(np.float32)


def _fit(
    mean: NDArray[np.float32], light: Light, rows: slice
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the weights (P, 2) of a band's pixels in its displacement, and its standard error, (2,)."""
    smooth = ndimage.gaussian_filter(mean.astype(np.float64), BLUR_PX)
    band = (rows, slice(MARGIN, mean.shape[1] - MARGIN))
    down, right = (slope[band].ravel() for slope in np.gradient(smooth))
    level = smooth[band].ravel()
    variance = light.gain * np.maximum(level - light.zero, light.gain * 0.01)
    design = np.stack([down, right, level, np.ones_like(level)], axis=1)
    weighted = design / variance[:, None]
    inverse = np.linalg.pinv(design.T @ weighted)
    errors = np.sqrt(np.maximum(np.diag(inverse)[:2] * light.spread, 0))
    return (weighted @ inverse)[:, :2].astype(np.float32), errors
