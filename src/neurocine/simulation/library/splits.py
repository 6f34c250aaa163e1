"""Which part of the library belongs to which split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: Share of each stratum kept for validation, and as much for test.
HELD_OUT = 0.2


def assign(groups: Sequence[str], strata: Sequence[str]) -> list[str]:
    """Return the split of each item: by group (all items of one in one split), stratified, deterministic.

    Strata of one group go to training, of two to training and test.
    """
    split_of: dict[str, str] = {}
    for index, stratum in enumerate(sorted(set(strata))):
        members = sorted({g for g, s in zip(groups, strata, strict=True) if s == stratum})
        order = np.random.default_rng([2024, index]).permutation(len(members))
        held = max(1, round(HELD_OUT * len(members)))
        n_test = held if len(members) > 1 else 0
        n_validation = held if len(members) > 2 else 0
        for place, member in enumerate(order):
            name = "test" if place < n_test else "validation" if place < n_test + n_validation else "train"
            split_of[members[member]] = name
    return [split_of[group] for group in groups]
