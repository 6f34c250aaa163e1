"""What an evaluation of activity found, and its figures by group of cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.activity import Score
from neurocine.core import CELL_TYPES
from neurocine.evaluation.celltypes import TypeReport
from neurocine.evaluation.matching import SegmentationScore
from neurocine.evaluation.measure import CellRow
from neurocine.evaluation.summary import paired_test, quartiles
from neurocine.evaluation.thresholds import Threshold

#: Version of the JSON's layout.
SCHEMA_VERSION = 1
#: The metrics of one cell.
METRICS = ("sensitivity", "precision", "f1")
#: Cells of one kind by name, by what they are split by.
Groups = dict[str, dict[str, list[CellRow]]]


@dataclass(frozen=True)
class RecordingRow:
    """An evaluated recording, and how many of its cells were matched."""

    name: str
    score: SegmentationScore


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


@dataclass(frozen=True, eq=False)
class ActivityEvaluation:
    """Activity and cell types of some recordings against truth.

    Attributes
    ----------
    recordings, training
        The recordings evaluated, and the names of those that the rivals' thresholds were chosen on.
    cells
        Every matched cell with what counts of each method's signal.
    thresholds
        Each method's threshold; the first method is the one that others are compared with.
    rejection
        The overlap test.
    types
        Report of cell types, if they were judged.
    skipped
        Rivals left out, and why.
    snr_edges
        Bounds between the groups by signal-to-noise ratio.
    note
        What a reader should know about the recordings.
    """

    recordings: tuple[RecordingRow, ...]
    training: tuple[str, ...]
    cells: tuple[CellRow, ...]
    thresholds: Mapping[str, Threshold]
    rejection: Rejection
    types: TypeReport | None
    skipped: Mapping[str, str]
    snr_edges: tuple[float, ...]
    note: str = ""

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods, the one that matters first."""
        return tuple(self.thresholds)

    @property
    def neurons(self) -> list[CellRow]:
        """All cells but noise: those that the main figures are of."""
        return [cell for cell in self.cells if cell.is_neuron]

    def groups(self) -> Groups:
        """Return the cells by overlap, signal-to-noise ratio (both without noise) and true type."""
        neurons, edges = self.neurons, self.snr_edges
        bins = [int(np.searchsorted(edges, cell.snr, side="right")) for cell in neurons]
        return {
            "overlap": {
                name: [cell for cell in neurons if cell.overlapping == wanted]
                for name, wanted in (("yes", True), ("no", False))
            },
            "snr": {
                name: [cell for cell, k in zip(neurons, bins, strict=True) if k == index]
                for index, name in enumerate(snr_names(edges))
            },
            "cell_type": {name: [c for c in self.cells if c.cell_type == name] for name in CELL_TYPES},
        }

    def scores(self, cells: Sequence[CellRow], method: str) -> list[Score]:
        """Return the counts of each cell."""
        chosen = self.thresholds[method]
        return [cell.periods[chosen.signal].score(chosen.value) for cell in cells]

    def values(self, cells: Sequence[CellRow], method: str, metric: str) -> NDArray[np.float64]:
        """Return a metric of `METRICS` of each cell, (n,)."""
        return np.array([getattr(score, metric) for score in self.scores(cells, method)])

    def coverage(self, cells: Sequence[CellRow], method: str) -> list[NDArray[np.float64]]:
        """Return for each cell the share of frames called active of each detected true transient."""
        chosen = self.thresholds[method]
        return [cell.periods[chosen.signal].coverage(chosen.value) for cell in cells]

    def summary(self, cells: Sequence[CellRow], method: str) -> dict[str, Any]:
        """Return counts over `cells`, and quartiles of each metric and of the coverage of rises."""
        scores = self.scores(cells, method)
        counts = {
            name: int(sum(getattr(score, name) for score in scores))
            for name in ("true_positive", "false_negative", "false_positive", "true_negative")
        }
        shares = self.coverage(cells, method)
        return {
            "cells": len(cells),
            **counts,
            **{metric: quartiles([getattr(score, metric) for score in scores]) for metric in METRICS},
            "coverage": {
                "transients": quartiles(np.concatenate([*shares, np.empty(0)])),
                "cells": quartiles([float(s.mean()) for s in shares if len(s)]),
            },
        }

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON; what can't be said is None."""
        groups = self.groups()
        return {
            "schema_version": SCHEMA_VERSION,
            "note": self.note,
            "recordings": [
                {"name": r.name, "n_found": r.score.found, "n_true": r.score.true, **r.score.as_dict()}
                for r in self.recordings
            ],
            "training_recordings": list(self.training),
            "n_cells": len(self.neurons),
            "main_method": self.methods[0],
            "methods": {
                method: {
                    "threshold": self.thresholds[method].value,
                    "signal": self.thresholds[method].signal,
                    "threshold_chosen_on": self.thresholds[method].chosen_on,
                    "all": self.summary(self.neurons, method),
                    "by": {
                        split: {name: self.summary(cells, method) for name, cells in parts.items()}
                        for split, parts in groups.items()
                    },
                }
                for method in self.methods
            },
            "skipped_methods": dict(self.skipped),
            "comparisons": list(self._comparisons(groups)),
            "overlap_test": self.rejection.as_dict(),
            "cell_types": None if self.types is None else self.types.as_dict(),
        }

    def _comparisons(self, groups: Groups) -> Iterator[dict[str, Any]]:
        """Yield the test of the main method's F1 against every other's, over all cells and each group."""
        main = self.methods[0]
        named = [("all", self.neurons)]
        named += [
            (f"{split}: {name}", part) for split, parts in groups.items() for name, part in parts.items()
        ]
        for rival in self.methods[1:]:
            for group, cells in named:
                test = paired_test(self.values(cells, main, "f1"), self.values(cells, rival, "f1"))
                yield {
                    "metric": "f1",
                    "method": main,
                    "rival": rival,
                    "group": group,
                    **test.as_dict(),
                }


def snr_names(edges: Sequence[float]) -> list[str]:
    """Return the names of the groups between `edges`, lowest first."""
    if not edges:
        return ["any"]
    between = [f"{a:g} to {b:g}" for a, b in pairwise(edges)]
    return [f"below {edges[0]:g}", *between, f"{edges[-1]:g} and over"]


def _mean(rows: NDArray[np.bool_]) -> float | None:
    return float(rows.mean()) if len(rows) else None
