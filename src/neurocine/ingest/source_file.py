"""``ingest/source.json``: the record of a raw movie as a file."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from neurocine.core import FileMissing, InputError, InvalidFrames, Selection
from neurocine.ingest.dark_offset import DarkOffset
from neurocine.ingest.missing import MissingSummary
from neurocine.ingest.pixels import PixelStatistics
from neurocine.ingest.record import MovieRecord, SourceFile
from neurocine.ingest.scan_phase import ScanPhase
from neurocine.ingest.summary import facts
from neurocine.io.atomic import write_text


def write_source(path: Path, record: MovieRecord) -> None:
    """Write what `ingest` returned as JSON, atomically, and the same in words (`facts`)."""
    content = asdict(record) | {"facts": facts(record)}
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read_source(path: Path) -> MovieRecord:
    """Return the record in a file that `write_source` made.

    Raises
    ------
    InputError
        If the file is missing, isn't JSON or lacks a field.
    """
    if not path.is_file():
        raise FileMissing(path, "file", "doesn't exist", "Run the step ingest.")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        known = {field.name: record[field.name] for field in fields(MovieRecord)}
        n_frames, height, width = (int(n) for n in known["shape"])
        return MovieRecord(
            **known
            | {
                "paths": tuple(str(name) for name in known["paths"]),
                "files": tuple(SourceFile(**file) for file in known["files"]),
                "selection": _selection(known["selection"]),
                "shape": (n_frames, height, width),
                "pixels": PixelStatistics(**known["pixels"]),
                "invalid": tuple(InvalidFrames(**part) for part in known["invalid"]),
                "invalid_rows": tuple((int(a), int(b), int(c)) for a, b, c in known["invalid_rows"]),
                "dark_offset": DarkOffset(**known["dark_offset"]),
                "scan_phase": ScanPhase(**known["scan_phase"]),
                "missing": _missing(known["missing"]),
                "structural_files": tuple(str(name) for name in known["structural_files"]),
                "warnings": tuple(str(text) for text in known["warnings"]),
            }
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            path, "content", f"isn't a record of ingest ({error!r})", "Run the step ingest again."
        ) from error


def _selection(values: dict[str, Any]) -> Selection:
    """Return a selection that was stored as JSON, whose ranges are lists."""
    frames, crop = values["frames"], values["crop"]
    return Selection(
        **values
        | {
            "frames": None if frames is None else tuple(frames),
            "crop": None if crop is None else tuple(map(tuple, crop)),
        }
    )


def _missing(values: dict[str, Any] | None) -> MissingSummary | None:
    """Return the missing pixels that were stored as JSON, whose ranges are lists."""
    if values is None:
        return None
    inner = values["inner"]
    return MissingSummary(**values | {"inner": None if inner is None else tuple(map(tuple, inner))})
