"""Which false transients each method rejects (DeepCINAC, section 2.6, "Detection of overlap activity")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.evaluation.activity.evaluated_cells import OverlapTest
from neurocine.evaluation.activity.thresholds import Threshold


@dataclass(frozen=True, eq=False)
class Rejection:
    """The overlap test: which false transients each method rejects.

    Attributes
    ----------
    n_pairs, n_cells
        Pairs of overlapping ROIs, and ROIs with a false transient.
    rejected
        For each method whether it calls no frame of a false transient active, (M,) bool.
    confirmed
        Whether the truth agrees that it is false, (M,) bool.
    """

    n_pairs: int
    n_cells: int
    rejected: Mapping[str, NDArray[np.bool_]]
    confirmed: NDArray[np.bool_]

    def as_dict(self) -> dict[str, Any]:
        """Return counts and shares as plain values; a share of nothing is None."""
        return {
            "pairs": self.n_pairs,
            "cells": self.n_cells,
            "transients": len(self.confirmed),
            "confirmed_by_truth": int(self.confirmed.sum()),
            "methods": {
                name: {
                    "rejected": int(rows.sum()),
                    "share": _mean(rows),
                    "confirmed_rejected": int(rows[self.confirmed].sum()),
                    "confirmed_share": _mean(rows[self.confirmed]),
                }
                for name, rows in self.rejected.items()
            },
        }


def rejection(tests: Sequence[OverlapTest], thresholds: Mapping[str, Threshold]) -> Rejection:
    """Return which false transients each method rejects at its threshold, all recordings together."""
    return Rejection(
        n_pairs=sum(test.n_pairs for test in tests),
        n_cells=sum(test.n_cells for test in tests),
        rejected={
            name: np.concatenate([test.heights[threshold.signal] <= threshold.value for test in tests])
            for name, threshold in thresholds.items()
        },
        confirmed=np.concatenate([test.confirmed for test in tests]),
    )


def _mean(rows: NDArray[np.bool_]) -> float | None:
    return float(rows.mean()) if len(rows) else None
