"""Errors are told apart by class; all of them say where, what and how to go on."""

from __future__ import annotations

from pathlib import Path

import pytest

import neurocine
from neurocine.config.engines import EngineEntry
from neurocine.core import EngineMissing, FieldOfViewUnknown, InputError, MetadataMissing
from neurocine.core import errors as module
from neurocine.engines.load import engine_module

KINDS = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, InputError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_names_place_part_problem_and_remedy(kind: type[InputError]) -> None:
    error = kind(Path("a.h5"), "dff", "is missing", "Save it again.")
    assert (error.where, error.field, error.problem, error.remedy) == (
        "a.h5", "dff", "is missing", "Save it again.",
    )  # fmt: skip
    assert str(error) == "a.h5: dff: is missing. Save it again."


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_is_raised_somewhere(kind: type[InputError]) -> None:
    sources = [p.read_text(encoding="utf-8") for p in Path(neurocine.__path__[0]).rglob("*.py")]
    bases = [kind, *kind.__subclasses__()]
    assert any(f"raise {one.__name__}(" in text for one in bases for text in sources)


def test_an_unknown_field_of_view_is_missing_metadata() -> None:
    assert issubclass(FieldOfViewUnknown, MetadataMissing)


def test_a_missing_engine_names_the_package() -> None:
    entry = EngineEntry("no_such_package.engine", "no_such_package", "Install it.")
    with pytest.raises(EngineMissing, match=r"x: toy can't be loaded .*Install it\. Or choose") as caught:
        engine_module({"toy": entry}, "toy", "x")
    assert caught.value.package == "no_such_package"
