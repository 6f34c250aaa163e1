"""A recording's results, and a person who annotates them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from neurocine.annotation.actions import Close, Edit
from neurocine.annotation.session import Session
from neurocine.config import Config
from neurocine.io.results import collect, files_in

_SPEC = importlib.util.spec_from_file_location(
    "export_fixtures", Path(__file__).parents[1] / "export" / "conftest.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
_fixtures = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_fixtures)
results_folder = _fixtures.results_folder


@pytest.fixture
def session(results_folder: Path, tmp_path: Path) -> Iterator[Session]:
    """Ana annotates the recording."""
    files = files_in(results_folder, "report", Config().left_out)
    with Session(collect(files, "mouse"), files["rois"], tmp_path / "annotations", "ana") as opened:
        yield opened


def edit(name: str, cell: int, **changes: object) -> Edit:
    """Return an edit of one cell."""
    return Edit.model_validate({"kind": "edit", "id": name, "cell": cell, **changes})


Ranges = list[tuple[int, int]]


@pytest.fixture
def three_people() -> dict[str, tuple[Ranges, Ranges, Ranges]]:
    """What each of three people marks in the first two cells, and what they doubt in the second."""
    return {
        "ana": ([(10, 14), (30, 34), (50, 54)], [(20, 24)], []),
        "bo": ([(11, 14), (30, 35), (70, 74)], [(20, 24)], []),
        "cy": ([(10, 15), (90, 95)], [], [(20, 24)]),
    }


@pytest.fixture
def label(
    results_folder: Path, three_people: dict[str, tuple[Ranges, Ranges, Ranges]]
) -> Callable[..., None]:
    """Let somebody label the recording; by default as one of `three_people`, in frames 0 to 99."""
    files = files_in(results_folder, "report", Config().left_out)
    where = results_folder.parents[1] / "annotations" / results_folder.name

    def labelled(by: str, edits: list[Edit] | None = None, *, closed: bool = True) -> None:
        results = collect(files, results_folder.name)
        a, b = results.rois.ids[:2].tolist()
        if edits is None:
            first, second, doubtful = ({f"f{x}-{y}": (x, y) for x, y in marks} for marks in three_people[by])
            looked = {"s": (0, 99)}
            edits = [
                edit("1", a, transients=first, looked=looked, cell_type="pyramidal"),
                edit("2", b, transients=second, doubtful=doubtful, looked=looked),
            ]
        with Session(results, files["rois"], where, by) as session:
            session.add([*edits, *([Close(kind="close", id="c")] if closed else [])])

    return labelled
