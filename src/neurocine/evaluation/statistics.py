"""Medians, means, and tests of two methods on paired or independent samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import mannwhitneyu, rankdata, wilcoxon

from neurocine.core import InputError

#: DeepCINAC tests distributions of more than 15 samples only (section 2.6).
MIN_PAIRED = 16
#: A rank-sum test needs this many samples of each method.
MIN_UNPAIRED = 2


def quartiles(values: ArrayLike) -> dict[str, float | None]:
    """Return median, first and third quartile of `values`; None if there are none."""
    array = np.asarray(values, dtype=np.float64)
    values_at = np.percentile(array, [50, 25, 75]).tolist() if array.size else [None] * 3
    return dict(zip(("median", "q25", "q75"), values_at, strict=True))


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
        The smaller sum of ranks and the two-sided p; None with fewer than `MIN_PAIRED` cells or where the
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
    nonzero = difference[difference != 0]
    middle = float(np.median(difference)) if len(a) else None
    if not len(nonzero):
        return PairedTest(len(a), 0, middle, None, None, None)
    effect = rank_biserial(nonzero)
    if len(a) < MIN_PAIRED:
        return PairedTest(len(a), len(nonzero), middle, None, None, effect)
    result = wilcoxon(nonzero)
    return PairedTest(len(a), len(nonzero), middle, float(result.statistic), float(result.pvalue), effect)


def rank_biserial(difference: NDArray[np.float64]) -> float:
    """Return (W+ - W-) / (W+ + W-), W± the sums of ranks of positive and negative differences (n,)."""
    rank = rankdata(np.abs(difference))
    return float(np.sum(rank * np.sign(difference)) / rank.sum())


def spread(values: ArrayLike) -> dict[str, float | None]:
    """Return mean and (sample) SD of `values`, as the paper gives them; None where there are too few."""
    array = np.asarray(values, dtype=np.float64)
    return {
        "mean": float(array.mean()) if array.size else None,
        "sd": float(array.std(ddof=1)) if array.size > 1 else None,
    }


@dataclass(frozen=True)
class RankSum:
    """Wilcoxon's two-sided rank-sum test of two methods.

    Attributes
    ----------
    n_first, n_second
        Samples: recordings, or neurons.
    difference
        Mean of the first less mean of the second; None without samples.
    p
        Two-sided: exact for up to 8 samples without ties, else by the normal distribution with the correction
        for ties; None with fewer than `MIN_UNPAIRED`.
    effect
        Rank-biserial correlation: 1 if each sample of the first is above each of the second, -1 if below.
    """

    n_first: int
    n_second: int
    difference: float | None
    p: float | None
    effect: float | None


def rank_sum(first: ArrayLike, second: ArrayLike) -> RankSum:
    """Compare a score of two methods, (n,) and (m,), as the paper does.

    As there, samples are treated as independent. For the same recordings this is conservative, as the
    variation that they share isn't removed.
    """
    a, b = (np.asarray(values, dtype=np.float64) for values in (first, second))
    if not a.size or not b.size:
        return RankSum(len(a), len(b), None, None, None)
    # Rounded, so that equal scores reached by other divisions count as ties.
    result = mannwhitneyu(np.round(a, 12), np.round(b, 12), alternative="two-sided")
    effect = 2 * float(result.statistic) / (len(a) * len(b)) - 1
    p = float(result.pvalue) if min(len(a), len(b)) >= MIN_UNPAIRED else None
    return RankSum(len(a), len(b), float(a.mean() - b.mean()), p, effect)


#: Resamples of a bootstrap.
RESAMPLES = 2000


def cohens_kappa(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Cohen's kappa; NaN where chance alone agrees on all.

    Parameters
    ----------
    counts
        How often the first said one thing and the second another, (..., k * k): what the first said is the
        row of a table, what the second said its column.

    Returns
    -------
    ndarray
        Without the last axis.
    """
    k = round(counts.shape[-1] ** 0.5)
    table = counts.reshape(*counts.shape[:-1], k, k)
    n = np.maximum(table.sum(axis=(-2, -1)), 1)
    observed = np.trace(table, axis1=-2, axis2=-1) / n
    chance = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1) / n**2
    defined = (chance < 1) & (table.sum(axis=(-2, -1)) > 0)
    return np.where(defined, (observed - chance) / np.where(defined, 1 - chance, 1), np.nan)


def bootstrapped(
    rows: NDArray[np.float64], measure: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> list[float] | None:
    """Return the 95 % interval of a measure of counts summed over cells, by resampling the cells.

    Parameters
    ----------
    rows
        Counts of each cell, (n, K).
    measure
        Gives a value for sums of counts, from (R, K) to (R,); NaN where there is none.

    Returns
    -------
    list of float or None
        The percentiles 2.5 and 97.5 of `RESAMPLES` draws, always the same ones; None with fewer than two
        cells or where no draw has a value.
    """
    if len(rows) < 2:
        return None
    draws = np.random.default_rng(0).multinomial(len(rows), np.full(len(rows), 1 / len(rows)), RESAMPLES)
    values = measure(draws @ rows)
    values = values[np.isfinite(values)]
    return np.percentile(values, [2.5, 97.5]).tolist() if len(values) else None
