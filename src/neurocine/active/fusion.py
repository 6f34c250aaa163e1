"""Neurons of a recording from the masks of its maps (Soltanian-Zadeh et al. 2019, "Neuron fusion").

Masks with nearby centroids are one neuron; a mask that encompasses others (Eq. 3) merges neurons that were
active together. In the paper a single mask decides. With a map every second or two a neuron is detected many
times, so here the evidence decides: a neuron's outline is the pixels that most of its masks share, and a mask
is a merger only if the evidence for its parts is at least as strong as for the whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from neurocine.active.instances import Mask
from neurocine.config.engines import STNEURONET
from neurocine.core import InputError, RoiSet
from neurocine.core.validate import positive
from neurocine.networks.segmentation.postprocessing import Postprocessing

#: Upper limit of a mask's probability.
SUREST = 0.999
#: Fraction of a neuron's masks that contain each of its pixels, at least.
MAJORITY = 0.5
#: Two masks that appear together in more than this fraction of the rarer one's maps are two neurons, however
#: near.
APART = 0.5


@dataclass(frozen=True, eq=False)
class _Neuron:
    """One neuron: the votes of its masks for each pixel, and the maps that contain it."""

    pixels: NDArray[np.int64]  # sorted
    votes: NDArray[np.int64]
    n: int  # maps with a mask of its own
    centre: NDArray[np.float64]  # mean centroid of its masks
    maps: NDArray[np.int64]  # sorted; includes those of its mergers and parts
    probability: float
    evidence: float  # -log of the probability that all of its masks are wrong

    @property
    def confidence(self) -> float:
        return -math.expm1(-self.evidence)

    def joined(self, other: _Neuron) -> _Neuron:
        pixels, place = np.unique(np.concatenate([self.pixels, other.pixels]), return_inverse=True)
        votes = np.bincount(place, np.concatenate([self.votes, other.votes])).astype(np.int64)
        maps = np.union1d(self.maps, other.maps)
        return _Neuron(
            pixels,
            votes,
            len(maps),
            (self.centre * self.n + other.centre * other.n) / (self.n + other.n),
            maps,
            max(self.probability, other.probability),
            self.evidence + other.evidence,
        )

    def outline(self) -> NDArray[np.int64]:
        """Return the pixels of this neuron's mask."""
        # If no pixel has a majority, those with the most votes.
        kept: NDArray[np.int64] = self.pixels[self.votes >= min(MAJORITY * self.n, self.votes.max())]
        return kept


