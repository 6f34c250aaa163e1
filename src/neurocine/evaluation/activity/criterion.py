"""All figures of an evaluation under one criterion for which true transients count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import CELL_TYPES
from neurocine.evaluation.activity.evaluated_cells import EvaluatedCell
from neurocine.evaluation.activity.rejection import Rejection
from neurocine.evaluation.activity.scored_transients import Score
from neurocine.evaluation.activity.thresholds import Threshold
from neurocine.evaluation.statistics import paired_test, quartiles

#: The metrics of one cell.
METRICS = ("sensitivity", "precision", "f1")
#: Sensitivity is given for transients in ranges of d' between these edges; the last range is open.
DPRIME_EDGES = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0)
#: Cells of each group, by what they are grouped by and by the group's name.
CellGroups = dict[str, dict[str, list[EvaluatedCell]]]


@dataclass(frozen=True, eq=False)
class Criterion:
    """The scores of all methods if true transients count from a detectability d' on.

    Attributes
    ----------
    min_dprime
        True transients of a lower d' are doubtful: they count neither as missed nor as found.
    matched
        Every matched cell with all its true transients.
    thresholds
        Threshold of each method; the first method is compared with each of the others.
    rejection
        The overlap test at these thresholds.
    snr_edges
        Edges between the groups by signal-to-noise ratio.
    """

    min_dprime: float
    matched: tuple[EvaluatedCell, ...]
    thresholds: Mapping[str, Threshold]
    rejection: Rejection
    snr_edges: tuple[float, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods, the main method first."""
        return tuple(self.thresholds)

    @cached_property
    def cells(self) -> tuple[EvaluatedCell, ...]:
        """Every matched cell with the true transients that count."""
        return tuple(cell.at_least(self.min_dprime) for cell in self.matched)

    @property
    def neurons(self) -> list[EvaluatedCell]:
        """All cells but noise, those without any true transient included."""
        return [cell for cell in self.cells if cell.is_neuron]

    @property
    def active(self) -> list[EvaluatedCell]:
        """Neurons with a true transient that counts; the main figures are those of these cells."""
        return [cell for cell in self.neurons if cell.is_active]

    @property
    def n_doubtful(self) -> int:
        """Number of true transients that don't count."""
        return sum(int((cell.dprime < self.min_dprime).sum()) for cell in self.matched)

    def groups(self) -> CellGroups:
        """Return the active cells by overlap, signal-to-noise ratio and true type; noise is a type too."""
        active, edges = self.active, self.snr_edges
        bins = [int(np.searchsorted(edges, cell.snr, side="right")) for cell in active]
        of_types = [*active, *(cell for cell in self.cells if not cell.is_neuron)]
        return {
            "overlap": {
                name: [cell for cell in active if cell.overlapping == wanted]
                for name, wanted in (("yes", True), ("no", False))
            },
            "snr": {
                name: [cell for cell, k in zip(active, bins, strict=True) if k == index]
                for index, name in enumerate(snr_names(edges))
            },
            "cell_type": {name: [c for c in of_types if c.cell_type == name] for name in CELL_TYPES},
        }

    def scores(self, cells: Sequence[EvaluatedCell], method: str) -> list[Score]:
        """Return the counts of each cell."""
        chosen = self.thresholds[method]
        return [cell.scored(chosen.signal).score(chosen.value) for cell in cells]

    def known(self, cells: Sequence[EvaluatedCell], method: str) -> NDArray[np.bool_]:
        """Return of which cells the method says anything, (n,): people needn't have looked at all."""
        return np.array([cell.scored(self.thresholds[method].signal).is_known for cell in cells], dtype=bool)

    def values(self, cells: Sequence[EvaluatedCell], method: str, metric: str) -> NDArray[np.float64]:
        """Return a metric of `METRICS` of each cell, (n,); NaN where the method says nothing."""
        values = np.array([getattr(score, metric) for score in self.scores(cells, method)], dtype=np.float64)
        return np.where(self.known(cells, method), values, np.nan)

    def coverage(self, cells: Sequence[EvaluatedCell], method: str) -> list[NDArray[np.float64]]:
        """Return for each cell the share of frames called active of each detected true transient."""
        chosen = self.thresholds[method]
        return [cell.scored(chosen.signal).coverage(chosen.value) for cell in cells]

    def summary(self, cells: Sequence[EvaluatedCell], method: str) -> dict[str, Any]:
        """Return counts over `cells`, and quartiles of each metric and of the coverage of rises.

        Of cells about which the method says nothing, none counts.
        """
        cells = [cell for cell, known in zip(cells, self.known(cells, method), strict=True) if known]
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

    def sensitivity_by_dprime(self, method: str) -> list[dict[str, Any]]:
        """Return how many transients in each range of `DPRIME_EDGES` are detected, doubtful ones included.

        Empty if no transient has a d'.
        """
        chosen = self.thresholds[method]
        scored = [cell.scored(chosen.signal) for cell in self.matched]
        nothing = np.empty(0, dtype=bool)
        detected = np.concatenate([*(part.detected(chosen.value) for part in scored), nothing])
        known = np.concatenate([*(part.known() for part in scored), nothing])
        dprime = np.concatenate([*(cell.dprime for cell in self.matched), np.empty(0)])
        if not np.isfinite(dprime).any():
            return []
        rows = []
        for low, high in pairwise((*DPRIME_EDGES, np.inf)):
            inside = detected[known & (dprime >= low) & (dprime < high)]
            rows.append(
                {
                    "from": low,
                    "to": None if np.isinf(high) else high,
                    "transients": len(inside),
                    "detected": int(inside.sum()),
                    "sensitivity": float(inside.mean()) if len(inside) else None,
                }
            )
        return rows

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON; undefined values are None."""
        groups = self.groups()
        return {
            "min_dprime": self.min_dprime,
            "n_active": len(self.active),
            "n_neurons": len(self.neurons),
            "n_transients": sum(len(cell.dprime) for cell in self.cells),
            "n_doubtful": self.n_doubtful,
            "methods": {
                method: {
                    "threshold": self.thresholds[method].value,
                    "signal": self.thresholds[method].signal,
                    "threshold_chosen_on": self.thresholds[method].chosen_on,
                    "active": self.summary(self.active, method),
                    "neurons": self.summary(self.neurons, method),
                    "by": {
                        split: {name: self.summary(cells, method) for name, cells in parts.items()}
                        for split, parts in groups.items()
                    },
                    "sensitivity_by_dprime": self.sensitivity_by_dprime(method),
                }
                for method in self.methods
            },
            "comparisons": list(self._comparisons(groups)),
            "overlap_test": self.rejection.as_dict(),
        }

    def _comparisons(self, groups: CellGroups) -> Iterator[dict[str, Any]]:
        """Yield tests of the main method's F1 against each other method's, over all cells and per group."""
        main = self.methods[0]
        named = [("active", self.active), ("neurons", self.neurons)]
        named += [
            (f"{split}: {name}", part) for split, parts in groups.items() for name, part in parts.items()
        ]
        for baseline in self.methods[1:]:
            for group, cells in named:
                f1 = np.stack([self.values(cells, method, "f1") for method in (main, baseline)])
                test = paired_test(*f1[:, np.isfinite(f1).all(axis=0)])
                yield {"metric": "f1", "method": main, "baseline": baseline, "group": group, **asdict(test)}


def snr_names(edges: Sequence[float]) -> list[str]:
    """Return the names of the groups between `edges`, lowest first."""
    if not edges:
        return ["any"]
    between = [f"{a:g} to {b:g}" for a, b in pairwise(edges)]
    return [f"below {edges[0]:g}", *between, f"{edges[-1]:g} and over"]
