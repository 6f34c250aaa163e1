"""Agreement of the assemblies of two rasters, or of detected and planted assemblies."""

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
    """Agreement of the assemblies of two methods.

    Attributes
    ----------
    n_cells
        Cells in both.
    n_first, n_second
        Assemblies of each.
    adjusted_rand
        Adjusted Rand index over the cells, with the cells without an assembly as one group: 1 for identical
        assemblies, 0 at chance.
    matched
        Assemblies matched one to one by the Hungarian algorithm to share the most cells; pairs without a
        common cell are left out.
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
    """Compare the assemblies of two rasters of the same ROIs; cells in only one of them are left out.

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


def recovery(detected: Assemblies, truth: Truth) -> Agreement:
    """Compare the planted assemblies of a simulated movie (first) with the detected ones, over common cells.

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
    _, a, b = np.intersect1d(truth.ids, detected.ids, return_indices=True)
    if not len(a):
        raise InputError(
            detected.source, "ids", f"has none of {truth.source}", "Give the truth of this movie."
        )
    return agreement_of_labels(planted[a], detected.label[b])


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
            "labels", "shape", f"is {a.shape} and {b.shape}", "Give one label per cell, for the same cells."
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
