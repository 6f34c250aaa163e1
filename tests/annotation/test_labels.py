"""Labels are a pure fold of the journal: any action can be undone at any time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocine.annotation.actions import Action, Close, Edit, Reveal, Undo, parse_action, parse_actions
from neurocine.annotation.labels import Labels, labels_of
from neurocine.core import InputError


def edit(name: str, cell: int = 3, **changes: object) -> Edit:
    return Edit.model_validate({"kind": "edit", "id": name, "cell": cell, **changes})


def test_marks_are_set_moved_and_removed() -> None:
    actions = [
        edit("1", transients={"a": (3, 7), "b": (20, 22)}, cell_type="pyramidal"),
        edit("2", transients={"a": (4, 7), "b": None}, rejected={"c": (30, 33)}),
        edit("3", cell=9, invalid=True),
    ]
    labels = labels_of(actions)
    assert labels.cells[3].transients == {"a": (4, 7)}
    assert labels.cells[3].rejected == {"c": (30, 33)}
    assert labels.cells[3].cell_type == "pyramidal"
    assert labels.cells[9].invalid
    assert not labels.closed


def test_undo_and_redo() -> None:
    first, second = edit("1", transients={"a": (3, 7)}), edit("2", transients={"a": (5, 7)})
    assert labels_of([first, second, Undo(kind="undo", id="3", of="2")]) == labels_of([first])
    again = [first, second, Undo(kind="undo", id="3", of="2"), Undo(kind="undo", id="4", of="3")]
    assert labels_of(again) == labels_of([first, second])
    # In any order: the first can be undone while the second stands.
    assert labels_of([first, second, Undo(kind="undo", id="3", of="1")]) == labels_of([second])


def test_what_was_seen_stays_seen() -> None:
    assert labels_of([Reveal(kind="reveal", id="1"), Undo(kind="undo", id="2", of="1")]).revealed
    assert labels_of([Close(kind="close", id="1")]).closed
    assert not labels_of([Close(kind="close", id="1"), Undo(kind="undo", id="2", of="1")]).closed


steps = st.lists(st.tuples(st.booleans(), st.integers(0, 30), st.integers(0, 3)), max_size=30)


@given(steps)
@settings(max_examples=100, deadline=None)
def test_undoing_everything_from_the_last_leaves_nothing(drawn: list[tuple[bool, int, int]]) -> None:
    actions: list[Action] = []
    for i, (undo, number, key) in enumerate(drawn):
        if undo and actions:
            actions.append(Undo(kind="undo", id=f"a{i}", of=actions[number % len(actions)].id))
        else:
            actions.append(edit(f"a{i}", transients={f"k{key}": (number, number + 2)}))
    everything = [Undo(kind="undo", id=f"u{i}", of=action.id) for i, action in enumerate(reversed(actions))]
    assert labels_of([*actions, *everything]) == Labels()
    assert labels_of(actions) == labels_of([parse_action(a.model_dump_json(), "line") for a in actions])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[{}]", "kind"),
        (b"no json", "JSON"),
        (b'[{"kind": "edit", "id": "1", "cell": 1, "colour": "red"}]', "colour"),
        (b'[{"kind": "edit", "id": "1", "cell": 1, "transients": {"a": [7, 3]}}]', "frames 7 to 3"),
        (b'[{"kind": "edit", "id": "../x", "cell": 1}]', "id"),
        (b'[{"kind": "edit", "id": "1", "cell": 1, "cell_type": "glia"}]', "is none of pyramidal"),
    ],
)
def test_other_things_are_no_actions(body: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_actions(body)
