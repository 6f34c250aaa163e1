"""The results folder that the tests of export use too."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_spec = importlib.util.spec_from_file_location(
    "export_fixtures", Path(__file__).parents[1] / "export" / "conftest.py"
)
assert _spec is not None
assert _spec.loader is not None
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)

results_folder = _fixtures.results_folder
annotated_folder = _fixtures.annotated_folder
labelled_folder = _fixtures.labelled_folder
empty_folder = _fixtures.empty_folder
