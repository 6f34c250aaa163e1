"""Every kind of recording in the documentation names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = [
    line
    for line in (ROOT / "docs" / "recordings.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| kind")
]


@pytest.mark.parametrize("row", ROWS)
def test_the_tests_of_each_kind_exist(row: str) -> None:
    _, kind, _, tests, _ = row.split("|")
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", tests)
    assert named, f"no test of {kind}"
    for file, name in named:
        source = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert f"def {name}(" in source, f"tests/{file} has no {name}: name its present one"
