"""What people say of whole cells: of which type they are, and which can't be judged at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.annotation.consensus.experts import INVALID, Experts
from neurocine.core import CELL_TYPES
from neurocine.evaluation.statistics import bootstrapped, cohens_kappa

Counts = NDArray[np.float64]
#: Of the table of cells.
CELL_COLUMNS = ("first", "second", "roi_id", "first_says", "second_says")
_FLAGS = ("True", "False")


@dataclass(frozen=True, eq=False)
class CellsAgreement:
    """What two people say of the cells that both judged.

    Attributes
    ----------
    first, second
        The people.
    said
        What each of them says of each cell, by ROI id: a cell type, `INVALID`, or empty for a cell that was
        looked at and isn't named.
    """

    first: str
    second: str
    said: dict[int, tuple[str, str]]

    def values(self) -> dict[str, Any]:
        """Return counts and kappas, with 95 % intervals over cells; None where chance alone agrees on all.

        ``kappa_invalid`` is over all cells, ``kappa_types`` over those of which both named a type.
        """
        invalid = _crossed([(str(a == INVALID), str(b == INVALID)) for a, b in self.said.values()], _FLAGS)
        types = _crossed([pair for pair in self.said.values() if set(pair) <= set(CELL_TYPES)], CELL_TYPES)
        both, only_first, only_second, neither = invalid.sum(axis=0).astype(int).tolist()
        return {
            "first": self.first,
            "second": self.second,
            "cells": len(self.said),
            "invalid_both": both,
            "invalid_only_first": only_first,
            "invalid_only_second": only_second,
            "invalid_neither": neither,
            "kappa_invalid": _kappa_with_interval(invalid),
            "typed": len(types),
            "same_type": int(types.sum(axis=0)[:: len(CELL_TYPES) + 1].sum()),
            "types": types.sum(axis=0).astype(int).reshape(len(CELL_TYPES), -1).tolist(),
            "kappa_types": _kappa_with_interval(types),
        }

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield a row per cell, for a table."""
        for roi, (a, b) in self.said.items():
            yield dict(zip(CELL_COLUMNS, (self.first, self.second, roi, a, b), strict=True))


def cells_agreements(experts: Experts) -> list[CellsAgreement]:
    """Compare what each two people say of the cells that both judged: looked at, or called invalid."""
    return [
        CellsAgreement(first, second, {roi: (a[roi], b[roi]) for roi in sorted(a.keys() & b.keys())})
        for (first, a), (second, b) in combinations(experts.of_cells.items(), 2)
    ]


def _crossed(pairs: list[tuple[str, str]], names: tuple[str, ...]) -> Counts:
    """Return for each pair a row with a 1 at what the two said, (N, k²)."""
    rows = np.zeros((len(pairs), len(names) ** 2))
    for row, (a, b) in zip(rows, pairs, strict=True):
        row[names.index(a) * len(names) + names.index(b)] = 1
    return rows


def _kappa_with_interval(rows: Counts) -> dict[str, Any]:
    value = float(cohens_kappa(rows.sum(axis=0)))
    return {"value": value if np.isfinite(value) else None, "interval": bootstrapped(rows, cohens_kappa)}
