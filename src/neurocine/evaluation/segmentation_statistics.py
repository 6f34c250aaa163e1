"""What the comparison of segmentations says of its figures: mean and SD, and Wilcoxon's rank-sum test."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import mannwhitneyu

#: A test needs this many samples of each method.
MIN_SAMPLES = 2


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
        for ties; None with fewer than `MIN_SAMPLES`.
    effect
        Rank-biserial correlation: 1 if each sample of the first is above each of the second, -1 if below.
    """

    n_first: int
    n_second: int
    difference: float | None
    p: float | None
    effect: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the test as plain values."""
        return asdict(self)


def rank_sum(first: ArrayLike, second: ArrayLike) -> RankSum:
    """Compare a figure of two methods, (n,) and (m,), as the paper does.

    The samples are taken for independent, as there; on the same recordings that is careful, for what they
    have in common isn't taken out.
    """
    a, b = (np.asarray(values, dtype=np.float64) for values in (first, second))
    if not a.size or not b.size:
        return RankSum(len(a), len(b), None, None, None)
    # Rounded, so that equal scores reached by other divisions count as ties.
    result = mannwhitneyu(np.round(a, 12), np.round(b, 12), alternative="two-sided")
    effect = 2 * float(result.statistic) / (len(a) * len(b)) - 1
    p = float(result.pvalue) if min(len(a), len(b)) >= MIN_SAMPLES else None
    return RankSum(len(a), len(b), float(a.mean() - b.mean()), p, effect)
