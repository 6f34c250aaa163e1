"""On which transients people agree, and what is left for a referee."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from neurocine.annotation.consensus.experts import Experts, SeenCell
from neurocine.annotation.consensus.pairing import SharedTransient, shared_transients
from neurocine.annotation.labels import Labels
from neurocine.core.recording import Range

#: So many people must have looked at a frame: what one alone says is no consensus.
MIN_EXPERTS = 2


@dataclass(frozen=True)
class Rule:
    """When people agree.

    Attributes
    ----------
    share
        Least share of the people who looked that must have marked a transient.
    tolerance
        Frames that may lie between two marks of one transient.
    """

    share: float = 1.0
    tolerance: int = 1


@dataclass(frozen=True)
class Verdict:
    """What is held of one transient that somebody marked.

    Attributes
    ----------
    roi_id
        The cell.
    span
        First and last frame that anybody marked.
    range
        Onset and peak: the medians of those who marked it.
    said
        What each person who looked at it said: whether it is a transient, or None for doubtful.
    is_agreed
        Whether enough of them marked it.
    is_judged
        Whether two or more looked at all of it, and one of them marked it. Otherwise nobody can tell whether
        they agree: it lies across the border of what one of them looked at.
    """

    roi_id: int
    span: Range
    range: Range
    said: Mapping[str, bool | None]
    is_agreed: bool
    is_judged: bool

    @property
    def is_disputed(self) -> bool:
        """Whether a referee should decide."""
        return self.is_judged and not self.is_agreed

    @property
    def question(self) -> Question:
        """What a referee is asked."""
        return self.roi_id, self.range


# A cell, onset and peak.
Question = tuple[int, Range]


@dataclass(frozen=True)
class Decision:
    """What a referee made of a question; the range is that of a true transient, corrected perhaps."""

    kind: Literal["transients", "rejected", "doubtful"]
    range: Range


def verdicts(experts: Experts, rule: Rule) -> list[Verdict]:
    """Return what is held of each transient that somebody marked, by cell and time.

    Cells that can't be judged, as too many say, are left out.
    """
    made: list[Verdict] = []
    for roi in experts.shared_cells:
        if not experts.is_valid(roi, rule.share):
            continue
        seen = experts.of(roi)
        marks = {name: view.transients for name, view in seen.items()}
        made += [_verdict(roi, one, seen, rule.share) for one in shared_transients(marks, rule.tolerance)]
    return made


def _verdict(roi_id: int, one: SharedTransient, seen: Mapping[str, SeenCell], share: float) -> Verdict:
    first, last = one.span
    part = slice(first, last + 1)
    said = {
        name: True if name in one.marks else (None if view.doubtful[part].any() else False)
        for name, view in seen.items()
        if view.looked[part].all()
    }
    yes = sum(answer is True for answer in said.values())
    is_judged = len(said) >= MIN_EXPERTS and yes > 0
    # A share such as 2/3 may be given as .667.
    is_agreed = is_judged and yes >= share * len(said) - 0.01
    return Verdict(roi_id, one.span, one.median, said, is_agreed, is_judged)


def decisions(labels: Labels) -> dict[Question, Decision]:
    """Return what a referee decided: marks bear the names of the questions that they answer."""
    made: dict[Question, Decision] = {}
    for roi, own in labels.cells.items():
        for kind in ("transients", "rejected", "doubtful"):
            for name, range_ in getattr(own, kind).items():
                asked = asked_by(name)
                if asked is not None:
                    made[roi, asked] = Decision(kind, range_)
    return made


def name_of(range_: Range) -> str:
    """Return the name of a referee's mark for the question about `range_`; the page makes the same."""
    return f"f{range_[0]}-{range_[1]}"


def asked_by(name: str) -> Range | None:
    """Return the question that a mark is named by; None if it isn't named by one."""
    first, _, last = name.removeprefix("f").partition("-")
    return (int(first), int(last)) if first.isdecimal() and last.isdecimal() else None
