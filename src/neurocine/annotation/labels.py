"""The labels that a journal gives: a pure fold of its actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from neurocine.annotation.actions import Action, Close, Edit, Marks, Reveal, Undo
from neurocine.core.recording import Range

#: The kinds of marks, by the names of their fields.
MARKS = ("transients", "rejected", "doubtful", "movement", "looked")


@dataclass(frozen=True)
class CellLabels:
    """The marks of one cell by name, its type (empty: unknown), and whether it can't be judged at all."""

    transients: Mapping[str, Range] = field(default_factory=dict)
    rejected: Mapping[str, Range] = field(default_factory=dict)
    doubtful: Mapping[str, Range] = field(default_factory=dict)
    movement: Mapping[str, Range] = field(default_factory=dict)
    looked: Mapping[str, Range] = field(default_factory=dict)
    cell_type: str = ""
    invalid: bool = False

    def edited(self, edit: Edit) -> CellLabels:
        """Return the labels after one edit."""
        marks = {name: _merged(getattr(self, name), getattr(edit, name)) for name in MARKS}
        return replace(
            self,
            **marks,
            cell_type=self.cell_type if edit.cell_type is None else edit.cell_type,
            invalid=self.invalid if edit.invalid is None else edit.invalid,
        )


@dataclass(frozen=True)
class Labels:
    """What one person labelled.

    Attributes
    ----------
    cells
        Labels by ROI id.
    again
        Those of segments that came a second time: they tell how consistent the person is, and aren't truth.
    revealed
        Whether predictions were asked for: the pass isn't blind.
    closed
        Whether the pass is closed.
    """

    cells: Mapping[int, CellLabels] = field(default_factory=dict)
    again: Mapping[int, CellLabels] = field(default_factory=dict)
    revealed: bool = False
    closed: bool = False


def labels_of(actions: Sequence[Action]) -> Labels:
    """Return the labels after all `actions`, those that were undone left out."""
    cells: dict[int, CellLabels] = {}
    again: dict[int, CellLabels] = {}
    for action in standing(actions):
        if isinstance(action, Edit):
            part = again if action.again else cells
            part[action.cell] = part.get(action.cell, CellLabels()).edited(action)
    # That predictions were seen can't be undone.
    revealed = any(isinstance(action, Reveal) for action in actions)
    closed = any(isinstance(action, Close) for action in standing(actions))
    return Labels(cells, again, revealed, closed)


def standing(actions: Sequence[Action]) -> list[Action]:
    """Return the actions that no later one took back, undos left out."""
    undone: set[str] = set()
    kept: list[Action] = []
    for action in reversed(actions):
        if action.id in undone:
            continue
        if isinstance(action, Undo):
            undone.add(action.of)
        else:
            kept.append(action)
    return kept[::-1]


def _merged(before: Mapping[str, Range], changes: Marks) -> dict[str, Range]:
    after = {**before, **changes}
    return {key: mark for key, mark in after.items() if mark is not None}
