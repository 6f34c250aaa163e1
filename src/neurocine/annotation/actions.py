"""What a person does while annotating: one action is one line of a journal."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from neurocine.core import CELL_TYPES, InputError
from neurocine.core.recording import Range

#: Name of a mark or an action, which the browser makes: letters, digits, ``-`` and ``_``.
Key = Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]
#: Marks by their names: first and last frame (0-based, inclusive), or None to remove one.
Marks = dict[Key, Range | None]
# Row, first and last column (0-based, inclusive) of each run of a mask's pixels, in order; runs of a row
# don't touch.
Runs = tuple[tuple[StrictInt, StrictInt, StrictInt], ...]
# What a person holds of a mask; empty: undecided.
State = Literal["", "keep", "dismiss", "doubtful"]
# What a mask was made or changed with.
Tool = Literal["polygon", "freehand", "brush", "eraser", "merge", "split", "delete", "proposal", "decide"]


class _Action(BaseModel):
    """What all actions share.

    Attributes
    ----------
    id
        Unique: an action that is sent twice counts once.
    at
        When it was done, by the clock of the browser (ISO 8601). The order is that of the journal.
    took_ms
        Milliseconds since the action before it, for the time that a decision takes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Key
    at: Annotated[str, Field(max_length=40)] = ""
    took_ms: Annotated[int, Field(ge=0)] = 0


class Edit(_Action):
    """Marks of one cell set, moved or removed; what is left out stays as it is.

    Attributes
    ----------
    cell
        ROI id.
    transients
        True transients, from onset to peak.
    rejected
        Candidates that were judged false.
    doubtful
        Frames in which it isn't known whether the cell is active.
    movement
        Frames in which the brain moved: they don't count, either.
    looked
        Segments of which everything is marked.
    cell_type
        Its type; empty: unknown.
    invalid
        Whether the ROI is no cell that can be judged: it has no part in the truth.
    again
        Whether the segment came a second time: its marks are kept apart from the first ones.
    """

    kind: Literal["edit"]
    cell: StrictInt
    transients: Marks = Field(default_factory=dict)
    rejected: Marks = Field(default_factory=dict)
    doubtful: Marks = Field(default_factory=dict)
    movement: Marks = Field(default_factory=dict)
    looked: Marks = Field(default_factory=dict)
    cell_type: str | None = None
    invalid: bool | None = None
    again: bool = False

    @field_validator("transients", "rejected", "doubtful", "movement", "looked")
    @classmethod
    def _ordered(cls, marks: Marks) -> Marks:
        for mark in marks.values():
            if mark is not None and not 0 <= mark[0] <= mark[1]:
                raise ValueError(f"frames {mark[0]} to {mark[1]} aren't a range")
        return marks

    @field_validator("cell_type")
    @classmethod
    def _known_type(cls, cell_type: str | None) -> str | None:
        if cell_type and cell_type not in CELL_TYPES:
            raise ValueError(f"is none of {', '.join(CELL_TYPES)}")
        return cell_type


class Undo(_Action):
    """An earlier action taken back; undoing an undo does it again."""

    kind: Literal["undo"]
    of: Key


class Reveal(_Action):
    """Predictions were asked for: from here on the pass isn't blind."""

    kind: Literal["reveal"]


class Close(_Action):
    """The pass is closed: nothing more is changed, and others may see it."""

    kind: Literal["close"]


class StartMask(BaseModel):
    """A mask that is there from the start.

    Attributes
    ----------
    runs
        Its pixels.
    state
        What somebody decided before, such as in suite2p's GUI.
    engine
        Which engine found it.
    probability
        The engine's probability that it is a neuron; None: unknown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs: Runs
    state: State = ""
    engine: str = ""
    probability: float | None = None


class Begin(_Action):
    """What a pass over masks starts from: the first action of its journal, which can't be undone.

    Attributes
    ----------
    start
        Name of the file that the masks come from; empty: from nothing.
    start_sha256
        Its checksum.
    masks
        Its masks by their ids.
    """

    kind: Literal["begin"]
    start: str = ""
    start_sha256: str = ""
    masks: dict[int, StartMask] = Field(default_factory=dict)


class MaskEdit(_Action):
    """Masks drawn, reshaped, deleted or decided on.

    Attributes
    ----------
    tool
        With what.
    added
        New masks by new names.
    changed
        New pixels of masks.
    removed
        Masks that are no longer there.
    decided
        What was decided on masks.
    """

    kind: Literal["masks"]
    tool: Tool
    added: dict[Key, Runs] = Field(default_factory=dict)
    changed: dict[Key, Runs] = Field(default_factory=dict)
    removed: tuple[Key, ...] = ()
    decided: dict[Key, State] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _drawn(self) -> MaskEdit:
        for name, runs in (*self.added.items(), *self.changed.items()):
            if not runs:
                raise ValueError(f"mask {name} has no pixels")
            if any(row < 0 or not 0 <= first <= last for row, first, last in runs):
                raise ValueError(f"mask {name} has a run that isn't one")
            if any(a[0] > b[0] or (a[0] == b[0] and a[2] + 1 >= b[1]) for a, b in pairwise(runs)):
                raise ValueError(f"the runs of mask {name} aren't in order, or touch")
        return self


Action = Annotated[Edit | Undo | Reveal | Close | Begin | MaskEdit, Field(discriminator="kind")]

_ADAPTER: TypeAdapter[Action] = TypeAdapter(Action)
_LIST: TypeAdapter[list[Action]] = TypeAdapter(list[Action])


def parse_action(line: str, where: str) -> Action:
    """Return the action on a line of a journal.

    Raises
    ------
    InputError
        If it isn't one.
    """
    try:
        return _ADAPTER.validate_json(line)
    except ValidationError as error:
        raise InputError(where, "action", _explained(error), "Keep a copy, and remove this line.") from error


def parse_actions(body: bytes) -> list[Action]:
    """Return the actions in a JSON list.

    Raises
    ------
    InputError
        If they aren't ones.
    """
    try:
        return _LIST.validate_json(body)
    except ValidationError as error:
        raise InputError("request", "actions", _explained(error), "Send a list of actions.") from error


def _explained(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
