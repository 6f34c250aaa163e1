"""Transients that an overlapping neighbour's light causes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True)
class NeighbourTransient:
    """A putative transient of a cell that is its neighbour's.

    Attributes
    ----------
    roi_id, neighbour_id
        Ids of the cell and of the neighbour that causes it.
    onset, peak
        First and last frame of its rise, both inclusive.
    own_correlation, neighbour_correlation
        Pearson correlation of the mean picture during the rise with the cell's own largest transients, inside
        the cell, and with the neighbour's, inside the neighbour.
    called
        Whether the cell is called active in any frame of the rise.
    """

    roi_id: int
    neighbour_id: int
    onset: int
    peak: int
    own_correlation: float
    neighbour_correlation: float
    called: bool


@dataclass(frozen=True)
class PairSummary:
    """The false transients of one cell that one neighbour causes, and how many were called active."""

    roi_id: int
    neighbour_id: int
    transients: int
    called: int


@dataclass(frozen=True)
class Contamination:
    """The overlap test (Gauthier et al. 2018; DeepCINAC, section 2.6) on the cells of a recording.

    Attributes
    ----------
    cells
        Number of cells: ROIs that aren't of type noise.
    pairs
        Ids of overlapping cells.
    transients
        Putative transients that a neighbour causes.
    """

    cells: int
    pairs: tuple[tuple[int, int], ...]
    transients: tuple[NeighbourTransient, ...]

    @property
    def n_overlapping(self) -> int:
        """Number of cells that overlap another."""
        return len({roi_id for pair in self.pairs for roi_id in pair})

    @property
    def n_rejected(self) -> int:
        """Number of foreign transients in which the cell isn't called active."""
        return sum(not transient.called for transient in self.transients)

    @property
    def rejected(self) -> float | None:
        """Share of the false transients that the network rejects; None if there are none."""
        return self.n_rejected / len(self.transients) if self.transients else None

    @property
    def sentence(self) -> str:
        """What was found, in plain words."""
        n, cells = len(self.transients), f"{self.cells:,} cell{'' if self.cells == 1 else 's'}"
        if not self.pairs:
            return f"None of {cells} overlaps another."
        where = f"{self.n_overlapping:,} of {cells} overlap another, in {len(self.pairs):,} pair"
        text = f"{where}{'' if len(self.pairs) == 1 else 's'}. "
        if self.rejected is None:
            return f"{text}No transient in their traces looks like a neighbour's."
        return (
            f"{text}By their pictures, {n:,} transient{'' if n == 1 else 's'} in their traces "
            f"{'is' if n == 1 else 'are'} a neighbour's light: the network rejects {self.n_rejected:,} "
            f"({self.rejected:.0%}) and calls the cell active in {n - self.n_rejected:,}."
        )

    def by_pair(self) -> list[PairSummary]:
        """Return the false transients by cell and neighbour: most called first, then most transients."""
        groups: dict[tuple[int, int], list[bool]] = defaultdict(list)
        for transient in self.transients:
            groups[transient.roi_id, transient.neighbour_id].append(transient.called)
        rows = [PairSummary(*ids, len(called), sum(called)) for ids, called in groups.items()]
        return sorted(rows, key=lambda row: (-row.called, -row.transients, row.roi_id, row.neighbour_id))
