"""Regions of interest (ROIs): sparse, weighted pixel masks with their provenance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from neurocine.core.errors import InputError
from neurocine.core.validate import as_array, check_fov, unique_ids

#: Rows, columns and weights of one ROI's pixels.
Pixels = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class RoiSet:
    """N weighted pixel masks over one field of view, laid out as NWB's ``pixel_mask``.

    Attributes
    ----------
    fov_shape
        Height and width (Y, X) of the field of view in pixels.
    ids
        Identity of each ROI, (N,) int64, unique; kept through every step and file.
    indptr
        (N + 1,) int64; the pixels of ROI i are ``indptr[i]:indptr[i + 1]`` of the next three.
    y, x
        Row and column of each pixel, (P,) int32.
    weight
        Weight of each pixel, (P,) float32, finite and above zero.
    engine
        Which engine found each ROI, (N,) strings; ``suite2p+stneuronet`` where both did.
    probability
        The engine's probability that the ROI is a neuron, (N,) float32 in [0, 1]; NaN where it gives none.
    active_intervals
        For each ROI the frames in which STNeuroNet saw it active, (M, 2) int64, half-open [start, stop).
    active_probability
        STNeuroNet's probability that the ROI is an active neuron, (N,) float32 in [0, 1]; NaN where it
        wasn't looked for.
    labelled
        Probability that the cell is labelled in a structural channel, (N,) float32 in [0, 1], where the ROIs'
        file says so; NaN elsewhere.
    source
        Where they came from, for messages.

    Raises
    ------
    InputError
        On pixels outside the field of view, an ROI without pixels, weights that aren't positive, or shapes
        that don't agree.
    """

    fov_shape: tuple[int, int]
    ids: NDArray[np.int64]
    indptr: NDArray[np.int64]
    y: NDArray[np.int32]
    x: NDArray[np.int32]
    weight: NDArray[np.float32]
    engine: tuple[str, ...]
    probability: NDArray[np.float32]
    active_intervals: tuple[NDArray[np.int64], ...]
    active_probability: NDArray[np.float32]
    labelled: NDArray[np.float32]
    source: str = "rois"

    def __post_init__(self) -> None:
        n = len(unique_ids(self.ids, self.source))
        check_fov(self.fov_shape, self.source)
        indptr = as_array(self.indptr, np.int64, (n + 1,), self.source, "indptr")
        if indptr[0] != 0:
            raise InputError(self.source, "indptr", f"begins with {indptr[0]}", "It must begin with 0.")
        n_pixels = int(indptr[-1])
        for name in ("y", "x", "weight"):
            as_array(getattr(self, name), None, (n_pixels,), self.source, name)
        self._check_pixels(np.diff(indptr))
        for name in ("probability", "active_probability", "labelled"):
            probability = as_array(getattr(self, name), np.float32, (n,), self.source, name)
            if np.any((probability < 0) | (probability > 1)):
                raise InputError(
                    self.source, name, "lies outside [0, 1]", "Probabilities must lie between 0 and 1."
                )
        if len(self.engine) != n or len(self.active_intervals) != n:
            raise InputError(
                self.source,
                "engine, active_intervals",
                f"have {len(self.engine)} and {len(self.active_intervals)} entries for {n} ROIs",
                "Give one value per ROI.",
            )
        for intervals in self.active_intervals:
            as_array(intervals, np.int64, (None, 2), self.source, "active_intervals")

    def _check_pixels(self, sizes: NDArray[np.int64]) -> None:
        if np.any(sizes <= 0):
            empty = int(self.ids[np.argmax(sizes <= 0)])
            raise InputError(self.source, "pixels", f"ROI {empty} has none", "Remove empty ROIs.")
        height, width = self.fov_shape
        outside = (self.y < 0) | (self.y >= height) | (self.x < 0) | (self.x >= width)
        if np.any(outside):
            pixel = int(np.argmax(outside))
            roi = int(self.ids[np.searchsorted(self.indptr, pixel, side="right") - 1])
            raise InputError(
                self.source,
                "pixels",
                f"ROI {roi} has the pixel (y={self.y[pixel]}, x={self.x[pixel]}) outside the field of "
                f"view of {height} x {width}",
                "Do the ROIs belong to this movie? Check its size and the order of axes.",
            )
        if not np.all(np.isfinite(self.weight) & (self.weight > 0)):
            raise InputError(self.source, "weight", "holds values not above zero", "Remove those pixels.")

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_pixels(
        cls,
        fov_shape: tuple[int, int],
        pixels: Iterable[tuple[ArrayLike, ArrayLike, ArrayLike | None]],
        *,
        engine: str | Sequence[str] = "",
        ids: ArrayLike | None = None,
        probability: ArrayLike | None = None,
        active_intervals: Sequence[ArrayLike] | None = None,
        active_probability: ArrayLike | None = None,
        labelled: ArrayLike | None = None,
        source: str = "rois",
    ) -> RoiSet:
        """Build from one ``(rows, columns, weights)`` for each ROI; weights of None are all 1."""
        parts = [
            (np.asarray(y), np.asarray(x), np.ones(len(np.asarray(y))) if w is None else np.asarray(w))
            for y, x, w in pixels
        ]
        n = len(parts)
        return cls(
            fov_shape=(int(fov_shape[0]), int(fov_shape[1])),
            ids=np.arange(n, dtype=np.int64) if ids is None else np.asarray(ids, dtype=np.int64),
            indptr=np.concatenate([[0], np.cumsum([len(y) for y, _, _ in parts])]).astype(np.int64),
            y=_joined([y for y, _, _ in parts], np.int32),
            x=_joined([x for _, x, _ in parts], np.int32),
            weight=_joined([w for _, _, w in parts], np.float32),
            engine=(engine,) * n if isinstance(engine, str) else tuple(engine),
            probability=_known(probability, n),
            active_intervals=(
                tuple(np.empty((0, 2), dtype=np.int64) for _ in range(n))
                if active_intervals is None
                else tuple(np.asarray(a, dtype=np.int64).reshape(-1, 2) for a in active_intervals)
            ),
            active_probability=_known(active_probability, n),
            labelled=_known(labelled, n),
            source=source,
        )

    @classmethod
    def from_masks(cls, masks: ArrayLike, *, engine: str = "", source: str = "rois") -> RoiSet:
        """Build from masks (N, Y, X); values above zero are weights."""
        stack = np.asarray(masks)
        if stack.ndim != 3:
            raise InputError(
                source, "masks", f"have shape {stack.shape}, expected (N, Y, X)", "Stack one mask per ROI."
            )
        height, width = stack.shape[1:]
        pixels = [(*np.nonzero(mask > 0), mask[mask > 0]) for mask in stack]
        return cls.from_pixels((height, width), pixels, engine=engine, source=source)

    @classmethod
    def from_label_image(cls, labels: ArrayLike, *, engine: str = "", source: str = "rois") -> RoiSet:
        """Build from a label image (Y, X), 0 for background; the labels become the ids."""
        image = np.asarray(labels)
        if image.ndim != 2 or image.dtype.kind not in "iu":
            raise InputError(
                source,
                "labels",
                f"have shape {image.shape} and type {image.dtype}",
                "Give one picture of integers, 0 for background.",
            )
        y, x = np.nonzero(image)
        label = image[y, x].astype(np.int64)
        order = np.argsort(label, kind="stable")
        ids, starts = np.unique(label[order], return_index=True)
        pixels = (
            [
                (rows, columns, None)
                for rows, columns in zip(
                    np.split(y[order], starts[1:]), np.split(x[order], starts[1:]), strict=True
                )
            ]
            if len(ids)
            else []
        )
        return cls.from_pixels(image.shape, pixels, engine=engine, ids=ids, source=source)

    def pixels(self, index: int) -> Pixels:
        """Return ``(rows, columns, weights)`` of the ROI at position `index`."""
        part = slice(int(self.indptr[index]), int(self.indptr[index + 1]))
        return self.y[part], self.x[part], self.weight[part]

    def mask(self, index: int) -> NDArray[np.bool_]:
        """Return the binary mask (Y, X) of the ROI at position `index`."""
        y, x, _ = self.pixels(index)
        mask = np.zeros(self.fov_shape, dtype=bool)
        mask[y, x] = True
        return mask

    def matrix(self, *, weighted: bool = False) -> sparse.csr_array:
        """Return the masks as a sparse matrix (N, Y * X) of float32, ones unless `weighted`."""
        columns = self.y.astype(np.int64) * self.fov_shape[1] + self.x
        data = self.weight if weighted else np.ones(len(columns), dtype=np.float32)
        size = self.fov_shape[0] * self.fov_shape[1]
        # A copy, because SciPy changes matrices in place.
        matrix = sparse.csr_array((data, columns, self.indptr), shape=(len(self), size), copy=True)
        matrix.sum_duplicates()
        return matrix

    def areas(self) -> NDArray[np.int64]:
        """Return the number of pixels of each ROI, (N,)."""
        return np.diff(self.indptr)

    def lacking(self, rows: Iterable[tuple[int, int, int]], n_frames: int) -> NDArray[np.bool_]:
        """Return in which of `n_frames` frames most of each ROI lies in rows without data, (N, T).

        `rows` are frame, first and last row (inclusive), as in `neurocine.core.Validity`.
        """
        missing = np.zeros((n_frames, self.fov_shape[0]), dtype=np.float32)
        for frame, first, last in rows:
            missing[frame, first : last + 1] = 1
        of_roi = np.repeat(np.arange(len(self)), self.areas())
        per_row = sparse.csr_array(
            (np.ones(len(self.y), np.float32), (of_roi, self.y)), shape=(len(self), self.fov_shape[0])
        )
        return np.asarray(per_row @ missing.T > 0.5 * self.areas()[:, None])

    def centroids(self) -> NDArray[np.float64]:
        """Return the unweighted centre (row, column) of each ROI, (N, 2)."""
        if not len(self):
            return np.empty((0, 2))
        sums = [np.add.reduceat(axis.astype(np.float64), self.indptr[:-1]) for axis in (self.y, self.x)]
        return np.stack(sums, axis=1) / self.areas()[:, None]

    def select(self, positions: ArrayLike) -> RoiSet:
        """Return the ROIs at `positions` (integers, or a boolean mask (N,)), ids kept."""
        wanted = np.asarray(positions)
        chosen = np.arange(len(self))[wanted if wanted.size else wanted.astype(np.int64)]
        return RoiSet.from_pixels(
            self.fov_shape,
            [self.pixels(i) for i in chosen],
            engine=[self.engine[i] for i in chosen],
            ids=self.ids[chosen],
            probability=self.probability[chosen],
            active_intervals=[self.active_intervals[i] for i in chosen],
            active_probability=self.active_probability[chosen],
            labelled=self.labelled[chosen],
            source=self.source,
        )

    def found_by(self, engine: str) -> NDArray[np.bool_]:
        """Return which ROIs `engine` found, alone or with others, (N,)."""
        return np.array([engine in names.split("+") for names in self.engine], dtype=bool)

    def with_source(self, source: str) -> RoiSet:
        """Return the same ROIs with another `source` for messages."""
        return replace(self, source=source)


def _known(probability: ArrayLike | None, n: int) -> NDArray[np.float32]:
    """Return `probability` as (N,) float32; NaN if there is none."""
    return np.full(n, np.nan, np.float32) if probability is None else np.asarray(probability, np.float32)


def _joined(parts: list[NDArray[Any]], dtype: type[Any]) -> NDArray[Any]:
    if not parts:
        return np.empty(0, dtype=dtype)
    joined = np.concatenate(parts)
    if dtype is np.int32 and joined.dtype.kind in "iuf":
        # Clipped, not wrapped: 2**32 + 5 must not become 5, nor NaN a valid index.
        limits = np.iinfo(np.int32)
        lowest = 0 if joined.dtype.kind == "u" else limits.min
        joined = np.clip(np.nan_to_num(joined, nan=limits.min), lowest, limits.max)
    return joined.astype(dtype)
