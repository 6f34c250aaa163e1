"""How well two people agree on the transients of the same cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.annotation.consensus.experts import Experts, SeenCell
from neurocine.annotation.consensus.pairing import shared_transients
from neurocine.core.recording import Range
from neurocine.core.truth import all_within
from neurocine.evaluation.statistics import bootstrapped, cohens_kappa, quartiles

#: Candidates of kappa are putative transients whose rise is over this many standard deviations of the noise.
CANDIDATE_SIGMA = 3.0
#: What is counted of one pair of people in one cell.
COUNTS = (
    "both",
    "only_first",
    "only_second",
    "candidates_both",
    "candidates_only_first",
    "candidates_only_second",
    "candidates_neither",
    "frames_both",
    "frames_only_first",
    "frames_only_second",
    "frames_neither",
)
Counts = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CellAgreement:
    """Two people in one cell, over the frames that count for both.

    Attributes
    ----------
    roi_id
        The cell.
    counts
        `COUNTS`, (11,): transients that both marked, or one of them; candidates of which both say that they
        are true, one does, neither; frames in which both say that the cell is active, and so on.
    onset, peak
        Frames by which the second person's onset and peak are later, one of each pair of transients.
    """

    roi_id: int
    counts: Counts
    onset: tuple[int, ...]
    peak: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class PairAgreement:
    """Two people in all cells that both looked at."""

    first: str
    second: str
    cells: tuple[CellAgreement, ...]
    frame_rate_hz: float

    def values(self) -> dict[str, Any]:
        """Return counts, measures with 95 % intervals over cells, and offsets, of all cells together."""
        rows = np.array([cell.counts for cell in self.cells]).reshape(-1, len(COUNTS))
        return {
            "first": self.first,
            "second": self.second,
            "cells": len(self.cells),
            **_named(rows.sum(axis=0)),
            **{
                name: {"value": _plain(measure(rows.sum(axis=0))), "interval": bootstrapped(rows, measure)}
                for name, measure in MEASURES.items()
            },
            **{name: quartiles(values) for name, values in self._offsets(self.cells).items()},
        }

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield a row per cell, for a table."""
        for cell in self.cells:
            offsets = self._offsets([cell])
            yield {
                "first": self.first,
                "second": self.second,
                "roi_id": cell.roi_id,
                **_named(cell.counts),
                **{name: _plain(measure(cell.counts)) for name, measure in MEASURES.items()},
                **{name: quartiles(values)["median"] for name, values in offsets.items()},
            }

    def _offsets(self, cells: Sequence[CellAgreement]) -> dict[str, NDArray[np.float64]]:
        """Return by how many seconds the second person's onsets and peaks are later."""
        return {
            f"{name}_offset_s": np.array([f for cell in cells for f in getattr(cell, name)], dtype=np.float64)
            / self.frame_rate_hz
            for name in ("onset", "peak")
        }


def pair_agreements(
    experts: Experts, candidates: Mapping[int, Sequence[Range]], tolerance: int
) -> list[PairAgreement]:
    """Compare each person with each other one.

    Parameters
    ----------
    experts
        The people.
    candidates
        Putative transients by ROI id, the candidates of kappa.
    tolerance
        Frames; see `shared_transients`.
    """
    cells = {roi: experts.of(roi) for roi in experts.shared_cells}
    return [
        PairAgreement(
            first,
            second,
            tuple(
                cell_agreement(roi, seen[first], seen[second], candidates.get(roi, ()), tolerance)
                for roi, seen in cells.items()
                if first in seen and second in seen and (seen[first].counted & seen[second].counted).any()
            ),
            experts.frame_rate_hz,
        )
        for first, second in combinations(experts.truths, 2)
    ]


