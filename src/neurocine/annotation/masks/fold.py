"""The masks that a journal gives: a pure fold of its actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from neurocine.annotation.actions import Action, Begin, MaskEdit, Runs, State
from neurocine.annotation.labels import labels_of, standing

#: Engine of masks that a person drew.
DRAWN = "drawn"
#: Engine of masks that were proposed where no mask was.
PROPOSED = "proposed"


@dataclass(frozen=True)
class Mask:
    """One mask.

    Attributes
    ----------
    id
        Its number, which no other mask of the journal ever had or will have.
    runs
        Its pixels.
    state
        What was decided; empty: nothing yet.
    engine
        What found it, and ``+drawn`` if somebody reshaped it since.
    probability
        The engine's probability that it is a neuron; None: unknown.
    """

    id: int
    runs: Runs
    state: State = ""
    engine: str = DRAWN
    probability: float | None = None

    def reshaped(self, runs: Runs) -> Mask:
        """Return it with other pixels."""
        engine = self.engine if DRAWN in self.engine.split("+") else f"{self.engine}+{DRAWN}".lstrip("+")
        return replace(self, runs=runs, engine=engine)


@dataclass(frozen=True)
class Masks:
    """What one person drew and decided.

    Attributes
    ----------
    masks
        The masks that are there, by name.
    start
        What they were begun from.
    closed
        Whether the pass is closed.
    """

    masks: Mapping[str, Mask] = field(default_factory=dict)
    start: Begin | None = None
    closed: bool = False


def masks_of(actions: Sequence[Action]) -> Masks:
    """Return the masks after all `actions`, those that were undone left out.

    Masks of the start are named by their ids. New ones are numbered as they appear in the journal, undone
    ones included, so that no number is ever used again.
    """
    start = next((action for action in actions if isinstance(action, Begin)), None)
    begun = {} if start is None else start.masks
    masks = {str(i): Mask(i, one.runs, one.state, one.engine, one.probability) for i, one in begun.items()}
    numbers = _numbers(actions, max(begun, default=-1) + 1)
    for action in standing(actions):
        if isinstance(action, MaskEdit):
            masks = _edited(masks, action, numbers)
    return Masks(masks, start, labels_of(actions).closed)


def names_of(actions: Sequence[Action]) -> set[str]:
    """Return the names of all masks that ever were."""
    start = next((action for action in actions if isinstance(action, Begin)), None)
    begun = set() if start is None else {str(i) for i in start.masks}
    return begun | _numbers(actions, 0).keys()


def _numbers(actions: Sequence[Action], first: int) -> dict[str, int]:
    names = [name for action in actions if isinstance(action, MaskEdit) for name in action.added]
    return {name: first + i for i, name in enumerate(dict.fromkeys(names))}


def _edited(masks: Mapping[str, Mask], edit: MaskEdit, numbers: Mapping[str, int]) -> dict[str, Mask]:
    """Return the masks after one edit; what it says of masks that are gone has no effect."""
    after = {name: mask for name, mask in masks.items() if name not in edit.removed}
    engine = PROPOSED if edit.tool == "proposal" else DRAWN
    after |= {name: Mask(numbers[name], runs, engine=engine) for name, runs in edit.added.items()}
    after |= {name: after[name].reshaped(runs) for name, runs in edit.changed.items() if name in after}
    decided = {name: state for name, state in edit.decided.items() if name in after}
    return after | {name: replace(after[name], state=state) for name, state in decided.items()}
