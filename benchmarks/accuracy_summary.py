"""The table of `activity_accuracy.py`: a row a preset and set of contours, from the evaluations' JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neurocine.config.engines import BASELINES

#: Both notions of which true transients count, and what to call them.
CRITERIA = {"visible": "Transients that can be seen (the main figures)", "all": "All transients"}
Values = dict[str, Any]


def summary(preset: str, contours: str, values: Values, cpu_s: float | None) -> Values:
    """Return the row of one evaluation, as plain values; what can't be said is None.

    Parameters
    ----------
    preset, contours
        What was simulated, and whose contours the cells have.
    values
        The evaluation's JSON.
    cpu_s
        CPU-seconds of inference a cell and 2,500 frames, loading of models included.
    """
    types, recordings = values["cell_types"], values["recordings"]
    return {
        "preset": preset,
        "contours": contours,
        "recordings": [recording["name"] for recording in recordings],
        "true_cells": sum(recording["n_true"] for recording in recordings),
        "found": sum(recording["n_found"] for recording in recordings),
        "matched": sum(recording["matched"] for recording in recordings),
        "celltype_macro_f1": None if types is None else types["macro_f1"],
        "cpu_s": cpu_s,
        "criteria": {name: _variant(values["criteria"][name], values["main_method"]) for name in CRITERIA},
    }


def _variant(values: Values, main: str) -> Values:
    methods = values["methods"]
    tests = {(test["baseline"], test["group"]): test for test in values["comparisons"]}

    def f1(group: Callable[[Values], Values]) -> dict[str, float | None]:
        return {name: group(method)["f1"]["median"] for name, method in methods.items()}

    medians = f1(lambda method: method["active"])
    baselines = {name: value for name, value in medians.items() if name in BASELINES and value is not None}
    best = max(baselines, key=lambda name: baselines[name], default=None)
    overlap, active = values["overlap_test"], methods[main]["active"]
    return {
        "cells": active["cells"],
        "f1": medians,
        "sensitivity": active["sensitivity"]["median"],
        "precision": active["precision"]["median"],
        "best_baseline": best,
        "margin": medians[main] - baselines[best] if best is not None and medians[main] is not None else None,
        "test": None if best is None else _test(tests[best, "active"]),
        "rise_coverage": active["coverage"]["transients"]["median"],
        "overlap_false_transients": overlap["confirmed_by_truth"],
        "overlap_rejected": {name: rows["confirmed_share"] for name, rows in overlap["methods"].items()},
        "interneurons": {
            "cells": methods[main]["by"]["cell_type"]["interneuron"]["cells"],
            "f1": f1(lambda method: method["by"]["cell_type"]["interneuron"]),
            "tests": {name: _test(tests[name, "cell_type: interneuron"]) for name in methods if name != main},
        },
    }


def _test(test: Values) -> Values:
    return {name: test[name] for name in ("n", "n_different", "median_difference", "p", "effect")}


def markdown(rows: Sequence[Values]) -> str:
    """Return all rows as Markdown: a table per criterion, one of interneurons, one of contours and cost."""
    parts = ["# Activity on simulated movies\n", _EXPLAINED]
    for name, title in CRITERIA.items():
        parts += [f"## {title}\n", _score_table(rows, name), _balance(rows, name)]
    parts += ["## True interneurons\n", _INTERNEURONS, _interneuron_table(rows)]
    parts += ["## Contours, cell types and cost\n", _cost_table(rows)]
    return "\n".join(parts)


_EXPLAINED = """\
Medians over active cells of all movies of a preset (split `test`). Baselines see the traces alone; their
thresholds were chosen on the same contours in movies of the split `train`. Margin: of F1 over the best
baseline.
p: Wilcoxon's signed-rank test against it, two-sided; effect: rank-biserial correlation, above 0 where
neurocine is better. Rise: share of a detected rise called active. Overlap: share rejected of the false
transients that an overlapping neighbour causes and the truth confirms, by neurocine and by the best baseline
(and their number).
"""
_INTERNEURONS = """\
Median F1 (visible transients) with the classifier of the type that the network gave each cell (neurocine), of
its true type, and with each model for all cells.
"""


def _score_table(rows: Sequence[Values], criterion: str) -> str:
    baselines = [name for name in BASELINES if any(name in row["criteria"][criterion]["f1"] for row in rows)]
    heads = ["preset", "contours", "cells", "sensitivity", "precision", "**F1**", *baselines]
    heads += ["margin", "p", "effect", "rise", "overlap"]
    body = []
    for row in rows:
        found = row["criteria"][criterion]
        main, *_ = found["f1"]
        test = found["test"] or {}
        shares = [_number(found["overlap_rejected"].get(name)) for name in (main, found["best_baseline"])]
        texts = [row["preset"], row["contours"], str(found["cells"])]
        texts += [_number(found["sensitivity"]), _number(found["precision"])]
        texts += [
            f"**{_number(found['f1'][main])}**",
            *(_number(found["f1"].get(name)) for name in baselines),
        ]
        texts += [_number(found["margin"], "+.2f"), _number(test.get("p"), ".1g")]
        texts += [_number(test.get("effect"), "+.2f"), _number(found["rise_coverage"])]
        body.append([*texts, f"{', '.join(shares)} ({found['overlap_false_transients']})"])
    return _table(heads, body)


def _balance(rows: Sequence[Values], criterion: str) -> str:
    """Return in how many rows the difference from the best baseline is beyond chance, and which way."""
    tests = [row["criteria"][criterion]["test"] for row in rows]
    clear = [test["effect"] for test in tests if test and test["p"] is not None and test["p"] < 0.05]
    better = sum(effect > 0 for effect in clear)
    worse = len(clear) - better
    return f"Of {len(rows)} rows, better than the best baseline in {better} (p < .05), worse in {worse}.\n"


def _interneuron_table(rows: Sequence[Values]) -> str:
    parts = [row["criteria"]["visible"]["interneurons"] for row in rows]
    methods = [
        name for name in dict.fromkeys(name for part in parts for name in part["f1"]) if name not in BASELINES
    ]
    heads = ["preset", "contours", "cells"]
    heads += [text for name in methods for text in ((name,) if name == methods[0] else (name, "p against"))]
    body = []
    for row, part in zip(rows, parts, strict=True):
        texts = [row["preset"], row["contours"], str(part["cells"])]
        for name in methods:
            texts.append(_number(part["f1"].get(name)))
            if name != methods[0]:
                texts.append(_number(part["tests"].get(name, {}).get("p"), ".1g"))
        body.append(texts)
    return _table(heads, body)


def _cost_table(rows: Sequence[Values]) -> str:
    heads = ["preset", "contours", "movies", "true cells", "found", "matched", "cell types, macro F1"]
    heads.append("CPU-seconds a cell and 2,500 frames, start included")
    body = []
    for row in rows:
        counts = [len(row["recordings"]), row["true_cells"], row["found"], row["matched"]]
        texts = [_number(row["celltype_macro_f1"]), _number(row["cpu_s"])]
        body.append([row["preset"], row["contours"], *map(str, counts), *texts])
    return _table(heads, body)


def _number(value: float | None, form: str = ".2f") -> str:
    return "–" if value is None else format(value, form)


def _table(heads: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
