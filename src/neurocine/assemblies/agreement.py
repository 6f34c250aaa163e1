"""How far assemblies found from two rasters, or found and planted ones, are the same."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score

from neurocine.core import InputError
from neurocine.core.assemblies import NONE, Assemblies
from neurocine.core.truth import Truth


@dataclass(frozen=True)
class MatchedAssembly:
    """An assembly of each of two methods: its number in both, the cells in both, in the first, the second."""

    first: int
    second: int
    common: int
    only_first: int
    only_second: int

    @property
    def jaccard(self) -> float:
        """Cells in both over cells in either."""
        return self.common / (self.common + self.only_first + self.only_second)


@dataclass(frozen=True)
class Agreement:
    """How far two methods found the same assemblies.

    Attributes
    ----------
    n_cells
        Cells that both know.
    n_first, n_second
        Assemblies of each.
    adjusted_rand
        Adjusted Rand index over the cells, those without an assembly a group of their own: 1 the same, 0 as
        chance has it.
    matched
        Assemblies matched one to one so that most cells are common, those without a common cell left out.
    """

    n_cells: int
    n_first: int
    n_second: int
    adjusted_rand: float
    matched: tuple[MatchedAssembly, ...]

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        rows = [{**asdict(row), "jaccard": row.jaccard} for row in self.matched]
        return {**asdict(self), "matched": rows}


def agreement(first: Assemblies, second: Assemblies) -> Agreement:
    """Compare the assemblies of two rasters of the same ROIs; cells that only one knows are left out.

    Raises
    ------
    InputError
        If they have no ROI id in common.
    """
    _, a, b = np.intersect1d(first.ids, second.ids, return_indices=True)
    if not len(a):
        raise InputError(
            second.source, "ids", f"has none of {first.source}", "Compare results of the same ROIs."
        )
    return agreement_of_labels(first.label[a], second.label[b])


def recovery(found: Assemblies, truth: Truth) -> Agreement:
    """Compare the assemblies planted in a simulated movie, first, with those found, over the cells both know.

    Raises
    ------
    InputError
        If none were planted, or they have no ROI id in common.
    """
    planted = None if truth.hybrid is None else truth.hybrid.assembly
    if planted is None:
        raise InputError(
            truth.source,
            "assembly",
            "isn't there",
            "Simulate a preset with assemblies: HybridPreset.assemblies.",
        )
    _, a, b = np.intersect1d(truth.ids, found.ids, return_indices=True)
    if not len(a):
        raise InputError(found.source, "ids", f"has none of {truth.source}", "Give the truth of this movie.")
    return agreement_of_labels(planted[a], found.label[b])


def agreement_of_labels(first: ArrayLike, second: ArrayLike) -> Agreement:
    """Compare two labellings (N,) of the same cells, -1: no assembly.

    Raises
    ------
    InputError
        If they aren't of the same length.
    """
    a, b = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    if a.shape != b.shape or a.ndim != 1:
        raise InputError(
            "labels", "shape", f"is {a.shape} and {b.shape}", "Give a label a cell, the same cells in both."
        )
    own, other = _names(a), _names(b)
    common = np.array([[np.count_nonzero((a == i) & (b == j)) for j in other] for i in own]).reshape(
        len(own), len(other)
    )
    matched = tuple(
        MatchedAssembly(
            int(own[i]),
            int(other[j]),
            int(common[i, j]),
            int(np.count_nonzero(a == own[i]) - common[i, j]),
            int(np.count_nonzero(b == other[j]) - common[i, j]),
        )
        for i, j in zip(*linear_sum_assignment(-common), strict=True)
        if common[i, j]
    )
    return Agreement(len(a), len(own), len(other), float(adjusted_rand_score(a, b)), matched)


def _names(label: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.unique(label[label != NONE])