class Fusion:
    """Fuses the masks of successive maps into neurons; the neurons so far are available at any time.

    Memory grows with the number of neurons, not of maps.

    Parameters
    ----------
    fov_shape
        Height and width (Y, X) of the maps.
    pixel_size_um
        Edge of a pixel, µm.
    settings
        Distance, overlap, number of maps and confidence.

    Raises
    ------
    InputError
        If the pixel size isn't positive.
    """

    def __init__(self, fov_shape: tuple[int, int], pixel_size_um: float, settings: Postprocessing) -> None:
        self._fov_shape = fov_shape
        self._near = settings.same_um / positive(pixel_size_um, "fusion", "pixel_size_um", "micrometres")
        self._settings = settings
        self._neurons: list[_Neuron] = []
        self._centres = np.empty((0, 2))
        self._frames: list[tuple[int, int]] = []
        self._joined: list[_Neuron] | None = None  # until masks are added

    def add(self, masks: Sequence[Mask], start: int, stop: int) -> None:
        """Add the masks of the map of the frames ``start:stop``.

        Raises
        ------
        InputError
            If there are no frames.
        """
        if not 0 <= start < stop:
            raise InputError("fusion", "frames", f"are {start}:{stop}", "Give at least one frame.")
        index = np.array([len(self._frames)], dtype=np.int64)
        self._frames.append((int(start), int(stop)))
        if not masks:
            return
        self._joined = None
        new = [self._neuron(mask, index) for mask in masks]
        centres = np.array([neuron.centre for neuron in new])
        known = self._nearest(centres)
        for i, j in known.items():
            self._neurons[j] = self._neurons[j].joined(new[i])
            self._centres[j] = self._neurons[j].centre
        others = [i for i in range(len(new)) if i not in known]
        self._neurons += [new[i] for i in others]
        self._centres = np.concatenate([self._centres, centres[others]])

    def rois(self, settings: Postprocessing | None = None) -> RoiSet:
        """Return the neurons so far, in the order of their first masks.

        Parameters
        ----------
        settings
            Source of `min_maps`, `min_confidence` and `encompassing`; None: the settings of the object.
        """
        chosen = settings or self._settings
        if self._joined is None:
            self._joined = self._merged()
        neurons = self._joined
        neurons = [n for n in neurons if n.n >= chosen.min_maps and n.confidence >= chosen.min_confidence]
        neurons = _without_encompassing(neurons, chosen.encompassing)
        width = self._fov_shape[1]
        return RoiSet.from_pixels(
            self._fov_shape,
            [(*np.divmod(neuron.outline(), width), None) for neuron in neurons],
            engine=STNEURONET,
            probability=[min(neuron.probability, 1.0) for neuron in neurons],
            active_intervals=[self._intervals(neuron.maps) for neuron in neurons],
            source=STNEURONET,
        )

    def _neuron(self, mask: Mask, index: NDArray[np.int64]) -> _Neuron:
        pixels = np.sort(mask.y.astype(np.int64) * self._fov_shape[1] + mask.x)
        centre = np.array([mask.y.mean(), mask.x.mean()])
        votes = np.ones(len(pixels), dtype=np.int64)
        evidence = -math.log1p(-min(mask.probability, SUREST))
        return _Neuron(pixels, votes, 1, centre, index, mask.probability, evidence)

    def _nearest(self, centres: NDArray[np.float64]) -> dict[int, int]:
        """Match the masks at `centres` with known neurons, one to one, the nearest pairs first."""
        distance = cdist(centres, self._centres)
        row, column = np.nonzero(distance < self._near)
        taken: dict[int, int] = {}
        used: set[int] = set()
        for pair in np.argsort(distance[row, column], kind="stable"):
            i, j = int(row[pair]), int(column[pair])
            if i not in taken and j not in used:
                taken[i] = j
                used.add(j)
        return taken

    def _merged(self) -> list[_Neuron]:
        """Return the neurons after joining those near each other.

        The most certain neurons come first. Only neurons near the original one are joined, so no chains form.
        """
        if not self._neurons:
            return []
        tree = cKDTree(self._centres)
        order = sorted(range(len(self._neurons)), key=lambda i: -self._neurons[i].evidence)
        left = set(order)
        merged: list[tuple[int, _Neuron]] = []
        for i in order:
            if i not in left:
                continue
            left.discard(i)
            first, neuron = i, self._neurons[i]
            for j in sorted(tree.query_ball_point(neuron.centre, self._near)):
                if j in left and not _apart(neuron, self._neurons[j]):
                    left.discard(j)
                    first, neuron = min(first, j), neuron.joined(self._neurons[j])
            merged.append((first, neuron))
        return [neuron for _, neuron in sorted(merged, key=lambda pair: pair[0])]

    def _intervals(self, maps: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the frames of `maps` as disjoint half-open intervals (M, 2)."""
        frames = sorted(self._frames[i] for i in maps.tolist())
        joined: list[list[int]] = []
        for start, stop in frames:
            if joined and start <= joined[-1][1]:
                joined[-1][1] = max(joined[-1][1], stop)
            else:
                joined.append([start, stop])
        return np.array(joined, dtype=np.int64).reshape(-1, 2)


def _apart(one: _Neuron, other: _Neuron) -> bool:
    """Return whether the two mostly appear in the same maps."""
    both = len(np.intersect1d(one.maps, other.maps, assume_unique=True))
    return both > APART * min(one.n, other.n)


def _without_encompassing(neurons: list[_Neuron], share: float) -> list[_Neuron]:
    """Return the `neurons` without mergers of others and without parts of more certain neurons."""
    if not neurons:
        return []
    outlines = [neuron.outline() for neuron in neurons]
    sizes = np.array([len(outline) for outline in outlines])
    rows = np.repeat(np.arange(len(neurons)), sizes)
    columns = np.concatenate(outlines)
    masks = sparse.csr_array((np.ones(len(rows)), (rows, columns)))
    shared = sparse.coo_array(masks @ masks.T)
    covers = (shared.row != shared.col) & (shared.data > share * sizes[shared.col])
    parts: list[list[int]] = [[] for _ in neurons]
    for whole, part in zip(shared.row[covers].tolist(), shared.col[covers].tolist(), strict=True):
        parts[whole].append(part)
    kept: dict[int, _Neuron] = {}
    # Smallest first, so that its parts have been decided on before a neuron.
    for i in np.lexsort((np.arange(len(neurons)), sizes)).tolist():
        inside = [j for j in parts[i] if j in kept]
        if not inside:
            kept[i] = neurons[i]
        elif sum(neurons[j].evidence for j in inside) >= neurons[i].evidence:
            for j in inside:
                kept[j] = replace(kept[j], maps=np.union1d(kept[j].maps, neurons[i].maps))
        else:
            maps = np.unique(np.concatenate([neurons[i].maps, *(kept.pop(j).maps for j in inside)]))
            kept[i] = replace(neurons[i], maps=maps)
    return [kept[i] for i in sorted(kept)]
