"""The order of numbered files."""

from __future__ import annotations

import re
from pathlib import Path


def natural_key(path: Path) -> list[tuple[int, str]]:
    """Return a sort key that puts ``file2`` before ``file10``."""
    pieces = re.split(r"(\d+)", path.name)
    return [(int(piece), "") if i % 2 else (-1, piece) for i, piece in enumerate(pieces)]
