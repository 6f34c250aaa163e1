"""The first step: a movie checked whole, its record, and the frames in it that hold no data."""

from neurocine.ingest.artefacts import FrameStatistics, find_artefacts
from neurocine.ingest.record import (
    MovieRecord,
    PixelStatistics,
    SourceFile,
    check_pixels,
    ingest,
    read_source,
    write_source,
)

__all__ = [
    "FrameStatistics",
    "MovieRecord",
    "PixelStatistics",
    "SourceFile",
    "check_pixels",
    "find_artefacts",
    "ingest",
    "read_source",
    "write_source",
]
