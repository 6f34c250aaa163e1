"""Cell types against truth: confusion matrix and a report for each type (DeepCINAC, sections 2.6 and 3.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neurocine.core import CALLED_TYPES, CELL_TYPES, CellTypes, InputError


@dataclass(frozen=True)
class TypeReport:
    """Confusion matrix of cell types, and the scores of each type.

    Attributes
    ----------
    types
        Names of the types, in the order of all that follows.
    confusion
        Row: true type; column: type called, the last column `neurocine.core.UNKNOWN`; numbers of cells.
    sensitivity, precision, f1, cells
        For each type; 0 where it never occurs or is never called.
    macro_f1
        Mean F1 over the types that occur among true or called ones; None without cells.
    accuracy
        Share of cells whose type was called correctly; None without cells.
    """

    types: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    sensitivity: tuple[float, ...]
    precision: tuple[float, ...]
    f1: tuple[float, ...]
    cells: tuple[int, ...]
    macro_f1: float | None
    accuracy: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        rows = zip(self.types, self.sensitivity, self.precision, self.f1, self.cells, strict=True)
        return {
            "types": list(self.types),
            "called": list(CALLED_TYPES),
            "confusion": [list(row) for row in self.confusion],
            "by_type": {
                name: {"sensitivity": s, "precision": p, "f1": f, "cells": n} for name, s, p, f, n in rows
            },
            "macro_f1": self.macro_f1,
            "accuracy": self.accuracy,
            "cells": sum(self.cells),
        }


def evaluate_types(true: Sequence[str], called: Sequence[str]) -> TypeReport:
    """Compare the true types of cells with those that were called.

    A neuron called `neurocine.core.UNKNOWN` was missed: it lowers the sensitivity of its type, and the
    precision of none.

    Raises
    ------
    InputError
        If their numbers differ, or a type is none.
    """
    from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

    odd = sorted((set(true) - set(CELL_TYPES)) | (set(called) - set(CALLED_TYPES)))
    if odd or len(true) != len(called):
        problem = f"{odd[0]!r} is none" if odd else f"there are {len(called)} for {len(true)} cells"
        raise InputError("cell types", "type", problem, f"Give one of {', '.join(CELL_TYPES)} for each cell.")
    labels = list(CELL_TYPES)
    if not len(true):
        none = (0.0,) * len(labels)
        empty = ((0,) * len(CALLED_TYPES),) * len(labels)
        return TypeReport(CELL_TYPES, empty, none, none, none, (0,) * len(labels), None, None)
    precision, sensitivity, f1, support = precision_recall_fscore_support(
        true, called, labels=labels, zero_division=0
    )
    occurring = [score for name, score in zip(labels, f1, strict=True) if name in {*true, *called}]
    return TypeReport(
        types=CELL_TYPES,
        confusion=tuple(
            tuple(row)
            for row in confusion_matrix(true, called, labels=list(CALLED_TYPES))[: len(labels)].tolist()
        ),
        sensitivity=tuple(sensitivity.tolist()),
        precision=tuple(precision.tolist()),
        f1=tuple(f1.tolist()),
        cells=tuple(support.tolist()),
        macro_f1=float(sum(occurring) / len(occurring)),
        accuracy=float(accuracy_score(true, called)),
    )


def evaluate_labels(recordings: Mapping[str, CellTypes]) -> dict[str, Any]:
    """Compare the types that cells were called with what their labels in a structural channel tell.

    Cells without a label may be of any type and count for none. So there is a sensitivity, the share of
    labelled cells that were called by the type of their label, and how many were called otherwise, but no
    precision.

    Parameters
    ----------
    recordings
        Called types and labels by the name of the recording.

    Returns
    -------
    dict
        Plain values: by type of the label the cells, what they were called and the sensitivity; and the same
        of each recording, and its ROIs without a label.

    Raises
    ------
    InputError
        If no cell is labelled.
    """
    pairs = {name: _labelled_pairs(types) for name, types in recordings.items()}
    everyone = [pair for of_one in pairs.values() for pair in of_one]
    if not everyone:
        raise InputError(
            ", ".join(recordings) or "recordings",
            "label",
            "no cell is labelled",
            "Name the structural channel in the column channel_structural, or lower "
            "celltype.labelled_threshold.",
        )
    return {
        "by_label": _by_label(everyone),
        "recordings": [
            {"name": name, "unknown": len(recordings[name].ids) - len(of_one), "by_label": _by_label(of_one)}
            for name, of_one in pairs.items()
        ],
    }


def _labelled_pairs(types: CellTypes) -> list[tuple[str, str]]:
    """Return label and called type of each labelled cell."""
    labels = () if types.labels is None else types.labels.types
    return [(label, called) for label, called in zip(labels, types.types, strict=False) if label]


def _by_label(pairs: Sequence[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    counts = Counter(pairs)
    return {
        label: {
            "cells": (cells := sum(counts[label, called] for called in CALLED_TYPES)),
            "called": {called: counts[label, called] for called in CALLED_TYPES},
            "sensitivity": counts[label, label] / cells,
        }
        for label in sorted({label for label, _ in pairs})
    }
