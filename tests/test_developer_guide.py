"""The developer's guide and the checks agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_layers_are_those_that_import_linter_checks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (c for c in project["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    checked = [set(layer.split(" | ")) for layer in contract["layers"]]
    guide = (ROOT / "docs" / "developer.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", guide, flags=re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, len(checked) + 1))
    assert [set(re.findall(r"`(\w+)`", names)) for _, names in rows] == checked
