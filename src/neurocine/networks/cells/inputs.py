"""What the networks see of one cell (DeepCINAC, section 2.4): windows of time, patches and their masks.

Activity: a patch of 25 x 25 pixels around the cell, three times, with all pixels zero except for

0. the target: the cell's own pixels;
1. the overlap: all pixels of the cells that share a pixel with it (those shared with the target too, as the
   paper gives that input the masks of these cells whole);
2. the neuropil: the pixels of neither, other cells' included.

Cell types: a patch of 20 x 20 twice, with the cell's own pixels only, and with all pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocine.core import InputError, Movie, RoiSet

#: Frames that are weighed at a time.
PART_FRAMES = 64

Mask = NDArray[np.bool_]
Output = Literal["frames", "types"]


@dataclass(frozen=True, eq=False)
class Cells:
    """Patches of N cells in one field of view.

    Attributes
    ----------
    top, left
        First row and column of each patch, (N,) int64.
    masks
        What each input multiplies the pixels with, (N, n_inputs, px, px): bool masks, or float32 filters.
    fov_shape
        Height and width of the field of view.
    """

    top: NDArray[np.int64]
    left: NDArray[np.int64]
    masks: NDArray[np.bool_] | NDArray[np.float32]
    fov_shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.top)

    def cut(
        self, frames: NDArray[Any], index: int, inputs: NDArray[np.int64] | slice = slice(None)
    ) -> NDArray[Any]:
        """Return the patches (n_inputs, T, px, px) of the cell at position `index` in `frames` (T, Y, X)."""
        patch = cut(frames, int(self.top[index]), int(self.left[index]), self.masks.shape[-1])
        return np.asarray(patch[None] * self.masks[index][inputs, None])

    @cached_property
    def _matrix(self) -> sparse.csr_array:
        """All filters as rows over the field of view, (N * n_inputs, Y * X) float32."""
        n, n_inputs = self.masks.shape[:2]
        cell, which, y, x = np.nonzero(self.masks)
        pixels = np.ravel_multi_index((y + self.top[cell], x + self.left[cell]), self.fov_shape)
        values = self.masks[cell, which, y, x].astype(np.float32)
        shape = (n * n_inputs, int(np.prod(self.fov_shape)))
        return sparse.csr_array((values, (cell * n_inputs + which, pixels)), shape=shape)

    def forget_matrix(self) -> None:
        """Free the matrix that `weighed` keeps from one call to the next."""
        self.__dict__.pop("_matrix", None)

    def weighed(self, frames: NDArray[Any], chosen: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return sums (n, n_inputs, T) of the `chosen` cells' pixels in `frames` (T, Y, X), weighed."""
        n_inputs = self.masks.shape[1]
        rows = (chosen[:, None] * n_inputs + np.arange(n_inputs)).ravel()
        weights = self._matrix[rows]
        sums = np.empty((len(rows), len(frames)), dtype=np.float32)
        # The product wants pixels by frames: turned in parts that fit in the processor's cache.
        for start in range(0, len(frames), PART_FRAMES):
            part = frames[start : start + PART_FRAMES]
            sums[:, start : start + len(part)] = weights @ part.reshape(len(part), -1).T
        return sums.reshape(len(chosen), n_inputs, len(frames))


def check_field(movie: Movie, rois: RoiSet) -> None:
    """Raise `InputError` unless `rois` and `movie` have one field of view."""
    if movie.fov_shape != rois.fov_shape:
        raise InputError(
            rois.source,
            "fov_shape",
            f"is {rois.fov_shape}, the movie's is {movie.fov_shape}",
            "Give ROIs that were found in this movie.",
        )


def cut(frames: NDArray[Any], top: int, left: int, window_px: int) -> NDArray[Any]:
    """Return ``frames[:, top:, left:]`` as (T, window_px, window_px), zeros beyond the field of view."""
    patch = frames[:, top : top + window_px, left : left + window_px]
    missing = [window_px - n for n in patch.shape[1:]]
    return np.pad(patch, [(0, 0), *((0, n) for n in missing)]) if any(missing) else patch


def corners(rois: RoiSet, window_px: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return first row and column of each ROI's patch, (N,) each.

    A patch is centred on the cell's centroid and shifted inside the field of view at its borders; where the
    field is smaller than the patch, the patch starts at 0 and its masks are 0 beyond the field.
    """
    height, width = rois.fov_shape
    centres = np.floor(rois.centroids()).astype(np.int64).reshape(-1, 2) - window_px // 2
    top = np.clip(centres[:, 0], 0, max(0, height - window_px))
    left = np.clip(centres[:, 1], 0, max(0, width - window_px))
    return top, left


def masked(rois: RoiSet, window_px: int, output: Output = "frames") -> Cells:
    """Return the patches and masks of all `rois`.

    Parameters
    ----------
    rois
        The cells, on the pixel grid of the model (`neurocine.networks.cells.grid.Grid.rois`).
    window_px
        Edge of a patch.
    output
        ``frames``: the three inputs of activity; ``types``: the two of cell types.
    """
    matrix = rois.matrix()
    shared = (matrix @ matrix.T).tocsr()
    height, width = rois.fov_shape
    top, left = corners(rois, window_px)
    n_inputs = 3 if output == "frames" else 2
    masks = np.zeros((len(rois), n_inputs, window_px, window_px), dtype=bool)
    for i in range(len(rois)):
        corner = (int(top[i]), int(left[i]))
        inside = np.zeros((window_px, window_px), dtype=bool)
        inside[: height - corner[0], : width - corner[1]] = True
        masks[i, 0] = _painted(rois, [i], corner, window_px)
        if output == "types":
            masks[i, 1] = inside
            continue
        row = slice(shared.indptr[i], shared.indptr[i + 1])
        others = [int(j) for j in shared.indices[row] if j != i]
        masks[i, 1] = _painted(rois, others, corner, window_px)
        masks[i, 2] = inside & ~masks[i, 0] & ~masks[i, 1]
    return Cells(top, left, masks, rois.fov_shape)


def _painted(rois: RoiSet, chosen: list[int], corner: tuple[int, int], window_px: int) -> Mask:
    """Return the union (px, px) of the `chosen` ROIs' pixels inside the patch at `corner`."""
    mask = np.zeros((window_px, window_px), dtype=bool)
    for i in chosen:
        y, x, _ = rois.pixels(i)
        y, x = y - corner[0], x - corner[1]
        seen = (y >= 0) & (y < window_px) & (x >= 0) & (x < window_px)
        mask[y[seen], x[seen]] = True
    return mask


def windows(n_frames: int, window: int, overlap: float, where: str = "movie") -> NDArray[np.int64]:
    """Return the first frames (W,) of windows that cover `n_frames`, the last slid back to end with them.

    Parameters
    ----------
    n_frames
        Frames there are.
    window
        Frames of a window.
    overlap
        Share of a window that it has in common with the next, in [0, 1).
    where
        What the frames belong to, for the message.

    Raises
    ------
    InputError
        If there are fewer frames than a window.
    """
    if n_frames < window:
        raise InputError(
            where,
            "frames",
            f"there are {n_frames}, fewer than the window of {window} that the model reads at its frame rate",
            f"Give a movie of at least {window} frames at the model's frame rate.",
        )
    # Rounded first: 100 * (1 - 0.7) is a hair over 30.
    step = max(1, ceil(round(window * (1 - overlap), 6)))
    starts = np.arange(0, n_frames - window + 1, step, dtype=np.int64)
    last = n_frames - window
    return starts if starts[-1] == last else np.append(starts, last)
