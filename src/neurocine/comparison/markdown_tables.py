"""The tables of a comparison as Markdown, for documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neurocine.comparison.scores_and_costs import Comparison


def markdown(comparison: Comparison) -> str:
    """Return the tables of segmentation, activity and registration, and what was left out."""
    lines = [*_segmentation(comparison), "", *_activity(comparison), "", *_motion(comparison), ""]
    lines += [f"Left out: {name}: {why}" for name, why in comparison.left_out.items()]
    return "\n".join([*lines, f"Machine: {comparison.machine}"]) + "\n"


def _segmentation(comparison: Comparison) -> Iterator[str]:
    yield (
        "| recordings | engine | recall | precision | F1 | F1, IoU alone | F1, all active | wall s | CPU s | "
        "frames/s | peak MB |"
    )
    yield "|---" * 11 + "|"
    for row in comparison.segmentation_rows():
        paper, all_active = row["visible"]["containment"], row["all"]["containment"]
        shown = [_mean_sd(paper[metric]) for metric in ("recall", "precision", "f1")]
        shown += [_mean_sd(row["visible"]["iou"]["f1"]), _mean_sd(all_active["f1"]), *_cost(row)]
        yield f"| {row['dataset']} ({row['recordings']}) | {row['method']} | {' | '.join(shown)} |"


def _activity(comparison: Comparison) -> Iterator[str]:
    rows = comparison.activity_rows()
    if not rows:
        return
    yield (
        "| recordings | method | cells | sensitivity | precision | F1 | F1, all transients | "
        "rise called active | wall s | CPU s | frames/s | peak MB |"
    )
    yield "|---" * 12 + "|"
    for row in rows:
        visible = row["visible"]
        shown = [_median(visible[metric]) for metric in ("sensitivity", "precision", "f1")]
        shown += [_median(row["all"]["f1"]), _median(visible["coverage"]["transients"]), *_cost(row)]
        yield f"| {row['dataset']} | {row['method']} | {visible['cells']} | {' | '.join(shown)} |"


def _motion(comparison: Comparison) -> Iterator[str]:
    rows = comparison.motion_rows()
    if not rows:
        return
    yield (
        "| registration | movies | error, RMS px | median | 95th percentile | wall s | CPU s | frames/s | "
        "peak MB |"
    )
    yield "|---" * 9 + "|"
    for row in rows:
        shown = [f"{row[key]:.2f}" for key in ("rms", "median", "p95")]
        yield f"| {row['method']} | {row['movies']} | {' | '.join([*shown, *_cost(row)])} |"


def _mean_sd(values: dict[str, float | None]) -> str:
    text = "–" if values["mean"] is None else f"{values['mean']:.3f}"
    return text if values["sd"] is None else f"{text} ± {values['sd']:.3f}"


def _median(values: dict[str, float | None]) -> str:
    return "–" if values["median"] is None else f"{values['median']:.2f}"


def _cost(row: dict[str, Any]) -> list[str]:
    return [
        "–" if row[name] is None else f"{row[name]:,.0f}"
        for name in ("wall_s", "cpu_s", "frames_per_s", "peak_mb")
    ]
