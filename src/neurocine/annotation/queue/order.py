"""Segments put in an order that fits into some minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurocine.annotation.queue.doubts import REASONS, Doubt
from neurocine.core.raster import active_runs

#: One of so many stops is drawn at random: without such, nobody learns what the ranking misses.
CONTROL_EVERY = 5
#: Share of the stops that come a second time, to see how consistent a person is.
REPEATED = 0.05


@dataclass(frozen=True)
class Stop:
    """A segment of one cell that is offered.

    Attributes
    ----------
    cell
        ROI id.
    first, last
        Frames, both inclusive.
    doubts
        Separate places in it that are worth a look.
    reasons
        How many doubts of each reason it has.
    seconds
        How long it is expected to take.
    kind
        Why it is offered: ``ranked`` by its doubts, ``control`` at random, ``again`` for consistency.
    """

    cell: int
    first: int
    last: int
    doubts: int
    reasons: Mapping[str, int]
    seconds: float
    kind: Literal["ranked", "control", "again"] = "ranked"


def segments(
    ids: NDArray[np.int64],
    n_frames: int,
    length: int,
    found: Sequence[Doubt],
    n_candidates: NDArray[np.int64],
    seconds_per_decision: float,
) -> list[Stop]:
    """Return all segments of all cells.

    Parameters
    ----------
    ids
        ROI ids, (N,).
    n_frames
        Frames of the movie, divided into parts of `length` or a bit more.
    length
        Frames.
    found
        The doubts; one counts in the segment that holds its first frame.
    n_candidates
        How many candidates begin in each frame, (N, T).
    seconds_per_decision
        How long one takes.
    """
    bounds = np.linspace(0, n_frames, max(n_frames // length, 1) + 1).astype(int)
    unsure = np.zeros((len(ids), n_frames), dtype=bool)
    begin = np.zeros((len(REASONS), len(ids), n_frames), dtype=np.int64)
    for one in found:
        unsure[one.row, one.first : one.last + 1] = True
        begin[REASONS.index(one.reason), one.row, one.first] += 1
    row, first, _ = active_runs(unsure)
    places = np.zeros((len(ids), n_frames), dtype=np.int64)
    places[row, first] = 1
    return [
        Stop(
            int(roi),
            int(a),
            int(b) - 1,
            int(places[i, a:b].sum()),
            {reason: int(begin[k, i, a:b].sum()) for k, reason in enumerate(REASONS)},
            seconds_per_decision * max(int(n_candidates[i, a:b].sum()), 1),
        )
        for i, roi in enumerate(ids)
        for a, b in pairwise(bounds)
    ]


def queue(stops: Sequence[Stop], minutes: float, seed: int) -> list[Stop]:
    """Return the stops that fit into a number of minutes, in the order in which they are offered.

    The segment with most doubts of every cell comes first, then every cell's second: otherwise the few cells
    with most doubts would fill the queue. Every fifth stop is drawn at random, and 5 % come a second time, in
    the second half.
    """
    rng = np.random.default_rng(seed)
    drawn = iter([replace(stops[i], kind="control") for i in rng.permutation(len(stops))])
    ranked = iter(_ranked(stops))
    budget, spent = minutes * 60 * (1 - REPEATED), 0.0
    taken: dict[tuple[int, int], Stop] = {}
    while len(taken) < len(stops):
        turns = (drawn, ranked) if (len(taken) + 1) % CONTROL_EVERY == 0 else (ranked, drawn)
        stop = next(one for turn in turns for one in turn if (one.cell, one.first) not in taken)
        spent += stop.seconds
        if taken and spent > budget:
            break
        taken[stop.cell, stop.first] = stop
    return _with_repeats(list(taken.values()), rng)


def _ranked(stops: Sequence[Stop]) -> list[Stop]:
    """Return the segments with doubts: every cell's worst, then every cell's second, and so on."""
    by_cell: dict[int, int] = {}
    placed: list[tuple[int, int, int, int, Stop]] = []
    for stop in sorted(stops, key=lambda stop: (-stop.doubts, stop.cell, stop.first)):
        if stop.doubts:
            place = by_cell[stop.cell] = by_cell.get(stop.cell, -1) + 1
            placed.append((place, -stop.doubts, stop.cell, stop.first, stop))
    return [stop for *_, stop in sorted(placed, key=lambda item: item[:4])]


def _with_repeats(stops: list[Stop], rng: np.random.Generator) -> list[Stop]:
    half = len(stops) // 2
    n = min(round(REPEATED * len(stops)), half)
    again = [replace(stops[i], kind="again") for i in sorted(rng.permutation(half)[:n])]
    places = np.sort(rng.integers(half + 1, len(stops) + 1, n))
    for shift, (place, stop) in enumerate(zip(places, again, strict=True)):
        stops.insert(int(place) + shift, stop)
    return stops
