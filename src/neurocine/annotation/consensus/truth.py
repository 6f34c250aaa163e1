"""The truth that people agree on, with what a referee decided of the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocine.annotation.consensus.experts import Experts, SeenCell
from neurocine.annotation.consensus.verdicts import (
    MIN_EXPERTS,
    Decision,
    Question,
    Rule,
    Verdict,
    verdicts,
)
from neurocine.annotation.truth import labelled
from neurocine.core import InputError
from neurocine.core.movie import false_runs
from neurocine.core.truth import Spans, Truth


class NothingShared(InputError):
    """No two people looked at the same frames of the same cell."""


@dataclass(frozen=True, eq=False)
class Consensus:
    """What people agree on.

    Attributes
    ----------
    truth
        Transients that are agreed on or that the referee found true. What is neither decided nor agreed on is
        doubtful, as are frames that anybody found doubtful, unless it was decided what is in them. Cells that
        can't be judged, as more than the rule allows say, aren't in it.
    n_agreed, n_decided, n_open
        Transients that are agreed on, those that the referee decided, and those that nobody has yet.
    """

    truth: Truth
    n_agreed: int
    n_decided: int
    n_open: int


def consensus_of(
    experts: Experts,
    rule: Rule,
    decided: Mapping[Question, Decision] | None = None,
    referees: Sequence[str] = (),
) -> Consensus:
    """Return what people agree on.

    Parameters
    ----------
    experts
        The people.
    rule
        When they agree.
    decided
        What a referee decided.
    referees
        Who that was.

    Raises
    ------
    NothingShared
        If no two of them looked at the same frames.
    """
    decided = decided or {}
    by_cell: dict[int, list[Verdict]] = {}
    for verdict in verdicts(experts, rule):
        by_cell.setdefault(verdict.roi_id, []).append(verdict)
    cells = {
        roi: _Cell.of(list(experts.of(roi).values()), by_cell.get(roi, []), decided, rule.share)
        for roi in experts.shared_cells
        if experts.is_valid(roi, rule.share)
    }
    cells = {roi: cell for roi, cell in cells.items() if cell.looked.any()}
    if not cells:
        raise NothingShared(
            "consensus",
            "segments",
            f"no two of {', '.join(experts.truths)} finished the same one",
            "Let them look at the same frames of the same cells.",
        )
    held = [verdict for own in by_cell.values() for verdict in own]
    disputed = [verdict for verdict in held if verdict.is_disputed]
    n_decided = sum(verdict.question in decided for verdict in disputed)
    return Consensus(
        labelled(
            np.array(list(cells), dtype=np.int64),
            [cell.cell_type for cell in cells.values()],
            np.stack([cell.active for cell in cells.values()]),
            looked=_spans({roi: cell.looked for roi, cell in cells.items()}),
            doubtful=_spans({roi: cell.doubtful for roi, cell in cells.items()}),
            labelled_by=[*experts.truths, *referees],
        ),
        n_agreed=sum(verdict.is_agreed for verdict in held),
        n_decided=n_decided,
        n_open=len(disputed) - n_decided,
    )


@dataclass(frozen=True, eq=False)
class _Cell:
    """The truth about one cell, (T,) bool each."""

    active: NDArray[np.bool_]
    looked: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    cell_type: str

    @classmethod
    def of(
        cls,
        seen: Sequence[SeenCell],
        held: Sequence[Verdict],
        decided: Mapping[Question, Decision],
        share: float,
    ) -> _Cell:
        looked = np.sum([view.looked for view in seen], axis=0) >= MIN_EXPERTS
        doubtful = np.any([view.doubtful & view.looked for view in seen], axis=0)
        active = np.zeros(len(looked), dtype=bool)
        # What is settled first: an open question about a part of it leaves that part doubtful.
        for verdict in sorted(held, key=lambda verdict: _is_open(verdict, decided)):
            first, last = verdict.span
            doubtful[first : last + 1] = _is_open(verdict, decided)
            decision = decided.get(verdict.question)
            onset, peak = verdict.range if verdict.is_agreed or decision is None else decision.range
            if verdict.is_agreed or (decision is not None and decision.kind == "transients"):
                active[onset : peak + 1] = True
                doubtful[onset : peak + 1] = False
        return cls(active & looked, looked, doubtful & looked, _type_of(seen, share))


def _is_open(verdict: Verdict, decided: Mapping[Question, Decision]) -> bool:
    """Return whether nobody knows if it is a transient: it isn't decided, or the referee doubts it, too."""
    decision = decided.get(verdict.question)
    return not verdict.is_agreed and (decision is None or decision.kind == "doubtful")


def _type_of(seen: Sequence[SeenCell], share: float) -> str:
    """Return the type that enough of those who named one named; empty if there is none."""
    named = [view.cell_type for view in seen if view.cell_type]
    most = max(sorted(set(named)), key=named.count, default="")
    return most if most and named.count(most) >= share * len(named) - 0.01 else ""


def _spans(frames: Mapping[int, NDArray[np.bool_]]) -> Spans:
    rows = [(roi, first, last) for roi, own in frames.items() for first, last in false_runs(~own)]
    return Spans(*np.array(rows, dtype=np.int64).reshape(-1, 3).T)
