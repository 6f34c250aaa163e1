"""The parts of an NWB file about how far the results can be trusted: light of neighbours, and controls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hdmf.common import DynamicTable, VectorData
from pynwb import ProcessingModule

from neurocine.core.contamination import Contamination
from neurocine.core.controls import MEASURES, Controls, DprimeShare, sentence

#: Columns of the transients that a neighbour causes.
TRANSIENT = {
    "roi_id": "Id of the ROI",
    "neighbour_id": "Id of the overlapping ROI that causes the transient",
    "onset": "First frame of its rise, from 0",
    "peak": "Last frame of its rise, inclusive",
    "own_correlation": "Correlation of the movie's mean picture with the ROI's own largest transients",
    "neighbour_correlation": "Correlation with the neighbour's largest transients, inside the neighbour",
    "called": "Whether the ROI is called active in it",
}
RANGE = {
    "low": "Lowest d'",
    "high": "Highest d'; infinite: no bound",
    "n": "How many were planted",
    "found": "How many of these were found",
}
ESTIMATE = {
    "measure": "What is estimated",
    "value": "Share, or number a minute; NaN: nothing was counted",
    "low": "Lower end of the 95 % interval",
    "high": "Upper end of the 95 % interval",
    "n": "Planted cells, transients, calls or ROIs that it rests on",
    "meaning": "How it is read",
}


def add_checks(
    module: ProcessingModule, contamination: Contamination | None, controls: Controls | None
) -> None:
    """Add a table for each result that there is and that isn't empty."""
    tables: list[DynamicTable] = []
    if contamination is not None and contamination.transients:
        tables.append(
            _table(
                "neighbour_transients",
                f"Transients that an overlapping neighbour causes. {contamination.sentence}",
                TRANSIENT,
                [[getattr(row, name) for name in TRANSIENT] for row in contamination.transients],
            )
        )
    if controls is not None:
        tables += _controls(controls)
    for table in tables:
        module.add(table)


def _controls(controls: Controls) -> list[DynamicTable]:
    estimates = [(measure, getattr(controls, measure.name)) for measure in MEASURES]
    rows = [
        [
            measure.name,
            *(_number(v) for v in (e.value, e.low, e.high)),
            e.n,
            f"{measure.label}: {measure.meaning}",
        ]
        for measure, e in estimates
    ]
    ranges = (
        ("sensitivity", "Planted transients that were found, by d'", controls.sensitivity),
        ("recall", "Planted neurons that were found, by the d' of their largest transient", controls.recall),
    )
    return [
        _table("controls", f"Planted cells and the mirrored movie. {sentence(controls)}", ESTIMATE, rows),
        *(_table(name, text, RANGE, _ranges(found)) for name, text, found in ranges if found),
    ]


def _ranges(found: Sequence[DprimeShare]) -> list[list[Any]]:
    return [[row.low, np.inf if row.high is None else row.high, row.n, row.found] for row in found]


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _table(
    name: str, description: str, columns: dict[str, str], rows: Sequence[Sequence[Any]]
) -> DynamicTable:
    made = [
        VectorData(name=column, description=meaning, data=list(values))
        for values, (column, meaning) in zip(zip(*rows, strict=True), columns.items(), strict=True)
    ]
    return DynamicTable(name=name, description=description, columns=made)
