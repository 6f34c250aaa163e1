"""The compact network: a cell's surroundings through a few linear filters, read by convolutions over time.

In one frame of one pixel a transient is far below the noise; what a movie holds beyond the trace is in
*how* pixels change together. Seven weighted sums of the patch's pixels hold that: the cell's brightness once
its neighbours, the local background and motion are accounted for (least squares on their pictures), the
plain mean over its mask, and the likewise demixed brightness of what it could be mistaken for. The network
learns from these over time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.core import CELL_TYPES, RoiSet
from neurocine.networks.cells.architecture import CellArchitecture, Family, Networks
from neurocine.networks.cells.inputs import Cells, corners
from neurocine.networks.cells.normalisation import Normalisation, Statistics

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
#: First row, first column and values (h, w) of a part of the field of view.
Picture = tuple[int, int, Float64]

#: What each view shows, in units of the noise of one pixel where pixels' noise is independent.
VIEWS = (
    "target, demixed",
    "mean over the target's mask",
    "most overlapping neighbour, demixed",
    "second neighbour, demixed",
    "even background, demixed",
    "shift down, demixed",
    "shift right, demixed",
)
#: Outlines are blurred by so many pixels to resemble what cells look like.
BLUR_PX = 0.7
#: Pictures of unit length this close to dependent are no longer parted at any price in noise.
RIDGE = 1e-3
#: A neighbour has a view of its own if its picture overlaps the target's by more than this share.
LEAST_SHARED = 0.02
#: Blocks of a network.
MAX_BLOCKS = 32
#: Views are this many noise units when they enter in full; beyond, logarithmically.
LINEAR = 10.0


@dataclass(frozen=True, kw_only=True)
class ViewArchitecture(CellArchitecture):
    """Sizes of a network that reads views; see `CellArchitecture` for the others.

    Attributes
    ----------
    filters
        Filters of each convolution over time.
    dilations
        Frames between the taps of each block's convolution.
    """

    family: ClassVar[Family] = "views"

    n_inputs: int = len(VIEWS)
    filters: int = 48
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16)
    dropout: float = 0.1
    normalisation: Normalisation = "pixel"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._bounded("filters", (self.filters,), 1, 512)
        self._bounded("dilations", self.dilations, 1, 512)
        if len(self.dilations) > MAX_BLOCKS:
            raise self._wrong("dilations", f"{MAX_BLOCKS} at most")
        if self.n_inputs != len(VIEWS):
            raise self._wrong("n_inputs", f"{len(VIEWS)}, the number of views")
        if self.normalisation != "pixel":
            raise self._wrong("normalisation", "pixel: views are made from the mean picture")

    @property
    def n_features(self) -> int:
        """Each view is a number."""
        return 1

    @property
    def window_shape(self) -> tuple[int, ...]:
        """(T, n_inputs)."""
        return self.window_frames, self.n_inputs

    def cells(self, rois: RoiSet, statistics: Statistics, margin: int = 0) -> Cells:
        """Return the patches of all `rois` and the filter of each view."""
        return filtered(rois, statistics, self.window_px + 2 * margin)

    def build(self) -> Networks:
        """Return new networks with random weights, which `keras.utils.set_random_seed` fixes."""
        import keras
        from keras import ops

        patch = keras.Input((self.window_px, self.window_px, 1), name="patch")
        encoder = keras.Model(patch, ops.sum(patch, axis=(1, 2)), name="encoder")
        head = _head(self)
        windows = keras.Input(self.window_shape, name="windows")
        features = ops.expand_dims(ops.transpose(windows, (0, 2, 1)), -1)
        return Networks(encoder, head, keras.Model(windows, head(features), name="full"))


def _head(a: ViewArchitecture) -> Any:
    import keras
    from keras import layers, ops

    features = keras.Input((a.n_inputs, a.window_frames, 1), name="features")
    x = ops.transpose(ops.squeeze(features, -1), (0, 2, 1))
    x = ops.concatenate([ops.arcsinh(x), x / LINEAR], axis=-1)
    x = layers.Conv1D(a.filters, 5, padding="same", activation="silu", name="first")(x)
    for i, dilation in enumerate(a.dilations, start=1):
        change = layers.Conv1D(
            a.filters, 5, dilation_rate=dilation, padding="same", activation="silu", name=f"wide_{i}"
        )(x)
        change = layers.Dropout(a.dropout, name=f"dropout_{i}")(change)
        change = layers.Conv1D(a.filters, 1, name=f"mix_{i}")(change)
        x = layers.LayerNormalization(name=f"norm_{i}", dtype="float32")(x + change)
    x = layers.Conv1D(a.filters, 3, padding="same", activation="silu", name="last")(x)
    frames = a.output == "frames"
    if not frames:
        x = ops.concatenate([ops.mean(x, axis=1), ops.max(x, axis=1)], axis=-1)
    logits = layers.Dense(1 if frames else len(CELL_TYPES), name="readout")(x)
    activation = layers.Activation("sigmoid" if frames else "softmax", dtype="float32", name="probability")
    return keras.Model(features, activation(ops.squeeze(logits, -1) if frames else logits), name="head")


def filtered(rois: RoiSet, statistics: Statistics, window_px: int) -> Cells:
    """Return patches and filters of all `rois`: `Cells.masks` is (N, 7, px, px) float32.

    Each filter has unit length: the noise of a view is that of one pixel. Demixing solves the least squares
    problem of a patch that is a sum of pictures (blurred outlines of the target and all neighbours, an even
    background, the mean picture's slopes), all in units of each pixel's noise; a filter is the row of the
    solution that gives one picture's share.

    Parameters
    ----------
    rois
        The cells, on the model's grid.
    statistics
        Mean picture and pixels' noise (normalisation ``pixel``).
    window_px
        Edge of a patch.
    """
    top, left = corners(rois, window_px)
    noise = statistics.scale / np.median(statistics.scale)
    outlines = [_outline(rois, i) for i in range(len(rois))]
    pictures = [(y, x, ndimage.gaussian_filter(outline, BLUR_PX)) for y, x, outline in outlines]
    slopes = [slope / statistics.scale for slope in np.gradient(statistics.mean)]
    filters = np.zeros((len(rois), len(VIEWS), window_px, window_px), dtype=np.float32)
    starts = np.array([(y, x) for y, x, _ in pictures], dtype=np.int64).reshape(-1, 2)
    stops = starts + np.array([p.shape for _, _, p in pictures], dtype=np.int64).reshape(-1, 2)
    for i in range(len(rois)):
        corner = np.array([top[i], left[i]])
        near = np.flatnonzero(((starts < corner + window_px) & (stops > corner)).all(axis=1))
        window = np.s_[top[i] : top[i] + window_px, left[i] : left[i] + window_px]
        level = noise[window]
        seen = np.stack([_painted(pictures[j], corner, level.shape) / level for j in (i, *near[near != i])])
        rest = np.stack([1 / level, *(slope[window] for slope in slopes)])
        mask = _painted(outlines[i], corner, level.shape)
        height, width = level.shape
        filters[i, :, :height, :width] = _filters(seen, rest, mask).reshape(-1, height, width)
    return Cells(top, left, filters, rois.fov_shape)


def _filters(cells: Float64, rest: Float64, mask: Float64) -> Float32:
    """Return the filters (7, pixels); `cells` (n, h, w) starts with the target, `rest` is (3, h, w)."""
    flat = cells.reshape(len(cells), -1)
    own, others = flat[0], flat[1:]
    shared = others @ own
    order = np.argsort(-shared, kind="stable")
    pictures = np.stack([own, *others[order], *rest.reshape(3, -1)])
    pictures = _unit(pictures)
    gram = pictures @ pictures.T + RIDGE * np.eye(len(pictures))
    demixed = _unit(np.asarray(np.linalg.solve(gram, pictures), dtype=np.float64))
    filters = np.zeros((len(VIEWS), own.size))
    filters[0], filters[1] = demixed[0], _unit(mask.reshape(1, -1))[0]
    n = min(2, int((shared > LEAST_SHARED * (own @ own)).sum()))
    filters[2 : 2 + n] = demixed[1 : 1 + n]
    filters[4:] = demixed[-3:]
    return filters.astype(np.float32)


def _unit(rows: Float64) -> Float64:
    """Return `rows` scaled to unit length; rows of zeros stay."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1))


def _outline(rois: RoiSet, index: int) -> Picture:
    """Return a cell's pixels as a picture with room around it to blur."""
    y, x, _ = rois.pixels(index)
    room = 3
    outline = np.zeros((np.ptp(y) + 1 + 2 * room, np.ptp(x) + 1 + 2 * room))
    outline[y - y.min() + room, x - x.min() + room] = 1
    return int(y.min()) - room, int(x.min()) - room, outline


def _painted(picture: Picture, corner: NDArray[np.int64], shape: tuple[int, ...]) -> Float64:
    """Return what lies of `picture` in the window of `shape` at `corner`."""
    window = np.zeros(shape)
    y, x = picture[0] - int(corner[0]), picture[1] - int(corner[1])
    height, width = picture[2].shape
    rows = slice(max(y, 0), min(y + height, shape[0]))
    columns = slice(max(x, 0), min(x + width, shape[1]))
    if rows.start < rows.stop and columns.start < columns.stop:
        window[rows, columns] = picture[2][
            rows.start - y : rows.stop - y, columns.start - x : columns.stop - x
        ]
    return window
