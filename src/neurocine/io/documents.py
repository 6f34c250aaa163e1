"""What is written for people and other programs: JSON, and pictures in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from neurocine.io.atomic import atomic_path, write_text


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write plain values as JSON, atomically."""
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_pictures(folder: Path, pictures: dict[str, bytes]) -> None:
    """Write each picture as a PNG file into `folder`."""
    for name, data in pictures.items():
        with atomic_path(folder / f"{name}.png") as part:
            part.write_bytes(data)
