"""A recording's results, and a person who annotates them."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

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
