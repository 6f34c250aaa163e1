"""The first step: a movie checked whole, its record, and the frames in it that hold no data."""

from neurocine.ingest.artefacts import FrameStatistics, find_artefacts
from neurocine.ingest.doubts import gathered_warnings
from neurocine.ingest.pixels import PixelStatistics, check_pixels
from neurocine.ingest.record import MovieRecord, SourceFile, ingest
from neurocine.ingest.source_file import read_source, write_source
from neurocine.ingest.summary import labelled, summary, without_path

__all__ = [
    "FrameStatistics",
    "MovieRecord",
    "PixelStatistics",
    "SourceFile",
    "check_pixels",
    "find_artefacts",
    "gathered_warnings",
    "ingest",
    "labelled",
    "read_source",
    "summary",
    "without_path",
    "write_source",
]