def cell_agreement(
    roi_id: int, first: SeenCell, second: SeenCell, candidates: Sequence[Range], tolerance: int
) -> CellAgreement:
    """Compare two people in one cell.

    Only frames count that both looked at and neither finds doubtful, and transients and candidates that lie
    in them from onset to peak. Kappa is over the candidates, and over what somebody marked where there is no
    candidate. The rule that finds candidates decides how many there are that neither marked, and so kappa.
    """
    known = first.counted & second.counted
    made = shared_transients({"first": first.transients, "second": second.transients}, tolerance)
    shared = [one for one in made if _inside(known, one.span)]
    pairs = [(one.marks["first"], one.marks["second"]) for one in shared if len(one.marks) == 2]
    alone = [next(iter(one.marks)) for one in shared if len(one.marks) == 1]
    asked = [one for one in candidates if _inside(known, one)]
    asked += [one.span for one in shared if not any(_overlap(one.span, other) for other in asked)]
    said = np.stack([_says(person, asked) for person in (first, second)])
    active = np.stack([_frames(person.transients, len(known))[known] for person in (first, second)])
    counts = [len(pairs), alone.count("first"), alone.count("second"), *_crossed(said), *_crossed(active)]
    return CellAgreement(
        roi_id,
        np.array(counts, dtype=np.float64),
        tuple(b[0] - a[0] for a, b in pairs),
        tuple(b[1] - a[1] for a, b in pairs),
    )


def _says(person: SeenCell, asked: Sequence[Range]) -> NDArray[np.bool_]:
    """Return of which ranges a person marked a frame or more, (n,)."""
    return np.array([any(_overlap(one, mark) for mark in person.transients) for one in asked], dtype=bool)


def _crossed(said: NDArray[np.bool_]) -> list[int]:
    """Return in how many of (2, n) both say yes, the first, the second, neither."""
    a, b = said
    return [int(part.sum()) for part in (a & b, a & ~b, ~a & b, ~a & ~b)]


def _frames(ranges: Sequence[Range], n_frames: int) -> NDArray[np.bool_]:
    frames = np.zeros(n_frames, dtype=bool)
    for first, last in ranges:
        frames[first : last + 1] = True
    return frames


def _inside(known: NDArray[np.bool_], one: Range) -> bool:
    return bool(all_within(known, *np.array(one)[:, None])[0])


def _overlap(a: Range, b: Range) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


# Measures of counts (..., 11): of one cell, or of many sums at once.


def f1(counts: Counts) -> Counts:
    """Return twice the transients that both marked over all marks; 1 if there are none."""
    both, first, second = np.moveaxis(counts, -1, 0)[:3]
    return _share(2 * both, 2 * both + first + second)


def sensitivity(counts: Counts) -> Counts:
    """Return the share of the second person's transients that the first marked; 1 if there are none."""
    both, _, second = np.moveaxis(counts, -1, 0)[:3]
    return _share(both, both + second)


def precision(counts: Counts) -> Counts:
    """Return the share of the first person's transients that the second marked; 1 if there are none."""
    both, first, _ = np.moveaxis(counts, -1, 0)[:3]
    return _share(both, both + first)


def kappa_candidates(counts: Counts) -> Counts:
    """Return Cohen's kappa over candidates; NaN where chance alone agrees on all."""
    return cohens_kappa(counts[..., 3:7])


def kappa_frames(counts: Counts) -> Counts:
    """Return Cohen's kappa over frames; NaN where chance alone agrees on all."""
    return cohens_kappa(counts[..., 7:11])


MEASURES = {
    "f1": f1,
    "sensitivity": sensitivity,
    "precision": precision,
    "kappa_candidates": kappa_candidates,
    "kappa_frames": kappa_frames,
}


def _share(part: Counts, whole: Counts) -> Counts:
    return np.where(whole > 0, part / np.maximum(whole, 1), 1.0)


def _named(counts: Counts) -> dict[str, int]:
    return {name: int(count) for name, count in zip(COUNTS, counts, strict=True)}


def _plain(value: Counts) -> float | None:
    return float(value) if np.isfinite(value) else None
