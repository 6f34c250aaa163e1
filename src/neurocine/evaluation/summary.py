"""Medians and quartiles over cells, and the paired test between two methods (section 2.6)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata, wilcoxon

from neurocine.core import InputError

#: The paper tests distributions of more than 15 samples only.
MIN_SAMPLES = 16


def quartiles(values: ArrayLike) -> dict[str, float | None]:
    """Return median, first and third quartile of `values`; None of each without any."""
    array = np.asarray(values, dtype=np.float64)
    found = np.percentile(array, [50, 25, 75]).tolist() if array.size else [None] * 3
    return dict(zip(("median", "q25", "q75"), found, strict=True))


@dataclass(frozen=True)
class PairedTest:
    """Wilcoxon's signed-rank test of a metric of one method against another's, on common cells.

    Attributes
    ----------
    n, n_different
        Cells, and those on which the two methods differ: only they enter the test.
    median_difference
        Median over cells of first minus second; None without cells.
    statistic, p
        The smaller sum of ranks and the two-sided p; None with fewer than `MIN_SAMPLES` cells or where the
        methods agree on all.
    effect
        Matched-pairs rank-biserial correlation: 1 where the first is better on all cells that differ, -1
        where the second is; None where the methods agree on all.
    """

    n: int
    n_different: int
    median_difference: float | None
    statistic: float | None
    p: float | None
    effect: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the test as plain values."""
        return asdict(self)


def paired_test(first: ArrayLike, second: ArrayLike) -> PairedTest:
    """Compare a metric of two methods on the same cells, (n,) each.

    Raises
    ------
    InputError
        If they aren't of one length.
    """
    a, b = (np.asarray(values, dtype=np.float64) for values in (first, second))
    if a.shape != b.shape or a.ndim != 1:
        raise InputError("paired test", "cells", f"shapes are {a.shape} and {b.shape}", "Give common cells.")
    # Rounded, so that equal scores reached by other divisions count as equal.
    difference = np.round(a - b, 12)
    moved = difference[difference != 0]
    middle = float(np.median(difference)) if len(a) else None
    if not len(moved):
        return PairedTest(len(a), 0, middle, None, None, None)
    effect = rank_biserial(moved)
    if len(a) < MIN_SAMPLES:
        return PairedTest(len(a), len(moved), middle, None, None, effect)
    result = wilcoxon(moved)
    return PairedTest(len(a), len(moved), middle, float(result.statistic), float(result.pvalue), effect)


def rank_biserial(difference: NDArray[np.float64]) -> float:
    """Return (W+ - W-) / (W+ + W-), W± the sums of ranks of positive and negative differences (n,)."""
    rank = rankdata(np.abs(difference))
    return float(np.sum(rank * np.sign(difference)) / rank.sum())
