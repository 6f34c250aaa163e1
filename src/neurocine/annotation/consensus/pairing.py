"""Which marks of several people are of the same transient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from neurocine.core.recording import Range


@dataclass(frozen=True)
class SharedTransient:
    """What one or more people marked as one transient of a cell.

    Attributes
    ----------
    marks
        Onset and peak by person: those who marked it.
    """

    marks: Mapping[str, Range]

    @property
    def span(self) -> Range:
        """First and last frame that anybody marked."""
        return min(a for a, _ in self.marks.values()), max(b for _, b in self.marks.values())

    @property
    def median(self) -> Range:
        """Median onset and median peak; between two frames, those of the longer rise."""
        onsets, peaks = zip(*self.marks.values(), strict=True)
        return int(np.floor(np.median(onsets))), int(np.ceil(np.median(peaks)))


def shared_transients(marks: Mapping[str, Sequence[Range]], tolerance: int) -> list[SharedTransient]:
    """Pair the transients that people marked in one cell, each with at most one of every other person.

    Transients pair if their rises share a frame, or are at most `tolerance` frames apart. Where more than one
    way is possible, the closest go first, by the frames between their onsets plus those between their peaks.
    (Exact frames would pair almost nothing: people who differ by a frame now and then rarely agree on both.)

    Parameters
    ----------
    marks
        Onset and peak (inclusive) of each transient, by person.
    tolerance
        Frames.

    Returns
    -------
    list of SharedTransient
        By time.
    """
    flat = sorted((onset, peak, name) for name, own in marks.items() for onset, peak in own)
    closest = sorted(
        (abs(a[0] - b[0]) + abs(a[1] - b[1]), i, j)
        for (i, a), (j, b) in combinations(enumerate(flat), 2)
        if a[2] != b[2] and _meet(a, b, tolerance)
    )
    groups = grouped([name for *_, name in flat], [(i, j) for _, i, j in closest])
    made = [SharedTransient({flat[k][2]: flat[k][:2] for k in members}) for members in groups]
    return sorted(made, key=lambda transient: transient.span)


def grouped(names: Sequence[str], closest: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Group what several people marked: each group has at most one mark of each person, all of which pair.

    Parameters
    ----------
    names
        Who made each mark.
    closest
        Positions of the marks of two people that may be the same, the closest first.

    Returns
    -------
    list of list of int
        Positions, ascending in each group; marks that nobody else made are alone.
    """
    pairs = {frozenset(pair) for pair in closest}
    group = {i: [i] for i in range(len(names))}
    for i, j in closest:
        one, other = group[i], group[j]
        if one is not other and all(
            names[k] != names[m] and frozenset((k, m)) in pairs for k in one for m in other
        ):
            one += other
            group |= dict.fromkeys(other, one)
    return [sorted(members) for members in {id(members): members for members in group.values()}.values()]


def _meet(a: tuple[int, int, str], b: tuple[int, int, str], tolerance: int) -> bool:
    return a[0] - tolerance <= b[1] and b[0] - tolerance <= a[1]
